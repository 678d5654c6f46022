"""A whole reference: the template of its kind, the links, the archived copy, and the day it was read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape

from pipeline.publish.references.copies import Copy, archived_copies
from pipeline.publish.references.dates import csl_date
from pipeline.publish.references.links import doi_link, doi_of, leads_to_doi, source_link
from pipeline.publish.references.people import joined, names
from pipeline.publish.references.words import plain, rich, title_text
from pipeline.publish.references.works import ranged, work_of
from pipeline.show import Source

_LABELS = (
    (r"pages?|pp?\.?", "p.", "pp."),
    (r"chapters?|chaps?\.?|ch\.?", "ch.", "chs"),
    (r"sections?|secs?\.?", "sec.", "secs"),
    (r"paragraphs?|paras?\.?", "para.", "paras"),
    (r"articles?|arts?\.?", "art.", "arts"),
    (r"figures?|figs?\.?", "fig.", "figs"),
    (r"volumes?|vols?\.?", "vol.", "vols"),
    (r"notes?|n\.", "n.", "nn."),
)
_MARKS = {"editor": (" (ed.)", " (eds)"), "director": (" (director)", " (directors)")}
_SEVERAL = re.compile(r"\d\s*[–,&]|\d\s+and\s+\d")


def format_reference(source: Source) -> str:
    """One source as safe HTML, ending with a full stop.

    `a`, `bdi`, `cite`, `em`, `strong`, `sup`, `sub` and text. Where an archived copy is known, the link of the
    title carries Robust Links' attributes (robustlinks.mementoweb.org): the original address, the copy's, and its date.
    """
    work = work_of(source)
    parts = [*_leading(source), _title(source), *work.after(source), _doi(source)]
    return ", ".join(part for part in parts if part) + _kept(source) + "."


def short_reference(source: Source) -> str:
    """One source as a link with its title and, where known, who stands behind it: for where bytes count."""
    title = escape(title_text(source))
    if link := source_link(source):
        title = f'<a href="{escape(link)}">{title}</a>'
    behind = _behind(source)
    return f"{title}, {escape(behind)}" if behind else title


def source_label(source: Source) -> str:
    """One source in one line of plain text: `A report, River Office`."""
    return ", ".join(filter(None, (title_text(source), _behind(source))))


def format_locator(locator: str) -> str:
    """The place in a source as people write it, plain text: `p. 12`, `pp. 3–5`, `ch. 3`; a bare number is a page."""
    text = ranged(plain(locator))
    if re.fullmatch(r"\d+(?:\s*[–,&]\s*\d+)*", text):
        text = f"p. {text}"
    for words, one, several in _LABELS:
        if match := re.match(rf"(?:{words})\s*(?=\d|[ivxlc]+\b)", text, re.IGNORECASE):
            rest = text[match.end() :]
            return f"{several if _SEVERAL.search(rest) else one} {rest}"
    return text


def _behind(source: Source) -> str:
    known = (source.publisher, source.more("authority"), source.container_title)
    return next(filter(None, map(plain, known)), "") or joined(names(source))


def _leading(source: Source) -> Iterator[str]:
    for role in work_of(source).leads:
        if people := names(source, role):
            yield escape(joined(people)) + _MARKS.get(role, ("", ""))[len(people) > 1]
            return


def _title(source: Source) -> str:
    title = rich(source.title)
    if not title:
        return ""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in source.title):
        title = f"<bdi>{title}</bdi>"
    marked = f"<cite>{title}</cite>" if work_of(source).whole else f"“{title}”"
    link = source_link(source)
    return f'<a href="{escape(link)}"{_robust(source)}>{marked}</a>' if link else marked


def _robust(source: Source) -> str:
    copy = _copy(source)
    if copy is None or not copy.at or not source.URL:
        return ""
    return (
        f' data-originalurl="{escape(source.URL)}" data-versionurl="{escape(copy.url)}"'
        f' data-versiondate="{escape(copy.at)}"'
    )


def _copy(source: Source) -> Copy | None:
    """The newest copy whose date is known, else any."""
    return max(archived_copies(source), key=lambda copy: copy.at, default=None)


def _doi(source: Source) -> str:
    doi = doi_of(source.more("DOI"))
    if not doi or leads_to_doi(source):
        return ""
    return f'<a href="{escape(doi_link(source))}">doi:{escape(doi)}</a>'


def _kept(source: Source) -> str:
    """The archived copy, and the day the source was read."""
    remarks = []
    if copy := _copy(source):
        words = f"archived copy of {csl_date({'date-parts': [copy.day]})}" if copy.day else "archived copy"
        remarks.append(f'<a href="{escape(copy.url)}">{words}</a>')
    if read := csl_date(source.accessed):
        remarks.append(f"read {escape(read)}")
    return f" ({'; '.join(remarks)})" if remarks else ""
