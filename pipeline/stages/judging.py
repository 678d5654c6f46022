"""The feed that is to be published against what was published before, and what is remembered of it after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.deploy import ledger as memory
from pipeline.publish.deploy.ledger import Allowed, Entry, Ledger
from pipeline.publish.deploy.listed import Listed, listed, name_of
from pipeline.publish.deploy.plan import FEED, Plan
from pipeline.publish.deploy.verify import Expected
from pipeline.publish.published import write_record
from pipeline.show import Show
from pipeline.stages.publication import Content


@dataclass(frozen=True)
class Intent:
    """What a publication would do. `plan` is None where a person copies `site/` by hand."""

    target: str
    place: str
    plan: Plan | None
    new: Sequence[Listed]
    changed: Sequence[Listed]
    gone: Sequence[Entry]
    warnings: Sequence[Problem] = ()

    @property
    def empty(self) -> bool:
        """Whether listeners would find everything as it is."""
        return not (self.new or self.changed or self.gone) and (self.plan is None or self.plan.empty)


class Judge:
    """Holds `content` against what the ledger knows of `target`, and against what is shown there (`learn`).

    A target that is new is held to what apps were given at the same address before.
    """

    def __init__(
        self, show: Show, target: str, content: Content, ledger: Ledger, allowed: Allowed, now: datetime
    ) -> None:
        self.show = show
        self.target = target
        self.content = content
        self.now = now
        self._allowed = allowed
        digests = {one.name: one.digest for one in content.wanted}
        self._items = listed(content.feeds(), show.settings.site_url, digests.get)
        self._ledger = ledger
        own = ledger.at_target(target)
        self._before: tuple[Entry, ...] = own or ledger.inherited(target, show.settings.site_url)
        self._here = {one.guid for one in own if one.gone is None}

    def learn(self, feeds: Sequence[bytes], digest_of: Callable[[str], str | None]) -> None:
        """Take what the target shows apps now for published, where the ledger does not know it.

        What the ledger has for gone, and is shown all the same, is as it was before it went.
        """
        shown = listed(feeds, self.show.settings.site_url, digest_of)
        entries = {one.guid: one for one in memory.from_feed(self.target, shown, self._at)}
        entries |= {one.guid: one.model_copy(update={"gone": None}) for one in self._before if one.guid in entries}
        self._before = (*(one for one in self._before if one.guid not in entries), *entries.values())
        self._here |= entries.keys()

    def require(self) -> None:
        """Raise Refused with every promise to listeners that would be broken."""
        if self._allowed and not self._allowed.reason.strip():
            what = "going back" if self._allowed.everything else "what is allowed"
            raise Refused(Problem("--reason", f"{what} needs a reason, which the ledger keeps", "Add --reason"))
        found = memory.judge(
            self._before,
            self._items,
            latest=self._ledger.latest(self.target),
            withdrawn=frozenset(self.show.withdrawn),
            allowed=self._allowed,
        )
        if found:
            raise Refused(found)

    def intent(self, place: str, plan: Plan | None, warnings: Sequence[Problem] = ()) -> Intent:
        """What listeners would find new, changed and gone, and what would travel."""
        _, changed, gone = memory.news(self._before, self._items)
        new = [one for one in self._items if one.guid not in self._here]
        changed = [one for one in changed if one.guid in self._here]
        return Intent(self.target, place, plan, new, changed, gone, tuple(warnings))

    def remember(self) -> None:
        """What listeners were given, after it is out: ledger and words."""
        feed = self.content.bytes_of(FEED)
        after = memory.updated(
            self._ledger,
            self._before,
            self._items,
            target=self.target,
            at=self._at,
            feed=files.digest_bytes(feed or b""),
            withdrawn=frozenset(self.show.withdrawn),
            allowed=self._allowed,
        )
        files.write_if_changed(self.show.folder / memory.LEDGER_NAME, memory.ledger_text(after).encode("utf-8"))
        for slug, record in self.content.words.items():
            if (self.show.folder / slug).is_dir():
                write_record(self.show.folder / slug, record)

    def fresh(self, intent: Intent) -> frozenset[str]:
        """Names of recordings below the site's own address that listeners get new here, or that travel."""
        known = {(one.url, one.size_bytes) for one in self._ledger.at_target(self.target)}
        travel = {step.upload.name for step in intent.plan.steps} if intent.plan else frozenset()
        return frozenset(
            name for name, one in self._recordings().items() if (one.url, one.size_bytes) not in known or name in travel
        )

    def recordings(self, names: AbstractSet[str]) -> list[Expected]:
        """Those of the named recordings that are published now, newest first."""
        paths = {one.name: one for one in self.content.wanted if one.name in names}
        named = [(item, paths[name]) for name, item in self._recordings().items() if name in paths]
        return [Expected(item.url, one.path, one.size_bytes) for item, one in named]

    def names(self, urls: Iterable[str]) -> frozenset[str]:
        """The names of files of the site, by their addresses."""
        found = (name_of(url, self.show.settings.site_url) for url in urls)
        return frozenset(name for name in found if name)

    def _recordings(self) -> dict[str, Listed]:
        found = {name_of(one.url, self.show.settings.site_url): one for one in self._items}
        return {name: one for name, one in found.items() if name}

    @property
    def _at(self) -> str:
        return self.now.astimezone(UTC).isoformat(timespec="seconds")
