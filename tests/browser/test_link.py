"""The link to the chat: cut, stalled and made again, and the person's other tabs."""

from __future__ import annotations

from itertools import count

import pytest

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, opened_as, says
from tests.browser.page import until
from tests.browser.relay import Pair, Relay
from tests.running import Server

LOST = ("WebSocket connection", "ERR_", "version.json")
"""What a browser writes about a link that is cut."""

WAKES = "dispatchEvent(new Event('online'))"


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_link_that_is_cut_at_every_message_loses_nothing(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str, other_nick: str, where: str
) -> None:
    """The nth link is cut at its nth message, and each line is there once and in order."""
    browser.expected += LOST
    peer = in_room(chat, room, other_nick)
    peer.send(f"/join {room}")
    page = entered(browser, relay.port, room, nick)
    cuts = count(1)
    most = 0

    def judge(pair: Pair) -> str:
        nonlocal most
        if pair.messages < most:
            return ""
        most = next(cuts)
        return where

    relay.judge = judge
    spoken = 0
    while most < 24:
        so_far = most
        while most == so_far:
            spoken += 1
            page.submits(f"mine {spoken}")
            says(peer, f"theirs {spoken}")
            page.run(WAKES)
    relay.judge = lambda pair: ""
    page.run(WAKES)
    until(lambda: page.run("return !document.querySelector('.pending')"), "lines are pending")
    says(peer, "the end")
    page.shows("the end")
    expected = [
        line.removeprefix(f"{nick}: ") for line in peer.heard if line.startswith(f"{nick}: ")
    ]
    lines, _ = page.reads_back()
    assert [line for line in lines if line.startswith("mine")] == expected
    assert expected == [f"mine {number}" for number in range(1, spoken + 1)]
    theirs = [line for line in lines if line.startswith("theirs")]
    assert theirs == [f"theirs {number}" for number in range(1, spoken + 1)]


@pytest.mark.parametrize("event", ["online", "pageshow", "visibilitychange"])
def test_it_connects_again_at_once_when_there_is_reason_to(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str, event: str
) -> None:
    """The page does not wait for the end of its pause when the network or the page comes back."""
    browser.expected += LOST
    page = entered(browser, relay.port, room, nick, STOPPED_CLOCK)
    # The pause lasts for ever, so that only the event can end it.
    page.run("window.isStopped = true")
    relay.cut()
    page.sees("[data-banner=waiting]", "No connection")
    if event == "visibilitychange":
        page.hide_window()
        page.show_window()
    else:
        page.run("dispatchEvent(new Event(arguments[0]))", event)
    page.is_here()
    assert not page.exists(".banner")


STOPPED_CLOCK = """
const later = setTimeout;
window.pauses = [];
window.setTimeout = (act, ms, ...rest) => {
  if (ms < 500 || !window.isStopped) return later(act, ms, ...rest);
  pauses.push({ ms, act });
  return -1;
};
"""
"""Keeps what would happen after half a second or more, from when the test says so."""


def test_pauses_grow_and_differ(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str
) -> None:
    """Without an event it tries after 0.5 s, and then less and less often, up to 30 s."""
    browser.expected += LOST
    page = entered(browser, relay.port, room, nick, STOPPED_CLOCK)
    relay.is_closed = True
    page.run("window.isStopped = true")
    relay.cut()
    pauses = []
    for _ in range(12):
        page.sees("[data-banner=waiting]", "No connection")
        # The last timer is that of the next attempt; the banner counts seconds beside it.
        pauses.append(until(lambda: page.run(NEXT_ATTEMPT)))
    relay.is_closed = False
    page.run("window.isStopped = false")
    page.run(WAKES)
    page.is_here()
    assert all(500 <= pause <= 30_000 for pause in pauses)
    assert pauses[0] <= 1000
    assert all(pause >= 15_000 for pause in pauses[8:])
    assert len(set(pauses)) > 3


NEXT_ATTEMPT = """
const at = pauses.findLastIndex(({ ms }) => ms > 500 && !Number.isInteger(ms));
if (at < 0) return 0;
const [{ ms, act }] = pauses.splice(0).slice(at, at + 1);
act();
return ms;
"""


def test_a_ping_decides_within_5_seconds_of_waking(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str, other_nick: str
) -> None:
    """A link that died unnoticed is given up 5 s after the page was woken."""
    browser.expected += LOST
    page = entered(browser, relay.port, room, nick, STOPPED_CLOCK)
    says(in_room(chat, room, other_nick), "seen")
    page.shows("seen")
    relay.flows.clear()
    page.run("window.isStopped = true")
    page.run(WAKES)
    patience = until(lambda: page.run("return pauses.find(({ ms }) => ms === 5000)?.ms"))
    assert patience == 5000
    page.run("window.isStopped = false; pauses.find(({ ms }) => ms === 5000).act()")
    page.sees("[data-banner=waiting]", "No connection")
    relay.flows.set()
    page.is_here()


def test_missed_lines_stand_in_their_place(
    browser: Browser, chat: Server, relay: Relay, room: str, nick: str, other_nick: str
) -> None:
    """What was said while the link was cut comes before what is said afterwards, once."""
    browser.expected += LOST
    page = entered(browser, relay.port, room, nick)
    peer = in_room(chat, room, other_nick)
    says(peer, "before")
    page.shows("before")
    relay.is_closed = True
    relay.cut()
    page.sees("[data-banner=waiting]", "No connection")
    missed = [f"missed {number}" for number in range(130)]
    says(peer, *missed)
    page.says("written without a connection")
    page.sees(".pending", "Not sent yet")
    relay.is_closed = False
    page.click("[data-banner=waiting] button")
    page.is_here()
    page.shows("before", *missed, "written without a connection")
    says(peer, "after")
    page.shows("before", *missed, "written without a connection", "after")
    assert not page.exists(".pending")


def test_each_tab_is_a_device_of_its_own(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """What one tab says appears in the other in place, and neither takes the other's place."""
    one = entered(browser, chat.port, room, nick)
    other = opened_as(one, chat.port, room, "identity")
    peer = in_room(chat, room, other_nick)
    assert one.kept("client") != other.kept("client")
    one.says("from one")
    other.shows("from one")
    says(peer, "between")
    other.says("from the other")
    one.shows("from one", "between", "from the other")
    other.shows("from one", "between", "from the other")
    assert one.run("return document.querySelectorAll('#lines .own .text').length") == 2
    assert one.text("#people-number") == "2"


def test_what_is_read_in_one_tab_is_read_in_the_other(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """The count of unread lines goes in one tab when the lines are read in the other."""
    one = entered(browser, chat.port, room, nick)
    other = opened_as(one, chat.port, room, "identity")
    one.goes_to("#lobby")
    other.goes_to("#lobby")
    says(in_room(chat, room, other_nick), "news", "more news")
    for tab in (one, other):
        until(lambda tab=tab: tab.text("#rooms .unread .badge") == "2", "no count")
    one.goes_to(f"#{room}")
    until(lambda: not other.exists("#rooms .unread"), "it is still unread elsewhere")


def test_a_duplicated_tab_is_a_device_of_its_own(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """A tab that was duplicated with all that it kept comes alongside, without the draft."""
    one = entered(browser, chat.port, room, nick)
    one.types("a draft")
    tab = opened_as(one, chat.port, room, "identity", "client", "drafts")
    assert tab.kept("client") != one.kept("client")
    assert tab.typed == ""
    one.frame()
    assert one.exists("#app")
    assert one.typed == "a draft"
