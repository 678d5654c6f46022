"""The addresses for striking out at the desk; what they do is in `striking`.

GET    redactions            {revision, redactions, unstruck, guard_ms, tone_hz, published}; the others answer so too
POST   redactions            strike out stretches: with If-Match
PUT    redactions/PLACE      other ends for one entry: with If-Match
DELETE redactions/PLACE      take one entry back: with If-Match
POST   said                  {places}: where words are said; changes nothing

Those that change something answer as GET redactions does.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

from pipeline.review import striking
from pipeline.review.answers import Content, endpoint_of, revision_of, slug_of, writing_route
from pipeline.review.desk import Desk
from pipeline.show.redactions import WITHHELD

_WORDS_MAX_CHARACTERS = 200
_REASON_MAX_CHARACTERS = 1000
_STRETCHES_MAX = 1000

_Time = Annotated[int, Field(strict=True, ge=0)]
_Words = Annotated[str, Field(min_length=1, max_length=_WORDS_MAX_CHARACTERS)]


class _WordsBody(Content):
    words: _Words


class _StretchBody(Content):
    start_ms: _Time
    end_ms: _Time


class _StrikeBody(Content):
    stretches: Annotated[list[_StretchBody], Field(min_length=1, max_length=_STRETCHES_MAX)]
    words: _Words | None = None
    sound: Literal["mute", "tone"] = "mute"
    strike: Literal["both", "sound"] = "both"
    text: _Words = WITHHELD
    reason: str | None = Field(default=None, max_length=_REASON_MAX_CHARACTERS)
    by: str = Field(default="", max_length=300)

    def settings(self) -> dict[str, Any]:
        """The fields of a `Redaction` beside its stretch; the name without the address, as on a page."""
        return {
            "words": (self.words,) if self.words else (),
            "sound": self.sound,
            "strike": self.strike,
            "text": self.text,
            "by": self.by.partition("<")[0].strip() or None,
            "reason": (self.reason or "").strip() or None,
        }


def striking_routes(desk: Desk, base: str) -> list[Route]:
    """The addresses below `base`, which names an episode."""

    def strike(request: Request, body: _StrikeBody) -> Any:
        stretches = [(one.start_ms, one.end_ms) for one in body.stretches]
        return striking.strike_out(desk, slug_of(request), stretches, body.settings(), revision_of(request))

    def mend(request: Request, body: _StretchBody) -> Any:
        stretch = (body.start_ms, body.end_ms)
        return striking.mend(desk, slug_of(request), _place(request), stretch, revision_of(request))

    def take_back(request: Request, body: Content) -> Any:
        return striking.take_back(desk, slug_of(request), _place(request), revision_of(request))

    route = partial(writing_route, base)
    return [
        Route(f"{base}/redactions", endpoint_of(lambda request, _: striking.struck_out(desk, slug_of(request)))),
        route("POST", "redactions", _StrikeBody, strike),
        route("PUT", "redactions/{place:int}", _StretchBody, mend),
        route("DELETE", "redactions/{place:int}", Content, take_back),
        route("POST", "said", _WordsBody, lambda r, b: striking.places_of(desk, slug_of(r), b.words)),
    ]


def _place(request: Request) -> int:
    return int(request.path_params["place"])
