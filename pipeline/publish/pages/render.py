"""Renders the pages: every page of the site is one line of `Pages.all`.

Pure: values in, HTML out. No clock, no file but the templates. Everything that people wrote is escaped here; the
notes come already sanitised from `notes.render`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.meta import find_referenced_templates
from jinja2.nodes import TemplateData

from pipeline.publish.finished import Finished, Neighbour
from pipeline.publish.notes import format_time
from pipeline.publish.pages import lists
from pipeline.publish.pages.episode import episode_context
from pipeline.publish.pages.frame import (
    ARCHIVE_PAGE,
    CORRECTIONS_PAGE,
    FEED_PAGE,
    INDEX_PAGE,
    MISSING_PAGE,
    PEOPLE_PAGE,
    SEARCH_PAGE,
    SOURCES_PAGE,
    Site,
    archive_page,
    frame,
    split_paragraphs,
)
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.templates import Templates
from pipeline.publish.wording import format_day, format_length, format_megabytes


class Pages:
    """Renders the pages by the templates of one show."""

    def __init__(self, templates: Templates) -> None:
        """Render by `templates`: a show's own before ours."""
        self._templates = templates
        self._environment = Environment(
            loader=templates.loader,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {
            "clock": format_time,
            "day": format_day,
            "length": format_length,
            "megabytes": format_megabytes,
            "paragraphs": split_paragraphs,
        }

    def all(self, site: Site) -> Iterator[tuple[str, str]]:
        """Every page that is not made yet, by its name, those that lead to others after those they lead to."""
        named = [Neighbour(one.files.page, one.approved.episode.title, one.approved.language) for one in site.episodes]
        for part, newer, older in zip(site.episodes, (None, *named), (*named[1:], None), strict=False):
            if isinstance(part, EpisodeParts):
                yield part.files.page, self.episode_page(site, part, newer=newer, older=older)
        for year, parts in lists.by_year(site.episodes):
            yield archive_page(year), self.year_page(site, year, parts)
        yield from self.shared(site)

    def shared(self, site: Site) -> Iterator[tuple[str, str]]:
        """The pages over all episodes, but those of years."""
        yield PEOPLE_PAGE, self._page(site, PEOPLE_PAGE, "people.html", lists.people_context(site))
        yield SOURCES_PAGE, self._page(site, SOURCES_PAGE, "sources.html", lists.sources_context(site))
        yield ARCHIVE_PAGE, self._page(site, ARCHIVE_PAGE, "archive.html", lists.archive_context(site))
        context = lists.corrections_context(site, CORRECTIONS_PAGE)
        yield CORRECTIONS_PAGE, self._page(site, CORRECTIONS_PAGE, "corrections.html", context)
        yield FEED_PAGE, self._page(site, FEED_PAGE, "feed.html", lists.feed_context(site))
        yield SEARCH_PAGE, self.search_page(site)
        yield INDEX_PAGE, self.index_page(site)
        yield MISSING_PAGE, self.missing_page(site)

    def episode_page(
        self, site: Site, part: EpisodeParts, *, newer: Neighbour | None = None, older: Neighbour | None = None
    ) -> str:
        """One episode, with the way to its neighbours."""
        context = episode_context(site, part, newer=newer, older=older)
        return self._page(site, part.files.page, "episode.html", context, language=part.approved.language)

    def own_words(self) -> str:
        """What the templates of an episode's page hold themselves, elements and all, whatever the episode.

        Empty where a template cannot be read: who renders it says why.
        """
        names, found = ["episode.html"], list[str]()
        try:
            for name in names:  # those that they lead to are added on the way
                source = self._environment.get_template(name).filename
                tree = self._environment.parse(Path(source or "").read_text("utf-8"))
                found += [piece.data for piece in tree.find_all(TemplateData)]
                names += [one for one in find_referenced_templates(tree) if one and one not in names]
        except (TemplateError, OSError, UnicodeError):
            return ""
        return " ".join(found)

    def year_page(self, site: Site, year: int, parts: Sequence[EpisodeParts | Finished]) -> str:
        """The episodes of one year."""
        return self._page(site, archive_page(year), "archive.html", lists.year_context(site, year, parts))

    def index_page(self, site: Site) -> str:
        """The show, its feed and its episodes, newest first."""
        return self._page(site, INDEX_PAGE, "index.html", lists.index_context(site))

    def search_page(self, site: Site) -> str:
        """Where listeners search."""
        return self._page(site, SEARCH_PAGE, "search.html", lists.search_context(site))

    def missing_page(self, site: Site) -> str:
        """What a host shows for an address that is not there; its links begin at the site's own folder."""
        return self._page(site, MISSING_PAGE, "missing.html", {}, anywhere=True)

    def _page(
        self,
        site: Site,
        page: str,
        template: str,
        context: dict[str, Any],
        *,
        language: str | None = None,
        anywhere: bool = False,
    ) -> str:
        """Raises InvalidShow, with its file and line, where a template of the show's own fails."""
        head = context.pop("head", None)
        whole = frame(site, page, language or site.settings.language, head, anywhere=anywhere) | context
        try:
            return self._environment.get_template(template).render(**whole)
        except Exception as error:  # a show's template is a program, and may fail in any way
            if fault := self._templates.fault(error):
                raise fault from error
            raise
