"""The site: everything that is published, in one folder that any web server or object store can hold.

An episode's files are made one episode at a time (`making`) and stay where they were made; what goes over all episodes
is made here, of the little that is kept of each (`finished`). Then everything is put in its place (`placing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from pipeline import files
from pipeline.errors import InvalidAudio, InvalidShow, OnRecordError, Problem, Refused
from pipeline.publish import artwork, pages
from pipeline.publish.corrections_feed import corrections_feed
from pipeline.publish.feed import FeedPage, feed_pages
from pipeline.publish.finished import OWN_FOLDER, Candidate, Content, Finished, Neighbour, Within, lies_at
from pipeline.publish.leaks import leaks
from pipeline.publish.making import Around, is_listed
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.moving.kept import kept_of_show
from pipeline.publish.pages import Site, age, named_people, newest_first, worth_showing
from pipeline.publish.placing import place_files
from pipeline.publish.search.index import index_manifest, index_period, periods
from pipeline.publish.shelf import Shelf
from pipeline.publish.sitemap import ROBOTS, SITEMAP, ListedPage, to_robots, to_sitemap
from pipeline.publish.templates import static_place
from pipeline.publish.workshop import PICTURES_FOLDER, Order, Workshop, workshop
from pipeline.show import Show
from pipeline.withhold import protected_by


@dataclass(frozen=True)
class SiteResult:
    """What `build_site` did. All names are paths below `site/`; `files` are all that the site holds of ours.

    `files` are all of the site, in the order of writing; `written` those that were not there or were different.
    `strays` are files in `site/` that this program did not make. `pages` are the public addresses of the
    episodes by slug, `left_out` the episodes that could not be published and why; `photo_problems` say which
    photos the pages do without. `digests` are those of all `files`.
    """

    files: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    strays: tuple[str, ...]
    pages: Mapping[str, str]
    left_out: Mapping[str, OnRecordError]
    photo_problems: tuple[Problem, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything in `site/` is another than before."""
        return bool(self.written or self.removed)


# Gives for every order the episode, or why it cannot be published, in any order.
Make = Callable[[Sequence[Order]], Iterable[tuple[str, Finished | OnRecordError]]]


def build_site(
    site: Path,
    show: Show,
    approved: Sequence[ApprovedEpisode],
    *,
    today: date,
    report: Callable[[float], None] = lambda _: None,
    build: Path | None = None,
) -> SiteResult:
    """Make `site` hold exactly what `approved` asks for, each episode made anew; as `assemble`.

    `build` is where what is made lies (the show's `build/` by default).
    """
    build = build or show.root / "build"
    shop = workshop(show, build / PICTURES_FOLDER)
    known = {one.slug: one for one in approved}

    def make(orders: Sequence[Order]) -> Iterator[tuple[str, Finished | OnRecordError]]:
        for order in orders:
            slug = order.candidate.slug
            try:
                yield slug, shop.make(known[slug], order.around, build / slug / OWN_FOLDER)
            except InvalidShow:
                raise
            except OnRecordError as error:
                yield slug, error

    candidates = [Candidate(one.episode, one.language, one.people) for one in approved]
    return assemble(site, shop, candidates, make, today=today, report=report)


def assemble(
    site: Path,
    shop: Workshop,
    candidates: Sequence[Candidate],
    make: Make,
    *,
    today: date,
    report: Callable[[float], None] = lambda _: None,
    shelf: Shelf | None = None,
    common: str = "",
) -> SiteResult:
    """Make `site` hold exactly `candidates`, beside whatever others put there.

    Works everything out before it writes anything into `site`; writes only what differs. An episode that cannot be
    published (its release is not the one measured, its picture is too small, ...) is left out and named in the result.
    The caller holds the lock. `today` decides which calls to action have ended. `report` is told which part of
    the writing is done, from 0.0 to 1.0. `shelf` keeps what goes over several episodes, under keys of which `common`
    is a part: the digest of what all of it is made with.

    Raises InvalidShow when the show's templates fail, Refused when something stands in the way in `site`. A second
    call with the same arguments writes nothing.
    """
    left_out: dict[str, OnRecordError] = {}
    while True:
        standing = sorted(
            (one for one in candidates if one.slug not in left_out), key=lambda one: age(one.episode), reverse=True
        )
        portraits, photo_problems = _portraits(shop, standing)
        photos = {person: static_place("photo.jpg", content) for person, content in portraits.items()}
        orders = {order.candidate.slug: order for order in _orders(shop, standing, photos, today)}
        finished: dict[str, Finished] = {}
        failed: dict[str, OnRecordError] = {}
        for slug, made in make(list(orders.values())):
            if isinstance(made, Finished):
                finished[slug] = made
            else:
                failed[slug] = made
        failed |= _wrong_releases(site, finished.values())
        if not failed:
            break
        # Fail closed: an episode that is left out is in nothing, and its neighbours are looked at again.
        left_out |= failed
    keys = {slug: order.key for slug, order in orders.items()}
    has = worth_showing(one.episode for one in standing)
    whole = Site(shop.show, newest_first(finished.values()), shop.assets, today, photos, has=has)
    plan = _plan(shop, whole, portraits, _Shelved(shelf or Shelf(), common, keys))
    _refuse_leaks(shop.show, plan, finished.keys())
    placed = place_files(site, plan, report)
    if shelf is not None:
        shelf.forget_others()
    return SiteResult(
        files=tuple(plan),
        written=placed.written,
        removed=placed.removed,
        strays=placed.strays,
        pages={slug: pages.page_address(shop.show.settings, one.files.page) for slug, one in finished.items()},
        left_out=left_out,
        photo_problems=photo_problems,
        digests=_digests(plan, finished.values()),
    )


