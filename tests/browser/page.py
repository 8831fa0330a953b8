"""A tab with the web page, in the words of what a person sees and does there.

Nothing here sleeps. Every wait is for one condition, and fails after L{PATIENCE}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

if TYPE_CHECKING:
    from tests.browser.browsers import Browser

PATIENCE = 20.0
"""The seconds after which a wait fails."""

LINES = """
return [...document.querySelectorAll('#lines > .row')].map((row) => row.innerText);
"""
TEXTS = """
return [...document.querySelectorAll('#lines > .line:not(.pending) > .text')]
  .map((text) => text.textContent);
"""

READ_BACK = """
const [patience, done] = arguments;
const deadline = performance.now() + patience;
const talk = document.querySelector('#talk');
const select = '#lines > .line:not(.pending) > .text';
// A line that is drawn again is an element of its own, with the id of the same event.
let [read, known, most] = [[], new Set(), 0];
const look = () => {
  most = Math.max(most, document.querySelectorAll('#lines > *').length);
  const idOf = (text) => text.parentElement.row.id;
  const fresh = [...document.querySelectorAll(select)].filter((text) => !known.has(idOf(text)));
  for (const text of fresh) known.add(idOf(text));
  read = [...fresh.map((text) => text.textContent), ...read];
  const beginning = document.querySelector('#beginning');
  const isThere = !beginning.hidden && beginning.textContent.includes('beginning');
  if (isThere && !talk.scrollTop || performance.now() > deadline) {
    done([read, most]);
  } else {
    talk.scrollTop = Math.max(0, talk.scrollTop - talk.clientHeight);
    requestAnimationFrame(look);
  }
};
look();
"""

T = TypeVar("T")


def until(condition: Callable[[], T], told: str = "") -> T:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {told or condition}"
        time.sleep(0.02)
    return found


class Page:
    """A tab with the web page.

    @ivar base: the origin of the page.
    """

    def __init__(self, browser: Browser, handle: str, base: str) -> None:
        self.browser = browser
        self.handle = handle
        self.base = base
        self._is_minimized = False

    # The browser

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page, and give what it returns."""
        self.browser.focus(self.handle)
        return self.browser.driver.execute_script(script, *arguments)

    def cdp(self, command: str, **parameters: Any) -> Any:
        """Send a command of the Chrome DevTools Protocol."""
        self.browser.focus(self.handle)
        return self.browser.driver.execute_cdp_cmd(command, parameters)

    def find(self, selector: str) -> WebElement:
        """Find an element."""
        self.browser.focus(self.handle)
        return self.browser.driver.find_element("css selector", selector)

    def exists(self, selector: str) -> bool:
        """Tell whether an element is there and can be seen."""
        script = "return document.querySelector(arguments[0])?.checkVisibility() === true"
        return bool(self.run(script, selector))

    def click(self, selector: str) -> None:
        """Click an element as soon as it can be seen."""
        until(lambda: self.exists(selector), f"{selector} is not there")
        try:
            self.find(selector).click()
        except StaleElementReferenceException:
            # It was drawn again just now.
            self.find(selector).click()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.browser.focus(self.handle)
        self.browser.driver.switch_to.active_element.send_keys(*keys)

    def text(self, selector: str) -> str:
        """Read what an element shows; nothing if it is not shown."""
        script = """
            const found = document.querySelector(arguments[0]);
            return found?.checkVisibility() ? found.innerText : '';
        """
        return str(self.run(script, selector))

    def sees(self, selector: str, words: str) -> None:
        """Wait until an element shows some words."""
        until(lambda: words in self.text(selector), f"{words!r} is not in {selector}")

    @property
    def focused(self) -> str:
        """The id of the element that has the focus."""
        return str(self.run("return document.activeElement?.id ?? ''"))

    def faults(self) -> list[str]:
        """List the errors of scripts, and what the content security policy has forbidden."""
        found: list[str] = self.run("return window.watched ?? []")
        return found

    def loads(self, path: str) -> None:
        """Load what has a path in the chat."""
        self.browser.focus(self.handle)
        self.browser.driver.get(self.base + path)

    def reload(self) -> None:
        """Load the page again."""
        self.browser.focus(self.handle)
        self.browser.driver.refresh()

    def close(self) -> None:
        """Close the tab."""
        self.browser.focus(self.handle)
        self.browser.driver.close()
        self.browser.pages.remove(self)
        self.browser.focus_empty()

    def size(self, width: int, height: int, is_phone: bool = False) -> None:
        """Give the page another size."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=is_phone,
        )  # fmt: skip
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def hide_window(self) -> None:
        """Minimize the window: its pages are hidden then."""
        self._window("minimized")
        until(lambda: self.run("return document.visibilityState") == "hidden")

    def show_window(self) -> None:
        """Bring the window back."""
        if self._is_minimized:
            self._window("normal")
            until(lambda: self.run("return document.visibilityState") == "visible")

    def _window(self, state: str) -> None:
        number = self.cdp("Browser.getWindowForTarget")["windowId"]
        self.cdp("Browser.setWindowBounds", windowId=number, bounds={"windowState": state})
        self._is_minimized = state == "minimized"

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the page hidden while the context lasts."""
        self.hide_window()
        yield
        self.show_window()

    # What a person does

    def joins(self, nick: str, password: str = "", is_remembered: bool = False) -> None:
        """Join the chat, and wait until that is done."""
        self.gives_name(nick, password, is_remembered)
        self.is_here()

    def gives_name(self, nick: str, password: str = "", is_remembered: bool = False) -> None:
        """Fill in the form, and send it."""
        until(lambda: self.exists("#join"), "nobody asks for a name")
        script = """
            const [nick, password, isRemembered] = arguments;
            document.querySelector('#nick').value = nick;
            document.querySelector('#password').value = password;
            document.querySelector('#remember').checked = isRemembered;
            document.querySelector('#join-form').requestSubmit();
        """
        self.run(script, nick, password, is_remembered)

    def is_here(self) -> None:
        """Wait until the chat has let this person in."""
        until(lambda: self.text("#own-state") == "here" or self.exists("#to-places"), "not here")
        until(lambda: not self.exists(".banner[data-banner=connecting]"), "still connecting")
        until(lambda: self.run("return !document.querySelector('#app').matches('.offline')"))

    def types(self, text: str) -> None:
        """Type into the field for messages."""
        self.find("#input").send_keys(text)

    def types_into(self, selector: str, *keys: str) -> None:
        """Type into another field."""
        until(lambda: self.exists(selector), f"{selector} is not there")
        self.find(selector).send_keys(*keys)

    def says(self, *texts: str) -> None:
        """Type lines and send each."""
        for text in texts:
            self.find("#input").send_keys(text, Keys.ENTER)

    def submits(self, text: str) -> None:
        """Send a line without the keyboard, which a hidden page does not have."""
        script = """
            document.querySelector('#input').value = arguments[0];
            document.querySelector('#composer').requestSubmit();
        """
        self.run(script, text)

    def enters(self, room: str) -> None:
        """Enter a room."""
        self.says(f"/join {room}")
        until(lambda: self.place == f"#{room}", f"not in {room}")

    def goes_to(self, name: str) -> None:
        """Choose a room or conversation at the left."""
        script = """
            const found = [...document.querySelectorAll('#places li button')]
              .find((button) => button.querySelector('bdi').textContent === arguments[0]);
            found?.click();
            return Boolean(found);
        """
        until(lambda: self.run(script, name), f"there is no {name}")
        until(lambda: self.place == name)

    def goes_to_first_room(self) -> None:
        """Choose the first room in the list."""
        self.click("#rooms button")

    def pastes(self, text: str) -> None:
        """Paste a text into the field for messages."""
        script = """
            const data = new DataTransfer();
            data.setData('text/plain', arguments[0]);
            const input = document.querySelector('#input');
            input.focus();
            const event = new ClipboardEvent(
              'paste', { clipboardData: data, bubbles: true, cancelable: true });
            if (input.dispatchEvent(event)) document.execCommand('insertText', false, arguments[0]);
        """
        self.run(script, text)

    def reconnects(self) -> None:
        """Leave the page for a moment and come back, by which it connects again."""
        self.run("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pageshow'))")
        self.is_here()

    def scrolls_to(self, top: float) -> None:
        """Scroll the talk, and wait until the page knows."""
        self.run("document.querySelector('#talk').scrollTop = arguments[0]", top)
        self.frame()

    def frame(self) -> None:
        """Wait until the page has drawn what it knows."""
        self.browser.focus(self.handle)
        self.browser.driver.execute_async_script("""
            const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
        """)

    # What a person sees

    @property
    def place(self) -> str:
        """The name of the room or person that is shown."""
        return self.text("#place-name")

    @property
    def typed(self) -> str:
        """What is typed and not sent."""
        return str(self.run("return document.querySelector('#input').value"))

    def rows(self) -> list[str]:
        """Give all rows of the talk, as they are read."""
        found: list[str] = self.run(LINES)
        return found

    def lines(self) -> list[str]:
        """Give the texts of the lines that were said and came back."""
        found: list[str] = self.run(TEXTS)
        return found

    def reads_back(self) -> tuple[list[str], int]:
        """Scroll up to the beginning as fast as the page lets a reader.

        Give the texts of all lines on the way, in order, and the most rows that were in the page.
        """
        self.browser.focus(self.handle)
        driver = self.browser.driver
        texts, most = driver.execute_async_script(READ_BACK, PATIENCE * 1000)
        return texts, most

    def shows(self, *texts: str) -> None:
        """Wait until the last lines are these."""
        until(
            lambda: tuple(self.lines()[-len(texts) :]) == texts,
            f"the last lines are not {texts[-3:]}",
        )

    def unread(self) -> str | None:
        """Give the text below the unread line; None without one."""
        found: str | None = self.run("""
            let row = document.querySelector('#unread-line');
            if (!row) return null;
            do row = row.nextElementSibling; while (row && !row.querySelector('.text'));
            return row?.querySelector('.text').textContent ?? '';
        """)
        return found

    @property
    def is_at_bottom(self) -> bool:
        """Whether the end of the talk is in view."""
        return bool(
            self.run("""
            const talk = document.querySelector('#talk');
            return talk.scrollHeight - talk.scrollTop - talk.clientHeight <= 1;
        """)
        )

    def first_visible(self) -> tuple[str, float]:
        """Give the first line in view, and how many pixels it is below the top of the talk."""
        found = self.run("""
            const top = document.querySelector('#talk').getBoundingClientRect().top;
            const first = [...document.querySelectorAll('#lines > .line')]
              .find((row) => row.getBoundingClientRect().bottom > top);
            return [first.querySelector('.text').textContent,
              first.getBoundingClientRect().top - top];
        """)
        return found[0], found[1]

    def top_of(self, line: str) -> float:
        """Tell how many pixels a line that the page has is below the top of the talk."""
        found: float = self.run(
            """
            const row = [...document.querySelectorAll('#lines > .line')]
              .find((row) => row.querySelector('.text')?.textContent === arguments[0]);
            return row.getBoundingClientRect().top
              - document.querySelector('#talk').getBoundingClientRect().top;
        """,
            line,
        )
        return found

    def heard(self) -> list[str]:
        """Give what a screen reader was told, the last sentences."""
        found: list[str] = self.run(
            "return [...document.querySelector('#log').children].map((each) => each.textContent)"
        )
        return found

    def kept(self, name: str) -> Any:
        """Give what the tab keeps under a name."""
        found = self.run("return sessionStorage.getItem(arguments[0])", f"chat.{name}")
        return json.loads(found) if found else None
