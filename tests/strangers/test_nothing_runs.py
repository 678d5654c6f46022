"""A hostile text in every field, and a browser that would tell if one of them ran, with the pages' own policy off.

The content security policy would stop most of it; here it is switched off, because other people's servers may not send
it, and because escaping has to hold by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from lxml import etree

from pipeline.stages.run import run
from pipeline.stages.status import survey
from tests.episodes import NOW
from tests.review.desk_fixture import DeskServer
from tests.serving import served
from tests.strangers.payloads import PAYLOADS, WITHDRAWN, hostile_show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# What a payload calls when it runs; what it would have left behind in an element that has not run yet.
WATCH = "window.__ran = []; window.alert = (...said) => { window.__ran.push(location.href + said); };"
LEFT = """() => [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes]
  .filter(({ name, value }) => /^on/i.test(name) || name === 'srcdoc'
    || (/^(href|src|action|formaction|data|xlink:href)$/i.test(name)
        && /^[\\s\\x00-\\x20]*(javascript|vbscript|data:text)/i.test(value)))
  .map(({ name, value }) => `${element.outerHTML.slice(0, 120)} ${name}=${value}`))"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = hostile_show(tmp_path_factory.mktemp("hostile"))
    run(root, NOW, lambda *_: None)
    states = {status.slug: status.state.value for status in survey(root, NOW)}
    assert states.pop(WITHDRAWN) == "withdrawn"
    assert set(states.values()) == {"published"}
    return root


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def require_quiet(page: Page) -> None:
    """Poke at what waits for a pointer or a key, and see that nothing ran and nothing is left that could."""
    page.evaluate("""() => document.querySelectorAll('*').forEach((element) => {
      for (const kind of ['mouseover', 'pointerover', 'click', 'focus', 'toggle', 'error'])
        if (!(element instanceof HTMLAnchorElement && kind === 'click') && !element.closest('button, summary, form'))
          element.dispatchEvent(new Event(kind, { bubbles: false }));
    })""")
    page.wait_for_timeout(100)
    assert page.evaluate("window.__ran") == []
    assert page.evaluate(LEFT) == []


def test_the_watch_sees_what_runs(page: Page) -> None:
    page.set_content('<p onmouseover="alert()">x</p><img src=x onerror=alert()>')
    page.wait_for_timeout(200)
    assert page.evaluate("window.__ran.length") >= 1
    assert len(page.evaluate(LEFT)) == 2


def test_nothing_runs_on_any_page(show: Path, page: Page) -> None:
    site = show / "site"
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert len(names) > 12
    with served(show) as address:
        for name in names:
            page.goto(f"{address}{name}")
            require_quiet(page)


def test_the_texts_are_there_as_they_were_written(show: Path, page: Page) -> None:
    with served(show) as address:
        page.goto(f"{address}hostile-1/")
        assert PAYLOADS[1] in page.inner_text("h1")
        assert page.inner_text("main").count(PAYLOADS[1]) > 5


def test_nothing_runs_in_the_search(show: Path, page: Page) -> None:
    with served(show) as address:
        for payload in ("script alert", "onerror", *PAYLOADS[:6]):
            page.goto(f"{address}search.html?q={quote(payload)}")
            page.wait_for_timeout(300)
            require_quiet(page)


def test_nothing_runs_in_an_app_that_shows_the_feed_as_it_is(show: Path, page: Page) -> None:
    feed = etree.parse(show / "site" / "feed.xml", etree.XMLParser(resolve_entities=False))
    texts = [element.text for element in feed.xpath("//description | //*[local-name()='encoded']")]
    assert len(texts) > 6
    page.goto("about:blank")
    for text in texts:
        page.evaluate("(text) => { document.body.innerHTML = text; }", text)
        require_quiet(page)


def test_every_field_reached_the_feed_as_text(show: Path) -> None:
    feed = etree.parse(show / "site" / "feed.xml", etree.XMLParser(resolve_entities=False))
    said = {str(element.tag).rpartition("}")[2]: etree.tostring(element, encoding="unicode") for element in feed.iter()}
    for name in ("podroll", "txt", "funding", "updateFrequency", "soundbite", "season", "location", "license", "owner"):
        assert "alert" in said[name], name
    assert not [name for name in said if name.lower() in ("script", "img", "svg", "iframe", "a", "b")]


def test_nothing_runs_in_the_transcripts_for_apps(show: Path, page: Page) -> None:
    with served(show) as address:
        for path in sorted((show / "site").glob("*/*.vtt")):
            page.goto(f"{address}hostile-1/")
            cues = page.evaluate(
                """async (src) => {
                  const video = document.createElement('video'), track = document.createElement('track');
                  track.src = src; track.kind = 'captions'; track.default = true; video.append(track);
                  document.body.append(video); track.track.mode = 'showing';
                  await new Promise((done) => { track.onload = done; track.onerror = done; });
                  for (const cue of track.track.cues) document.body.append(cue.getCueAsHTML());
                  track.onload = track.onerror = null;
                  return track.track.cues.length;
                }""",
                f"{address}{path.relative_to(show / 'site').as_posix()}",
            )
            assert cues
            require_quiet(page)


def test_nothing_runs_at_the_desk(show: Path, page: Page) -> None:
    desk = DeskServer(show)
    try:
        page.goto(desk.address)
        require_quiet(page)
        for folder in sorted((show / "episodes").glob("hostile-*")):
            page.goto(f"{desk.origin}/episodes/{folder.name}/")
            page.wait_for_selector("body[data-ready]", timeout=20_000)
            require_quiet(page)
    finally:
        desk.stop()
