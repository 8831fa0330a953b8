"""Rooms, people and lines that are looked for; the URL; and the version of the page."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, numbered, says, written
from tests.browser.page import until
from tests.browser.pretended import VERSION
from tests.running import Server


def test_rooms_are_listed_and_entered(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The list has each room with its people and topic, and a click enters it."""
    says(in_room(chat, room, other_nick), f"/topic about {room}")
    page = browser.open(chat.port)
    page.joins(nick)
    page.click("#browse-open")
    page.sees("#browse-list", f"#{room}")
    page.sees("#browse-list", f"about {room}")
    page.run(
        """
        [...document.querySelectorAll('#browse-list button')]
          .find((button) => button.textContent.includes(`#${arguments[0]}1 here`)).click();
        """,
        room,
    )
    until(lambda: page.place == f"#{room}")
    assert not page.exists("#browse")


def test_everybody_is_listed(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The list of everybody leads to a conversation with each."""
    peer = in_room(chat, room, other_nick)
    page = browser.open(chat.port)
    page.joins(nick)
    page.click("#browse-open")
    page.run("document.querySelector('[name=browsed][value=who]').click()")
    page.sees("#browse-list", other_nick)
    page.sees("#browse-list", f"#{room}")
    page.run(
        """
        [...document.querySelectorAll('#browse-list button')]
          .find((button) => button.querySelector('bdi').textContent === arguments[0]).click();
        """,
        other_nick,
    )
    until(lambda: page.place == other_nick)
    page.says("psst")
    peer.until(f"({nick} to you) psst")


def test_a_search_leads_to_the_line(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """What is found shows who said it and where, and leads to a line that was not loaded yet."""
    written(chat, room, other_nick, f"the needle of {room}", *numbered(400))
    page = entered(browser, chat.port, room, nick)
    page.click("#search-open")
    page.types_into("#search-words", f"needle {room}", Keys.ENTER)
    page.sees("#search-told", "1 line")
    page.sees("#search-results", other_nick)
    page.sees("#search-results", f"#{room}")
    page.click("#search-results button")
    until(lambda: f"the needle of {room}" in page.lines(), "the line is not there")
    page.sees(".found", "the needle")
    assert not page.exists("#search")
    page.click("#newer")
    page.shows("line 400")


def test_a_search_without_a_result_says_so(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """Nothing found is a sentence, and Escape leads back to the talk."""
    page = entered(browser, chat.port, room, nick)
    page.click("#search-open")
    page.types_into("#search-words", "nobodysaidthis", Keys.ENTER)
    until(lambda: page.text("#search-told") not in ("", "Searching"))
    assert page.text("#search-results") == ""
    page.press(Keys.ESCAPE)
    assert page.exists("#input")


def test_commands_show_their_answers(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """/list, /who and /search that somebody types are answered in the talk."""
    written(chat, room, other_nick, f"something about {room}")
    page = entered(browser, chat.port, room, nick)
    page.says("/list")
    page.sees("#lines .note:last-child", room)
    page.says(f"/who {other_nick}")
    page.sees("#lines .note:last-child", other_nick)
    page.says(f"/search about {room}")
    page.sees("#lines .note:last-child", f"something about {room}")


def test_the_url_names_a_room(browser: Browser, chat: Server, room: str, nick: str) -> None:
    """/#python leads to that room, also later and by the browser's way back."""
    page = entered(browser, chat.port, room, nick)
    page.enters(f"{room}b")
    assert page.run("return location.hash") == f"#{room}b"
    page.run("history.back()")
    until(lambda: page.place == f"#{room}")
    page.run("location.hash = arguments[0]", f"#{room}c")
    until(lambda: page.place == f"#{room}c", "the fragment leads nowhere")
    page.reload()
    page.is_here()
    until(lambda: page.place == f"#{room}c")


def test_a_page_of_another_version_reloads_when_nothing_is_typed(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """A page that is outdated says so while something is typed, and reloads afterwards, once."""
    script = f"window.served = sessionStorage.getItem('served'); {VERSION}"
    page = entered(browser, chat.port, room, nick, script)
    page.types("a draft")
    page.run("window.isOld = true; sessionStorage.setItem('served', 'other'); served = 'other'")
    page.run("document.querySelector('#menu-open').focus()")
    page.reconnects()
    page.sees("[data-banner=version]", "newer version")
    assert page.run("return window.isOld") is True
    assert page.typed == "a draft"
    page.find("#input").send_keys(Keys.BACKSPACE * 7)
    until(lambda: page.run("return window.isOld") is None, "it was not reloaded")
    page.is_here()
    # It has tried, and is the same version still: it does not reload for ever.
    page.sees("[data-banner=version]", "newer version")
