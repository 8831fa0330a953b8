"""A clock that is set ahead or back: times shown, and how long things hold."""

from __future__ import annotations

import json
from typing import Any

from twisted.logger import capturedLogs, formatEvent

from chatservice.chat.clock import SETTLING, STEP, WallClock, running
from chatservice.protocol.events import Said
from chatservice.protocol.ids import EventIds
from tests.clocked import AHEAD_BACK, DAY, SECOND, ClockCase, Faked
from tests.conversation import NOON, each_row


class WallClockTests(Faked):
    """What passes for a step."""

    def setUp(self) -> None:
        super().setUp()
        self.steps: list[float] = []
        self.wall.when_set.append(lambda step: self.steps.append(step / SECOND))

    def logged(self) -> list[str]:
        with capturedLogs() as events:
            self.wall.time()
            self.wall.time()
        return [formatEvent(event) for event in events]

    def test_running(self) -> None:
        """Time that goes on is no step, however long nobody looks."""
        for seconds in (0.0, 1.0, 3600.0, 40 * DAY):
            self.clock.advance(seconds)
            self.assertEqual(self.wall.time(), NOON.timestamp() + self.clock.seconds())
        self.assertEqual((self.steps, self.wall.is_settled()), ([], True))

    def test_slewed(self) -> None:
        """Nor is being adjusted slowly, by whatever it comes to."""
        for _ in range(10_000):
            self.clock.advance(1)
            self.set_by(-0.1)
        self.assertEqual((self.steps, self.wall.is_settled()), ([], True))

    def test_set(self) -> None:
        """Each step is noticed once, and said in one line of the log."""
        for step, words in (
            (DAY, "The clock was set ahead by 86,400 s"),
            (-DAY, "The clock was set back by 86,400 s"),
            (-STEP - 1, "The clock was set back by 3 s"),
        ):
            self.offset += step
            self.assertEqual(
                self.logged(),
                [f"{words}: nothing is deleted for its age in the next 10 minutes."],
            )
        self.assertEqual([round(step) for step in self.steps], [86_400, -86_400, -3])

    def test_asleep(self) -> None:
        """Where the steady clock stands still while the machine sleeps, that is a step as well."""
        self.offset += 8 * 3600
        self.wall.time()
        self.assertEqual(self.steps, [8 * 3600])

    def test_settled(self) -> None:
        """For ten minutes after a step the clock is not relied on; also if nobody had looked."""
        self.offset += DAY
        self.assertFalse(self.wall.is_settled())
        self.clock.advance(SETTLING - 1)
        self.assertFalse(self.wall.is_settled())
        self.clock.advance(1)
        self.assertTrue(self.wall.is_settled())

    def test_begin(self) -> None:
        """At start it is relied on if it goes on from where the last run ended."""
        now = int(NOON.timestamp())
        for newest, settled in (
            (0, True),
            (now, True),
            (now + 10, True),
            (now - 80_000, True),
            (now + 3600, False),
            (now - 40 * 86_400, False),
        ):
            wall = self.new_wall()
            with capturedLogs() as events:
                wall.begin(newest * SECOND)
            self.assertEqual((wall.is_settled(), len(events)), (settled, not settled), newest)
            self.clock.advance(SETTLING)
            self.assertTrue(wall.is_settled())
            self.clock.advance(-SETTLING)

    def test_real(self) -> None:
        """The machine's own clocks agree."""
        wall = WallClock()
        before = running()
        wall.time()
        self.assertTrue(wall.is_settled())
        self.assertGreaterEqual(running(), before)


