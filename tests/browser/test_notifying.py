"""Notifications: asked for by a button, and never for what is history."""

from __future__ import annotations

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, says
from tests.browser.page import Page, until
from tests.browser.pretended import NOTIFICATION
from tests.running import Server


def notified(page: Page) -> list[str]:
    """Give the notifications that were shown."""
    found: list[str] = page.run("return notified")
    return found


def test_they_are_asked_for_by_a_button(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """The browser's question comes when the person presses the button, and not before."""
    page = entered(browser, chat.port, room, nick, NOTIFICATION)
    assert page.run("return asked") == 0
    page.click("#menu-open")
    page.click("#notify")
    until(lambda: page.run("return asked") == 1)
    page.sees("#notify", "Stop notifying me")
    page.click("#notify")
    page.sees("#notify", "Notify me")


def test_a_hidden_page_notifies_of_mentions_and_private_lines(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A mention or a private line is notified in a hidden page, other talk and history never."""
    page = entered(browser, chat.port, room, nick, NOTIFICATION)
    peer = in_room(chat, room, other_nick)
    page.click("#menu-open")
    page.click("#notify")
    page.sees("#notify", "Stop notifying me")
    says(peer, f"{nick}: while it is seen")
    page.shows(f"{nick}: while it is seen")
    assert notified(page) == []
    page.hide_window()
    says(peer, "hello all", f"hello {nick}!", f"/msg {nick} psst", f"hello {nick}x")
    until(lambda: len(notified(page)) == 2)
    page.shows(f"hello {nick}x")
    assert notified(page) == [f"{other_nick} in #{room}: hello {nick}!", f"{other_nick}: psst"]
    page.reload()
    page.is_here()
    page.shows(f"hello {nick}x")
    assert page.run("return document.visibilityState") == "hidden"
    assert notified(page) == []


def test_without_the_button_there_are_none(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Who has not asked for notifications gets none, though the browser would allow them."""
    page = entered(
        browser, chat.port, room, nick, NOTIFICATION + "Notification.permission = 'granted';"
    )
    peer = in_room(chat, room, other_nick)
    page.hide_window()
    says(peer, f"hello {nick}")
    page.shows(f"hello {nick}")
    assert notified(page) == []
    until(lambda: page.run("return document.title").startswith("(1)"), "the title shows nothing")
