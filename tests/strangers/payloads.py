"""Texts that run where they are not escaped, and a show that has one in every field that takes free text.

Each calls `alert`. They are of the known kinds: elements, attributes broken out of, addresses that are programs,
ends of the elements a text may stand in (title, textarea, script, style, comment, CDATA), templates, and markup that
only a second parsing turns into elements.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tomlkit

from pipeline.stages.run import approve
from tests.episodes import ADA, NOW, TRANSCRIPT, add_episode, machine_words, sound

PAYLOADS = (
    "<script>alert()</script>",
    "<img src=x onerror=alert()>",
    "<svg/onload=alert()>",
    '"><img src=x onerror=alert()>',
    "'><svg onload=alert()>",
    '" autofocus onfocus=alert() x="',
    "' onmouseover='alert()' style='position:fixed;inset:auto'",
    "` onerror=alert() `",
    "</title><script>alert()</script>",
    "</textarea><script>alert()</script>",
    "</script><script>alert()</script>",
    "</style><script>alert()</script>",
    "--><script>alert()</script><!--",
    "]]><script>alert()</script><![CDATA[",
    "&lt;script&gt;alert()&lt;/script&gt;",
    "&lt;img src=x onerror=alert()&gt;",
    "\\u003cimg src=x onerror=alert()\\u003e",
    "[here](javascript:alert())",
    "[here](JaVaScRiPt&colon;alert())",
    "![x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "<javascript:alert()>",
    "{{ self }}{% import os %}<iframe srcdoc='<script>parent.alert()</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert()>",
    "<noscript><p title='</noscript><img src=x onerror=alert()>'>",
    "<a href='jav&#x09;ascript:alert()'>here</a>",
    "<form action=javascript:alert()><input type=submit autofocus>",
    "<base href=javascript:alert()//><embed src=javascript:alert()>",
    "<details open ontoggle=alert()>",
    "<input onfocus=alert() autofocus>",
    "<b onclick=alert() onpointerover=alert()>x</b>",
)
LINKS = frozenset(one for one in PAYLOADS if one.startswith(("[", "![", "<javascript")))
SEPARATOR = " · "
WAIVED = "The bridge has been closed since May 2024"
WITHDRAWN = "taken-back"
ADDRESS = "https://x.example/?a='\"><img/src=x/onerror=alert()>&b=javascript:alert()"


def hostile_show(tmp_path: Path) -> Path:
    """A show whose every text is hostile, approved; four payloads to an episode, all of them in people's names."""
    root = tmp_path
    for number, first in enumerate(range(0, len(PAYLOADS), 4), start=1):
        text = SEPARATOR.join(PAYLOADS[first : first + 4])
        slug = f"hostile-{number}"
        root = add_episode(tmp_path, slug, number=number, approved=False)
        _rewrite(root / "episodes" / slug, text, number)
    _rewrite_show(root / "episodes")
    _withdraw(add_episode(tmp_path, WITHDRAWN, number=99, approved=False) / "episodes" / WITHDRAWN)
    for folder in sorted((root / "episodes").glob("hostile-*")):
        approve(root, folder.name, ADA, NOW)
    return root


def _rewrite(folder: Path, text: str, number: int) -> None:
    sound(folder / "interview.wav", seconds=18)  # long enough for a soundbite
    (folder / "machine.json").write_bytes(machine_words(folder / "interview.wav"))
    path = folder / "episode.toml"
    table = tomlkit.parse(path.read_text("utf-8"))
    said: dict[str, Any] = {
        "title": text,
        "summary": text,
        "content_note": text,
        "recorded_on": text,
        "license": text[:128],
        "number": number,
        "number_name": text[:32].strip(),
        "chapters": [{"start": "00:00:00", "title": text, "url": ADDRESS}],
        "calls_to_action": [{"text": text, "url": ADDRESS}],
        "funding": [{"text": text[:128].strip(), "url": ADDRESS}],
        "locations": [{"name": text[:128].strip()}],
        "content_links": [{"text": text, "url": ADDRESS}],
        "season": number,
        "soundbites": [{"start": "00:00:01", "end": "00:00:17", "title": text}],
        "credits": [{"person": "cleo", "role": "editor"}],
        "helplines": ["hostile"],
        "waivers": [{"sentence": WAIVED, "reason": text, "by": text[:60]}],
        "social": [{"protocol": "activitypub", "uri": text, "account_id": text, "account_url": ADDRESS}],
        "corrections": [
            {"kind": "correction", "at": NOW, "by": text, "where": ["notes"], "said": text, "says": text, "note": text}
        ],
    }
    table.update(said)
    path.write_text(tomlkit.dumps(table), encoding="utf-8")
    # Links that lead nowhere good are refused before anything is made of them, which another test asserts.
    cited = " ".join([*(one for one in text.split(SEPARATOR) if one not in LINKS), "[@hostile]"])
    notes = f"{cited}\n\n# {cited}\n\n> {cited}\n\n| {cited} | b |\n|---|---|\n| {cited} | d |\n\n1. {cited}\n\n"
    notes += f"{WAIVED}.\n\n[{cited}]({ADDRESS}) [0:01] OSEC\n\n`{cited}`\n\n~~~ {cited}\n{cited}\n~~~\n"
    (folder / "notes.md").write_text(notes, encoding="utf-8")
    spoken = TRANSCRIPT.replace("Hello and welcome.", f"Hello and welcome. {text} OSEC [@hostile]")
    spoken = spoken.replace("Ada Host", PAYLOADS[0]).replace("Ben Guest", PAYLOADS[1])
    (folder / "transcript.md").write_text(spoken, encoding="utf-8")


