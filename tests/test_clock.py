"""A clock that is set ahead or back: times shown, how long things hold, and what is kept."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from chatservice.accounts import Accounts
from chatservice.admission import Admission
from chatservice.clock import SETTLING, STEP, WallClock, running
from chatservice.database import Database
from chatservice.doors.front import FrontFactory
from chatservice.events import EventIds, Said
from chatservice.journal import Journal
from chatservice.pages import Wanted
from chatservice.pruning import Pruning
from chatservice.server import ChatFactory
from tests.conversation import NOON, ConversationCase, TableCase, each_row, new_path, tokens
from tests.doubles import PlainPasswords
from tests.recording import InlinePool, InlineReactor

DAY = 86_400.0
SECOND = 1_000_000
AHEAD_BACK = {"ahead": DAY, "far_ahead": 40 * DAY, "back": -DAY, "far_back": -400 * DAY}


class Faked(TableCase):
    """A wall clock that is set, and one that nobody sets.

    @ivar offset: seconds by which the wall clock is ahead.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.offset = 0.0
        self.wall = self.new_wall()

    def new_wall(self) -> WallClock:
        return WallClock(
            lambda: NOON.timestamp() + self.clock.seconds() + self.offset, self.clock.seconds
        )

    def set_by(self, seconds: float) -> None:
        """Set the wall clock, and let the chat notice."""
        self.offset += seconds
        self.wall.time()


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
                [f"{words}: nothing is deleted for its age within 10 minutes."],
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


class ClockCase(Faked, ConversationCase):
    """A chat with a file, on clocks that the test sets."""

    def setUp(self) -> None:
        ConversationCase.setUp(self)
        self.offset = 0.0
        self.path = str(new_path(self))
        self.database: Database | None = None
        self.keep = 0
        self.tokens = tokens()
        self.restart()

    def restart(self) -> None:
        """End the chat as a crash does, and begin again on the same file."""
        if self.database is not None:
            self.database.close()
        pool: Any = InlinePool
        self.database = Database(InlineReactor(), self.path, pool)
        self.database.open()
        journal = Journal(self.database)
        journal.open()
        self.journal = journal
        self.wall = self.new_wall()
        ids = EventIds(self.wall.time)
        accounts = Accounts(PlainPasswords(), self.clock.seconds, ids.now, self.database)
        accounts.load()
        self.chat = ChatFactory(
            self.clock,
            journal,
            self.rules,
            ids,
            lambda: next(self.tokens),
            accounts,
            self.wall,
        )
        self.front = FrontFactory(self.chat, Admission(), direct=True)
        self.chat.restore()
        self.pruning = Pruning(
            self.database,
            lambda room: (self.keep, 0),
            ids.now,
            own=list,
            is_settled=self.wall.is_settled,
        )

    def tearDown(self) -> None:
        assert self.database is not None
        self.database.close()

    def prune(self) -> list[str]:
        """Let a round of deleting pass; gives the texts that are left in the lobby."""
        self.clock.advance(61)
        while self.successResultOf(self.pruning.step()):
            pass
        page = self.successResultOf(self.journal.page(self.wanted()))
        return [event.text for event in page.events]

    def wanted(self) -> Wanted:
        return Wanted(of="lobby", after=0, limit=1000)

    def runs(self) -> tuple[Any, Any]:
        """Ada, who owns a room that eve is in."""
        ada, eve = self.at_text("ada"), self.at_text("eve")
        ada.types("/register correct-horse")
        ada.types("/join den")
        eve.types("/join den")
        ada.sees()
        eve.sees()
        return ada, eve


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
        for line in ("/away", "/nick adele", "/register correct-horse", "/join den"):
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
        (act,) = self.chat.moderation.sanctions("den")
        self.assertEqual(act.until, self.chat.ids.now() + 3 * SECOND)
        self.clock.advance(3)
        self.assertEqual(self.chat.moderation.sanctions("den"), [])

    def test_restart_in_time(self) -> None:
        """One that was made by a right clock ends when it says, whenever the chat began."""
        ada, _ = self.runs()
        ada.types("/mute eve 1h")
        until = self.chat.ids.now() + 3600 * SECOND
        self.clock.advance(1800)
        self.restart()
        (act,) = self.chat.moderation.sanctions("den")
        self.assertEqual(act.until, until)

    def test_ids_ahead(self) -> None:
        """One that was made while ids were ahead of the clock lasts as long over a restart."""
        ada, _ = self.runs()
        self.set_by(-DAY)
        ada.types("/mute eve 1h")
        self.restart()
        self.clock.advance(3599)
        self.assertEqual(len(self.chat.moderation.sanctions("den")), 1)
        self.clock.advance(1)
        self.assertEqual(self.chat.moderation.sanctions("den"), [])

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


