"""Days and hours as the reader has them."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, says
from tests.browser.page import until
from tests.browser.pretended import CHAT, CLOCK
from tests.running import Server

DAYS = """
return [...document.querySelectorAll('#lines > *')].map((row) => (
  row.matches('.day') ? row.innerText : row.querySelector('.text')?.textContent)).filter(Boolean);
"""


SAYS = """
const [text] = arguments;
chat.feed({ type: 'said', id: Date.now() * 1000, nick: 'bob', room: 'lobby', text });
"""


def micros(zone: str, moment: tuple[int, int, int, int, int, int]) -> int:
    """Give a local moment as the id of an event."""
    return int(datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_hours_are_local(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str, zone: str
) -> None:
    """A line has the hour of the reader's zone."""
    page = entered(browser, chat.port, room, nick, zone=zone)
    says(in_room(chat, room, other_nick), "hello")
    page.shows("hello")
    said, told = page.run("""
        const time = document.querySelector('#lines .line time');
        return [time.dateTime, time.innerText];
    """)
    local = datetime.fromisoformat(said).astimezone(ZoneInfo(zone))
    assert told in (local.strftime("%I:%M %p"), local.strftime("%H:%M"))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles"])
def test_a_day_begins_at_local_midnight(browser: Browser, chat: Server, zone: str) -> None:
    """The heading of a day stands between the last line before midnight and the first after."""
    moments = {
        "late": (2025, 3, 9, 23, 59, 59),
        "early": (2025, 3, 10, 0, 0, 1),
        "late again": (2025, 3, 10, 23, 59, 59),
    }
    past = [
        {"type": "said", "id": micros(zone, moment), "nick": "bob", "room": "lobby", "text": text}
        for text, moment in moments.items()
    ]
    page = browser.open(chat.port, script=f"{CHAT} window.past = {json.dumps(past)};", zone=zone)
    page.joins("ada")
    page.shows("late", "early", "late again")
    days = page.run(DAYS)
    assert days[1::2][:1] == ["late"]
    assert days[3:] == ["early", "late again"]
    assert "9" in days[0] and "10" in days[2]


def test_a_day_begins_while_the_page_is_open(browser: Browser, chat: Server) -> None:
    """At local midnight "Today" becomes "Yesterday" without anything being said."""
    page = browser.open(chat.port, script=CHAT + CLOCK)
    page.joins("ada")
    page.run(SAYS, "late")
    page.shows("late")
    assert page.run(DAYS) == ["Today", "late"]
    left = page.run("""
        const now = new Date();
        const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1) - now;
        const at = timers.findIndex(({ ms }) => Math.abs(ms - midnight) < 60_000);
        window.midnight = timers[at];
        return midnight;
    """)
    page.run("window.shift = arguments[0] + 1000; midnight.act()", left)
    until(lambda: page.run(DAYS) == ["Yesterday", "late"], "no day began")
    page.run(SAYS, "early")
    until(lambda: page.run(DAYS) == ["Yesterday", "late", "Today", "early"])
