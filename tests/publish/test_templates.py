"""A show's own templates, style and static files: they win, they are told apart from ours, they fail clearly."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jinja2
import jinja2.defaults
import jinja2.filters
import pytest
from PIL import Image

from pipeline import files
from pipeline.errors import InvalidShow
from pipeline.publish.pages import Pages
from pipeline.publish.site import SiteResult, build_site
from pipeline.publish.templates import Templates, overrides_folder, templates_folder
from pipeline.show import Show
from tests.publish import made
from tests.publish.varied import build_varied
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCUMENT = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")
FONT = b"wOF2 and what follows"
LOOK = {
    "accent": "#8a1538",
    "paper": "#fff7f0",
    "ink": "#2b1111",
    "text_font": "Our Serif, serif",
    "fonts": [{"family": "Our Serif", "file": "our serif.woff2", "weight": "300 700"}],
    "dark": {"paper": "#200a10"},
}


class House:
    """A show with one episode and a folder for templates."""

    def __init__(self, root: Path) -> None:
        self.root, self.site, self.templates = root, root / "site", root / "templates"
        (root / "episodes").mkdir(parents=True)
        Image.new("RGB", (1400, 1400), (20, 60, 90)).save(root / "episodes" / "artwork.png")
        (root / "release.mp3").write_bytes(b"sound")
        self.settings: dict[str, Any] = {"site_url": "https://show.example/radio/"}

    def write(self, **named: str) -> None:
        """Write templates: keywords are names, with `__` for the dot and `static_` for the folder."""
        for name, text in named.items():
            path = self.templates / re.sub(r"^static_", "static/", name).replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def build(self) -> SiteResult:
        recording = self.root / "release.mp3"
        facts = made.release(digest=files.digest_file(recording), size_bytes=recording.stat().st_size)
        approved = made.approved(made.episode(1), release=facts, release_path=recording)
        show = Show(self.root, made.settings(**self.settings), {}, (), {}, (), {})
        return build_site(self.site, show, [approved], today=date(2026, 11, 24))

    def page(self, name: str) -> str:
        return (self.site / name).read_text("utf-8")

    def style(self) -> str:
        (path,) = (self.site / "static").glob("style-*.css")
        return path.read_text("utf-8")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "show")


EPISODE = "episode-1/index.html"


def test_a_file_of_the_show_stands_in_for_ours(house: House) -> None:
    house.write(missing__html="<h1>Gone fishing, {{ settings.title }}</h1>")
    house.build()
    assert house.page("404.html") == "<h1>Gone fishing, On Record</h1>"
    assert "<h1" in house.page(EPISODE)


def test_a_block_changes_and_the_rest_of_the_original_stays(house: House) -> None:
    house.write(
        episode__html='{% extends "onrecord/episode.html" %}{% block title %}Hear: {{ super() }}{% endblock %}',
        base__html='{% extends "onrecord/base.html" %}{% block header %}{% include "bar.html" %}{% endblock %}',
        bar__html="<header>Our bar</header>",
    )
    house.build()
    page = house.page(EPISODE)
    assert "<title>Hear: The 1. conversation · On Record</title>" in page
    # our own episode.html finds the show's frame, though it was reached as onrecord/episode.html
    assert "<header>Our bar</header>" in page
    assert 'id="transcript"' in page
    assert "Our bar" in house.page("404.html")


def test_text_stays_escaped_in_a_template_of_the_show(house: House) -> None:
    house.write(missing__html="{{ settings.description }}")
    house.settings["description"] = "<script>alert(1)</script>"
    house.build()
    assert house.page("404.html") == "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("one\ntwo {% if %}", 2, "Expected an expression"),
        ("\n\n{{ nothing_here }}", 3, "'nothing_here' is undefined"),
        ("{{ settings.titel }}", 1, "titel"),
        ('a\n{% extends "nope.html" %}', 2, "there is no template nope.html"),
        ("\n{{ 1 // 0 }}", 2, "by zero"),
        ('x\n\n\n{{ own_file("logo.svg") }}', 4, "there is no file logo.svg"),
        ("{{ settings.title|shout }}", 1, "No filter named 'shout'"),
    ],
)
def test_a_template_that_fails_is_named_with_its_line_and_nothing_is_written(
    house: House, text: str, line: int, said: str
) -> None:
    house.build()
    before = {path: path.read_bytes() for path in house.site.rglob("*") if path.is_file()}
    house.write(missing__html=text)
    with pytest.raises(InvalidShow) as caught:
        house.build()
    (problem,) = caught.value.problems
    assert problem.where == f"{house.templates / 'missing.html'}:{line}"
    assert said in problem.what
    assert {path: path.read_bytes() for path in house.site.rglob("*") if path.is_file()} == before


def test_a_fault_below_a_template_of_ours_is_told_of_the_one_that_is_the_shows(house: House) -> None:
    house.write(base__html='{% extends "onrecord/base.html" %}\n{% block header %}\n{{ undefined_bar }}{% endblock %}')
    with pytest.raises(InvalidShow, match=r"base\.html:3: this template fails: 'undefined_bar' is undefined"):
        house.build()


def test_files_that_cannot_be_what_their_names_say_are_all_named(house: House) -> None:
    house.write(static_a_b__exe="", missing__html="")
    (house.templates / "static" / "two words.svg").write_text("")
    (house.templates / "index.html").write_bytes(b"\xff")
    with pytest.raises(InvalidShow) as caught:
        house.build()
    assert [Path(one.where.partition(":")[0]).name for one in caught.value.problems] == [
        "index.html", "a_b.exe", "two words.svg",
    ]  # fmt: skip


def test_static_files_are_published_by_content_and_vanish_with_their_source(house: House) -> None:
    house.write(
        static_logo__svg="<svg/>",
        static_show__css="body { background: url(logo.svg) }",
        missing__html='{{ own_file("logo.svg") }}',
        index__html='{{ own_file("logo.svg") }}',
        episode__html='{{ own_file("logo.svg") }}',
    )
    house.build()
    (logo,) = (house.site / "static").glob("logo-*.svg")
    assert house.page("404.html") == f"/radio/static/{logo.name}"
    assert house.page("index.html") == f"static/{logo.name}"
    assert house.page(EPISODE) == f"../static/{logo.name}"
    assert house.style().endswith(f'body {{ background: url("{logo.name}") }}')
    (house.templates / "static" / "show.css").unlink()
    for name in ("missing.html", "index.html", "episode.html", "static/logo.svg"):
        (house.templates / name).unlink()
    result = house.build()
    assert f"static/{logo.name}" in result.removed
    assert not result.strays


def test_a_style_sheet_of_the_show_can_replace_ours(house: House) -> None:
    house.write(static_style__css="body { color: red }")
    house.settings["look"] = {"accent": "#8a1538"}
    house.build()
    assert house.style().startswith("body { color: red }")
    assert "--accent: #8a1538;" in house.style()


def test_without_a_look_the_style_sheet_is_ours(house: House) -> None:
    house.build()
    assert house.style() == (templates_folder() / "static" / "style.css").read_text("utf-8")


@pytest.mark.parametrize(("content", "said"), [(b"OTTO", "no WOFF2"), (b"wOF2" + bytes(200_000), "200 kB")])
def test_a_font_that_readers_cannot_use_is_refused(house: House, content: bytes, said: str) -> None:
    house.settings["look"] = LOOK
    (house.root / "episodes" / "our serif.woff2").write_bytes(content)
    with pytest.raises(InvalidShow, match=said):
        house.build()


def test_in_our_working_copy_the_templates_are_ours() -> None:
    assert overrides_folder(templates_folder().parent) is None


@pytest.fixture(scope="module")
def dressed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with colours and a font of its own, served."""
    root = tmp_path_factory.mktemp("dressed")
    (root / "episodes").mkdir()
    (root / "episodes" / "our serif.woff2").write_bytes(FONT)
    build_varied(root, look=LOOK)
    with served(root) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 247, 240)"), ("dark", "rgb(32, 10, 16)")])