class IdsTests(Faked):
    """Ids that run ahead of the clock tell how far."""

    def test_time(self) -> None:
        """What has an id of its time needs no other; what is said after a step back has."""
        ids = EventIds(self.wall.time)
        first = ids.next()
        self.assertEqual((ids.time, ids.latest()), (None, first))
        self.set_by(-DAY)
        self.assertEqual(ids.next(), first + 1)
        self.assertEqual(ids.time, first - int(DAY) * SECOND)
        self.assertEqual((ids.now(), ids.latest()), (ids.time, ids.last))
        self.set_by(DAY)
        self.clock.advance(1)
        self.assertEqual(ids.next(), first + SECOND)
        self.assertIsNone(ids.time)

    def test_a_little(self) -> None:
        """Ids of one moment are ahead by too little to count."""
        ids = EventIds(self.wall.time)
        for _ in range(100):
            ids.next()
            self.assertIsNone(ids.time)

    def test_when(self) -> None:
        """An event was when its time says, or else its id."""
        line = Said(id=5, nick="ada", room="lobby", text="hi")
        self.assertEqual(line.when, 5)
        self.assertEqual(Said(id=5, time=3, nick="ada", room="lobby", text="hi").when, 3)


class ShownTests(ClockCase):
    """Times that are shown."""

    def say_around_a_step(self) -> Any:
        """One line while the clock is a day ahead, and one after it was corrected."""
        ada = self.at_text("ada")
        self.set_by(DAY)
        ada.types("ahead")
        self.set_by(-DAY)
        self.clock.advance(120)
        ada.types("corrected")
        ada.sees()
        return ada

    @each_row({"same_run": False, "after_a_restart": True})
    def test_history(self, restart: bool) -> None:
        """/history shows the time that it was by the clock, at the text door."""
        ada = self.say_around_a_step()
        if restart:
            self.restart()
            ada = self.at_text("ada")
        ada.types("/history")
        self.assertIn("12:02", ada.sees()[-1])
        self.assertIn("corrected", self.last_line())

    def last_line(self) -> str:
        page = self.successResultOf(self.journal.page(self.wanted()))
        return str(page.events[-1].text)

    @each_row({"same_run": False, "after_a_restart": True})
    def test_json(self, restart: bool) -> None:
        """A program is told the time of what has an id that does not say so, and of no other."""
        bob = self.at_json("bob")
        self.say_around_a_step()
        live = [facts for facts in bob.sees_all() if facts["type"] == "said"]
        if restart:
            self.restart()
            bob = self.at_json("bob")
        bob.asks("history", room="lobby", after=0)
        (page,) = bob.sees_all()
        times = [facts.get("time") for facts in page["events"]]
        self.assertEqual(times, [None, int((NOON.timestamp() + 120) * SECOND)])
        self.assertEqual([facts.get("time") for facts in live], times)

    def test_every_kind(self) -> None:
        """Presence and acts have it too."""
        ada, bob = self.at_text("ada"), self.at_json("bob")
        self.set_by(-DAY)
        bob.sees()
        for line in ("hi", "/away", "/nick adele", "/register correct-horse", "/join den"):
            ada.types(line)
        bob.types("/join den")
        ada.types("/mute bob 2h")
        bob.types("/part den")
        ada.types("/quit")
        found = [facts for facts in bob.sees_all() if "nick" in facts and "id" in facts]
        self.assertGreater(len({facts["type"] for facts in found}), 5)
        for facts in found:
            self.assertIn("time", facts)

    def test_set_time(self) -> None:
        """So does each line with /set time on."""
        ada, bob = self.at_text("ada"), self.at_text("bob")
        bob.types("/set time on")
        self.set_by(-3600)
        bob.sees()
        ada.types("hi")
        self.assertIn("11:00", bob.sees()[0])

    def test_export(self) -> None:
        """And what somebody said is given out with its own time."""
        ada = self.say_around_a_step()
        ada.types("/export")
        lines = [json.loads(line) for line in ada.sees()]
        times = [line["time"] for line in lines if line["type"] == "said"]
        self.assertEqual(
            times, ["2026-11-22T12:00:00+00:00", "2026-11-21T12:02:00+00:00"]
        )

    @each_row(AHEAD_BACK)
    def test_whois(self, step: float) -> None:
        """/whois tells since when somebody is here by the clock as it is now."""
        self.set_by(step)
        ada = self.at_text("ada")
        self.set_by(-step)
        self.clock.advance(60)
        ada.types("/whois ada")
        self.assertIn("-- here since 2026-11-21 12:00 (UTC)", ada.sees()[1])

    def test_history_since(self) -> None:
        """/history 2h goes by times."""
        ada = self.say_around_a_step()
        self.clock.advance(3 * 3600)
        ada.types("latest")
        ada.types("/history 2h")
        shown = str(ada.sees())
        self.assertIn("latest", shown)
        self.assertNotIn("corrected", shown)

    @each_row({"same_run": False, "after_a_restart": True})
    def test_since(self, restart: bool) -> None:
        """Who is back is told since when there is something new."""
        ada = self.at_text("ada")
        ada.types("/register correct-horse")
        self.set_by(DAY)
        ada.types("hi")
        self.set_by(-DAY)
        self.clock.advance(60)
        ada.types("/quit")
        bob = self.at_text("bob")
        bob.types("hi")
        if restart:
            self.restart()
        ada = self.at_json("nobody")
        ada.types("/login ada correct-horse")
        self.assertIn("1 new line in lobby since 12:01", str(ada.sees()))


