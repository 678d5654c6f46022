"""One work that can be cited, and the file that lists them: sources.json, CSL-JSON as Zotero writes it.

CSL-JSON (the Citation Style Language's `csl-data.json`, 1.0.2) asks for `id` and `type` only, and programs differ in
the rest: a year may be a number or a text, a date parts, a text or a season, a title may hold a few HTML tags. What
is sensible is taken as it stands; what is not is refused with its line, never guessed at.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import Problem
from pipeline.show.fields import Line, WebAddress, clean_text
from pipeline.show.places import line_in_json
from pipeline.show.reading import explain

SOURCES_NAME = "sources.json"
# What follows the @ of a citation: Pandoc's citation keys, which Zotero's addresses are too.
KEY_PATTERN = r"[\w][\w:.#$%&+?<>~/-]*"
TYPES = frozenset(
    {
        "article", "article-journal", "article-magazine", "article-newspaper", "bill", "book", "broadcast", "chapter",
        "classic", "collection", "dataset", "document", "entry", "entry-dictionary", "entry-encyclopedia", "event",
        "figure", "graphic", "hearing", "interview", "legal_case", "legislation", "manuscript", "map",
        "motion_picture", "musical_score", "pamphlet", "paper-conference", "patent", "performance", "periodical",
        "personal_communication", "post", "post-weblog", "regulation", "report", "review", "review-book", "software",
        "song", "speech", "standard", "thesis", "treaty", "webpage",
    }
)  # fmt: skip
# What was said or written to somebody often has no title; who said it, and when, names it.
UNTITLED_TYPES = frozenset({"interview", "personal_communication"})

_KEY = re.compile(KEY_PATTERN)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def is_key(text: str) -> bool:
    """Whether a source with this id can be cited, as `[@id]`."""
    return _KEY.fullmatch(text) is not None


def _key(value: object) -> object:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError("must be a text: the key to cite it by")
    text = unicodedata.normalize("NFC", text.strip())
    if not is_key(text):
        raise ValueError(
            f"“{text}” cannot be cited; a key begins with a letter or a digit, and holds letters, digits and "
            "_ : . # $ % & + ? < > ~ / -"
        )
    return text


def _one_line(value: object) -> object:
    # Other programs wrap long titles, and write a number where CSL asks for a text.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _names(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError(
            'must be a list of names: [{"family": "Host", "given": "Ada"}] or [{"literal": "Home Office"}]'
        )
    return value


def _date(value: object) -> object:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return {"raw": str(value)}
    if not isinstance(value, Mapping):
        raise ValueError('must be a date: {"date-parts": [[2020, 5, 26]]}, or a text such as "2020-05-26"')
    return value


Key = Annotated[str, BeforeValidator(_key)]
Words = Annotated[Line, BeforeValidator(_one_line)]
Names = Annotated[tuple[dict[str, Any], ...], BeforeValidator(_names)]
CslDate = Annotated[dict[str, Any], BeforeValidator(_date)]


class Source(BaseModel):
    """One work in sources.json: CSL-JSON, of which these fields are checked and all others are kept.

    `id` is the key it is cited by: the record's id, or its `citation-key` where the id is an address, as Zotero
    writes it. `title` may hold the tags that Zotero allows, and is empty only for what needs no title.
    """

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    id: Key
    type: Line
    title: Annotated[str, BeforeValidator(_one_line), AfterValidator(clean_text)] = ""
    author: Names = ()
    publisher: Words | None = None
    container_title: Words | None = Field(default=None, alias="container-title")
    issued: CslDate | None = None
    accessed: CslDate | None = None
    URL: WebAddress | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_other_programs_write_it(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        record = {name: value for name, value in data.items() if value is not None and value not in ("", [], {})}
        key = record.get("citation-key")
        if isinstance(key, str) and is_key(key) and _ADDRESS.match(str(record.get("id", key))):
            record["id"] = key
        return record

    @model_validator(mode="after")
    def _can_be_named(self) -> Source:
        if not self.title and self.type not in UNTITLED_TYPES:
            raise ValueError("title: it is missing")
        return self

    def as_csl(self) -> dict[str, Any]:
        """The whole record, as it was read."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def more(self, name: str) -> Any:
        """A field of the record that is not checked here; None where there is none. It may be of any type."""
        return (self.model_extra or {}).get(name)


def read_sources(path: Path, problems: list[Problem]) -> dict[str, Source]:
    """The sources in a sources.json by their keys, empty where there is no file; what is wrong becomes problems."""
    if not path.exists():
        return {}
    found = read_records(path, problems)
    if found is None:
        return {}
    text, records = found
    sources: dict[str, Source] = {}
    for index, record in enumerate(records):
        try:
            source = Source.model_validate(record)
        except ValidationError as error:
            place = _place(path, text, record)
            problems.extend(
                Problem(place, f"source {index + 1}: {_said(problem)}", "Mend the record; docs/sources.md has examples")
                for problem in error.errors()
            )
            continue
        if source.id in sources:
            place = _place(path, text, record)
            problems.append(Problem(place, f"the id {source.id} stands twice", "Give one of them another id"))
        sources[source.id] = source
    return sources


def read_records(path: Path, problems: list[Problem]) -> tuple[str, list[dict[str, Any]]] | None:
    """The text of a CSL-JSON file and its records, unchecked; None, and a problem more, where it is none."""
    try:
        text = path.read_text("utf-8-sig")
        records = parse_json(text)
    except (OSError, ValueError, RecursionError) as error:
        problems.append(
            Problem(
                f"{path}:{getattr(error, 'lineno', 1)}",
                f"this is not JSON ({error})",
                "Export it again as CSL-JSON, or mend that line",
            )
        )
        return None
    if isinstance(records, dict) and isinstance(records.get("items"), list):
        records = records["items"]  # the form in which Zotero's own server answers
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        problems.append(
            Problem(
                f"{path}:1",
                "this is not a list of sources",
                "Export it as CSL-JSON: a list of objects, each with an id",
            )
        )
        return None
    return text, records


def parse_json(text: str) -> Any:
    """The JSON value in `text`. Raises ValueError also for what Python reads and no other program would: NaN,
    numbers beyond all bounds, and halves of characters."""
    value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _place(path: Path, text: str, record: Mapping[str, Any]) -> str:
    # Looked for only where something is wrong: a library of thousands would be searched thousands of times.
    return f"{path}:{line_in_json(text, str(record.get('id', '')))}"


def _said(problem: Any) -> str:
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {explain(problem)}" if field else explain(problem)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_number(text)
    return number
