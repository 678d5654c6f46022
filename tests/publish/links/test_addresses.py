"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Refused
from pipeline.publish.links.addresses import fault, is_public, target

ipv4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
ipv6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "100::1", "2001:db8::1",
        "3fff::1", "5f00::1", "2001:10::1", "2001:2::1", "64:ff9b:1::808:808", "4000::1",
        "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::224.0.0.1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_not_asked(address: str) -> None:
    assert fault(ipaddress.ip_address(address)) is not None


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "192.0.1.1", "100.128.0.1", "223.255.255.255", "2606:4700:4700::1111",
     "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
)  # fmt: skip
def test_public_addresses_are_asked(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(ipv4)
def test_an_address_in_another_dress_is_no_more_public(plain: ipaddress.IPv4Address) -> None:
    number = int(plain)
    dressed = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64_FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ]
    if not is_public(plain):
        assert not any(is_public(one) for one in dressed)
    else:
        assert is_public(dressed[0])


@given(st.one_of(ipv4, ipv6))
def test_nothing_is_public_that_python_knows_to_be_private(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(ip):
        assert not any((ip.is_loopback, ip.is_link_local, ip.is_multicast, ip.is_unspecified, ip.is_reserved))
        mapped = getattr(ip, "ipv4_mapped", None)
        assert mapped is not None or ip in ipaddress.ip_network("64:ff9b::/96") or not ip.is_private


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://site.example/", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("gopher://site.example/", "begins with http"),
        ("javascript:alert(1)", "begins with http"),
        ("//site.example/", "begins with http"),
        ("site.example", "begins with http"),
        ("http:site.example", "begins with http"),
        ("http:///path", "begins with http"),
        ("http://user:secret@site.example/", "user name"),
        ("http://site.example@127.0.0.1/", "user name"),
        ("http://site.example\\@127.0.0.1/", "begins with http"),
        ("http://site.example:22/", "port 22"),
        ("http://site.example:8080/", "port 8080"),
        ("http://site.example:99999/", "port"),
        ("http://2130706433/", "number in disguise"),
        ("http://0x7f000001/", "number in disguise"),
        ("http://0x7f.0.0.1/", "number in disguise"),
        ("http://127.1/", "number in disguise"),
        ("http://site.0x1/", "number in disguise"),
        ("http://0177.0.0.1/", "address"),
        ("http://256.1.1.1/", "address"),
        ("http://１２７.0.0.1/", "no web address"),
        ("http://%6c%6f%63alhost/", "no name"),
        ("http://[fe80::1%25eth0]/", "network card"),
        ("http://[fe80::1%eth0]/", "network card"),
        ("http://[::1/", "no web address"),
        ("http://localhost/", "no name on the public net"),
        ("http://LOCALHOST./", "no name on the public net"),
        ("http://printer.local/", "no name on the public net"),
        ("http://metadata.google.internal/", "no name on the public net"),
        ("http://intranet/", "no name on the public net"),
        ("http://a..example/", "no name of a machine"),
        ("http://site.example../", "no name of a machine"),
        ("http://-/", "no name of a machine"),
        ("http://site.example/a b", "no web address"),
        ("http://site.example/\r\nHost: x", "no web address"),
        ("http://" + "a" * 10_000 + ".example/", "no web address"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_address(url: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        target(url)


@pytest.mark.parametrize(
    ("url", "sent", "host", "port"),
    [
        ("https://site.example", "https://site.example", "site.example", 443),
        ("HTTP://Site.EXAMPLE.:80/a#part", "http://site.example/a", "site.example", 80),
        ("https://bücher.example/ä?q=ö", "https://xn--bcher-kva.example/%C3%A4?q=%C3%B6", "xn--bcher-kva.example", 443),
        ("http://8.8.8.8./", "http://8.8.8.8/", "8.8.8.8", 80),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/", "2606:4700::1111", 80),
        ("https://site.example/a%2Fb?x=%00", "https://site.example/a%2Fb?x=%00", "site.example", 443),
    ],
)
def test_an_address_is_read_as_a_browser_reads_it(url: str, sent: str, host: str, port: int) -> None:
    one = target(url)
    assert (str(one.url), one.host, one.port) == (sent, host, port)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://127.0.0.1./", "http://127。0。0。1/", "http://[::1]/",
                                 "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/"])  # fmt: skip
def test_a_written_address_is_judged_like_one_that_was_looked_up(url: str) -> None:
    ip = target(url).ip
    assert ip is not None
    assert not is_public(ip)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://site.example/{text}"):
        try:
            one = target(url)
        except Refused:
            continue
        assert one.port in (80, 443)
        assert one.host.isascii()
        assert "@" not in one.url.netloc.decode()


@given(ipv4)
def test_no_spelling_of_an_address_is_taken_for_a_name(ip: ipaddress.IPv4Address) -> None:
    number = int(ip)
    a, b, c, d = ip.packed
    for host in (str(number), hex(number), f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}",
                 f"0x{a:x}.{b}.{c}.{d}", f"0{a:o}.{b}.{c}.{d}", f"{a}.{b}.{c}.0x{d:x}"):  # fmt: skip
        try:
            one = target(f"http://{host}/")
        except Refused:
            continue
        assert one.ip is not None