def _withdraw(folder: Path) -> None:
    whole = " ".join(PAYLOADS)
    table = {"at": NOW, "by": whole, "reason": whole}
    (folder / "withdrawn.toml").write_text(tomlkit.dumps(table), encoding="utf-8")


def _rewrite_show(folder: Path) -> None:
    path = folder / "show.toml"
    table = tomlkit.parse(path.read_text("utf-8"))
    whole = " ".join(PAYLOADS)
    for key in ("title", "description", "author", "artwork_alt", "copyright", "license"):
        table[key] = whole
    short = [SEPARATOR.join(PAYLOADS[first : first + 2])[:128].strip() for first in range(0, len(PAYLOADS), 2)]
    remote = {"feed_guid": "917393e3-1b1e-5cef-ace4-edaa54e1f810", "feed_url": ADDRESS, "title": whole}
    said: dict[str, Any] = {
        "contact_name": whole,
        "license_url": ADDRESS,
        "funding_url": ADDRESS,
        "funding_text": short[0],
        "funding": [{"text": one, "url": ADDRESS} for one in short],
        "seasons": [{"number": number, "name": one} for number, one in enumerate(short, start=1)],
        "locations": [{"name": one} for one in short],
        "txt": [{"text": whole, "purpose": one} for one in short],
        "update_frequency": {"text": short[1]},
        "social": [{"protocol": "activitypub", "uri": whole, "account_id": whole, "account_url": ADDRESS}],
        "podroll": [remote],
        "publisher": remote,
        "subscribe": dict.fromkeys(("apple", "overcast", "deezer"), ADDRESS),
    }
    table.update(said)
    path.write_text(tomlkit.dumps(table), encoding="utf-8")
    people = tomlkit.parse((folder / "people.toml").read_text("utf-8"))
    people["cleo"] = {"name": ""}
    (folder / "people").mkdir()
    (folder / "people" / "photo.png").write_bytes((folder / "artwork.png").read_bytes())
    for index, person in enumerate(people.values()):
        person |= {
            "name": PAYLOADS[index],
            "role": " ".join(PAYLOADS),
            "organisation": " ".join(PAYLOADS),
            "url": ADDRESS,
            "photo": "people/photo.png",
            "photo_alt": whole,
        }
    (folder / "people.toml").write_text(tomlkit.dumps(people), encoding="utf-8")
    terms = {"terms": [{"term": "OSEC", "meaning": whole}, {"term": PAYLOADS[0], "meaning": whole}]}
    (folder / "glossary.toml").write_text(tomlkit.dumps(terms), encoding="utf-8")
    line = {"country": "GB", "phone": "116 123", "url": ADDRESS, "name": whole, "hours": whole, "note": whole}
    (folder / "helplines.toml").write_text(tomlkit.dumps({"hostile": line}), encoding="utf-8")
    source = {
        "id": "hostile",
        "type": "report",
        "title": whole,
        "publisher": whole,
        "container-title": whole,
        "abstract": whole,
        "note": whole,
        "author": [{"family": whole, "given": whole}, {"literal": whole}],
        "issued": {"literal": whole},
        "URL": ADDRESS,
        "DOI": "10.1000/" + PAYLOADS[3].replace(" ", ""),
    }
    (folder / "sources.json").write_text(json.dumps([source]), encoding="utf-8")
