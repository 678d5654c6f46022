"""Keeps the links of the sources: asks them, takes copies, and looks up what is quoted from those."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import Busy, InvalidShow, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.links import snapshots as copies
from pipeline.publish.links.check import ask, read_state, write_state
from pipeline.publish.links.fetch import Fetcher, user_agent
from pipeline.publish.links.policy import Policy, policy_of
from pipeline.publish.links.quotations import LookedUp, Outcome, Quotation, look_up_in, quotations
from pipeline.publish.links.snapshots import Snapshot
from pipeline.publish.links.verdicts import Known, Verdict
from pipeline.publish.links.wayback import KEY_VARIABLE, SECRET_VARIABLE, Credentials, Wayback, credentials
from pipeline.show import NOTES_NAME, SOURCES_NAME, Show, Source, load_show
from pipeline.stages.locks import asking_links
from pipeline.stages.status import build_folder

STATE_NAME = "links.json"
_IN_RUN_BUDGET_S = 60.0
_DEADLINE_S = 30.0
_SNAPSHOT_DEADLINE_S = 120.0

Report = Callable[[str, str, float], None]


@dataclass(frozen=True)
class CheckedLink:
    """What is known of one address, and whose it is; `known` is None where it was never asked.

    `asked` says whether this check asked it, or an earlier one. `archived` is a public copy of what is gone.
    """

    url: str
    keys: tuple[str, ...]
    known: Known | None
    asked: bool
    archived: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the page is gone for good, as far as can be told."""
        return self.known is not None and self.known.verdict is Verdict.GONE


@dataclass(frozen=True)
class CheckedQuotation:
    """A quotation in an episode's notes, and what came of looking it up; `where` is file and line."""

    slug: str
    where: str
    quotation: Quotation
    key: str
    result: LookedUp


@dataclass(frozen=True)
class SourcesReport:
    """What a check of the sources found, in the order of the keys and of the notes.

    `online` is False where servers were asked and not one answered; what is known from before is told then.
    """

    links: tuple[CheckedLink, ...]
    quotations: tuple[CheckedQuotation, ...]
    without_link: tuple[str, ...]
    online: bool

    @property
    def has_gone(self) -> bool:
        """Whether any page is gone."""
        return any(link.is_gone for link in self.links)


@dataclass(frozen=True)
class Taken:
    """What came of taking a copy of one source: the snapshot, or why there is none."""

    key: str
    snapshot: Snapshot | None
    said: str
    new: bool = False


def check_sources(
    root: Path,
    now: datetime,
    report: Report,
    *,
    again: bool = False,
    offline: bool = False,
    fetcher: Fetcher | None = None,
    wayback: Wayback | None = None,
) -> SourcesReport:
    """Ask the links of all sources that are due (with `again`: all), and look up every quotation.

    With `offline` nothing is asked, and what is known is told. Raises InvalidShow where the show or its list of
    snapshots cannot be read, Busy when another check is at work.
    """
    show = load_show(root)
    owners = _owners(show)
    taken = copies.read_list(show.folder / copies.SNAPSHOTS_NAME)
    state_path = build_folder(root) / STATE_NAME
    state = read_state(state_path)
    asked: Mapping[str, Known] = {}
    online = True
    if not offline:
        interval = show.settings.links.interval_days
        due = [url for url in owners if url not in state or state[url].is_due(now, interval, again=again)]
        fetcher = fetcher or _fetcher(show)
        with asking_links(root):
            found = ask(due, fetcher, state, now, report=lambda part: report("sources", "asking", part))
            asked, online = found.known, found.online
            if asked and online:
                state = {url: known for url, known in {**state, **asked}.items() if url in owners}
                write_state(state_path, state)
            state = {**asked, **state}  # what is remembered comes before what could not be found out
    archive = wayback or (Wayback(fetcher) if fetcher and show.settings.links.wayback else None)
    links = []
    for url, sources in owners.items():
        known = state.get(url)
        gone = known is not None and known.verdict is Verdict.GONE
        copy = _archived(url, sources, archive, taken) if gone else None
        keys = tuple(sorted({one.id for one in sources}))
        links.append(CheckedLink(url, keys, known, known is not None and known is asked.get(url), copy))
    links.sort(key=lambda link: (link.keys, link.url))
    without = sorted({source.id for source in _all_sources(show) if not source.URL})
    return SourcesReport(tuple(links), tuple(_looked_up(show, taken)), tuple(without), online)


