"""The pictures of docs/editing.md: `python -m docs.desk_pictures` takes them anew from the desk as it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.review.desk_fixture import SLUG, DeskPage, DeskServer, make_desk_show

PICTURES = Path(__file__).parent / "images"
ADA_BY = "Ada Host <ada@show.example>"
NOTES = """\
Ada Host talks with Ben Guest about an archive of 381 recordings [@report-2020].

- [00:24] how many there are, and who may listen
- [00:36] what happens when somebody remembers a date wrongly
"""


def main() -> None:
    """Write each picture; the text, the sound and the clock of the recording are always the same."""
    program = shutil.which(os.environ.get("ONRECORD_CHROMIUM", "chromium")) or shutil.which("google-chrome")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = make_desk_show(Path(folder))
        (root / "episodes" / SLUG / "notes.md").write_text(NOTES, encoding="utf-8")
        server = DeskServer(root)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--mute-audio"])
        try:
            _take(browser, server, root / "episodes" / SLUG)
        finally:
            browser.close()
            server.stop()


def _take(browser: Browser, server: DeskServer, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1.25)
    context.add_init_script(f"localStorage.setItem('desk.by', JSON.stringify({ADA_BY!r}))")
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector("tbody tr")
    page.screenshot(path=PICTURES / "desk-list.png")
    window = DeskPage(page, server.origin, folder).open()
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.caret_before(1, "Thank")
    window.press("Alt+q")
    page.wait_for_timeout(3500)
    window.press("Alt+k")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(5000)  # until the announcement is gone
    for name, scheme in (("desk-light", "light"), ("desk-dark", "dark")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_timeout(200)
        page.screenshot(path=PICTURES / f"{name}.png")
    page.emulate_media(color_scheme="light")
    for name in ("notes", "approve"):
        page.click(f"#tab-{name}")
        page.wait_for_timeout(900)
        if name == "approve":
            page.click("#summary details:last-of-type summary")
        page.screenshot(path=PICTURES / f"desk-{name}.png")
    page.set_viewport_size({"width": 768, "height": 1024})
    window.open()
    page.screenshot(path=PICTURES / "desk-tablet.png")
    context.close()


if __name__ == "__main__":
    main()
