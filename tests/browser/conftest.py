"""The fixtures of the tests in browsers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from urllib3.exceptions import HTTPError

from tests.browser.browsers import CHROMEDRIVER, CHROMIUM, Browser
from tests.browser.relay import Relay, relayed
from tests.running import Server, running

NAMES = count(1)

STUCK = ["ReadTimeoutError", "MaxRetryError"]
"""What says that Chromium does not answer its driver, which is no fault of the page."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a test once more, in a new browser, if its browser was stuck."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=STUCK))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Provide the Chromium of most tests."""
    yield from started(tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="session")
def other_chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Provide a second Chromium, which shares nothing with the first."""
    yield from started(tmp_path_factory.mktemp("other-chromium"))


def started(directory: Path) -> Iterator[Browser]:
    """Run a Chromium."""
    if not CHROMIUM or not CHROMEDRIVER:
        pytest.skip("chromium and chromium-driver are not installed")
    browser = Browser(directory)
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Provide a browser without pages, and see at the end that nothing went wrong in them."""
    yield from watched(chromium)


@pytest.fixture
def other_browser(other_chromium: Browser) -> Iterator[Browser]:
    """Provide another browser, as L{browser}."""
    yield from watched(other_chromium)


def watched(chromium: Browser) -> Iterator[Browser]:
    """Lend a browser to one test, and replace it if it is stuck then."""
    yield chromium
    try:
        faults = chromium.faults()
        chromium.clear()
    except (HTTPError, WebDriverException):
        chromium.restart()
        raise
    assert faults == []


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Provide a chat for all tests of a module."""
    with running(tmp_path_factory.mktemp("chat"), "--rate-limit", "0") as server:
        yield server


@pytest.fixture
def relay(chat: Server) -> Iterator[Relay]:
    """Provide a relay before the chat."""
    with relayed(chat.port) as relay:
        yield relay


@pytest.fixture
def room() -> str:
    """Provide the name of a room in which nobody was yet."""
    return f"room{next(NAMES)}"


@pytest.fixture
def nick() -> str:
    """Provide a nickname that nobody had yet."""
    return f"ada{next(NAMES)}"


@pytest.fixture
def other_nick() -> str:
    """Provide one more nickname that nobody had yet."""
    return f"bob{next(NAMES)}"
