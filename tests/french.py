"""French speech, fetched once into the user's cache and never kept in the repository."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from pipeline.audio import ffmpeg
from pipeline.transcribe.weights import cache_folder

SECONDS = 14
_PACKAGE = "asterisk-core-sounds-fr-g722"
_FILE = "usr/share/asterisk/sounds/fr_CA_f_June/demo-congrats.g722"
_DIGEST = "bcb974162b316a6c18538c11d35ad6e751ee859daf585891dca6b767edcea972"


@cache
def french_speech() -> Any:
    """The first 14 s of a prompt in Canadian French, from a package of Debian (CC BY-SA): 16 kHz, mono, 16 bits."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("this recording comes from a Debian package, and this machine has no apt-get")
    folder = cache_folder() / "test-speech"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "french.g722"
    with FileLock(folder / "french.lock"), tempfile.TemporaryDirectory() as unpacked:
        if not kept.is_file() or _digest(kept) != _DIGEST:
            fetched = Path(unpacked)
            fetched.chmod(0o755)
            subprocess.run(["apt-get", "-qq", "download", _PACKAGE], cwd=fetched, check=True)
            (package,) = fetched.glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", str(package), str(fetched)], check=True)
            shutil.copyfile(fetched / _FILE, kept)
            assert _digest(kept) == _DIGEST, "the package holds another recording"
    raw = subprocess.run(
        [
            str(ffmpeg.find().path), "-nostdin", "-v", "error", "-f", "g722", "-i", str(kept),
            "-t", str(SECONDS), "-ar", "16000", "-ac", "1", "-f", "s16le", "-",
        ],
        check=True,
        capture_output=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, "<i2")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
