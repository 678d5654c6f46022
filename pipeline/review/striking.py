"""Striking out at the desk: what is struck out of an episode, where else a name is said, and redactions.toml written.

The file is the one that people and `onrecord redact` write. An entry is named by its place in the file, and every
change says from which revision of the file it began, so that a place never means another entry than the one seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from pipeline.errors import InvalidEpisode, Problem, Refused
from pipeline.review.desk import At, Desk, NotFound
from pipeline.review.workspace import Stale, Workspace, read_revision, replace_revision
from pipeline.said import Occurrence, occurrences, unstruck
from pipeline.show import REDACTIONS_NAME
from pipeline.show.reading import explain
from pipeline.show.redactions import Redaction, read_redactions
from pipeline.show.striking import redactions_in, with_added, with_ends, without
from pipeline.transcript import format_ms
from pipeline.withhold import Protected, is_said, protected_by, protected_in

Stretch = tuple[int, int]


def struck_out(desk: Desk, slug: str) -> dict[str, Any]:
    """What is struck out, in the order of the file, and where a name is still said; times are ms of the recording."""
    here = desk.at(slug)
    path = here.workspace.folder / REDACTIONS_NAME
    content, revision = read_revision(path)
    redactions = _entries(here.workspace, content)
    view = here.open.view(here.show, here.episode)
    names = dict.fromkeys((*protected_in(redactions), *protected_by(here.show.protected_of(here.episode))))
    left = unstruck(view.timed, view.machine, redactions, tuple(names))
    return {
        "revision": revision,
        "redactions": [one.model_dump(mode="json") for one in redactions],
        "unstruck": [{"words": name.name, **_place(one)} for name, one in left],
        "guard_ms": desk.services.guard_ms,
        "tone_hz": desk.services.tone_hz,
        "published": desk.services.was_published(slug),
    }


def places_of(desk: Desk, slug: str, words: str) -> dict[str, Any]:
    """Every place where `words` are said, as `onrecord redact` finds them, and which of them are struck out."""
    here = desk.at(slug)
    view = here.open.view(here.show, here.episode)
    _require_name(words)
    redactions = here.show.redactions_of(here.episode)
    return {
        "places": [
            _place(one) | {"struck": _is_covered(one, redactions)}
            for one in occurrences(view.timed, view.machine, words)
        ]
    }


def strike_out(
    desk: Desk, slug: str, stretches: Sequence[Stretch], settings: dict[str, Any], base: str
) -> dict[str, Any]:
    """Append an entry for every stretch; `settings` are the other fields of a `Redaction`.

    Raises InvalidEpisode or Refused naming what cannot stand, Stale when the file was changed elsewhere since `base`.
    """
    here = desk.at(slug)
    words: tuple[str, ...] = settings.get("words", ())
    for name in words:
        _require_name(name)
    added = [_redaction(here, stretch, settings) for stretch in sorted(stretches)]
    for one in added:
        if is_said(one.text, [Protected(name) for name in one.words]):
            what = f"the text in their place, “{one.text}”, says the very words that are struck out"
            raise Refused(Problem(REDACTIONS_NAME, what, "Write another text"))

    def edit(text: str, known: Sequence[Redaction]) -> str:
        for one in added:
            if any(_same_place(one, other) and set(one.words) <= set(other.words) for other in known):
                what = f"{format_ms(one.start_ms)} to {format_ms(one.end_ms)} is struck out already"
                raise Refused(Problem(REDACTIONS_NAME, what, "Take it from the list of places"))
        return with_added(text, added, format_ms)

    _edit(here.workspace, base, edit)
    return struck_out(desk, slug)


def mend(desk: Desk, slug: str, place: int, stretch: Stretch, base: str) -> dict[str, Any]:
    """Give entry `place` other ends. Raises as `strike_out` does, and NotFound where there is no such entry."""
    here = desk.at(slug)
    _redaction(here, stretch, {})

    def edit(text: str, known: Sequence[Redaction]) -> str:
        _require_entry(known, place)
        return with_ends(text, place, *stretch, format_ms)

    _edit(here.workspace, base, edit)
    return struck_out(desk, slug)


def take_back(desk: Desk, slug: str, place: int, base: str) -> dict[str, Any]:
    """Take entry `place` out of the file. Raises as `mend` does."""

    def edit(text: str, known: Sequence[Redaction]) -> str:
        _require_entry(known, place)
        return without(text, place)

    _edit(desk.at(slug).workspace, base, edit)
    return struck_out(desk, slug)


def _edit(workspace: Workspace, base: str, edit: Callable[[str, Sequence[Redaction]], str]) -> None:
    path = workspace.folder / REDACTIONS_NAME
    with workspace.locked():
        content, revision = read_revision(path)
        if revision != base:
            raise Stale(str(path), revision)
        written = edit(content.decode("utf-8-sig"), _entries(workspace, content)).encode("utf-8")
        if not written:
            # An episode without redactions has no such file; one that never was changes no approval.
            path.unlink()
        elif not replace_revision(path, written, revision):
            raise Stale(str(path), read_revision(path)[1])


def _entries(workspace: Workspace, content: bytes) -> tuple[Redaction, ...]:
    if not content:
        return ()
    try:
        return redactions_in(content.decode("utf-8-sig"))
    except ValueError as error:
        read_redactions(workspace.folder / REDACTIONS_NAME)  # says which line
        raise InvalidEpisode(Problem(REDACTIONS_NAME, "it cannot be read", "Mend the file first")) from error


def _redaction(here: At, stretch: Stretch, settings: dict[str, Any]) -> Redaction:
    start_ms, end_ms = stretch
    duration_ms = here.open.machine().duration_ms
    where = f"{format_ms(max(0, start_ms))} to {format_ms(max(0, end_ms))}"
    if not 0 <= start_ms < end_ms <= duration_ms:
        what = "it is no stretch of the recording"
        remedy = f"Begin before the end, and end by {format_ms(duration_ms)}"
        raise InvalidEpisode(Problem(where, what if duration_ms else "nothing was heard of it yet", remedy))
    try:
        return Redaction(start_ms=start_ms, end_ms=end_ms, **settings)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc'])) or 'the entry'}: {explain(one)}" for one in error.errors())
        raise InvalidEpisode([Problem(where, what, "Mend it and try again") for what in wrong]) from error


def _require_name(words: str) -> None:
    # What the search cannot find in itself it would find nowhere: a dash, for example.
    if not is_said(words, [Protected(words)]):
        raise Refused(Problem(words, "this is no word that could be looked for", "Write the name as it is said"))


def _require_entry(known: Sequence[Redaction], place: int) -> None:
    if not 0 <= place < len(known):
        raise NotFound(Problem(REDACTIONS_NAME, "there is no such entry", "Look at the list again"))


def _same_place(one: Redaction, other: Redaction) -> bool:
    return (one.start_ms, one.end_ms, one.strike) == (other.start_ms, other.end_ms, other.strike)


def _is_covered(place: Occurrence, redactions: Sequence[Redaction]) -> bool:
    return any(one.start_ms <= place.start_ms and place.end_ms <= one.end_ms for one in redactions)


def _place(one: Occurrence) -> dict[str, Any]:
    return {"start_ms": one.start_ms, "end_ms": one.end_ms, "around": one.around}