def warnings_in_run(show: Show, now: datetime, report: Report, fetcher: Fetcher | None = None) -> tuple[Problem, ...]:
    """What a run says of the links: never more than warnings, and in about a minute."""
    settings = show.settings.links
    owners = _owners(show)
    path = build_folder(show.root) / STATE_NAME
    state = read_state(path)
    due = [url for url in owners if url not in state or state[url].is_due(now, settings.interval_days)]
    try:
        if due:
            with asking_links(show.root):
                found = ask(due, fetcher or _fetcher(show), state, now, budget_s=_IN_RUN_BUDGET_S,
                            report=lambda part: report("sources", "asking", part))  # fmt: skip
                if found.online:
                    state.update(found.known)
                    write_state(path, state)
    except Busy:
        return ()  # somebody asks them at this moment
    return tuple(_warnings(show, owners, state))


def take_snapshots(
    root: Path,
    now: datetime,
    report: Report,
    keys: Sequence[str] = (),
    *,
    fetcher: Fetcher | None = None,
    wayback: Wayback | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Taken, ...]:
    """Take a copy of the sources named, or of all that have none yet, as far as their policy lets them be kept.

    Where show.toml says so, public ones are also saved at the Wayback Machine. Raises Refused for a key that is not
    there, InvalidShow where the show cannot be read, Busy when another check is at work. One source that gives no copy
    does not stop the others.
    """
    show = load_show(root)
    path = show.folder / copies.SNAPSHOTS_NAME
    taken = copies.read_list(path)
    fetcher = fetcher or _fetcher(show, deadline_s=_SNAPSHOT_DEADLINE_S)
    chosen = _chosen(show, keys, taken)
    results: list[Taken] = []
    account = credentials(environment)
    with asking_links(root):
        for number, source in enumerate(chosen):
            report("sources", "copying", number / len(chosen))
            one = _take(show, source, taken, fetcher)
            if one.snapshot and show.settings.links.wayback and policy_of(source) is Policy.PUBLIC:
                one = _saved(one, source, account, wayback or Wayback(fetcher))
            if one.snapshot:
                others = [old for old in taken.get(source.id, ()) if old.file != one.snapshot.file]
                taken[source.id] = (*others, one.snapshot)
                copies.write_list(path, taken)  # after each: what was fetched is not fetched again
            results.append(one)
        report("sources", "copying", 1.0)
    return tuple(results)


def _take(show: Show, source: Source, taken: Mapping[str, Sequence[Snapshot]], fetcher: Fetcher) -> Taken:
    if source.URL is None:
        return Taken(source.id, None, "it has no address")
    if policy_of(source) is Policy.NONE:
        return Taken(source.id, None, "its record says that no copy is kept")
    try:
        answer = fetcher.get(source.URL, max_bytes=copies.PAGE_MAX_BYTES, keep=True)
    except (NoAnswer, Refused) as error:
        return Taken(source.id, None, error.problems[0].what)
    if answer.status != 200:
        return Taken(source.id, None, f"its server answers with status {answer.status}")
    before = copies.newest(source, taken)
    if before is not None and copies.same_page(before, answer) and (show.root / before.file).is_file():
        return Taken(source.id, before, f"unchanged since the copy of {before.at:%Y-%m-%d}")
    snapshot = copies.take(show.root, show.settings.links.snapshots, source.id, source.URL, answer)
    return Taken(source.id, snapshot, f"kept as {snapshot.file}", new=True)


