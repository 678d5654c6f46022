"""A browser, a desk that runs, and an episode of one's own for each test."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.desk_fixture import DeskPage, DeskServer, add_talk, make_desk_show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

ADA_BY = "Ada Host <ada@show.example>"
_numbers = itertools.count(2)

OpenWindow = Callable[..., DeskPage]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """The desk of a show with one episode, which stays as it was made; tests work on copies of it."""
    server = DeskServer(make_desk_show(tmp_path_factory.mktemp("desk")))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, desk: DeskServer) -> Any:
    """A browser's cookies after the printed address was opened."""
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(desk.address)
        return context.storage_state()


@pytest.fixture
def episode(desk: DeskServer) -> Path:
    """The folder of an episode for this test alone."""
    number = next(_numbers)
    return add_talk(desk.root, f"talk-{number}", number)


@pytest.fixture
def context(browser: Browser, signed_in: Any) -> Iterator[BrowserContext]:
    """A browser profile with the desk's cookie, in which Ada works."""
    with contextlib.closing(
        browser.new_context(storage_state=signed_in, viewport={"width": 1280, "height": 900})
    ) as one:
        one.add_init_script(
            f"localStorage.getItem('desk.by') ?? localStorage.setItem('desk.by', {json.dumps(json.dumps(ADA_BY))})"
        )
        yield one


@pytest.fixture
def window(context: BrowserContext, desk: DeskServer, episode: Path) -> Iterator[DeskPage]:
    """The desk, open on the test's own episode. Fails the test when the page itself failed."""
    opened = DeskPage(context.new_page(), desk.origin, episode).open()
    yield opened
    assert opened.faults == []
