"""Times as this client shows them: by the clock here, whatever the chat's own shows."""

from __future__ import annotations

import time
from typing import Any

from chatservice.client.show import Transcript
from chatservice.client.wire import decode, in_local_time, local_time
from chatservice.protocol.actions import Banned
from chatservice.protocol.events import Said
from tests.clocked import BERLIN, UTC, ZoneCase
from tests.conversation import TableCase, each_row
from tests.scripted import SessionCase, line

HOUR = 3_600_000_000
WINTER, SUMMER = 1_763_730_180_000_000, 1_752_588_180_000_000
"""2025-11-21 13:03 and 2025-07-15 14:03, in UTC."""

BEFORE_CHANGE = 1_761_438_600_000_000
"""2025-10-26 00:30, in UTC: half an hour before the clocks of Berlin go back, from 3 to 2."""

TOLD = "2025-11-21 13:03 (UTC)"

SPELLED = {
    "date": (f"here since {TOLD}, now", {TOLD: WINTER}, "here since 2025-11-21 14:03 (CET), now"),
    "clock_of_another_day": (
        "2 new lines since 13:03: /catchup",
        {"13:03": WINTER},
        "2 new lines since 2025-11-21 14:03 (CET): /catchup",
    ),
    "clock_in_a_date": (f"since {TOLD}", {"13:03": SUMMER, TOLD: WINTER}, None),
    "of_a_name": ("in #x13:03 and 13:030", {"13:03": WINTER}, "in #x13:03 and 13:030"),
    "no_times": ("since 13:03", {}, "since 13:03"),
    "nothing_spelled": ("13 - x", {"": WINTER, "13:03": WINTER}, "13 - x"),
    "another_language": ("a(b", {"a(b": WINTER}, "2025-11-21 14:03 (CET)"),
}
"""Sentences, the times in them, and what is shown; C{None}: as for C{date}."""

ZONES = {
    "berlin": (BERLIN, "2025-11-21 14:03 (CET)", "2025-07-15 16:03 (CEST)"),
    "utc": (UTC, "2025-11-21 13:03 (UTC)", "2025-07-15 14:03 (UTC)"),
    "half_an_hour": ("IST-5:30", "2025-11-21 18:33 (IST)", "2025-07-15 19:33 (IST)"),
    "west": ("<-03>3", "2025-11-21 10:03 (-03)", "2025-07-15 11:03 (-03)"),
}

SENTENCES: dict[str, tuple[bytes, str]] = {
    "notice": (line("notice", lines=[f"since {TOLD}"], times={TOLD: WINTER}), "told"),
    "ok": (line("ok", lines=[f"since {TOLD}"], times={TOLD: WINTER}), "told"),
    "error": (line("error", code="muted", text=f"since {TOLD}", times={TOLD: WINTER}), "told"),
}


class TimeTests(ZoneCase, TableCase):
    """Times in sentences of the chat, and before its events."""

    @each_row(ZONES)
    def test_zones(self, row: tuple[str, str, str]) -> None:
        """Each time is what a clock here showed then, in summer or winter, and says which."""
        zone, *shown = row
        self.set_zone(zone)
        self.assertEqual([local_time(each, with_date=True) for each in (WINTER, SUMMER)], shown)

    def test_clocks_go_back(self) -> None:
        """What the clock shows twice in a night is told apart."""
        twice = [local_time(BEFORE_CHANGE + each, with_date=False) for each in (0, HOUR)]
        self.assertEqual(twice, ["02:30 (CEST)", "02:30 (CET)"])

    @each_row(SPELLED)
    def test_sentence(self, row: tuple[str, dict[str, int], str | None]) -> None:
        """The times that the chat spelled are spelled anew, and nothing else is touched."""
        sentence, times, shown = row
        expected = "since 2025-11-21 14:03 (CET)" if shown is None else shown
        self.assertEqual(in_local_time(sentence, times), expected)

    def test_today(self) -> None:
        """Of today the clock is enough, also where one time is shown as another is spelled."""
        noon = int(time.mktime((*time.localtime()[:3], 12, 0, 0, 0, 0, -1)) * 1e6)
        times = {"11:00": noon, "12:00": noon + HOUR}
        zone = time.strftime("%Z", time.localtime(noon / 1e6))
        shown = [in_local_time(f"2 lines since {each}: x", times) for each in times]
        here = ("12:00", "13:00")
        self.assertEqual(shown, [f"2 lines since {each} ({zone}): x" for each in here])

    def test_act(self) -> None:
        """The end of a ban is told likewise."""
        act = Banned(nick="ada", target="bob", room="lobby", until=SUMMER)
        (shown,) = Transcript(lambda: 0.0).event(act, "eve", "lobby", replayed=True)[-1:]
        self.assertIn("until 2025-07-15 16:03 (CEST)", shown)

    def test_history(self) -> None:
        """A line of history has the time and the date of then, though it is another one in UTC."""
        log = Transcript(lambda: WINTER / 1e6)
        late = Said(id=WINTER + 10 * HOUR, room="lobby", nick="bob", text="hi")
        shown = log.event(late, "ada", "lobby", replayed=True)
        self.assertEqual(shown, ["-- 2025-11-22 (CET)", "00:03 bob: hi"])

    def test_wire(self) -> None:
        """Of the times on the wire those are taken that are numbers."""
        times: dict[str, Any] = {"13:03": "x", "13:04": -1, "13:05": True, "13:06": WINTER}
        for given, shown in ((times, "13:03 13:04 13:05 2025-11-21 14:03 (CET)"), ([], None)):
            text = "13:03 13:04 13:05 13:06"
            notice: Any = decode(line("notice", lines=[text], times=given))
            self.assertEqual(notice.lines, (shown or text,))


class SessionTests(ZoneCase, SessionCase):
    """Whatever sentence of the chat a person is told."""

    def test_live(self) -> None:
        """In an answer, a notice, a refusal."""
        for heard, how in SENTENCES.values():
            self.live()
            self.hear(heard)
            self.assertEqual(self.person.take(), [f"{how} since 2025-11-21 14:03 (CET)"])
            self.setUp()

    def test_before_welcome(self) -> None:
        """Also where the chat does not let one in, or not yet."""
        text = f"you are banned until {TOLD}"
        self.connect()
        self.hear(line("notice", lines=[f"since {TOLD}"], times={TOLD: WINTER}))
        self.hear(line("error", code="banned", text=text, times={TOLD: WINTER}))
        shown = "2025-11-21 14:03 (CET)"
        self.assertEqual(
            self.person.take(), [f"told since {shown}", f"gone you are banned until {shown} True"]
        )