def _saved(one: Taken, source: Source, account: Credentials | None, wayback: Wayback) -> Taken:
    assert one.snapshot is not None  # noqa: S101  - whoever calls has seen to it
    assert source.URL is not None  # noqa: S101
    if one.snapshot.archived and not one.new:
        return one
    if account is None:
        said = f"not sent to the Wayback Machine: {KEY_VARIABLE} and {SECRET_VARIABLE} are not set"
        return Taken(one.key, one.snapshot, f"{one.said}; {said}", one.new)
    try:
        archived = wayback.save(source.URL, account)
    except (NoAnswer, Refused) as error:
        return Taken(one.key, one.snapshot, f"{one.said}; {error.problems[0].what}", one.new)
    return Taken(one.key, copies.with_archived(one.snapshot, archived), f"{one.said}; public copy {archived}", one.new)


def _chosen(show: Show, keys: Sequence[str], taken: Mapping[str, Sequence[Snapshot]]) -> list[Source]:
    every = list(_all_sources(show))
    known = {source.id for source in every}
    if unknown := [key for key in keys if key not in known]:
        remedy = f"The keys in {SOURCES_NAME} are: {', '.join(sorted(known)) or 'none yet'}"
        raise Refused([Problem(key, "there is no such source", remedy) for key in unknown])
    if keys:
        return [source for source in every if source.id in keys]
    return [
        source
        for source in every
        if source.URL and policy_of(source) is not Policy.NONE and copies.newest(source, taken) is None
    ]


def _archived(
    url: str, sources: Sequence[Source], archive: Wayback | None, taken: Mapping[str, Sequence[Snapshot]]
) -> str | None:
    for source in sources:
        known = copies.newest(source, taken)
        if known is not None and known.archived:
            return known.archived
    # To ask an archive is to tell it of the address: only what may be public is asked for.
    if archive is None or any(policy_of(source) is not Policy.PUBLIC for source in sources):
        return None
    try:
        return archive.available(url)
    except OnRecordError:
        return None  # a help, no more


def _looked_up(show: Show, taken: Mapping[str, Sequence[Snapshot]]) -> Iterator[CheckedQuotation]:
    for episode in show.episodes:
        path = episode.folder / NOTES_NAME
        try:
            markdown = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue  # `onrecord check` tells what is wrong with the notes
        sources = show.sources_of(episode)
        for one in quotations(markdown):
            tried = [(key, _in_source(one, sources[key], show.root, taken)) for key in one.keys if key in sources]
            if tried:
                key, result = min(tried, key=lambda pair: list(Outcome).index(pair[1].outcome))
                yield CheckedQuotation(episode.slug, f"{path}:{one.line}", one, key, result)


def _in_source(one: Quotation, source: Source, root: Path, taken: Mapping[str, Sequence[Snapshot]]) -> LookedUp:
    snapshot = copies.newest(source, taken)
    if snapshot is None:
        return LookedUp(Outcome.NO_SNAPSHOT, why=f"there is no copy of {source.id} yet")
    try:
        return look_up_in(one.words, copies.open_snapshot(root, snapshot))
    except InvalidShow as error:
        return LookedUp(Outcome.CANNOT_TELL, why=f"{snapshot.file}: {error.problems[0].what}")


def _warnings(show: Show, owners: Mapping[str, Sequence[Source]], state: Mapping[str, Known]) -> Iterator[Problem]:
    for url in sorted(owners):
        known = state.get(url)
        if known is not None and known.verdict in (Verdict.GONE, Verdict.MOVED, Verdict.REFUSED):
            names = ", ".join(sorted({source.id for source in owners[url]}))
            remedy = "onrecord sources check tells more"
            yield Problem(
                f"{show.folder / SOURCES_NAME}", f"{names}: {url} is {known.verdict.value}: {known.why}", remedy
            )


def _owners(show: Show) -> dict[str, list[Source]]:
    owners: dict[str, list[Source]] = {}
    for source in _all_sources(show):
        if source.URL:
            owners.setdefault(source.URL, []).append(source)
    return owners


def _all_sources(show: Show) -> Iterator[Source]:
    yield from show.sources.values()
    for own in show.episode_sources.values():
        yield from own.values()


def _fetcher(show: Show, deadline_s: float = _DEADLINE_S) -> Fetcher:
    return Fetcher(user_agent(show.settings.site_url), deadline_s=deadline_s)
