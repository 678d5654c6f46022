"""A site put together of episodes that are made one at a time: its memory does not grow with their texts."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from pipeline import files
from pipeline.errors import OnRecordError
from pipeline.publish.finished import Candidate, Finished
from pipeline.publish.search.index import index_manifest, index_period, periods
from pipeline.publish.site import assemble
from pipeline.publish.workshop import PICTURES_FOLDER, Order, workshop
from pipeline.show import Show
from tests.publish import made

WORDS = "so many words that people say of what they have seen and counted here "


def build(root: Path, count: int) -> int:
    """Build a site of so many long talks; the most bytes that were held on the way."""
    show = Show(root, made.settings(), made.BY_ID, (), {}, (), {})
    recording = root / "recording.mp3"
    recording.write_bytes(b"sound " * 1000)
    facts = made.release(digest=files.digest_file(recording), size_bytes=recording.stat().st_size)
    shop = workshop(show, root / "build" / PICTURES_FOLDER)

    def make(orders: Sequence[Order]) -> Iterator[tuple[str, Finished | OnRecordError]]:
        for order in orders:
            slug = order.candidate.slug
            said = tuple(made.paragraph(("Ada Host", "Gus Guest")[at % 2], WORDS * 5, 30_000 * at) for at in range(20))
            one = made.approved(order.candidate.episode, paragraphs=said, release=facts, release_path=recording)
            yield slug, shop.make(replace(one, people=()), order.around, root / "build" / slug / "site")

    candidates = [Candidate(made.episode(number), "en-GB", ()) for number in range(1, count + 1)]
    tracemalloc.start()
    result = assemble(root / "site", shop, candidates, make, today=date(2026, 11, 24))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(result.pages) == count
    return peak_bytes


def peaks_bytes(root: Path) -> tuple[int, int]:
    """The most that was held while two episodes, and while seven, became a site."""
    for name in ("few", "many"):
        (root / name / "episodes").mkdir(parents=True)
        Image.new("RGB", (1400, 1400), (20, 60, 90)).save(root / name / "episodes" / "artwork.png")
    build(root / "few", 1)  # what is worked out once
    return build(root / "few", 2), build(root / "many", 7)


def test_memory_does_not_grow_with_the_texts(tmp_path: Path) -> None:
    # In a process of its own: what other tests left behind decides when the rubbish is collected, and threads of
    # theirs would be counted with it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        few, many = alone.submit(peaks_bytes, tmp_path).result()
    whole = sum(
        path.stat().st_size for path in (tmp_path / "many" / "site").glob("episode-*/*") if path.suffix != ".mp3"
    )
    assert (many - few) / 5 < whole / 7 / 5


def test_periods_of_the_index_can_be_kept_one_by_one() -> None:
    parts = [made.parts(made.approved(made.episode(number)), {}).searched for number in range(1, 4)]
    kept = [(period, index_period(period)[0]) for period in periods(parts)]
    name, manifest = index_manifest(kept)
    assert name.startswith("search/index-")
    named = {f"search/period-{period['file']}.json" for period in json.loads(manifest)["periods"]}
    assert named == {own for _, own in kept}
