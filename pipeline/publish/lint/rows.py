"""What is checked, who demands it, and what to do about it: one row per rule, and what a finding is.

C are rows of the channel, I of the item, N of the podcast namespace's tags in general, H of the server, M of the
media. Sources: Apple's podcaster's guide to RSS feeds, the Podcast Standards Project's PSP-1, RSS 2.0 and the RSS
Advisory Board's profile, the W3C feed validator, the podcast namespace (podcastindex.org/namespace/1.0), RFC 5005,
and what podcast apps were seen to do with feeds. docs/feed-rules.md explains each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "advice"]

APPLE = "Apple"
PSP = "PSP-1"
NAMESPACE = "the podcast namespace"
RSS = "RSS 2.0"
W3C = "the W3C validator"
APPS = "podcast apps"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. `severity` is what breaking it usually costs: a refusal, something lost, or a chance missed."""

    id: str
    rule: str
    demanded_by: str
    remedy: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a feed breaks a row.

    `where` names the channel, the item by its title, or a file or an address; `line` is the line of the feed, where
    there is one. `what` and `remedy` are sentences without their full stop.
    """

    row: str
    severity: Severity
    where: str
    line: int | None
    what: str
    demanded_by: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.where}, line {self.line}" if self.line else self.where
        return f"{self.row} {self.severity}: {place}: {self.what} ({self.demanded_by}). {self.remedy}."


def finding(
    row: str,
    where: str,
    what: str,
    *,
    line: int | None = None,
    remedy: str | None = None,
    severity: Severity | None = None,
) -> Finding:
    """A finding of the row, with its remedy and severity unless others are given."""
    found = ROWS[row]
    return Finding(row, severity or found.severity, where, line, what, found.demanded_by, remedy or found.remedy)


def _by(*names: str) -> str:
    return ", ".join(names)


_TABLE = (
    Row(
        "C1",
        "The file is RSS 2.0 in UTF-8, begins with its XML declaration, and names its namespaces exactly",
        _by(APPLE, PSP, W3C),
        "Write the declaration as the very first bytes, rss version 2.0, and the namespaces letter by letter",
        "error",
    ),
    Row(
        "C2",
        "Short texts have at most 255 characters and no spaces at their ends",
        _by(APPLE, PSP),
        "Trim the text, and shorten it",
        "warning",
    ),
    Row(
        "C3",
        "The feed is public and, like every address in the podcast namespace's tags, https",
        _by(APPLE, NAMESPACE),
        "Serve it by https, without a user name or password",
        "error",
    ),
    Row(
        "C4",
        "atom:link with rel self names the address from which the feed is read",
        _by(PSP, W3C),
        'Write <atom:link rel="self" type="application/rss+xml" href="..."/> with the public address',
        "warning",
    ),
    Row("C5", "The show has a title, in plain text", _by(APPLE, PSP, RSS), "Write the show's name alone", "error"),
    Row(
        "C6",
        "The show has a description of at most 4000 bytes, HTML only in CDATA",
        _by(APPLE, PSP, RSS),
        "Write a few sentences, or shorten them",
        "error",
    ),
    Row("C7", "The show links to its site", _by(PSP, RSS, W3C), "Write <link> with a whole address", "error"),
    Row(
        "C8",
        "The language is a language tag",
        _by(APPLE, PSP, W3C),
        "Write two letters of ISO 639, with a region if it matters: en, en-gb, pt-br",
        "error",
    ),
    Row(
        "C9",
        "The category is one of Apple's, with exact spelling",
        _by(APPLE, PSP),
        "Choose from Apple's list of podcast categories",
        "error",
    ),
    Row("C10", "itunes:explicit says true or false", _by(APPLE, PSP, W3C), "Write true or false", "error"),
    Row(
        "C11",
        "The artwork is a square JPEG or PNG in RGB, 1400 to 3000 pixels wide, of at most 512 KB, named as what it is",
        _by(APPLE, PSP, APPS),
        "Save it as a square .jpg or .png in RGB, 3000 pixels wide, under a new name when the picture changes",
        "error",
    ),
    Row("C12", "The show names its author", _by(APPLE, PSP, "Spotify"), "Write <itunes:author>", "warning"),
    Row(
        "C13",
        "A mail address in the feed is there on purpose",
        W3C,
        "Take it out once the directories have sent their codes; podcast:txt with purpose verify proves as much",
        "advice",
    ),
    Row(
        "C14",
        "itunes:type is episodic or serial, and a serial numbers its episodes",
        APPLE,
        "Write episodic or serial; give each full episode an itunes:episode",
        "error",
    ),
    Row(
        "C15",
        "itunes:new-feed-url is where the feed is now",
        APPLE,
        "Put it into the feed at the new address, and answer 301 at the old one",
        "error",
    ),
    Row("C16", "itunes:block and itunes:complete say Yes or are absent", APPLE, "Write Yes, or delete it", "warning"),
    Row(
        "C17",
        "The copyright names the holder alone",
        PSP,
        "Leave out the word, the sign and the year: apps add them",
        "advice",
    ),
    Row(
        "C18",
        "Dates are of RFC 2822, with the right weekday and a zone",
        _by(RSS, W3C),
        "Write for example Tue, 24 Nov 2026 06:00:00 +0100",
        "error",
    ),
    Row("C19", "The feed says what made it", PSP, "Write <generator>", "advice"),
    Row(
        "C20",
        "The show has its podcast:guid, a UUID that it keeps for life",
        _by(PSP, NAMESPACE),
        "Mint it once from the first address of the feed, and keep it when the show moves",
        "warning",
    ),
    Row("C21", "podcast:locked says yes or no", _by(PSP, NAMESPACE), "Write yes or no", "warning"),
    Row(
        "C22",
        "A hub is named in the feed and in the server's Link header, beside self",
        "WebSub",
        "Send Link headers for hub and self, or take the hub out unless it is really told of changes",
        "warning",
    ),
    Row(
        "C23",
        "Pages of a long feed name one another by whole addresses",
        _by("RFC 5005", NAMESPACE),
        "Write atom:link with rel next, prev, first and last in the channel; page 1 holds the newest",
        "error",
    ),
    Row("C24", "The newest item stands first", APPS, "Order the items by date, newest first", "warning"),
    Row(
        "C25",
        "The feed has at most 5,000,000 bytes",
        W3C,
        "Split it into pages (RFC 5005), or shorten what each item carries",
        "error",
    ),
    Row(
        "I1",
        "An item has a title of its own, without its number or the show's name",
        _by(APPLE, PSP),
        "Write the title alone; numbers belong into itunes:season and itunes:episode",
        "warning",
    ),
    Row(
        "I2",
        "An item has one enclosure, with its own address, its exact length and its type",
        _by(APPLE, PSP, RSS),
        "Name one https file ending in .mp3, .m4a or another that apps know, with its size in bytes and its type",
        "error",
    ),
    Row(
        "I3",
        "An item has a guid that is its own and never changes",
        _by(APPLE, PSP, NAMESPACE),
        'Give each item a UUID with isPermaLink="false"',
        "error",
    ),
    Row(
        "I4",
        "An item has its date, of RFC 2822 and not in the future",
        _by(APPLE, PSP),
        "Write for example Tue, 24 Nov 2026 06:00:00 +0100, and publish it when its time has come",
        "error",
    ),
    Row(
        "I5",
        "An item has a description of at most 4000 bytes: paragraphs, lists and links, in CDATA",
        _by(APPLE, PSP),
        "Use p, ol, ul, li and a; carry the whole notes in content:encoded",
        "warning",
    ),
    Row(
        "I6",
        "The whole notes stand in content:encoded, beside a description, and hold nothing that runs",
        APPS,
        "Put the same HTML into both, or the short form into description and the whole into content:encoded",
        "warning",
    ),
    Row("I7", "An item links to its page", _by(APPLE, PSP), "Write <link> with the page's whole address", "warning"),
    Row(
        "I8",
        "itunes:duration is whole seconds",
        _by(APPLE, PSP, "Spotify"),
        "Write the seconds as one number",
        "warning",
    ),
    Row(
        "I9",
        "An item's artwork is as the show's",
        _by(APPLE, PSP),
        "Save it as a square .jpg or .png in RGB, 3000 pixels wide",
        "error",
    ),
    Row("I10", "An item's itunes:explicit says true or false", _by(APPLE, PSP), "Write true or false", "warning"),
    Row("I11", "Seasons and episodes are numbered from 1", APPLE, "Write a whole number from 1 on", "error"),
    Row("I12", "itunes:episodeType is full, trailer or bonus", APPLE, "Write full, trailer or bonus", "error"),
    Row("I13", "An item's itunes:block says Yes or is absent", APPLE, "Write Yes, or delete it", "warning"),
    Row(
        "I14",
        "An item has a transcript with address, type and language, in a form that apps can read",
        _by(PSP, NAMESPACE, APPLE),
        "Offer WebVTT first: a voice in every cue, no NOTE, times in order",
        "warning",
    ),
    Row(
        "I15",
        "Chapters are one JSON file of their own type, in the order of time",
        _by(NAMESPACE, APPLE),
        'Write podcast:chapters with url and type="application/json+chapters"',
        "warning",
    ),
    Row(
        "I16",
        "People have names, and roles and groups from the taxonomy; an item's list restates the hosts",
        NAMESPACE,
        "Use a role and its group from the podcast taxonomy; repeat the hosts in every item that lists people",
        "warning",
    ),
    Row(
        "I17",
        "podcast:txt is short, and ai-content says true or false",
        NAMESPACE,
        "Write true or false; keep other texts under 4000 characters",
        "warning",
    ),
    Row(
        "I18",
        "A soundbite lasts 15 to 120 seconds and lies within the episode",
        NAMESPACE,
        "Write startTime and duration in seconds, and a title of at most 128 characters",
        "warning",
    ),
    Row(
        "I19",
        "itunes:summary, subtitle, keywords and order are not used any more",
        PSP,
        "Delete it; description says it",
        "advice",
    ),
    Row(
        "N1",
        "Tags of the podcast namespace have the attributes they need, as often as they may stand, and short texts",
        NAMESPACE,
        "Write the tag as the namespace's documents describe it",
        "warning",
    ),
    Row(
        "H1",
        "Feed, audio and artwork answer HEAD as they answer GET",
        APPLE,
        "Let the server answer HEAD with 200 and the same headers",
        "error",
    ),
    Row(
        "H2",
        "Audio is served in byte ranges",
        APPLE,
        "Answer a range with 206 and Content-Range, one past the end with 416",
        "error",
    ),
    Row(
        "H3",
        "The feed answers conditional requests",
        _by(PSP, NAMESPACE),
        "Send ETag and Last-Modified, and 304 while nothing has changed",
        "warning",
    ),
    Row(
        "H4",
        "Content-Type is what the feed says it is",
        _by(NAMESPACE, APPS),
        "Set the server's types: application/rss+xml, text/vtt, application/x-subrip, application/json+chapters",
        "warning",
    ),
    Row(
        "H5",
        "Feed, transcripts and chapters may be read by web players",
        _by(NAMESPACE, PSP),
        "Send Access-Control-Allow-Origin: *",
        "warning",
    ),
    Row(
        "H6",
        "A feed that moved says so for good",
        APPLE,
        "Answer 301 at the old address, and name the new one in itunes:new-feed-url",
        "warning",
    ),
    Row("H7", "The feed is sent compressed", W3C, "Let the server compress XML with gzip", "advice"),
    Row(
        "H8",
        "Audio files have different names",
        APPS,
        "Put the episode into the file's name: apps save by it",
        "warning",
    ),
    Row(
        "M1",
        "Loudness is -16 LUFS in stereo or -19 in mono, within 1 LU, and true peak at most -1 dBTP",
        _by(APPLE, "Spotify", "AES TD1008"),
        "Master the recording to that loudness",
        "advice",
    ),
    Row(
        "M2",
        "Chapters are in the audio file too, in the order of time",
        APPS,
        "Write ID3 CHAP frames, and CTOC for their order",
        "advice",
    ),
)

ROWS: dict[str, Row] = {row.id: row for row in _TABLE}
