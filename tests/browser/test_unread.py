"""The line before what is new to a reader who was away from the page."""

from __future__ import annotations

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, numbered, opened_as, says
from tests.browser.page import until
from tests.running import Server


def test_it_stands_before_the_first_line_that_came_while_hidden(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The unread line comes before the first line said while the page was hidden."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    peer.send("seen")
    page.shows("seen")
    assert page.unread() is None
    with page.hidden():
        peer.send("first", "second")
        page.shows("first", "second")
    until(lambda: page.unread() == "first")
    peer.send("while it is open")
    page.shows("while it is open")
    assert page.unread() == "first"


def test_renames_joins_and_own_lines_do_not_move_it(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """What tells only who is here, and what this person says elsewhere, begins no news."""
    page = entered(browser, chat.port, room, nick)
    elsewhere = opened_as(page, chat.port, room, "identity")
    peer = in_room(chat, room, other_nick)
    peer.send("seen")
    page.shows("seen")
    elsewhere.shows("seen")
    page.hide_window()
    says(peer, f"/nick {other_nick}x", "/away", "/back")
    elsewhere.submits("mine")
    peer.until("mine")
    in_room(chat, room, f"{other_nick}y").send("first")
    page.shows("mine", "first")
    page.show_window()
    until(lambda: page.unread() == "first", str(page.rows()))


def test_it_goes_on_leaving(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The unread line is gone when the reader was in another room."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    with page.hidden():
        peer.send("first")
        page.shows("first")
    until(lambda: page.unread() == "first")
    page.goes_to("#lobby")
    page.goes_to(f"#{room}")
    page.frame()
    assert page.unread() is None


def test_it_goes_on_sending(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The unread line is gone when the reader has said something."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    with page.hidden():
        peer.send("first")
        page.shows("first")
    until(lambda: page.unread() == "first")
    page.says("answer")
    page.shows("first", "answer")
    assert page.unread() is None


def test_another_room_has_one_too(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A room that was not shown tells how much is new, and where it begins."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    peer.send("seen")
    page.shows("seen")
    page.goes_to("#lobby")
    peer.send("first", f"hello {nick}", "third")
    until(lambda: "1" in page.text("#rooms .mentioned .badge"), "no mention is counted")
    page.goes_to(f"#{room}")
    page.shows("first", f"hello {nick}", "third")
    until(lambda: page.unread() == "first")


def test_it_may_be_above_what_is_loaded(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A reader who comes back to hundreds of lines is led to the first of them."""
    browser.expected.append("favicon.ico")
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    peer.send("seen")
    page.shows("seen")
    page.goes_to("#lobby")
    page.frame()
    # The tab forgets what it has loaded, and the chat knows how far it was read.
    until(lambda: page.exists("#rooms .unread") is False)
    page.loads("/version.json")
    says(peer, *numbered(350))
    page.loads(f"/#{room}")
    page.is_here()
    page.shows("line 350")
    page.sees("#unread-above", "new above")
    page.click("#unread-above")
    until(lambda: page.unread() == "line 1")
    page.frame()
    assert page.run("""
        const line = document.querySelector('#unread-line').getBoundingClientRect();
        const talk = document.querySelector('#talk').getBoundingClientRect();
        return line.top >= talk.top && line.bottom <= talk.bottom;
    """)
    until(lambda: not page.exists("#unread-above"))
