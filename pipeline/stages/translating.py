"""A machine's draft of an episode in English, for the editor; it is in `build/` and is never published."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.release import TRANSLATION_NAME
from pipeline.show import load_show
from pipeline.stages.mixing import recording_of
from pipeline.stages.run import find_episode
from pipeline.stages.status import build_folder
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, read_machine, read_transcript


def translate_episode(root: Path, slug: str, report: Callable[[str, str, float], None]) -> Path:
    """Write the draft anew and return its path. Raises Refused where there is no text yet or all is in English."""
    from pipeline.audio.derive import stretch
    from pipeline.transcribe.translate import as_draft, languages_of, translate

    show = load_show(root)
    episode = find_episode(show, slug)
    for name in (MACHINE_NAME, TRANSCRIPT_NAME):
        if not (episode.folder / name).exists():
            raise Refused(Problem(str(episode.folder / name), "it is not there yet", "Run onrecord run first"))
    machine = read_machine(episode.folder / MACHINE_NAME)
    text = read_transcript(episode.folder / TRANSCRIPT_NAME)
    settings = show.settings.transcription
    languages = languages_of(machine)
    if not languages:
        what = "it is in English already: nothing in it was heard in another language"
        raise Refused(Problem(slug, what, "There is nothing to translate"))
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        speech = Path(folder) / "speech.wav"
        stretch(recording_of(root, episode), speech, 0, machine.duration_ms)
        found = translate(
            speech,
            machine,
            subject=slug,
            settings=settings,
            report=lambda part: report(slug, "translating", part),
        )
    label = (
        f"Machine translation from {', '.join(languages)} into English by {settings.engine} ({settings.model}): a "
        "draft that nobody has checked. It is not published, and not sealed by an approval."
    )
    spoken = [(one.start_ms, one.speaker) for one in timed(text, machine)]
    path = build_folder(root) / slug / TRANSLATION_NAME
    files.write_text(path, as_draft(found, spoken, label=label))
    return path
