"""The browser that tests drive: `python -m tests.browsers` fails, and says so, where there is none."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Sound without a click and without loudspeakers; nothing asked of anybody's servers.
ARGUMENTS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
PATIENCE_S = 30  # as Playwright has it: a busy machine is no fault of a page
MISSING = "no Chromium on this machine; install one, or set ONRECORD_CHROMIUM to its path"


def find_chromium() -> str | None:
    """The one that ONRECORD_CHROMIUM names, one that is installed, or one that Playwright has fetched."""
    named = os.environ.get("ONRECORD_CHROMIUM")
    if found := next((found for name in (named, *NAMES) if name and (found := shutil.which(name))), None):
        return found
    caches = (Path.home() / ".cache" / "ms-playwright", Path.home() / "Library" / "Caches" / "ms-playwright")
    fetched = (path for cache in caches for path in sorted(cache.glob("chromium-*/*/chrome")) if path.is_file())
    return next((str(path) for path in fetched), None)


def until(page: Page, condition: str) -> None:
    """Wait for a condition in JavaScript. (Playwright's own wait uses eval, which the pages' policy forbids.)"""
    end = time.monotonic() + PATIENCE_S
    while not page.evaluate(condition):
        if time.monotonic() > end:
            pytest.fail(f"never came true: {condition}")
        page.wait_for_timeout(50)


if __name__ == "__main__":
    sys.exit(0 if find_chromium() else MISSING)
