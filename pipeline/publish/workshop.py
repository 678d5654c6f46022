"""What all episodes are made with, and the order for one: an episode's own key, and what its page shows around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline import files
from pipeline.publish import artwork, pages, share_image
from pipeline.publish.finished import Candidate, Finished
from pipeline.publish.making import Around, make_episode
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.modules import linked
from pipeline.publish.pages import SiteAssets
from pipeline.publish.parts import Pictures, pictures_of
from pipeline.publish.subscribe import qr_code
from pipeline.publish.templates import Templates, overrides_folder, static_files, static_place
from pipeline.show import Show

PICTURES_FOLDER = "_pictures"  # in build/; no slug begins with an underscore
# The player's modules, those that import others after them.
_PLAYER = ("playhead.js", "transcript.js", "controls.js", "shortcuts.js", "player.js")


@dataclass(frozen=True)
class Order:
    """An episode to be made, or to be found as it was made before, with what its page shows around it."""

    candidate: Candidate
    around: Around

    @cached_property
    def key(self) -> str:
        """The digest of everything that shapes the episode's files."""
        return files.digest_json([self.candidate.key, self.around.key])


@dataclass(frozen=True)
class Workshop:
    """What all episodes are made with: templates, the show's pictures, and the files that all pages share."""

    show: Show
    pages: pages.Pages
    shared: Pictures
    pictures: Path
    files: Mapping[str, bytes]
    assets: SiteAssets

    def make(self, approved: ApprovedEpisode, around: Around, folder: Path) -> Finished:
        """One episode. Raises what `make_episode` raises."""
        return make_episode(
            self.show, approved, around, pages=self.pages, shared=self.shared, pictures=self.pictures, folder=folder
        )


def workshop(show: Show, pictures: Path) -> Workshop:
    """Make what all pages share; reduced pictures are kept in the folder `pictures`.

    Raises InvalidAudio when the show's own artwork cannot be used, InvalidShow when its templates or fonts cannot.
    """
    shared = pictures_of(show.folder / show.settings.artwork, pictures)
    icon = artwork.prepare(show.folder / show.settings.artwork, artwork.ICON_SIZE_PX, pictures).read_bytes()
    share = share_image.prepare(
        share_image.Said(show.settings.title),
        shared.page,
        None,
        share_image.share_colours(show.settings.look),
        pictures,
    )
    templates = Templates(overrides_folder(show.root))
    own = static_files(show, templates)
    published = {name: place for name, (place, _) in own.items()}
    contents = {
        "style": ("style.css", templates.style(show, published)),
        "artwork": ("artwork.jpg", shared.feed),
        "cover": ("cover.jpg", shared.page),
        "icon": ("icon.jpg", icon),
        "share": ("share.jpg", share),
        "copy_script": ("copy.js", templates.static("copy.js")),
        "qr_code": ("qr.svg", qr_code(show.settings.site_url + pages.FEED)),
    }
    names = {role: static_place(name, content) for role, (name, content) in contents.items()}
    searching = linked(("folding.js", "finding.js", "search.js"), templates.static)
    playing = linked(_PLAYER, templates.static)
    return Workshop(
        show,
        pages.Pages(templates),
        shared,
        pictures,
        files={
            **{names[role]: content for role, (_, content) in contents.items()},
            **dict(own.values()),
            **dict(searching.values()),
            **dict(playing.values()),
        },
        assets=SiteAssets(
            names,
            search=tuple(place for place, _ in searching.values()),
            player=tuple(place for place, _ in playing.values()),
            own=published,
        ),
    )
