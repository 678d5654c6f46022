"""Names that must never be published, kept outside the show's folder. Format: docs/formats.md, "Protected names".

Whoever gets the folder (a copy, a repository, a helper) must not get the names with it, so a list inside it is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import model_validator

from pipeline.errors import Problem
from pipeline.show.fields import Line, Value
from pipeline.show.reading import read_list, validated
from pipeline.show.settings import ShowSettings

PROTECTED_VARIABLE = "ONRECORD_PROTECTED_NAMES"
_REMEDY = "Write each as [[protected]] with name ="


class ProtectedName(Value):
    """A name and its other spellings; `allow` are words that are like it and may stand, `pseudonym` stands for it.

    `episodes` are the slugs of the episodes that it protects; empty for the whole show.
    """

    name: Line
    also: tuple[Line, ...] = ()
    allow: tuple[Line, ...] = ()
    pseudonym: Line | None = None
    episodes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        for written in (self.name, *self.also):
            if not any(map(str.isalnum, written)):
                raise ValueError("a name without a letter or a figure can be found in no text")
        return self


def read_protected(settings: ShowSettings, root: Path, problems: list[Problem]) -> tuple[ProtectedName, ...]:
    """The protected names of the show at `root`; the environment's file wins over the one in show.toml.

    A problem more for a file that was named and is missing, cannot be read or lies inside `root`, and for a slug that
    no episode has: a slip there would leave somebody unprotected.
    """
    named = os.environ.get(PROTECTED_VARIABLE) or settings.safeguards.protected_names
    if not named:
        return ()
    path = (root / Path(named).expanduser()).resolve()
    if path.is_relative_to(root.resolve()):
        what = "the protected names lie inside the show's folder, and whoever gets that would get them too"
        problems.append(Problem(str(path), what, "Move the file out of it, and say where it is now"))
        return ()
    if not path.is_file():
        what = "the file of protected names is not there, so nothing is published"
        problems.append(
            Problem(str(path), what, f"Put it there, or mend safeguards.protected_names or {PROTECTED_VARIABLE}")
        )
        return ()
    names: list[ProtectedName] = []
    for index, entry in enumerate(read_list(path, "protected", _REMEDY, problems)):
        one = validated(ProtectedName, entry, path, ("protected", index), problems)
        if one is None:
            continue
        names.append(one)
        for slug in one.episodes:
            if not (root / "episodes" / slug).is_dir():
                what = f"protected name {index + 1} is for the episode {slug}, and there is none"
                problems.append(Problem(str(path), what, "Mend the slug, or leave episodes out to protect it in all"))
    if not names and not problems:
        problems.append(Problem(str(path), "it holds no names", f"{_REMEDY}, or take the setting out of show.toml"))
    return tuple(names)
