"""Names that our own pages say of every episode: told when they are struck out, before a run refuses the episode.

A run searches every finished file for a struck or protected name, and does not ask who wrote it there. That a name
stands in the words of the templates, or is the engine's that drafted the text, is known without a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pipeline.errors import InvalidShow, InvalidTranscript, Problem
from pipeline.publish.leaks import leaks
from pipeline.show import REDACTIONS_NAME, Episode, Show, load_show
from pipeline.transcript import MACHINE_NAME, read_machine
from pipeline.withhold import Protected, is_said, protected_by, protected_in

_WHAT = "our own pages say “{}” too, and the run refuses an episode in whose files it stands"
_STRIKE = (
    "Leave --words and words = out: what is struck by --from and --to alone is gone from sound and text all the same"
)
_PROTECT = "Protect the whole name in their place, or say it otherwise in templates/"


def own_words(show: Show, episode: Episode) -> tuple[Problem, ...]:
    """A warning for each name that is struck out of an episode or protected in it, and that its page says itself."""
    listed = _own(show, episode, protected_by(show.protected_of(episode)))
    return (
        *_struck(show, episode, protected_in(show.redactions_of(episode))),
        *(Problem("the protected names", _WHAT.format(name), _PROTECT) for name in listed),
    )


def own_words_struck(root: Path, slug: str, words: str) -> tuple[Problem, ...]:
    """The same of `words` that are about to be struck out. Raises InvalidShow."""
    show = load_show(root)
    episode = next(one for one in show.episodes if one.slug == slug)
    return tuple(_struck(show, episode, [Protected(words)]))


def _struck(show: Show, episode: Episode, names: Iterable[Protected]) -> Iterator[Problem]:
    for name in _own(show, episode, names):
        yield Problem(str(episode.folder / REDACTIONS_NAME), _WHAT.format(name), _STRIKE)


def _own(show: Show, episode: Episode, names: Iterable[Protected]) -> Iterator[str]:
    from pipeline.publish.templates import overrides_folder

    if not (asked := list(names)):
        return
    overrides, drafted_by = overrides_folder(show.root), _drafted_by(episode)
    for one in asked:
        if _is_in_templates(overrides, one) or is_said(drafted_by, [one]):
            yield one.name


@lru_cache(maxsize=1000)
def _is_in_templates(overrides: Path | None, one: Protected) -> bool:
    return any(leaks({"index.html": _templates(overrides)}, [one]))


@lru_cache(maxsize=4)
def _templates(overrides: Path | None) -> bytes:
    from pipeline.publish.pages import Pages
    from pipeline.publish.templates import Templates

    try:
        return Pages(Templates(overrides)).own_words().encode()
    except InvalidShow:  # a run says what is wrong with them
        return b""


def _drafted_by(episode: Episode) -> str:
    try:
        return read_machine(episode.folder / MACHINE_NAME).drafted_by
    except (InvalidTranscript, OSError):
        return ""
