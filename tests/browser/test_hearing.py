"""What a screen reader is told, and what the keyboard does."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, numbered, says, written
from tests.browser.page import until
from tests.running import Server


def test_a_log_has_new_lines_only(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """History is one sentence, a new line is read out, a burst is one sentence again."""
    peer = written(chat, room, other_nick, *numbered(30))
    page = entered(browser, chat.port, room, nick)
    page.shows("line 30")
    until(lambda: any("earlier lines" in each for each in page.heard()), str(page.heard()))
    assert not any("line 30" in each for each in page.heard())
    peer.send("a new line")
    until(lambda: page.heard()[-1] == f"{other_nick}: a new line", str(page.heard()))
    says(peer, *numbered(50, 100))
    until(lambda: page.heard()[-1] == f"50 new lines from {other_nick}", str(page.heard()))
    assert page.run("return document.querySelector('#log').getAttribute('role')") == "log"
    assert page.run("return document.querySelectorAll('#talk [aria-live], [role=log]').length") == 1


def test_scrolling_and_own_lines_say_nothing(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Lines that come into the page by scrolling are not new, nor is what one says oneself."""
    written(chat, room, other_nick, *numbered(90))
    page = entered(browser, chat.port, room, nick)
    page.shows("line 90")
    page.says("mine")
    page.shows("mine")
    page.scrolls_to(0)
    page.frame()
    assert not any("line" in each and "earlier" not in each for each in page.heard())
    assert not any("mine" in each for each in page.heard())


def test_focus_never_jumps(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Whatever comes, the focus stays where the person has put it, in the talk too."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, other_nick)
    page.run("document.querySelector('#search-open').focus()")
    page.run("window.moves = 0; addEventListener('focusin', () => { moves += 1; }, true)")
    says(peer, *numbered(20), f"hello {nick}", f"/topic about {room}", f"/msg {nick} psst")
    page.shows(f"hello {nick}")
    until(lambda: page.text("#conversations") != "")
    page.frame()
    assert page.focused == "search-open"
    assert page.run("return moves") == 0
    page.run("document.querySelector('#lines button.person').focus(); moves = 0")
    says(peer, *numbered(20, 30))
    page.shows("line 49")
    page.frame()
    assert page.run("return document.activeElement.matches('#lines button.person')")
    assert page.run("return moves") == 0


def test_tab_completes_who_spoke_last(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """Tab completes the name of the last speaker first, and goes on to others."""
    page = entered(browser, chat.port, room, nick)
    early, late = f"{other_nick}a", f"{other_nick}z"
    written(chat, room, early, "first")
    written(chat, room, late, "second")
    page.shows("first", "second")
    page.types(other_nick[:3])
    page.press(Keys.TAB)
    assert page.typed == f"{late}: "
    page.press(Keys.TAB)
    assert page.typed == f"{early}: "
    assert page.focused == "input"


def test_tab_moves_on_where_there_is_nothing_to_complete(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """The keyboard is never caught in the field: Tab leaves it if no name begins so."""
    page = entered(browser, chat.port, room, nick)
    for text in ("", "zzzz"):
        page.find("#input").click()
        page.types(text)
        page.press(Keys.TAB)
        assert page.focused == "send", text