def _digests(plan: Mapping[str, Content], finished: Iterable[Finished]) -> dict[str, str]:
    """The digest of every file of the plan; those of episodes were reckoned when they were made."""
    digests = {name: digest for one in finished for name, digest in one.digests.items() if name in plan}
    for name, content in plan.items():
        if name not in digests:
            digests[name] = (
                files.digest_bytes(content)
                if isinstance(content, bytes)
                else files.digest_file(Path(lies_at(name, content)))
            )
    return digests


def _orders(shop: Workshop, standing: Sequence[Candidate], photos: Mapping[str, str], today: date) -> Iterator[Order]:
    has = worth_showing(one.episode for one in standing)
    named = [Neighbour(one.page, one.episode.title, one.language) for one in standing]
    for candidate, newer, older in zip(standing, [None, *named], [*named[1:], None], strict=False):
        own = {one.id: photos[one.id] for one in named_people(shop.show, candidate) if one.id in photos}
        yield Order(candidate, Around(newer, older, has, shop.assets, own, today))


@dataclass(frozen=True)
class _Shelved:
    """The shelf, with the keys of what goes onto it: of all that is common, and of each episode by its slug."""

    shelf: Shelf
    common: str
    episodes: Mapping[str, str]

    def years(self, shop: Workshop, site: Site, episodes: Sequence[Finished]) -> Iterator[tuple[str, Path | bytes]]:
        """The page of each year, which says how many episodes the others have."""
        years = pages.by_year(episodes)
        counts = [[year, len(parts)] for year, parts in years]
        for year, parts in years:
            name = pages.archive_page(year)
            key = files.digest_json([self.common, site.has, counts, self._of(parts)])
            make = partial(_year_page, shop, site, year, parts)
            yield name, self._one(name, key, make)

    def feed(self, page: FeedPage, photos: Mapping[str, str]) -> Path | bytes:
        """A page of the feed."""
        links = [list(link.attributes) for link in page.links]
        of = [self.episodes[one.approved.slug] for one in page.items]
        return self._one(page.name, files.digest_json([self.common, dict(photos), links, of]), page.make)

    def period(self, period: Sequence[Finished]) -> tuple[str, Mapping[str, Path | bytes]]:
        """The name of a period's own file, and its files."""
        name = f"search-{period[0].published.isoformat()}"
        key = files.digest_json([self.common, self._of(period)])
        return self.shelf.keep(name, key, lambda: index_period(period))

    def _one(self, name: str, key: str, make: Callable[[], bytes]) -> Path | bytes:
        return self.shelf.keep(name, key, lambda: (None, {name: make()}))[1][name]

    def _of(self, parts: Sequence[Finished]) -> list[str]:
        return [self.episodes[one.slug] for one in parts]


def _year_page(shop: Workshop, site: Site, year: int, parts: Sequence[Finished]) -> bytes:
    return shop.pages.year_page(site, year, parts).encode("utf-8")


