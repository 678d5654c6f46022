"""Where pages come from: our templates, and before them those in the show's own folder `templates/`.

A show's folder has the shape of ours. A file there stands in for the one of the same name here; as
`onrecord/<name>` the original stays within reach of `{% extends %}`. What lies in `templates/static/` is published
beside the style sheet: `show.css` is added to its end, other files get names with a piece of their digest.

The show's folder is its producer's own: a template is a program that runs with the rights of who runs On Record.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    TemplateNotFound,
    TemplateSyntaxError,
)

from pipeline import files
from pipeline.errors import InvalidShow, Problem
from pipeline.publish.look import look_css, read_fonts
from pipeline.publish.model import named_by_content
from pipeline.show import Show
from pipeline.show.look import FONT_SUFFIX

OVERRIDES_FOLDER = "templates"  # below the show's root
STATIC_FOLDER = "static"
STYLE, SHOW_STYLE = "style.css", "show.css"
ORIGINAL = "onrecord"
STATIC_SUFFIXES = (".avif", ".css", ".gif", ".jpeg", ".jpg", ".js", ".png", ".svg", ".webp", ".woff2")
_STATIC_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]*(?:{'|'.join(map(re.escape, STATIC_SUFFIXES))})")
_URL = re.compile(r"""url\(\s*(["']?)([^"'()\s]+)\1\s*\)""")
_REMEDY = "Mend it there, or delete the file to have ours again; docs/templates.md describes every template"


def templates_folder() -> Path:
    """Where our templates are: inside the package when it is installed, at the top of a working copy otherwise."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def overrides_folder(root: Path) -> Path | None:
    """The show's own templates, if it has any. In our working copy `templates/` beside `episodes/` is ours."""
    folder = root / OVERRIDES_FOLDER
    return folder if folder.is_dir() and folder.resolve() != templates_folder().resolve() else None


class Templates:
    """The templates and static files of one show, its own before ours."""

    def __init__(self, overrides: Path | None = None) -> None:
        """Raises InvalidShow where a file in `overrides` cannot be what its name says."""
        self._overrides = overrides
        self._ours = templates_folder()
        if overrides is not None:
            _check(overrides)

    @property
    def loader(self) -> BaseLoader:
        """What Jinja finds templates by."""
        ours = FileSystemLoader(self._ours)
        own = [FileSystemLoader(self._overrides)] if self._overrides else []
        return ChoiceLoader([*own, ours, PrefixLoader({ORIGINAL: ours})])

    def static(self, name: str) -> bytes:
        """One of our static files, or the show's file of the same name."""
        own = self._overrides / STATIC_FOLDER / name if self._overrides else None
        return (own if own and own.is_file() else self._ours / STATIC_FOLDER / name).read_bytes()

    def own_files(self) -> dict[str, bytes]:
        """The show's static files that are none of ours under another content, by their names."""
        folder = self._overrides / STATIC_FOLDER if self._overrides else None
        if folder is None or not folder.is_dir():
            return {}
        return {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name != SHOW_STYLE and not (self._ours / STATIC_FOLDER / path.name).is_file()
        }

    def style(self, show: Show, published: Mapping[str, str]) -> bytes:
        """The one style sheet: ours, the look of show.toml, the show's own show.css.

        `published` are the names that the show's files and fonts have on the site, by the names people wrote.
        """
        beside = {name: PurePosixPath(place).name for name, place in published.items()}
        sheet = self.static(STYLE).decode("utf-8") + look_css(show.settings.look, beside)
        own = self._overrides / STATIC_FOLDER / SHOW_STYLE if self._overrides else None
        if own and own.is_file():
            sheet += "\n/* The show's own show.css */\n" + own.read_text("utf-8-sig")
        sheet = _URL.sub(lambda found: f'url("{beside[found[2]]}")' if found[2] in beside else found[0], sheet)
        return sheet.encode("utf-8")

    def fault(self, error: Exception) -> InvalidShow | None:
        """What is wrong with the show's own template that `error` came from; None where it is none of the show's."""
        if self._overrides is None:
            return None
        if isinstance(error, TemplateSyntaxError) and error.filename:
            place, line = error.filename, error.lineno
        else:
            within = [
                frame
                for frame in traceback.extract_tb(error.__traceback__)
                if Path(frame.filename).is_relative_to(self._overrides)
            ]
            if not within:
                return None
            place, line = within[-1].filename, within[-1].lineno or 1
        if not Path(place).is_relative_to(self._overrides):
            return None
        what = f"there is no template {error}" if isinstance(error, TemplateNotFound) else str(error)
        return InvalidShow(Problem(f"{place}:{line}", f"this template fails: {what.rstrip('.')}", _REMEDY))


def static_files(show: Show, templates: Templates) -> dict[str, tuple[str, bytes]]:
    """What the show publishes beside our own static files: place on the site and content, by the name people wrote."""
    own = {name: (static_place(name, content), content) for name, content in templates.own_files().items()}
    fonts = read_fonts(show.settings.look, show.folder)
    return own | {name: (static_place(f"font{FONT_SUFFIX}", content), content) for name, content in fonts.items()}


def static_place(name: str, content: bytes) -> str:
    """`static/<stem>-<piece of the digest>.<suffix>`."""
    stem, _, suffix = name.rpartition(".")
    return named_by_content(stem, files.digest_bytes(content), suffix).replace(f"{stem}/", f"{STATIC_FOLDER}/", 1)


def _check(overrides: Path) -> None:
    problems: list[Problem] = []
    for path in sorted(overrides.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        if path.parent == overrides / STATIC_FOLDER and not _STATIC_NAME.fullmatch(path.name):
            problems.append(
                Problem(
                    str(path),
                    "its name cannot be part of an address on the site",
                    f"Use letters, digits, _ and -, and one of these endings: {', '.join(STATIC_SUFFIXES)}",
                )
            )
        elif path.suffix in (".html", ".css"):
            try:
                path.read_text("utf-8")
            except UnicodeDecodeError as error:
                problems.append(Problem(f"{path}:1", f"byte {error.start} is not UTF-8", "Save the file as UTF-8"))
    if problems:
        raise InvalidShow(problems)
