"""A clock that is set ahead or back: what is kept."""

from __future__ import annotations

from chatservice.chat.clock import SETTLING
from chatservice.chat.journal import Wanted
from chatservice.protocol.events import LATEST
from chatservice.storage.actlog import EVERY, ActLog
from tests.clocked import DAY, SECOND, ClockCase
from tests.conversation import each_row
from tests.recording import kick


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
        identity = self.chat.roster["ada"].identity
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
        identity = self.chat.roster["ada"].identity
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

    @each_row({"everywhere": [], "in_a_room": ["lobby"]})
    def test_behind_while_ids_are_ahead(self, own: list[str]) -> None:
        """So is what was said while the clock was behind and ids were ahead of the right one."""
        self.own = own
        identity = self.chat.roster["ada"].identity
        self.ada.types("/msg ada first")
        self.set_by(DAY)
        self.ada.types("ahead")
        self.set_by(-400 * DAY)
        self.ada.types("behind")
        self.ada.types("/msg ada behind")
        self.set_by(399 * DAY)
        self.clock.advance(SETTLING)
        self.assertEqual(self.prune(), ["first", "ahead", "behind"])
        self.assertEqual(self.private(identity), ["first", "behind"])
        self.clock.advance(40 * DAY)
        self.assertEqual(self.prune(), [])

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

    def test_acts(self) -> None:
        """The log of what operators did outlasts a clock that is far ahead."""
        log = ActLog(
            self.database, self.chat.permissions.holding, self.chat.ids.now, self.wall.is_settled
        )

        def acts() -> int:
            self.clock.advance(EVERY / SECOND)
            while self.successResultOf(log.step()):
                pass
            return len(self.successResultOf(self.journal.modlog(None, LATEST, 9)))

        for text in ("/register correct-horse", "/join den", "/invite ada", "/kick bob"):
            self.ada.types(text)
        ada = self.chat.roster["ada"]
        for _ in range(2):
            kick(self.chat, ada.devices[0], ada, "den", "spam")
        self.clock.advance(SETTLING)
        before = acts()
        self.assertEqual(before, 3)
        for step in (500 * DAY, -500 * DAY):
            self.set_by(step)
            self.clock.advance(SETTLING - EVERY / SECOND - 1)
            self.assertEqual(acts(), before)
        self.clock.advance(401 * DAY)
        self.assertEqual(acts(), 1)

    def test_replay(self) -> None:
        """Who enters is shown what is not too old by its time."""
        self.chat.permissions.bounds = lambda room: (3600, 0)  # type: ignore[method-assign]
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
