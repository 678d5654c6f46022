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
from tests.episodes import ADA, NOW, TRANSCRIPT, add_episode

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
    for folder in sorted((root / "episodes").glob("hostile-*")):
        approve(root, folder.name, ADA, NOW)
    return root


def _rewrite(folder: Path, text: str, number: int) -> None:
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
    notes += f"[{cited}]({ADDRESS}) [0:01] OSEC\n\n`{cited}`\n\n~~~ {cited}\n{cited}\n~~~\n"
    (folder / "notes.md").write_text(notes, encoding="utf-8")
    spoken = TRANSCRIPT.replace("Hello and welcome.", f"Hello and welcome. {text} OSEC [@hostile]")
    spoken = spoken.replace("Ada Host", PAYLOADS[0]).replace("Ben Guest", PAYLOADS[1])
    (folder / "transcript.md").write_text(spoken, encoding="utf-8")


def _rewrite_show(folder: Path) -> None:
    path = folder / "show.toml"
    table = tomlkit.parse(path.read_text("utf-8"))
    whole = " ".join(PAYLOADS)
    for key in ("title", "description", "author", "artwork_alt", "copyright"):
        table[key] = whole
    path.write_text(tomlkit.dumps(table), encoding="utf-8")
    people = tomlkit.parse((folder / "people.toml").read_text("utf-8"))
    for index, person in enumerate(people.values()):
        person |= {
            "name": PAYLOADS[index],
            "role": " ".join(PAYLOADS),
            "organisation": " ".join(PAYLOADS),
            "url": ADDRESS,
        }
    (folder / "people.toml").write_text(tomlkit.dumps(people), encoding="utf-8")
    terms = {"terms": [{"term": "OSEC", "meaning": whole}, {"term": PAYLOADS[0], "meaning": whole}]}
    (folder / "glossary.toml").write_text(tomlkit.dumps(terms), encoding="utf-8")
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
