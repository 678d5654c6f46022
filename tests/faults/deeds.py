"""The deeds that are disturbed: each changes a show on disk, with a fixed clock, in the process that calls it.

`python -m tests.faults.deeds` waits for lines of a deed and a show's folder. For each it forks a child, which stops
before it begins, so that a tracer can be attached, and prints the child's process id; when the child has ended, how it
ended. A warm child opens no modules: what it asks of the system is the deed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from pipeline import files
from pipeline.errors import OnRecordError, Problem
from pipeline.publish.deploy.ledger import Allowed
from pipeline.publish.deploy.releases import Releases
from pipeline.review.workspace import Workspace
from pipeline.stages import completing
from pipeline.stages.deploying import Options, publish
from pipeline.stages.run import approve, run
from pipeline.transcript import Paragraph
from tests.episodes import ADA, NOW, add_episode
from tests.faults.inline import inline

SLUG = "first-talk"
PURGED = "purged.txt"
LATER, LATEST = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
_TARGET = f"""
[targets.web]
kind = "folder"
path = "www"
purge = ["/bin/sh", "-c", "cat > {PURGED}"]

[announce]
websub_hub = "https://hub.example/"
"""
REFUSED = 3


def _run(root: Path) -> None:
    result = run(root, NOW, lambda slug, stage, part: None)
    if problems := [problem for status in result.statuses for problem in status.problems]:
        raise OnRecordError(problems)


def _run_from_the_recording(root: Path) -> None:
    with inline():
        _run(root)


def _approve(root: Path) -> None:
    # A second approval of the same text would be one more record: whoever sees theirs is there does not repeat it.
    if not list((root / "episodes" / SLUG / "approvals").glob("2*.json")):
        approve(root, SLUG, ADA, NOW)


def _save(root: Path) -> None:
    workspace = Workspace(root / "episodes" / SLUG, root / "build" / SLUG / "desk")
    transcript, revision = workspace.transcript()
    changed = [Paragraph(one.speaker, one.text.replace("welcome", "good day"), one.start_ms) for one in
               transcript.paragraphs]  # fmt: skip
    workspace.save_transcript(changed, revision)
    notes, revision = workspace.notes()
    workspace.save_notes(notes.replace("Ada talks", "Ada spoke"), revision)


def _written(root: Path) -> None:
    """A show with an approved episode whose recording is mastered, and nothing of it on the site yet."""
    made = add_episode(root.parent / "making", SLUG, number=1)
    run(made, NOW, lambda slug, stage, part: None)
    shutil.rmtree(made / "site")
    (made / "build" / "site.stamp.json").unlink()
    shutil.move(made, root)


def _unapproved(root: Path) -> None:
    shutil.move(add_episode(root.parent / "making", SLUG, number=1, approved=False), root)


def _recorded(root: Path) -> None:
    """A show with a recording, and nothing else of an episode that a machine could make."""
    _unapproved(root)
    folder = root / "episodes" / SLUG
    for name in ("machine.json", "transcript.md"):
        (folder / name).unlink()
    settings = folder / "episode.toml"
    text = settings.read_text("utf-8").replace('"interview.wav"', '"interview.wav"\nspeaker = "ada-host"')
    settings.write_text(text, encoding="utf-8")


def _published(root: Path) -> None:
    """A published show, then a second episode, so that feed and pages change and files go."""
    _written(root)
    run(root, NOW, lambda slug, stage, part: None)
    episode = root / "episodes" / SLUG / "episode.toml"
    episode.write_text(episode.read_text("utf-8").replace("Ada talks with Ben.", "Ada and Ben talk."), encoding="utf-8")
    for record in (root / "episodes" / SLUG / "approvals").glob("*.json"):
        record.unlink()
    (root / "episodes" / SLUG / "published.json").unlink(missing_ok=True)
    approve(root, SLUG, ADA, NOW)


def _publish(root: Path, at: datetime = LATER, *, rollback: bool = False) -> None:
    """With a cache and a hub, which are files here; the public address is believed to show what was published."""
    options = Options(rollback=rollback, allowed=Allowed("It was wrong.") if rollback else Allowed())
    hub = mock.patch.object(completing, "tell_hub", lambda _, feed_url: _heard(root, feed_url))
    with chdir(root), hub, mock.patch.object(completing, "verify", return_value=[]):
        publish(root, at, options, confirm=lambda _: True, report=lambda *_: None)


def _heard(root: Path, feed_url: str) -> list[Problem]:
    (root / "hub.txt").write_text(f"{feed_url}\n", encoding="utf-8")  # a hub has its own disk
    return []


def _roll_back(root: Path) -> None:
    # Whoever sees that it is back, and nothing left to do, does not go back further.
    owed = root / "build" / "publishing" / "owed-web.json"
    if owed.exists() or len(list(Releases(root / "build" / "releases" / "web").listings())) > 1:
        _publish(root, LATEST, rollback=True)


def _out_and_changed(root: Path) -> None:
    """A show that is out in a folder, and has changed since."""
    _written(root)
    with (root / "episodes" / "show.toml").open("a", encoding="utf-8") as settings:
        settings.write(_TARGET)
    _run(root)
    _publish(root, NOW)
    _forget_what_was_told(root)
    people = root / "episodes" / "glossary.toml"
    people.write_text(people.read_text("utf-8").replace("online", "online and in person:"), encoding="utf-8")
    approve(root, SLUG, ADA, LATER)
    run(root, LATER, lambda slug, stage, part: None)


def _out_and_out_again(root: Path) -> None:
    """A show of which two publications are out, one after the other."""
    _out_and_changed(root)
    _publish(root)
    _forget_what_was_told(root)


def _forget_what_was_told(root: Path) -> None:
    for name in (PURGED, "hub.txt"):
        (root / name).unlink()


@dataclass(frozen=True)
class Deed:
    """What is done, and the show it begins with. Doing it twice is doing it once."""

    prepare: Callable[[Path], None]
    do: Callable[[Path], None]


DEEDS = {
    "approve": Deed(_unapproved, _approve),
    "save at the desk": Deed(_unapproved, _save),
    "run to a changed site": Deed(_published, _run),
    "run to the first site": Deed(_written, _run),
    "publish": Deed(_out_and_changed, _publish),
    "go back": Deed(_out_and_out_again, _roll_back),
    "run from the recording": Deed(_recorded, _run_from_the_recording),
}


# Where Yama is at work, a user may else trace only what they have started from the tracer (prctl(2)).
_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)


def _child(name: str, root: Path) -> int:
    try:
        DEEDS[name].do(root)
    except OnRecordError as error:
        said = str(error)
    except BaseException as error:
        said = str(files.disk_failed(error, "this disk") or f"a fault of ours: {error!r}")
    else:
        return 0
    (root.parent / "said.txt").write_text(said, encoding="utf-8")
    return REFUSED


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve() -> None:
    """Answer lines of `deed TAB folder` until the input ends."""
    for line in sys.stdin:
        name, _, folder = line.rstrip("\n").partition("\t")
        child = os.fork()
        if not child:
            ctypes.CDLL(None).prctl(_SET_PTRACER, _ANY, 0, 0, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(_child(name, Path(folder)))
        _say(str(child))
        _say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


if __name__ == "__main__":
    # Loaded once, here: what a deed imports when it first needs it would be traced as the deed's own.
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        for number, deed in enumerate(DEEDS.values()):
            place = Path(scratch) / str(number) / "show"
            place.parent.mkdir()
            deed.prepare(place)
            deed.do(place)
    _say("ready")
    serve()
