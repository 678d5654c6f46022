"""A site of everything that could go wrong on a page, for judges that nobody here wrote."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline import files
from pipeline.audio import ffmpeg
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.site import build_site
from pipeline.show import Person, Show
from tests.publish import made

TODAY = date(2026, 11, 24)
HOSTILE = '<script>alert(1)</script>" onload="x&amp; ]]> \u2067vex שלום'
SOURCES = {
    "report": made.source("report", title="The report", URL="https://archive.example/report", publisher="The Archive"),
    "hostile": made.source("hostile", title=HOSTILE, URL="https://archive.example/?a=1&b=%22%3E"),
    "film": made.source("film", type="motion_picture", title="الفيلم"),
}
PEOPLE = (
    Person(
        id="ada-host",
        name="Ada Host",
        role="Reporter",
        organisation="The Desk",
        url="https://a.example/?a=1&b=2",
        photo="people/ada.jpg",
        photo_alt="Ada Host at her desk",
    ),
    Person(id="gus-guest", name="شهد الأحمد", role="Guest"),
    Person(id="peta-producer", name="Peta Producer", organisation="The Desk"),
)
HEARD = PEOPLE[:2]
ENGLISH = "A long answer, said slowly, by somebody who was there. "
GERMAN = "Eine lange Antwort, langsam gesprochen von jemandem, der dabei war und sich genau erinnert. "
ARABIC = "جواب طويل يقوله ببطء شخص كان هناك ويتذكر كل شيء بالتفصيل. "
NOTES = f"""\
# A title of the notes

There were 381 cases [@report, p. 12], said at [0:20] and again [@hostile; @film]. {HOSTILE}

## Figures

| which | how many | since when |
|---|--:|:-:|
| one | 1 | 2020 |

> Said. [@report]

1. One
2. Two with `code` and https://archive.example/{"long" * 30}

<b onclick=x>raw</b> ![a picture](https://archive.example/p.png)
"""


def build_varied(root: Path, **changes: Any) -> Path:
    """Build `root/site`: plain, long, hostile, right-to-left, bare and trailer episodes with a recording of 40 s."""
    recording = _recording(root)
    facts: dict[str, Any] = {
        "people": HEARD,
        "notes_markdown": NOTES,
        "paragraphs": _talk(9),
        "release": made.release(
            digest=files.digest_file(recording), size_bytes=recording.stat().st_size, duration_ms=40_000
        ),
        "release_path": recording,
    }

    def one(which: int, about: dict[str, Any], **changes: Any) -> ApprovedEpisode:
        return made.approved(made.episode(which, **about), **(facts | changes))

    approved = [
        one(1, _full("A plain talk")),
        one(2, {"title": HOSTILE, "summary": HOSTILE, "content_note": HOSTILE, "recorded_on": HOSTILE}),
        one(
            3,
            _full("مقابلة عن العدّ") | {"summary": "من يَعُدّ المفقودين؟", "language": "ar"},
            language="ar",
            paragraphs=_talk(9, ARABIC),
            notes_markdown=f"{ARABIC} [@film]\n\n## {ARABIC}\n\n" + f"{ARABIC}\n\n" * 9,
        ),
        one(4, {"title": "A long talk", "number": 4, "season": 2}, paragraphs=_talk(500)),
        one(5, {"title": "Bare"}, people=(), notes_markdown="", paragraphs=()),
        one(6, {"title": "What is coming", "type": "trailer"}, explicit=True, artwork_path=_picture(root, "own.png")),
        one(
            7,
            _full("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"),
            language="de",
            paragraphs=_talk(90, GERMAN),
        ),
    ]
    about: dict[str, Any] = {
        "title": 'On Record & "Friends" <of>',
        "copyright": "The desk",
        "license": "CC BY 4.0",
        "license_url": "https://creativecommons.org/licenses/by/4.0/",
        "contact_email": "desk@show.example",
        "funding_url": "https://give.example/",
    }
    settings = made.settings(**(about | changes))
    people = {person.id: person for person in PEOPLE}
    _photo(root, "people/ada.jpg")
    build_site(root / "site", Show(root, settings, people, (), SOURCES, (), {}), approved, today=TODAY)
    return root / "site"


def build_empty(root: Path) -> Path:
    """Build `root/site` of a show that has published nothing yet, in a language of its own."""
    _picture(root, "artwork.png")
    show = Show(root, made.settings(language="pt-BR", description="Ainda nada."), {}, (), {}, (), {})
    build_site(root / "site", show, [], today=TODAY)
    return root / "site"


def _full(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "content_note": "It is about violence.",
        "synthetic_voices": True,
        "recorded_on": "late May 2026",
        "chapters": [{"start": "00:00:00", "title": "Opening"}, {"start": "00:00:20", "title": HOSTILE}],
        "calls_to_action": [
            {"text": "Give", "url": "https://give.example/", "ends_on": date(2030, 1, 1)},
            {"text": "Sign", "ends_on": date(2020, 1, 1)},
        ],
        "soundbites": [{"start": "0:05", "end": "0:20", "title": HOSTILE}, {"start": "0:20", "end": "0:35"}],
        "credits": [{"person": "peta-producer", "role": "producer"}],
        "corrections": [
            {
                "kind": kind,
                "at": datetime(2026, 12, day, 10, tzinfo=UTC),
                "by": "Ada Host",
                "where": ["notes"],
                "said": said,
                "says": HOSTILE,
                "note": ARABIC,
            }
            for day, (kind, said) in enumerate((("correction", "318 cases"), ("update", "nothing")), start=1)
        ],
        "locations": [{"name": "Cebu"}, {"name": "Kyoto", "rel": "creator"}],
        "content_links": [{"url": "https://video.example/1", "text": "Watch it"}],
        "funding": [{"url": "https://give.example/", "text": "Give to the archive"}],
        "social": [{"protocol": "activitypub", "uri": "https://social.example/@show/1"}],
        "license": "CC BY-ND 4.0",
        "license_url": "https://creativecommons.org/licenses/by-nd/4.0/",
    }


def _talk(count: int, answer: str = ENGLISH) -> tuple[Any, ...]:
    return (
        made.paragraph("Ada Host", "There were 381 cases [@report], and he said <b>no</b> & more.", 1000),
        *(made.paragraph(HEARD[which % 2].name, answer * 4, 4000 * which) for which in range(1, count + 1)),
    )


def _recording(root: Path) -> Path:
    _picture(root, "artwork.png")
    path = root / "release.mp3"
    subprocess.run(
        [
            str(ffmpeg.find().path), "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=40",
            "-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100", str(path),
        ],
        check=True,
    )  # fmt: skip
    return path


def _picture(root: Path, name: str) -> Path:
    path = root / "episodes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(path, "PNG")
    return path


def _photo(root: Path, name: str) -> None:
    path = root / "episodes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").convert("RGB").save(path, "JPEG")
