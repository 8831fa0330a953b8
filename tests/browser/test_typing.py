"""What a person types: sent, kept, asked about, and never lost."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, says
from tests.browser.page import Page, until
from tests.browser.relay import Relay
from tests.running import Server

COLOUR = "return getComputedStyle(document.querySelector(arguments[0])).color"


def choose(page: Page, selector: str, words: str) -> None:
    """Click the button with some words in a part of the page."""
    script = """
        const found = [...document.querySelectorAll(`${arguments[0]} button`)]
          .find((button) => button.textContent === arguments[1]);
        found?.click();
        return Boolean(found);
    """
    until(lambda: page.run(script, selector, words), f"there is no {words!r}")


def test_a_line_is_grey_until_it_comes_back(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str
) -> None:
    """What was sent stands there at once, in grey, and in the colour of talk once it is said."""
    page = entered(browser, relay.port, room, nick)
    page.says("first")
    page.shows("first")
    ink = page.run(COLOUR, "#lines .own .text")
    relay.flows.clear()
    page.says("second")
    page.sees(".pending .text", "second")
    page.sees(".pending", "Sending")
    assert page.run(COLOUR, ".pending .text") != ink
    assert page.typed == ""
    relay.flows.set()
    page.shows("first", "second")
    assert not page.exists(".pending")


def test_a_refused_line_stays_with_the_reason(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A line that the chat refused can be sent again, or changed, and is never gone by itself."""
    page = entered(browser, chat.port, room, nick)
    page.says(f"/msg {other_nick} are you there?")
    page.sees(".pending.failed .reason", "Not sent: ")
    page.sees(".pending.failed .reason", other_nick)
    page.types("a draft")
    choose(page, ".pending.failed", "Edit")
    assert page.typed == f"/msg {other_nick} are you there?\na draft"
    until(lambda: not page.exists(".pending"))
    page.find("#input").clear()
    page.says(f"/msg {other_nick} here?")
    page.sees(".pending.failed .reason", other_nick)
    peer = in_room(chat, room, other_nick)
    choose(page, ".pending.failed", "Send again")
    peer.until(f"({nick} to you) here?")
    until(lambda: page.place == other_nick)
    page.shows("here?")


def test_drafts_outlive_a_reload(browser: Browser, chat: Server, room: str, nick: str) -> None:
    """What is typed in each room is there again after a reload."""
    page = entered(browser, chat.port, room, nick)
    page.types("for the room")
    page.goes_to("#lobby")
    assert page.typed == ""
    page.types("for the lobby")
    page.reload()
    page.is_here()
    until(lambda: page.typed == "for the lobby", page.typed)
    page.goes_to(f"#{room}")
    assert page.typed == "for the room"


def test_lines_that_wait_outlive_a_reload(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str
) -> None:
    """What was sent without a link is sent after a reload, once."""
    browser.expected += ("WebSocket connection", "ERR_")
    page = entered(browser, relay.port, room, nick)
    relay.judge = lambda pair: "before"
    relay.cut()
    page.sees("[data-banner=waiting]", "No connection")
    page.says("one", "two")
    page.reload()
    relay.judge = lambda pair: ""
    page.run("dispatchEvent(new Event('online'))")
    page.is_here()
    page.shows("one", "two")
    assert page.lines().count("one") == 1


def test_a_password_is_kept_nowhere(browser: Browser, chat: Server, room: str, nick: str) -> None:
    """A command with a password is neither kept as a draft nor shown."""
    page = entered(browser, chat.port, room, nick)
    page.types("/login secret-word")
    assert "secret-word" not in page.run("return JSON.stringify({...sessionStorage})")
    page.press(Keys.ENTER)
    until(lambda: page.exists(".note") or page.exists(".pending.failed"), "no answer")
    assert "secret-word" not in page.run("return document.body.innerText")


def test_enter_while_composing_never_sends(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """Enter that ends a composition of an input method sends nothing; the next one does."""
    page = entered(browser, chat.port, room, nick)
    page.find("#input").click()
    page.cdp("Input.imeSetComposition", text="にほん", selectionStart=3, selectionEnd=3)
    until(lambda: page.typed == "にほん")
    for kind in ("rawKeyDown", "keyUp"):
        page.cdp("Input.dispatchKeyEvent", type=kind, key="Enter", windowsVirtualKeyCode=13)
    page.run("""
        // Safari ends the composition before the key, whose code tells what it was.
        const input = document.querySelector('#input');
        input.dispatchEvent(new KeyboardEvent(
          'keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }));
        input.dispatchEvent(new KeyboardEvent(
          'keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }));
    """)
    page.frame()
    assert page.lines() == []
    assert not page.exists(".pending")
    page.cdp("Input.insertText", text="日本")
    assert page.typed == "日本"
    page.press(Keys.ENTER)
    page.shows("日本")


def test_a_phones_keyboard_covers_no_input(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """At 360 px the field stays above the keyboard, and sending keeps the keyboard open."""
    page = entered(browser, chat.port, room, nick)
    page.size(360, 640, is_phone=True)
    says(in_room(chat, room, other_nick), *(f"line {number}" for number in range(60)))
    page.shows("line 59")
    page.click("#input")
    page.run("""
        window.blurs = 0;
        document.querySelector('#input').addEventListener('blur', () => { blurs += 1; });
    """)
    bottom = "return document.querySelector('#composer').getBoundingClientRect().bottom"
    page.size(360, 360, is_phone=True)
    page.frame()
    assert page.run(bottom) <= 360
    assert page.is_at_bottom
    # Safari leaves the page as it is, and tells the part that can be seen.
    page.size(360, 640, is_phone=True)
    page.run("""
        Object.defineProperty(visualViewport, 'height', { value: 380, configurable: true });
        visualViewport.dispatchEvent(new Event('resize'));
    """)
    page.frame()
    assert page.run(bottom) <= 380
    assert page.is_at_bottom
    page.types("from a phone")
    box = page.find("#send").rect
    touch = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    page.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[touch])
    page.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.shows("from a phone")
    assert page.focused == "input"
    assert page.run("return blurs") == 0


def test_a_paste_of_lines_asks(browser: Browser, chat: Server, room: str, nick: str) -> None:
    """A paste of 3 lines says so before it sends them, and can be taken back."""
    page = entered(browser, chat.port, room, nick)
    page.pastes("one\ntwo\r\nthree")
    page.sees("#ask", "Send 3 lines?")
    choose(page, "#ask", "Cancel")
    assert not page.exists("#ask")
    assert page.focused == "input"
    page.pastes("one\ntwo\r\nthree")
    assert page.lines() == []
    choose(page, "#ask", "Send 3 lines")
    page.shows("one", "two", "three")
    page.pastes("four\nfive")
    choose(page, "#ask", "Send as one line")
    page.shows("three", "four five")
    page.pastes("a single line\n")
    assert not page.exists("#ask")
    assert page.typed.strip() == "a single line"


def test_a_paste_of_more_than_20_lines_is_refused(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """20 lines may be sent after a question, 21 not at all."""
    page = entered(browser, chat.port, room, nick)
    page.pastes("\n".join(f"line {number}" for number in range(21)))
    page.sees("#composer-note", "21 lines")
    assert not page.exists("#ask")
    page.pastes("\n".join(f"line {number}" for number in range(20)))
    choose(page, "#ask", "Send 20 lines")
    page.shows("line 18", "line 19")
    assert len(page.lines()) == 20
