"""The Internet Archive's Wayback Machine: ask for a copy to be made, and look for copies that are there.

Save Page Now 2: a form to /save with `Authorization: LOW key:secret`, then /save/status/JOB until it is done. Used for
nothing but sources whose policy is public, and only where show.toml says `wayback = true`: an address that is sent
there is known to the world.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipeline.errors import NoAnswer, Problem
from pipeline.publish.links.fetch import Answer, Fetcher

KEY_VARIABLE, SECRET_VARIABLE = "ONRECORD_WAYBACK_KEY", "ONRECORD_WAYBACK_SECRET"
_SAVE_BASE = "https://web.archive.org"
_AVAILABLE_BASE = "https://archive.org"
_POLLS = 40
_POLL_EVERY_S = 6.0
_ANSWER_MAX_BYTES = 200_000
_TIMESTAMP = re.compile(r"\d{14}")
_TRY_LATER = "Try again later, or save the page at https://web.archive.org/save"


@dataclass(frozen=True, slots=True)
class Credentials:
    """S3-like keys of an account at archive.org; they come from the environment and go nowhere else."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def credentials(environment: Mapping[str, str]) -> Credentials | None:
    """The keys in the environment; None where either is missing."""
    key, secret = environment.get(KEY_VARIABLE, "").strip(), environment.get(SECRET_VARIABLE, "").strip()
    return Credentials(key, secret) if key and secret else None


class Wayback:
    """The Wayback Machine; the base addresses can be others, which tests make use of."""

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        save_base: str = _SAVE_BASE,
        available_base: str = _AVAILABLE_BASE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._save_base = save_base
        self._available_base = available_base
        self._sleep = sleep

    def save(self, url: str, keys: Credentials) -> str:
        """Have a copy made and return its address. Raises NoAnswer where none was made, saying why."""
        headers = {"Authorization": f"LOW {keys.key}:{keys.secret}", "Accept": "application/json"}
        began = self._json(url, self._fetcher.post(f"{self._save_base}/save", {"url": url}, headers=headers))
        job = began.get("job_id")
        if not isinstance(job, str) or not job:
            raise _not_saved(url, began.get("message"))
        for _ in range(_POLLS):
            self._sleep(_POLL_EVERY_S)
            place = f"{self._save_base}/save/status/{quote(job, safe='')}"
            state = self._json(url, self._fetcher.get(place, headers=headers, max_bytes=_ANSWER_MAX_BYTES))
            if state.get("status") == "success" and _TIMESTAMP.fullmatch(str(state.get("timestamp"))):
                return f"{self._save_base}/web/{state['timestamp']}/{url}"
            if state.get("status") != "pending":
                raise _not_saved(url, state.get("message"))
        raise _not_saved(url, "it takes too long")

    def available(self, url: str) -> str | None:
        """The address of the copy that the archive offers for an address; None where it has none."""
        place = f"{self._available_base}/wayback/available?url={quote(url, safe='')}"
        closest = self._json(url, self._fetcher.get(place, max_bytes=_ANSWER_MAX_BYTES))
        for name in ("archived_snapshots", "closest"):
            closest = closest.get(name, {})
            if not isinstance(closest, dict):
                return None
        timestamp = str(closest.get("timestamp"))
        if closest.get("available") is not True or not _TIMESTAMP.fullmatch(timestamp):
            return None
        # Built here and not taken over: what is shown leads to the archive, whatever was answered.
        return f"{self._save_base}/web/{timestamp}/{url}"

    def _json(self, url: str, answer: Answer) -> dict[str, Any]:
        if answer.status == 401:
            raise _not_saved(url, "it does not know the keys in the environment")
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise _not_saved(url, f"it answers with status {answer.status}")
        return value


def _not_saved(url: str, why: object) -> NoAnswer:
    said = " ".join(str(why or "it does not say why").split())[:200].rstrip(".")
    return NoAnswer(Problem(url, f"the Wayback Machine gave no copy: {said}", _TRY_LATER))
