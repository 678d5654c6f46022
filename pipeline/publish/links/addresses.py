"""Which addresses may be asked: whole http(s) addresses on the public net, and nothing else.

Sources name any address they like, and whoever answers for one names the next. Without this, a link could make the
program ask this machine, the router or a cloud's metadata service (server-side request forgery). The rule is a
positive one: IPv4 outside the special-purpose registry, IPv6 in 2000::/3 outside it (IANA's registries of RFC 6890,
as of 2026), and where an IPv6 address carries an IPv4 one, that one must be public too. Python's own
`ipaddress.is_global` is asked as well, but alone it lets NAT64, 6to4 and multicast through.

Nothing is looked up here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpx

from pipeline.errors import Problem, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
_URL_MAX_CHARACTERS = 8_000
_REMEDY = "Give the address under which everybody reaches it"
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Names that by rule lead into this machine or its surroundings, or to no address at all (RFC 6761, 6762, 7686, 8375,
# 9476 and ICANN's resolution on .internal).
_HOME_NAMES = ("localhost", "local", "internal", "home.arpa", "onion", "test", "invalid", "alt")

_NETWORKS_4 = {
    "this machine": ("0.0.0.0/8", "127.0.0.0/8"),
    "a private network": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    "the nearest network only": ("169.254.0.0/16",),
    "many machines at once": ("224.0.0.0/4", "255.255.255.255/32"),
    "no machine on the public net": (
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "240.0.0.0/4",
    ),
}  # fmt: skip
_NETWORKS_6 = {
    "this machine": ("::/128", "::1/128"),
    "a private network": ("fc00::/7", "64:ff9b:1::/48", "fec0::/10"),
    "the nearest network only": ("fe80::/10",),
    "many machines at once": ("ff00::/8",),
    "no machine on the public net": ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "100::/64"),
}
_DENIED = [
    (ipaddress.ip_network(network), words)
    for table in (_NETWORKS_4, _NETWORKS_6)
    for words, networks in table.items()
    for network in networks
]
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked as far as can be told without looking its host up.

    `url` is what is sent for: no fragment, host in ASCII and small letters without a final dot. `ip` is set where the
    host is an address itself.
    """

    url: httpx.URL
    scheme: str
    host: str
    port: int
    ip: Address | None


def target(url: str, *, more_ports: Iterable[int] = ()) -> Target:
    """Read an address; `more_ports` may be asked beside 80 and 443.

    Raises Refused for what is no whole http(s) address, carries a user name, names another port, or has a host that
    is this machine by its name, a number in disguise or no public name. The host's addresses are for `fault` to judge.
    """
    if len(url) > _URL_MAX_CHARACTERS or any(character <= " " or character == "\x7f" for character in url):
        raise _refused(url, "it is no web address")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").lower()
        port = parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise _refused(url, f"it is no web address ({error})") from error
    if parsed.scheme not in PORTS or not host or "\\" in url:
        raise _refused(url, "it is no whole web address that begins with http:// or https://")
    if parsed.userinfo:
        raise _refused(url, "it carries a user name or a password", "Take what stands before the @ out")
    port = PORTS[parsed.scheme] if port is None else port
    if port not in PORTS.values() and port not in set(more_ports):
        raise _refused(url, f"it names port {port}; only 80 and 443 are asked")
    host = host.removesuffix(".")
    ip = _literal(url, host)
    clean = parsed.copy_with(host=host, fragment=None)
    return Target(clean, parsed.scheme, host, port, ip)


def fault(ip: Address) -> str | None:
    """Where an address leads that must not be asked, as the end of “it leads to …”; None where it is public."""
    for one in (ip, *_carried(ip)):
        for network, words in _DENIED:
            if one.version == network.version and one in network:
                return words
        if one.is_multicast or (isinstance(one, ipaddress.IPv4Address) and not one.is_global):
            return "no machine on the public net"
    if isinstance(ip, ipaddress.IPv6Address) and not _carries_only(ip) and (ip not in _UNICAST_6 or not ip.is_global):
        return "no machine on the public net"
    return None


def is_public(ip: Address) -> bool:
    """Whether an address is one machine's on the public net."""
    return fault(ip) is None


def _carries_only(ip: ipaddress.IPv6Address) -> bool:
    """Whether it is a way of writing an IPv4 address, which alone decides."""
    return ip in _NAT64 or ip.ipv4_mapped is not None


def _carried(ip: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads on to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return
    if ip in _NAT64 or ip in _COMPATIBLE or (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo


def _literal(url: str, host: str) -> Address | None:
    if ":" in host:
        if "%" in host:
            raise _refused(url, "it names a network card of this machine")
        try:
            return ipaddress.IPv6Address(host)
        except ValueError as error:
            raise _refused(url, f"“{host}” is no address of a machine") from error
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1 to some programs and something else to others.
        try:
            return ipaddress.IPv4Address(host)
        except ValueError as error:
            raise _refused(url, f"“{host}” is a number in disguise, not a name") from error
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(url, f"“{host}” is no name of a machine")
    if len(labels) < 2 or any(host == name or host.endswith(f".{name}") for name in _HOME_NAMES):
        raise _refused(url, f"“{host}” is no name on the public net")
    return None


def _refused(url: str, what: str, remedy: str = _REMEDY) -> Refused:
    shown = url if len(url) <= 200 else f"{url[:200]}…"
    return Refused(Problem(shown, what, remedy))