class SpanTests(ClockCase):
    """How long what holds for a while holds."""

    @each_row(AHEAD_BACK)
    def test_while_set(self, step: float) -> None:
        """A mute of 3 s that was made before the clock is set lasts 3 s."""
        ada, eve = self.runs()
        ada.types("/mute eve 3s")
        self.clock.advance(2)
        self.set_by(step)
        self.assert_muted(eve)
        self.clock.advance(1)
        self.assert_speaks(eve)

    @each_row(AHEAD_BACK)
    def test_corrected(self, step: float) -> None:
        """So does one that was made while it was wrong, and is shown with its true end."""
        ada, eve = self.runs()
        self.set_by(step)
        ada.types("/mute eve 2m")
        self.set_by(-step)
        self.clock.advance(60)
        eve.sees()
        eve.types("hi")
        self.assertEqual(eve.sees(), ["-- you are muted in #den until 2026-11-21 12:02 (UTC)"])
        ada.sees()
        ada.types("/bans")
        self.assertIn("until 2026-11-21 12:02", str(ada.sees()))
        self.clock.advance(60)
        self.assert_speaks(eve)

    @each_row({"mute": "/mute eve 3s", "ban": "/ban eve 3s"})
    def test_restart(self, line: str) -> None:
        """After a restart it lasts no longer than it was made for."""
        ada, _ = self.runs()
        self.set_by(DAY)
        ada.types(line)
        self.set_by(-DAY)
        self.restart()
        (act,) = self.chat.permissions.sanctions("den")
        self.assertEqual(act.until, self.chat.ids.now() + 3 * SECOND)
        self.clock.advance(3)
        self.assertEqual(self.chat.permissions.sanctions("den"), [])

    def test_restart_in_time(self) -> None:
        """One that was made by a right clock ends when it says, whenever the chat began."""
        ada, _ = self.runs()
        ada.types("/mute eve 1h")
        until = self.chat.ids.now() + 3600 * SECOND
        self.clock.advance(1800)
        self.restart()
        (act,) = self.chat.permissions.sanctions("den")
        self.assertEqual(act.until, until)

    def test_ids_ahead(self) -> None:
        """One that was made while ids were ahead of the clock lasts as long over a restart."""
        ada, _ = self.runs()
        self.set_by(-DAY)
        ada.types("/mute eve 1h")
        self.restart()
        self.clock.advance(3599)
        self.assertEqual(len(self.chat.permissions.sanctions("den")), 1)
        self.clock.advance(1)
        self.assertEqual(self.chat.permissions.sanctions("den"), [])

    def test_for_ever(self) -> None:
        """What has no end gets none."""
        ada, eve = self.runs()
        ada.types("/mute eve")
        self.set_by(40 * DAY)
        self.assert_muted(eve)

    def assert_muted(self, eve: Any) -> None:
        eve.sees()
        eve.types("hi")
        self.assertIn("you are muted", str(eve.sees()))

    def assert_speaks(self, eve: Any) -> None:
        eve.sees()
        eve.types("hi")
        self.assertEqual(eve.sees(), [])