def _plan(shop: Workshop, site: Site, portraits: Mapping[str, bytes], shelved: _Shelved) -> dict[str, Content]:
    """Every file of the site by its name, in the order in which they must be there."""
    settings = site.settings
    episodes = [one for one in site.episodes if isinstance(one, Finished)]
    plan: dict[str, Content] = {}
    for one in episodes:
        plan[one.files.audio] = one.approved.release_path
        if one.files.alternate and one.approved.alternate_path:
            plan[one.files.alternate] = one.approved.alternate_path
        plan |= dict.fromkeys(one.contents[:-1], one.within)
    plan |= shop.files
    plan |= {site.photos[person]: content for person, content in portraits.items()}
    made = []
    for period in periods(episodes):
        name, period_files = shelved.period(period)
        plan |= period_files
        made.append((period, name))
    index, manifest = index_manifest(made)
    plan[index] = manifest
    site = replace(site, search_index=index)
    plan |= {one.files.page: one.within for one in episodes}
    shared: dict[str, bytes | Path] = dict(shelved.years(shop, site, episodes))
    shared |= {name: html.encode("utf-8") for name, html in shop.pages.shared(site)}
    plan |= shared
    plan |= corrections_feed(site)
    plan[SITEMAP] = to_sitemap(_listed_pages(site, episodes, shared))
    plan[ROBOTS] = to_robots(settings.site_url + SITEMAP)
    photos = {person: settings.site_url + name for person, name in site.photos.items()}
    feeds = {
        page.name: shelved.feed(page, photos)
        for page in feed_pages(
            settings,
            episodes,
            artwork_url=settings.site_url + shop.assets["artwork"],
            people=shop.show.people,
            photos=photos,
            kept=kept_of_show(shop.show.folder),
        )
    }
    # The page that everybody asks for comes last: it names the others.
    return plan | dict(sorted(feeds.items(), key=lambda page: page[0] == pages.FEED))


def _listed_pages(site: Site, episodes: Sequence[Finished], shared: Mapping[str, bytes | Path]) -> Iterator[ListedPage]:
    """Every page that crawlers may keep, newest episode first. Pages about several episodes change with the newest."""
    newest = max((one.approved.changed_at for one in episodes), default=None)
    for name, content in shared.items():
        address = pages.page_address(site.settings, name)
        if is_listed(address, content if isinstance(content, bytes) else content.read_bytes()):
            yield ListedPage(address, newest)
    for one in episodes:
        if one.is_listed:
            yield ListedPage(pages.page_address(site.settings, one.files.page), one.approved.changed_at)


def _refuse_leaks(show: Show, plan: Mapping[str, Content], slugs: Collection[str]) -> None:
    """Nothing is published while a name that protects the whole show stands in a file of all episodes.

    Those of one episode were searched when they were made, by the same names and more.
    """
    shared = {
        name: content
        for name, content in plan.items()
        if not isinstance(content, Within) and name.partition("/")[0] not in slugs
    }
    protected = protected_by(one for one in show.protected if not one.episodes)
    if problems := [problem for _, problem in leaks(shared, protected)]:
        raise Refused(problems)


def _portraits(shop: Workshop, standing: Iterable[Candidate]) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """The photos of those who are named on the pages and in the feed, by a person's id, and what is wrong with others.

    A photo that cannot be used costs listeners no episode: the pages name its person without it.
    """
    hosts = {host: shop.show.people[host] for host in shop.show.settings.hosts}
    named = hosts | {person.id: person for one in standing for person in named_people(shop.show, one)}
    portraits: dict[str, bytes] = {}
    problems: list[Problem] = []
    for person in named.values():
        if person.photo:
            try:
                portraits[person.id] = artwork.portrait(shop.show.folder / person.photo, shop.pictures).read_bytes()
            except InvalidAudio as error:
                problems += [
                    replace(one, what=f"{one.what}, and the pages show {person.name} without a photo")
                    for one in error.problems
                ]
    return portraits, tuple(problems)


def _wrong_releases(site: Path, finished: Iterable[Finished]) -> dict[str, OnRecordError]:
    """The episodes whose recording is not the one that was measured.

    Before a recording is published for the first time, it is read whole: its name promises a digest.
    """
    wrong: dict[str, OnRecordError] = {}
    for one in finished:
        source, measured = one.approved.release_path, one.approved.release
        size_bytes = source.stat().st_size if source.is_file() else None
        if size_bytes == measured.size_bytes:
            target = site / one.files.audio
            if target.is_file() and target.stat().st_size == size_bytes:
                continue
            if files.digest_file(source) == measured.digest:
                continue
        wrong[one.slug] = InvalidAudio(
            Problem(str(source), "it is not the recording that was measured", f"Delete {source.parent} and run again")
        )
    return wrong
