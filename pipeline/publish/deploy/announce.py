"""After publishing: caches are told what to forget, hubs what is new. None of them can undo a publication: each that
fails is a warning, and is told again by the next publication.

Tokens come from the environment and stand in no message: ONRECORD_PURGE_TOKEN is sent to `purge_url` as a bearer
token, ONRECORD_PODPING_TOKEN to podping.cloud. What a program says of its failure is repeated without them.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import IO
from urllib.parse import urlsplit

import httpx

from pipeline.errors import Problem

PODPING = "https://podping.cloud/"
_TIMEOUT_S = 30.0
_AGENT = "OnRecord-publish/1"
_SAID_BYTES, _SAID_CHARACTERS = 4096, 200
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "KEY")
_AGAIN = "Publish again, which tells it again; or tell it by hand"


def purge_by_command(command: Sequence[str], urls: Sequence[str]) -> list[Problem]:
    """Run a program that makes a cache forget addresses, which it reads on its standard input, one a line."""
    # A file and no pipe: what it says may be long, and a program that it leaves behind may hold a pipe open.
    with tempfile.TemporaryFile() as errors:
        try:
            # S603: the argument list stands in the show's own settings; no shell reads it.
            done = subprocess.run(  # noqa: S603
                list(command),
                input="".join(f"{url}\n" for url in urls).encode("utf-8"),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=300,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = "it took too long" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
            return [Problem(command[0], f"the cache was not told: {why}", _AGAIN)]
        if not done.returncode:
            return []
        said = _last_line(errors)
    what = f"the cache was not told: it ended with {done.returncode}"
    return [Problem(command[0], f"{what} ({said})" if said else what, _AGAIN)]


def _last_line(stream: IO[bytes]) -> str:
    """The last line that a program wrote, for a message: printable, shortened, without secrets of the environment."""
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - _SAID_BYTES))
    lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines() if line.strip()]
    said = lines[-1] if lines else ""
    secrets = [value for name, value in os.environ.items() if any(word in name.upper() for word in _SECRET)]
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 6:  # what is shorter is no secret, and may be a part of any word
            said = said.replace(secret, "…")
    said = "".join(one for one in said if one.isprintable())
    return said if len(said) <= _SAID_CHARACTERS else f"{said[:_SAID_CHARACTERS]}…"


def purge_by_url(url: str, urls: Sequence[str]) -> list[Problem]:
    """Send the addresses that became others to a hook, as JSON: {"urls": [...]}."""
    token = os.environ.get("ONRECORD_PURGE_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return _told(url, "the cache", lambda client: client.post(url, json={"urls": list(urls)}, headers=headers))


def tell_hub(hub: str, feed_url: str) -> list[Problem]:
    """Tell a WebSub hub that the feed is another (the publisher's part, as hubs of PubSubHubbub 0.4 take it)."""
    form = {"hub.mode": "publish", "hub.url": feed_url, "hub.topic": feed_url}
    return _told(hub, "the hub", lambda client: client.post(hub, data=form))


def tell_podping(feed_url: str, service: str = PODPING) -> list[Problem]:
    """Tell podping.cloud that the feed is another."""
    token = os.environ.get("ONRECORD_PODPING_TOKEN")
    if not token:
        return [Problem(service, "Podping was not told: it needs a token", "Set ONRECORD_PODPING_TOKEN, publish again")]
    asked = {"url": feed_url, "reason": "update", "medium": "podcast"}
    return _told(service, "Podping", lambda client: client.get(service, params=asked, headers={"Authorization": token}))


def _told(url: str, whom: str, ask: Callable[[httpx.Client], httpx.Response]) -> list[Problem]:
    place = urlsplit(url).hostname or url  # the rest of such an address may be a secret
    try:
        with httpx.Client(timeout=_TIMEOUT_S, headers={"User-Agent": _AGENT}) as client:
            answer = ask(client)
    except httpx.HTTPError as error:
        return [Problem(place, f"{whom} was not told: {type(error).__name__}", "Publish again, which tells it again")]
    if answer.is_error:
        return [
            Problem(
                place, f"{whom} was not told: it answers {answer.status_code}", "Look at its settings, publish again"
            )
        ]
    return []
