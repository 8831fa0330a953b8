"""Chromium as tests use it: tabs with the web page, and what went wrong in them."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from urllib3.exceptions import HTTPError

from tests.browser.page import PATIENCE, Page
from tests.browser.relay import Relay
from tests.running import HOST

CHROMIUM = shutil.which("chromium") or ""
CHROMEDRIVER = shutil.which("chromedriver") or ""

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1200,800",
    "--lang=en-GB",
)

WATCH = """
window.watched = [];
addEventListener('securitypolicyviolation', (event) => watched.push(
  `CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
addEventListener('error', (event) => watched.push(`error: ${event.message}`));
addEventListener('unhandledrejection', (event) => watched.push(`rejection: ${event.reason}`));
"""
"""What goes wrong in a page, from its first moment on."""


SCRIPT_LIMIT, COMMAND_LIMIT = 1.25 * PATIENCE, 1.5 * PATIENCE
"""The seconds within which a script must end, and the browser must have done what it is told."""


class Browser:
    """A Chromium of its own.

    @ivar pages: the tabs that are open, other than the empty one.
    @ivar expected: parts of messages in the console that are no fault.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._starts = 0
        self._start()

    def _start(self) -> None:
        self._starts += 1
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for option in (*OPTIONS, f"--user-data-dir={self._directory / str(self._starts)}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.accept_insecure_certs = True
        self.driver = Chrome(options=options, service=ChromeService(CHROMEDRIVER))
        # There is no public way: the driver makes its connection itself.
        self.driver.command_executor.client_config.timeout = COMMAND_LIMIT
        self.driver.set_script_timeout(SCRIPT_LIMIT)
        self.pages: list[Page] = []
        self.expected: list[str] = []
        self._fronts: dict[int, Relay] = {}
        self._empty = self._current = self.driver.current_window_handle

    def open(
        self, port: int, path: str = "/", script: str = "", zone: str = "", scheme: str = "http"
    ) -> Page:
        """Open the page in a new tab.

        @param port: that of a chat, or of a relay.
        @param script: runs in the page before its own scripts.
        @param zone: the time zone of the page; that of the machine if empty.
        """
        self.driver.switch_to.new_window("tab")
        self._current = self.driver.current_window_handle
        page = Page(self, self._current, f"{scheme}://{HOST}:{self._front(port)}")
        self.pages.append(page)
        page.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH + script)
        if zone:
            page.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
        page.loads(path)
        return page

    def _front(self, port: int) -> int:
        if port in Relay.ports:
            return port
        if port not in self._fronts:
            self._fronts[port] = Relay(port)
        return self._fronts[port].port

    def focus(self, handle: str) -> None:
        """Turn to a tab."""
        if handle != self._current:
            self.driver.switch_to.window(handle)
            self._current = handle

    def focus_empty(self) -> None:
        """Turn to the tab without a page."""
        self.focus(self._empty)

    def faults(self) -> list[str]:
        """List what went wrong in all pages."""
        found = [fault for page in self.pages for fault in page.faults()]
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                found.append(entry["message"])
        return [each for each in found if not any(part in each for part in self.expected)]

    def clear(self) -> None:
        """Close all pages, and forget what they have kept."""
        for page in list(self.pages):
            page.show_window()
            page.cdp("Storage.clearDataForOrigin", origin=page.base, storageTypes="all")
            page.close()
        self._close_fronts()
        self.expected.clear()
        self.driver.get_log("browser")

    def _close_fronts(self) -> None:
        for front in self._fronts.values():
            front.close()
        self._fronts.clear()

    def restart(self) -> None:
        """Replace a Chromium that does not answer any more."""
        os.kill(self.driver.capabilities["goog:processID"], signal.SIGKILL)
        self._close_fronts()
        with suppress(HTTPError, WebDriverException):
            self.driver.quit()
        self._start()

    def quit(self) -> None:
        """End it."""
        self.driver.quit()
