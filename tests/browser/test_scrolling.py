"""What a reader sees while lines come: the end, or the place where they read."""

from __future__ import annotations

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, numbered, written
from tests.browser.page import Page, until
from tests.running import Peer, Server


def together(
    browser: Browser, chat: Server, room: str, nick: str, other: str
) -> tuple[Page, Peer]:
    """Bring somebody in a browser and somebody with nc into one room."""
    page = entered(browser, chat.port, room, nick)
    return page, in_room(chat, room, other)


def test_at_the_bottom_it_follows(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Who reads the end sees each new line, also when hundreds come at once."""
    page, peer = together(browser, chat, room, nick, other_nick)
    peer.send(*numbered(300))
    page.shows("line 299", "line 300")
    page.frame()
    assert page.is_at_bottom
    page.size(700, 500)
    page.frame()
    assert page.is_at_bottom
    assert not page.exists("#newer")


def test_elsewhere_the_first_visible_line_stays(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Who reads further up keeps the line there within 1 px, and "3 new" leads down."""
    page, peer = together(browser, chat, room, nick, other_nick)
    peer.send(*numbered(60))
    page.shows("line 60")
    page.frame()
    page.scrolls_to(333)
    line, top = page.first_visible()
    peer.send("long " * 200, "short", "\u6f22\u5b57 " * 100)
    page.sees("#newer", "3 new")
    assert page.first_visible()[0] == line
    assert abs(page.first_visible()[1] - top) <= 1
    assert not page.is_at_bottom
    page.click("#newer")
    page.frame()
    assert page.is_at_bottom
    assert not page.exists("#newer")


def test_the_line_stays_while_the_window_changes(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The first visible line is the same after the window became narrower and wider again."""
    page, peer = together(browser, chat, room, nick, other_nick)
    peer.send(*(f"{line} {'words ' * 40}" for line in numbered(60)))
    until(lambda: len(page.lines()) == 60)
    page.frame()
    page.scrolls_to(700)
    line, top = page.first_visible()
    page.size(600, 700)
    page.frame()
    assert page.first_visible()[0] == line
    page.size(1200, 700)
    page.frame()
    assert page.first_visible()[0] == line
    assert abs(page.first_visible()[1] - top) <= 1


def test_earlier_lines_come_above(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """5,000 lines back each line was there once and in order, and the page never held 500."""
    written(chat, room, other_nick, *numbered(5000))
    page = entered(browser, chat.port, room, nick)
    page.shows("line 5000")
    page.frame()
    lines, most = page.reads_back()
    assert lines == numbered(5000)
    assert most <= 500
    page.sees("#beginning", "beginning")
    page.click("#newer")
    page.shows("line 5000")
    page.frame()
    assert page.is_at_bottom


def test_the_line_stays_while_earlier_ones_come(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A page of history above what is read moves nothing, though lines come below as well."""
    writer = written(chat, room, other_nick, *numbered(250))
    page = entered(browser, chat.port, room, nick)
    page.shows("line 250")
    page.frame()
    page.scrolls_to(0)
    page.frame()
    line, top = page.first_visible()
    writer.send("one more")
    until(lambda: page.lines()[0] != "line 151", "no earlier lines came")
    page.sees("#newer", "1 new")
    assert abs(page.top_of(line) - top) <= 1
