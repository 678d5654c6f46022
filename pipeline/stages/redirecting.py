"""`onrecord redirects`: what moved, and the rules for those who serve the old addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.moving.redirects import FILES, HOSTS, Move, as_asked, old_hosts, rules_for
from pipeline.publish.pages import FEED, INDEX_PAGE, page_address
from pipeline.show import Show, load_show
from pipeline.stages.importing import STAGING
from pipeline.stages.status import build_folder
from pipeline.stages.takenover import published_audio

REDIRECTS_FOLDER = "redirects"


@dataclass(frozen=True)
class Redirects:
    """The moves, the files that were (or would be) written, and what no rule could be written for."""

    moves: tuple[Move, ...]
    written: tuple[Path, ...]
    left: tuple[Problem, ...]


def write_redirects(root: Path, kind: str | None, *, dry_run: bool = False) -> Redirects:
    """Write rules of `kind` (all kinds if None) for every old host into `build/redirects/`.

    Only what is in `site/` is redirected to. Raises Refused where nothing has moved, or nothing of it is published.
    """
    show = load_show(root)
    moves = as_asked(tuple(_moves(show)), _own_servers(show))
    if not moves:
        raise Refused(
            Problem(
                str(root),
                "nothing that moved is published",
                "Import and run first; or set new_feed_url in show.toml where the feed moves away",
            )
        )
    target = build_folder(root) / REDIRECTS_FOLDER
    written: list[Path] = []
    left: list[Problem] = list(_not_here(show))
    for host in old_hosts(moves):
        for one in (kind,) if kind else HOSTS:
            rules = rules_for(one, host, moves)
            # A feed names the host; a folder's name is made of its letters only, and no two hosts share one.
            path = target / re.sub(r"[^a-z0-9.-]+", "_", host).strip(".") / FILES[one]
            left += [
                Problem(f"{one}: {move.old}", why, f"Redirect it to {move.new} by hand") for move, why in rules.left
            ]
            if not dry_run:
                files.write_text(path, rules.text)
            written.append(path)
    return Redirects(moves, tuple(written), tuple(left))


def _moves(show: Show) -> Iterator[Move]:
    """Every address that leads elsewhere now, and where."""
    settings = show.settings
    feed = settings.site_url + FEED
    if settings.new_feed_url and settings.new_feed_url != feed:
        yield Move(feed, settings.new_feed_url, is_feed=True)
    arrived = [one for one in show.episodes if one.imported and published_audio(show.root, one.slug)]
    if arrived and settings.imported.feed_url:
        yield Move(settings.imported.feed_url, settings.new_feed_url or feed, is_feed=True)
    for episode in arrived:
        audio, kept = published_audio(show.root, episode.slug), episode.imported
        assert audio is not None  # noqa: S101 - chosen above, like the next
        assert kept is not None  # noqa: S101
        yield Move(kept.audio_url, f"{settings.site_url}{episode.slug}/{audio.name}")
        if kept.page_url:
            yield Move(kept.page_url, page_address(settings, f"{episode.slug}/{INDEX_PAGE}"))


def _own_servers(show: Show) -> frozenset[str]:
    """Where the podcast and its pages were: what stands on other servers may be somebody else's."""
    pages = (one.imported.page_url for one in show.episodes if one.imported)
    urls = (show.settings.site_url, show.settings.imported.feed_url, *pages)
    return frozenset(urlsplit(url).netloc.lower() for url in urls if url)


def _not_here(show: Show) -> Iterator[Problem]:
    """What apps would lose with the old feed: episodes that came along, and are not in the new one, or never came."""
    if not show.settings.imported.feed_url:
        return
    if (build_folder(show.root) / STAGING).exists():
        what = "it left episodes behind, which whoever is led from the old feed to the new one loses"
        yield Problem("the last import", what, "Import again, before you redirect the feed")
    for one in show.episodes:
        if one.imported and not published_audio(show.root, one.slug):
            what = "it is not in site/, so whoever is led from the old feed to the new one loses it"
            yield Problem(one.slug, what, "Approve it and run, before you redirect the feed")
