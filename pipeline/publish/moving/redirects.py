"""Rules for the old host, in its own language: 301 from every old address to the new one.

Podcast apps follow 301 and remember where it leads (Apple asks for it beside itunes:new-feed-url); a recording that is
linked from elsewhere is found again. Rules are for one old host each: what stood on other servers is told as left over.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

HOSTS = ("nginx", "caddy", "netlify", "s3")
FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile", "netlify": "_redirects", "s3": "s3-routing.json"}
S3_RULES_MAX = 50
# What a host would read as something else than a letter of an address.
_SIGNS = {"nginx": re.compile(r"[\x00-\x1f\x7f]"), "caddy": re.compile(r"[\x00-\x1f\x7f*{}]")}
_SIGNS |= {"netlify": re.compile(r"[\x00-\x1f\x7f*:]"), "s3": re.compile(r"[\x00-\x1f\x7f]")}
# What is put behind an address to count who came by it; a page is the same without.
_COUNTING = re.compile(r"(?:utm_[^=&]*|fbclid|gclid|mc_[ce]id)(?:=[^&]*)?", re.IGNORECASE)
_SOUND = re.compile(r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm)\Z", re.IGNORECASE)
_SERVER = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"'`\\{}$;<>|^]")


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """One address that moved. Both are whole; `old` may have a query. `is_feed` is the one that must not be missing."""

    old: str
    new: str
    is_feed: bool = False


@dataclass(frozen=True)
class Rules:
    """The text for one kind of host, and the moves that it cannot express, each with the reason."""

    text: str
    left: tuple[tuple[Move, str], ...] = ()


def old_hosts(moves: Iterable[Move]) -> tuple[str, ...]:
    """The servers that the old addresses name, in the order of their first."""
    return tuple(dict.fromkeys(urlsplit(move.old).netloc.lower() for move in moves))


def as_asked(moves: Sequence[Move], own: Collection[str]) -> tuple[Move, ...]:
    """The moves by the addresses that people and apps ask the old servers for; `own` are the podcast's servers.

    A feed names pages and recordings with words for those who count: `?utm_source=rss` behind a page, `?dest-id=7`
    behind a file, a counting service before it (`https://count.example/redirect.mp3/old.example/1.mp3`). Rules for such
    an address alone would help nobody who has the plain one, and nobody can put rules on another's server.
    """
    plain = [_without_counter(move, own) for move in moves]
    files = Counter(urlsplit(old)[1:3] for old in {move.old for move in plain})
    found = []
    for move in plain:
        parts = urlsplit(move.old)
        query = "&".join(one for one in parts.query.split("&") if not _COUNTING.fullmatch(one))
        if _SOUND.search(parts.path) and files[parts[1:3]] == 1:
            query = ""
        found.append(Move(parts._replace(query=query).geturl(), move.new, move.is_feed))
    return tuple(dict.fromkeys(found))


def _without_counter(move: Move, own: Collection[str]) -> Move:
    """A recording by the address behind the services that count it, which goes on leading there."""
    parts = urlsplit(move.old)
    if parts.netloc.lower() in own or not _SOUND.search(parts.path):
        return move
    steps = parts.path.split("/")
    for place in range(len(steps) - 2, 0, -1):
        step = steps[place].lower()
        if step in own or (_SERVER.fullmatch(step) and not _SOUND.search(step)):
            return Move(f"{parts.scheme}://{'/'.join(steps[place:])}", move.new, move.is_feed)
    return move


def rules_for(kind: str, host: str, moves: Sequence[Move]) -> Rules:
    """The rules of `kind` (one of HOSTS) for the old addresses on `host`. Moves to the same address are left out."""
    here: dict[str, Move] = {}
    left: list[tuple[Move, str]] = []
    for move in moves:
        if urlsplit(move.old).netloc.lower() != host or move.old == move.new:
            continue
        if _UNSAFE.search(move.new):
            left.append((move, "its new address is not clean"))
            continue
        path, query = unquote(urlsplit(move.old).path), unquote(urlsplit(move.old).query)
        if _SIGNS[kind].search(path + query) or (kind == "nginx" and "$" in query):
            left.append((move, "its old address holds a sign that this host would misread"))
            continue
        known = here.setdefault(_key(move.old), move)
        if known.new != move.new:
            left.append((move, f"the same address leads to {known.new} already"))
    text, more = _WRITERS[kind](list(here.values()))
    return Rules(text, (*left, *more))


_Written = tuple[str, list[tuple[Move, str]]]


def _nginx(moves: Sequence[Move]) -> _Written:
    """Exact locations; where a query decides, one location asks for it."""
    lines = ["# Where this podcast has moved to. Put this inside the server block of the old host."]
    # nginx makes one slash of several before it compares.
    for path, there in _by_path(moves, lambda path: re.sub("/{2,}", "/", path)).items():
        lines.append(f"location = {_nginx_text(path)} {{")
        # The whole query, in its order: clients send it as the feed has it.
        lines += [
            f"    if ($args = {_nginx_text(query)}) {{ return 301 {_nginx_text(move.new)}; }}"
            for query, move in there
            if query
        ]
        plain = next((move for query, move in there if not query), None)
        if plain:
            lines.append(f"    return 301 {_nginx_text(plain.new)};")
        lines.append("}")
    return "\n".join(lines) + "\n", []


def _caddy(moves: Sequence[Move]) -> _Written:
    lines = ["# Where this podcast has moved to. Put this inside the site block of the old host."]
    number = 0
    for path, there in _by_path(moves).items():
        for query, move in sorted(there, key=lambda one: not one[0]):
            number += 1
            matcher = f"@moved{number}"
            lines.append(f"{matcher} {{")
            lines.append(f"    path {_caddy_text(path)}")
            for name, value in parse_qsl(query, keep_blank_values=True):
                lines.append(f"    query {_caddy_text(f'{quote(name)}={quote(value)}')}")
            lines.append("}")
            lines.append(f"redir {matcher} {_caddy_text(move.new)} 301")
    return "\n".join(lines) + "\n", []


def _netlify(moves: Sequence[Move]) -> _Written:
    lines = ["# Where this podcast has moved to. Put this into the folder of the old site."]
    for path, there in _by_path(moves).items():
        for query, move in sorted(there, key=lambda one: not one[0]):
            wanted = [f"{quote(name)}={quote(value)}" for name, value in parse_qsl(query, keep_blank_values=True)]
            lines.append(" ".join([quote(path, safe="/~@+,&=!()-._"), *wanted, move.new, "301!"]))
    return "\n".join(lines) + "\n", []


def _s3(moves: Sequence[Move]) -> _Written:
    """Routing rules of a bucket's website: 50 at most, by prefix, without queries."""
    rules: list[dict[str, dict[str, str]]] = []
    left: list[tuple[Move, str]] = []
    # The longest first, here and in the list: the first rule whose prefix fits is taken, so one that is left out leads
    # nowhere, rather than to another episode. The feed comes before all: without it nobody finds the new place.
    for move in sorted(moves, key=lambda one: (not one.is_feed, -len(urlsplit(one.old).path), one.old)):
        old, new = urlsplit(move.old), urlsplit(move.new)
        if not old.path.strip("/"):
            left.append((move, "a rule for the whole bucket would catch everything"))
        elif old.query:
            left.append((move, "S3 knows no rules for what stands behind a question mark"))
        elif len(rules) == S3_RULES_MAX:
            left.append((move, f"S3 takes {S3_RULES_MAX} rules; set x-amz-website-redirect-location on this object"))
        else:
            rules.append(
                {
                    "Condition": {"KeyPrefixEquals": unquote(old.path).removeprefix("/")},
                    "Redirect": {
                        "Protocol": new.scheme,
                        "HostName": new.netloc,
                        "ReplaceKeyWith": f"{new.path.removeprefix('/')}{f'?{new.query}' if new.query else ''}",
                        "HttpRedirectCode": "301",
                    },
                }
            )
    rules.sort(key=lambda one: -len(one["Condition"]["KeyPrefixEquals"]))
    return json.dumps(rules, ensure_ascii=False, indent=2) + "\n", left


_WRITERS: dict[str, Callable[[Sequence[Move]], _Written]] = {
    "nginx": _nginx,
    "caddy": _caddy,
    "netlify": _netlify,
    "s3": _s3,
}


def _by_path(
    moves: Sequence[Move], compared: Callable[[str], str] = lambda path: path
) -> dict[str, list[tuple[str, Move]]]:
    """The moves by their path, decoded as servers compare it, each with its query."""
    found: dict[str, list[tuple[str, Move]]] = {}
    for move in moves:
        parts = urlsplit(move.old)
        found.setdefault(compared(unquote(parts.path) or "/"), []).append((parts.query, move))
    return found


def _key(url: str) -> str:
    parts = urlsplit(url)
    return f"{unquote(parts.path) or '/'}?{parts.query}"


def _nginx_text(text: str) -> str:
    """A word of nginx's configuration, whatever is in it; a dollar would begin a variable, and nothing escapes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _caddy_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
