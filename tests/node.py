"""Programs from npm that tests hold the show against: fetched once into pytest's cache, never part of the product."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock


def packages(config: pytest.Config, folder: str, *wanted: str) -> Path:
    """The folder whose node_modules hold `wanted` (`name@version`); skips, and says why, where that cannot be.

    Scripts that packages bring along are not run. Two test processes may ask at once.
    """
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("Node is not on this machine")
    if config.cache is None:
        pytest.skip("pytest runs without a cache to install into")
    place = Path(config.cache.mkdir(f"node-{folder}"))
    with FileLock(place / ".lock"):
        if all(_installed(place, name) for name in wanted):
            return place
        command = [npm, "install", "--prefix", str(place), "--no-audit", "--no-fund", "--ignore-scripts", *wanted]
        try:
            done = subprocess.run(command, capture_output=True, timeout=180, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not answer in time")
        if done.returncode != 0:
            pytest.skip(f"npm could not install {', '.join(wanted)} (no network?)")
    return place


def _installed(place: Path, wanted: str) -> bool:
    name, _, version = wanted.rpartition("@")
    try:
        manifest = json.loads((place / "node_modules" / name / "package.json").read_text("utf-8"))
    except FileNotFoundError:
        return False
    return bool(manifest["version"] == version)