class KeptTests(ClockCase):
    """What is deleted for its age."""

    def setUp(self) -> None:
        super().setUp()
        self.keep = 30 * 86_400
        self.ada = self.at_text("ada")
        self.ada.types("first")

    def test_a_wrong_clock(self) -> None:
        """Minutes of a clock 40 days ahead erase nothing."""
        self.assertEqual(self.prune(), ["first"])
        self.set_by(40 * DAY)
        for _ in range(5):
            self.assertEqual(self.prune(), ["first"])
        self.set_by(-40 * DAY)
        for _ in range(15):
            self.assertEqual(self.prune(), ["first"])

    @each_row({"ahead": 40 * DAY, "far_ahead": 4000 * DAY})
    def test_wrong_at_start(self, step: float) -> None:
        """Nor does one that is wrong when the machine starts."""
        self.set_by(step)
        self.restart()
        for _ in range(5):
            self.assertEqual(self.prune(), ["first"])
        self.set_by(-step)
        for _ in range(15):
            self.assertEqual(self.prune(), ["first"])

    def test_private_and_places(self) -> None:
        """Private lines, and where a guest was, are kept as well."""
        bob = self.at_text("bob")
        bob.types("/msg ada psst")
        bob.types("/quit")
        identity = self.chat.members["ada"].identity
        self.set_by(40 * DAY)
        self.prune()
        self.assertEqual(self.private(identity), ["psst"])
        self.assertEqual(self.guests(), 2)

    def private(self, identity: bytes) -> list[str]:
        page = self.successResultOf(self.journal.page(Wanted(of=identity)))
        return [event.text for event in page.events]

    def guests(self) -> int:
        assert self.database is not None
        sql = "SELECT count(DISTINCT identity) FROM places"
        done = self.database.read(lambda connection: connection.execute(sql).fetchone()[0])
        number: int = self.successResultOf(done)
        return number

    def test_in_the_middle(self) -> None:
        """What was found to be old by a clock that is set meanwhile is deleted no more."""
        for number in range(600):
            self.ada.types(str(number))
        self.prune()
        self.set_by(40 * DAY)
        self.clock.advance(SETTLING + 1)
        steps = 0
        while self.successResultOf(self.pruning.step()) and steps < 1:
            steps += 1
        self.set_by(-40 * DAY)
        self.assertEqual(len(self.prune()), 601)

    def test_right_again(self) -> None:
        """What is old by a clock that was not set for long is deleted."""
        self.set_by(40 * DAY)
        self.clock.advance(SETTLING)
        self.assertEqual(self.prune(), [])

    @each_row({"days": (40 * DAY, 30 * DAY), "years": (4000 * DAY, 0.0)})
    def test_ids_ahead(self, row: tuple[float, float]) -> None:
        """What was said while ids were ahead of the clock goes by its time as long as they are.

        Once the clock has come to its id, that time may as well be what was wrong.
        """
        step, longer = row
        self.set_by(step)
        self.ada.types("ahead")
        self.ada.types("/msg ada ahead")
        self.set_by(-step)
        self.clock.advance(10 * DAY)
        self.ada.types("corrected")
        self.ada.types("/msg ada corrected")
        identity = self.chat.members["ada"].identity
        self.clock.advance(29 * DAY)
        self.assertEqual(self.prune(), ["ahead", "corrected"])
        self.assertEqual(self.private(identity), ["ahead", "corrected"])
        self.clock.advance(2 * DAY + longer)
        self.assertEqual(self.prune(), [])
        self.assertEqual(self.private(identity), [])

    def test_behind_for_a_while(self) -> None:
        """What was said while the clock was behind is kept, with all that was said before."""
        self.set_by(-40 * DAY)
        self.ada.types("behind")
        self.set_by(40 * DAY)
        self.clock.advance(SETTLING)
        self.assertEqual(self.prune(), ["first", "behind"])

    def test_rounds(self) -> None:
        """A clock that is set back does not stop the looking until it is there again."""
        self.prune()
        self.set_by(-40 * DAY)
        self.ada.types("behind")
        self.clock.advance(29 * DAY)
        self.assertEqual(self.prune(), ["first", "behind"])
        self.clock.advance(12 * DAY)
        self.assertEqual(self.prune(), ["first", "behind"])
        self.clock.advance(30 * DAY)
        self.assertEqual(self.prune(), [])

    def test_guests_ahead(self) -> None:
        """Where a guest was is forgotten after a day, though ids are years ahead."""
        self.set_by(4000 * DAY)
        self.ada.types("ahead")
        self.set_by(-4000 * DAY)
        self.ada.types("/quit")
        self.clock.advance(DAY - 100)
        self.prune()
        self.assertEqual(self.guests(), 1)
        self.clock.advance(100)
        self.prune()
        self.assertEqual(self.guests(), 0)

    def test_replay(self) -> None:
        """Who enters is shown what is not too old by its time."""
        self.chat.moderation.bounds = lambda room: (3600, 0)  # type: ignore[method-assign]
        self.set_by(DAY)
        self.ada.types("ahead")
        self.set_by(-DAY)
        self.ada.types("corrected")
        self.clock.advance(3601)
        bob = self.at_text("bob")
        bob.types("/part")
        bob.sees()
        bob.types("/join lobby")
        self.assertNotIn("corrected", str(bob.sees()))


class StoredTests(ClockCase):
    """Times in the file."""

    def test_killed(self) -> None:
        """Who was there when a run was killed is a guest of that time, not of the ids'."""
        self.at_text("ada")
        self.set_by(4000 * DAY)
        self.at_text("bob")
        self.set_by(-4000 * DAY)
        self.restart()
        self.at_text("eve").types("/quit")
        self.clock.advance(DAY + 1)
        self.prune()
        assert self.database is not None
        done = self.database.read(
            lambda connection: connection.execute("SELECT count(*) FROM places").fetchone()[0]
        )
        self.assertEqual(self.successResultOf(done), 0)
