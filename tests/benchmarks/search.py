"""How long the search index of a long-lived show takes to make, how big it is, and what a query costs a listener.

Run: .venv/bin/python -m tests.benchmarks search
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.publish import captions, pages
from pipeline.publish.cues import Cue
from pipeline.publish.model import named_by_content
from pipeline.publish.modules import linked
from pipeline.publish.search.documents import Card, Document, Passage, document
from pipeline.publish.search.folding import words
from pipeline.publish.search.index import Index, build_index
from pipeline.publish.templates import Templates
from pipeline.show import Show
from tests.benchmarks.rows import Asked, Row
from tests.browsers import ARGUMENTS, MISSING, find_chromium
from tests.publish import made
from tests.serving import served

VOCABULARY = 40_000
WORDS_EACH = 6000
_CUE_WORDS = 11
_SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvw" for vowel in "aeiou"]
_MOBILE = {"offline": False, "latency": 100, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
_FIRST_RESULT = "() => performance.now() * (document.querySelector('#search-results li') !== null)"


class Speaker:
    """Speaks made words as often as people speak theirs (Zipf and Mandelbrot)."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made words, the same on each run
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            syllables = self._random.choices(_SYLLABLES, k=1 + len(found).bit_length() // 5)
            found["".join(syllables) + self._random.choice(["", "", "n", "s", "ing"])] = None
        self.vocabulary = list(found)
        self._cumulative = list(itertools.accumulate((rank + 2.7) ** -1.15 for rank in range(VOCABULARY)))

    def begin(self, seed: int) -> None:
        """Whatever was said before: the same seed, the same words from here on."""
        self._random.seed(seed)

    def says(self, count: int) -> list[str]:
        """`count` words in sentences of a dozen."""
        said = self._random.choices(self.vocabulary, cum_weights=self._cumulative, k=count)
        for place in range(0, count, 12):
            said[place] = said[place].capitalize()
            said[place - 1] += "."
        return said


def episode(speaker: Speaker, number: int) -> tuple[Document, bytes]:
    """A made episode, one of 52 a year, with its transcript as JSON."""
    said = speaker.says(WORDS_EACH)
    transcript = captions.to_json(list(_cues(said)))
    slug = f"episode-{number}"
    card = Card(
        title=" ".join(speaker.says(6)),
        page=f"{slug}/index.html",
        transcript=named_by_content(slug, files.digest_bytes(transcript), "json"),
        date=(date(2005, 1, 3) + timedelta(days=7 * number)).isoformat(),
        language="en",
        summary=" ".join(speaker.says(25)),
        people=("Ada Host", " ".join(speaker.says(2)).title()),
        passages=tuple(Passage("Show notes", "#notes", " ".join(speaker.says(40))) for _ in range(8)),
    )
    return document(slug, card, " ".join(said)), transcript


def _cues(said: list[str]) -> Iterator[Cue]:
    for place in range(0, len(said), _CUE_WORDS):
        cue = tuple(f" {word}" for word in said[place : place + _CUE_WORDS])
        speaker = ("Ada Host", "Gus Guest")[place // 200 % 2]
        yield Cue(speaker, cue, 350 * place + 7 * (place % 13), 350 * (place + len(cue)), turn=False)


def write_site(root: Path, index: Index, documents: list[Document], transcripts: list[bytes]) -> None:
    """What the search needs of a site, and nothing else."""
    templates = Templates()
    modules = linked(("folding.js", "finding.js", "search.js"), templates.static)
    assets = pages.SiteAssets(made.assets().places, search=tuple(place for place, _ in modules.values()))
    show = Show(root, made.settings(), {}, (), {}, (), {})
    site = pages.Site(show, (), assets, date(2026, 11, 24), search_index=index.manifest)
    page = pages.Pages(templates).search_page(site)
    contents = {**index.files, **dict(modules.values()), pages.SEARCH_PAGE: page.encode()}
    contents[assets["style"]] = templates.static("style.css")
    for one, transcript in zip(documents, transcripts, strict=True):
        contents |= {one.card: one.card_content, json.loads(one.card_content)["transcript"]: transcript}
    for name, content in contents.items():
        (root / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "site" / name).write_bytes(content)


def searched(browser: Any, root: Path, address: str, query: str, network: dict[str, Any] | None) -> tuple[float, int]:
    """Milliseconds to the first result for a listener who comes new, and the bytes of JSON on the way, compressed."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    if network:
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", network)
    page.goto(f"{address}search.html?q={query.replace(' ', '+')}", wait_until="commit")
    while not (ms := page.evaluate(_FIRST_RESULT)):
        page.wait_for_timeout(2)
    context.close()
    names = {url.removeprefix(address) for url in asked if url.endswith(".json")}
    return ms, sum(len(gzip.compress((root / "site" / name).read_bytes())) for name in names)


def in_browser(root: Path, queries: list[str]) -> Iterator[Row]:
    """What each query costs in Chromium, near and far, or why that is not known."""
    program = find_chromium()
    if program is None:
        yield Row("first result in a browser", left_out=MISSING)
        return
    from playwright.sync_api import sync_playwright

    with served(root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for query in queries:
            near_ms = sorted(searched(browser, root, address, query, None)[0] for _ in range(5))[2]
            far_ms, size = searched(browser, root, address, query, _MOBILE)
            what = f"first result, words: {len(query.split())}"
            yield Row(what, wall_s=near_ms / 1000, note=f"{size:,} bytes of JSON, compressed")
            yield Row(f"{what}, 1.6 Mbit/s, 100 ms away", wall_s=far_ms / 1000, note="nothing compressed")
        browser.close()


def rows(asked: Asked) -> Iterator[Row]:
    """The index of a thousand episodes, and what a listener waits for and gets."""
    count = asked.size(1000, 20)
    speaker = Speaker()
    both = [episode(speaker, number) for number in range(count)]
    documents, transcripts = [one for one, _ in both], [transcript for _, transcript in both]
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    wall, cpu = time.perf_counter(), time.process_time()
    index = build_index(documents)
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    begun = [content for name, content in index.files.items() if not name.startswith("search/words-")]
    compressed = sum(len(gzip.compress(content)) for content in begun)
    sizes = [len(content) for name, content in index.files.items() if name.startswith("search/words-")]
    cards = sum(len(one.card_content) for one in documents)
    distinct = len(set(words(documents[0].said)))
    yield Row(
        f"index of {count:,} episodes",
        wall_s=wall_s,
        cpu_s=cpu_s,
        peak_mb=after_mb,
        note=f"{before_mb:.0f} MB of it texts, of {distinct:,} different words in the first; {len(sizes)} files of "
        f"words with {sum(sizes):,} bytes, {max(sizes):,} the largest; cards {cards:,} bytes; manifest and periods "
        f"{sum(map(len, begun)):,} bytes, {compressed:,} compressed, in {len(begun)} files",
    )
    queries = [" ".join(speaker.vocabulary[at : at + number]) for number, at in ((1, 3000), (2, 300), (3, 100))]
    with tempfile.TemporaryDirectory() as folder:
        write_site(Path(folder), index, documents, transcripts)
        yield from in_browser(Path(folder), queries)
