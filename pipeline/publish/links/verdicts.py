"""What an answer means for a link: alive, moved, gone, cannot tell, refused. Nothing is asked here.

“Gone” is a heavy word: an editor will strike a source by it. So 404 and a name that is no more count only when they
were met on two days with nothing better between; refusals to talk to programs (401, 403, 405, 429), errors of the
server, timeouts and TLS faults never count. 410 says itself that it is meant to stay (RFC 9110, 15.5.11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import Refused
from pipeline.publish.links.fetch import Answer, Unanswered

DAYS_TO_BE_GONE = 2
_REFUSES_PROGRAMS = (401, 403, 405, 406, 429, 451)
_HOME = {"", "/", "/index.html", "/index.htm", "/index.php", "/home", "/en", "/en/"}
_NEXT_DAY = timedelta(hours=20)  # who checks every morning is not put off to the day after by a minute


class Verdict(StrEnum):
    """What is known of a link."""

    ALIVE = "alive"
    MOVED = "moved"
    GONE = "gone"
    CANNOT_TELL = "cannot tell"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one address since it was last asked (`at`, UTC).

    `why` is half a sentence; `moved_to` is set where it moved for good; `etag` and `modified` are what the next
    question refers to; `failed_on` are the days (ISO) on which it was not there, since it last was; `not_before` is
    when its server lets itself be asked again.
    """

    verdict: Verdict
    at: datetime
    why: str = ""
    status: int | None = None
    moved_to: str | None = None
    etag: str | None = None
    modified: str | None = None
    failed_on: tuple[str, ...] = ()
    not_before: datetime | None = None

    def is_due(self, now: datetime, interval_days: int, *, again: bool = False) -> bool:
        """Whether it is time to ask again: after the interval, or the next day where nothing could be told.

        With `again` it always is, unless its server asked to be left alone.
        """
        if self.not_before is not None and now < self.not_before:
            return False
        if again:
            return True
        unsure = self.verdict is Verdict.CANNOT_TELL
        return now - self.at >= (_NEXT_DAY if unsure else timedelta(days=interval_days)) or now < self.at

    def conditions(self) -> dict[str, str]:
        """Headers by which a server can say that nothing changed."""
        if self.verdict is not Verdict.ALIVE:
            return {}
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}

    def as_json(self) -> dict[str, Any]:
        """As it stands in `build/links.json`; what is not set is left out."""
        found = {
            "verdict": self.verdict.value,
            "at": _iso(self.at),
            "why": self.why,
            "status": self.status,
            "moved_to": self.moved_to,
            "etag": self.etag,
            "modified": self.modified,
            "failed_on": list(self.failed_on),
            "not_before": _iso(self.not_before) if self.not_before else None,
        }
        return {name: value for name, value in found.items() if value not in (None, "", [])}


def known_from_json(value: dict[str, Any]) -> Known:
    """Read what `Known.as_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    later = value.get("not_before")
    return Known(
        Verdict(value["verdict"]),
        _moment(value["at"]),
        str(value.get("why", "")),
        int(value["status"]) if "status" in value else None,
        _text(value.get("moved_to")),
        _text(value.get("etag")),
        _text(value.get("modified")),
        tuple(str(day) for day in value.get("failed_on", ())),
        _moment(later) if later else None,
    )


def judge(url: str, outcome: Answer | Unanswered | Refused, before: Known | None, now: datetime) -> Known:
    """What an outcome means, in the light of what was known before."""
    if isinstance(outcome, Refused):
        return Known(Verdict.REFUSED, now, outcome.problems[0].what)
    if isinstance(outcome, Unanswered):
        why = outcome.problems[0].what
        if outcome.kind == "no such name":
            return _failed(why, None, before, now)
        return _unsure(why, None, before, now)
    status = outcome.status
    if status == HTTPStatus.NOT_FOUND:
        return _failed(_named(status), status, before, now)
    if status == HTTPStatus.GONE:
        return Known(Verdict.GONE, now, f"{_named(status)}: its server says that it will not come back", status)
    if status == HTTPStatus.NOT_MODIFIED and before is not None:
        return Known(before.verdict, now, before.why, before.status, before.moved_to, before.etag, before.modified)
    if not 200 <= status < 300:
        later = now + timedelta(seconds=wait) if (wait := outcome.retry_after_s) else None
        hint = "; it may refuse programs only, so open it in a browser" if status in _REFUSES_PROGRAMS else ""
        return _unsure(_named(status) + hint, status, before, now, later)
    # What changes with each redirect is remembered for no address but the one that answered itself.
    own = outcome.headers if not outcome.redirects else {}
    etag, modified = own.get("etag"), own.get("last-modified")
    if outcome.redirects and _leads_home(url, outcome.url):
        why = f"it leads to the start page {outcome.url}; look whether the text is still there"
        return Known(Verdict.MOVED, now, why, status, outcome.moved_to)
    if outcome.moved_to and _without_fragment(outcome.moved_to) != _without_fragment(url):
        return Known(Verdict.MOVED, now, f"it moved to {outcome.moved_to}", status, outcome.moved_to)
    return Known(Verdict.ALIVE, now, "", status, None, etag, modified)


def _failed(why: str, status: int | None, before: Known | None, now: datetime) -> Known:
    days = {*(before.failed_on if before else ()), now.astimezone(UTC).date().isoformat()}
    failed_on = tuple(sorted(days))[-10:]
    if len(days) >= DAYS_TO_BE_GONE:
        return Known(Verdict.GONE, now, f"{why}, on {len(failed_on)} days since {failed_on[0]}", status,
                     failed_on=failed_on)  # fmt: skip
    why = f"{why}; if it is so on another day too, it counts as gone"
    return Known(Verdict.CANNOT_TELL, now, why, status, failed_on=failed_on)


def _unsure(
    why: str, status: int | None, before: Known | None, now: datetime, not_before: datetime | None = None
) -> Known:
    # A server that is down today neither proves nor disproves that the page was missing yesterday.
    failed_on = before.failed_on if before else ()
    return Known(Verdict.CANNOT_TELL, now, why, status, failed_on=failed_on, not_before=not_before)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def _leads_home(url: str, final: str) -> bool:
    asked, got = urlsplit(url), urlsplit(final)
    return got.path.lower() in _HOME and not got.query and (asked.path.lower() not in _HOME or bool(asked.query))


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
