"""What people wrote: the show, its people, glossary, sources and episodes."""

from pipeline.show.enclosed import (
    APPROVALS_FOLDER,
    RELEASES_FOLDER,
    require_own_episode_build,
    require_own_folders,
    require_own_releases,
)
from pipeline.show.fields import SLUG, direction
from pipeline.show.imported import IMPORTED_NAME
from pipeline.show.load import (
    EPISODE_NAME,
    EPISODES_FOLDER,
    GLOSSARY_NAME,
    NOTES_NAME,
    PEOPLE_NAME,
    REDACTIONS_NAME,
    SHOW_NAME,
    WITHDRAWN_NAME,
    Show,
    load_episode,
    load_show,
    withdrawn_slugs,
)
from pipeline.show.models import CallToAction, Chapter, Episode, Person, Recording, Soundbite, Term, Waiver
from pipeline.show.settings import ApprovalPolicy, AudioSettings, ShowSettings, TranscriptionSettings
from pipeline.show.sources import SOURCES_NAME, Source

__all__ = [
    "APPROVALS_FOLDER",
    "EPISODES_FOLDER",
    "EPISODE_NAME",
    "GLOSSARY_NAME",
    "IMPORTED_NAME",
    "NOTES_NAME",
    "PEOPLE_NAME",
    "REDACTIONS_NAME",
    "RELEASES_FOLDER",
    "SHOW_NAME",
    "SLUG",
    "SOURCES_NAME",
    "WITHDRAWN_NAME",
    "ApprovalPolicy",
    "AudioSettings",
    "CallToAction",
    "Chapter",
    "Episode",
    "Person",
    "Recording",
    "Show",
    "ShowSettings",
    "Soundbite",
    "Source",
    "Term",
    "TranscriptionSettings",
    "Waiver",
    "direction",
    "load_episode",
    "load_show",
    "require_own_episode_build",
    "require_own_folders",
    "require_own_releases",
    "withdrawn_slugs",
]