def test_a_show_in_its_own_colours_is_readable(
    browser: Browser, dressed: str, scheme: Literal["light", "dark"], paper: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with contextlib.closing(browser.new_context(color_scheme=scheme)) as fresh:
        page = fresh.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        fonts: list[tuple[int, str | None]] = []
        page.on(
            "response",
            lambda answer: (
                fonts.append((answer.status, answer.header_value("content-type")))
                if "/static/font-" in answer.url
                else None
            ),
        )
        for path in ("", EPISODE):
            page.goto(dressed + path, wait_until="load")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Our Serif"')
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        assert fonts[0] == (200, "font/woff2")
        assert refused == []


# The documentation says what is there


def _documented(section: str, word: str) -> set[str]:
    """The names in the first column of a section's table whose heading is `word`."""
    names: set[str] = set()
    for table in re.findall(rf"^\| {word} \|.*\n\|[-|]+\n((?:\|.*\n)+)", section, re.MULTILINE):
        for row in table.splitlines():
            names |= {name.partition("(")[0] for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    return names


SECTIONS = dict(re.findall(r"^## `([a-z]+\.html)`\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
SHARED = _documented(DOCUMENT.partition("\n## `")[0], "variable")


def test_every_template_is_documented_with_its_blocks() -> None:
    pages: Any = Pages(Templates())
    names = {path.name for path in templates_folder().glob("*.html")}
    assert names == set(SECTIONS)
    for name in names:
        said = re.search(r"Blocks:([^|]*?)\.\n", SECTIONS[name] + "\n")
        blocks = set(pages._environment.get_template(name).blocks)
        assert set(re.findall(r"`([a-z_]+)`", said[1] if said else "")) == blocks, name


def test_every_filter_is_documented() -> None:
    pages: Any = Pages(Templates())
    ours = {name for name, what in pages._environment.filters.items() if jinja2.filters.FILTERS.get(name) is not what}
    assert _documented(DOCUMENT, "filter") == ours


def test_every_variable_is_documented_and_every_documented_one_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, set[str]] = {}
    links: set[str] = set()
    render = jinja2.Template.render

    def watched(self: jinja2.Template, **context: Any) -> str:
        assert self.name is not None
        given.setdefault(self.name, set()).update(context)
        links.update(context["links"])
        return render(self, **context)

    monkeypatch.setattr(jinja2.Template, "render", watched)
    House(tmp_path / "show").build()
    pages: Any = Pages(Templates())
    ours = set(pages._environment.globals) - set(jinja2.defaults.DEFAULT_NAMESPACE)
    for name, context in given.items():
        assert context | ours == SHARED | _documented(SECTIONS[name], "variable"), name
    assert set(given) == set(SECTIONS) - {"base.html", "subscribe.html"}  # which others extend or include
    (row,) = re.findall(r"^\| `links` \|(.*)\|$", DOCUMENT, re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+)`", row)) == links
