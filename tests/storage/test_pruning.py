"""Deleting what is over, in small steps, so that neither the chat nor the disk notices."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from twisted.internet.defer import fail

from chatservice.chat.journal import Page, Wanted
from chatservice.protocol.events import Joined, Left
from chatservice.protocol.query import parse
from chatservice.storage.indexing import ERASE_STEP
from chatservice.storage.pruning import EVERY, GUESTS_KEPT, ROOMS_A_STEP, Pruning
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, BOB, EVE, line, private_line

NOW = 1_763_712_000_000_000
MINUTE = 60_000_000


class PruningCase(JournalCase):
    """Tests with something that prunes a database of whatever kind.

    @ivar bounds: seconds and lines, by room; of all that are not named, C{unnamed}.
    @ivar most_bytes: of all of it.
    """

    most_bytes = 0

    def setUp(self) -> None:
        super().setUp()
        self.now = NOW
        self.is_settled = True
        self.unnamed = (0, 0)
        self.bounds: dict[str, tuple[int, int]] = {}
        self.pruning = Pruning(
            self.database_,
            lambda room: self.bounds.get(room, self.unnamed),
            lambda: self.now,
            lambda: self.bounds,
            self.most_bytes,
            lambda: self.is_settled,
        )

    def steps(self) -> int:
        """Take steps until there is nothing to do; gives how many it took."""
        taken = 1
        while self.successResultOf(self.pruning.step()):
            taken += 1
        return taken

    def value(self, question: str, *given: Any) -> Any:
        done = self.database_.read(
            lambda connection: connection.execute(question, given).fetchone()[0]
        )
        return self.successResultOf(done)

    def count(self, table: str = "events") -> int:
        return self.value(f"SELECT count(*) FROM {table}")


class PruningTestCase(PruningCase, DatabaseJournalTestCase):
    """Tests with something that prunes an SQLite database."""


class PruningContract(PruningCase):
    """What is pruned, in a file and without one."""

    def test_nothing_bounded(self) -> None:
        """Without a bound everything is kept for ever."""
        self.append(*map(line, range(1, 9)), private_line(9, "ada", "bob"))
        self.steps()
        self.assertEqual((self.count(), self.count("whispers")), (8, 1))

    def test_lines(self) -> None:
        """Of a room, the newest lines are kept, so many."""
        self.unnamed = (0, 3)
        self.bounds["python"] = (0, 1)
        self.append(*(line(id, room="python" if id % 2 else "lobby") for id in range(1, 11)))
        self.steps()
        self.assertEqual((self.ids(), self.ids("python")), ([6, 8, 10], [9]))

    def test_lines_that_come(self) -> None:
        """What is over because more was said goes with the next steps."""
        self.unnamed = (0, 2)
        self.steps()
        for id in range(1, 6):
            self.append(line(id))
            self.steps()
            self.assertEqual(self.ids(), list(range(max(1, id - 1), id + 1)))

    def test_age(self) -> None:
        """What is older than a room's history is kept goes within a minute."""
        self.bounds["lobby"] = (3600, 0)
        self.append(line(NOW - 3600_000_000), line(NOW - 3590_000_000), line(NOW, room="python"))
        self.steps()
        self.assertEqual(len(self.ids()), 2)
        self.now += MINUTE
        self.steps()
        self.assertEqual(self.ids(), [])
        self.assertEqual(self.ids("python"), [NOW])

    def test_clock_set_meanwhile(self) -> None:
        """By a clock that turns out to have been set nothing goes for its age, but lines do."""
        self.bounds = {"lobby": (3600, 0), "python": (3600, 1)}
        old = NOW - 3600_000_000
        self.append(line(old), line(old + 1, room="python"), line(old + 2, room="python"))
        self.successResultOf(self.pruning.step())
        self.is_settled = False
        self.steps()
        self.assertEqual((self.ids(), self.ids("python")), ([old], [old + 2]))

    def test_both(self) -> None:
        """Of two bounds, the one that keeps less counts."""
        self.bounds = {"lobby": (1, 5), "python": (1, 1)}
        for room in self.bounds:
            base = NOW - 2_000_000 + (1 if room == "python" else 0)
            self.append(*(line(base + id, room=room) for id in range(0, 4, 2)))
        self.append(line(NOW), line(NOW + 1, room="python"), line(NOW + 3, room="python"))
        self.steps()
        self.assertEqual((self.ids(), self.ids("python")), ([NOW], [NOW + 3]))

    def test_clock_behind(self) -> None:
        """By their times, and not by their ids, those go that were said under ids ahead of time."""
        self.unnamed = (3600, 0)
        self.bounds["python"] = (60, 0)
        ahead, hour = NOW + 10**9, 3600_000_000
        rooms = ["lobby", "python"] * 2
        times = [NOW - 2 * hour, NOW - 2 * MINUTE, NOW - MINUTE // 2, NOW]
        self.append(
            *(replace(line(ahead + n, room=rooms[n]), time=times[n]) for n in range(4)),
            *(replace(private_line(ahead + 9 + n, "ada", "bob"), time=times[n]) for n in (0, 2)),
        )
        self.steps()
        self.assertEqual((self.ids(), self.ids("python")), ([ahead + 2], [ahead + 3]))
        self.assertEqual(self.ids(ADA), [ahead + 11])

    def test_told(self) -> None:
        """A page that would begin before what is kept tells from where on it is, and no other."""
        self.bounds["lobby"] = (0, 2)
        self.append(*map(line, range(1, 6)), line(6, room="python"))
        self.steps()
        self.assertEqual(self.page(after=1), Page([line(4), line(5)], False, 4))
        self.assertEqual(self.page(after=2).kept_from, 4)
        self.assertIsNone(self.page(after=3).kept_from)
        self.assertIsNone(self.page().kept_from)
        self.assertIsNone(self.page("python", after=0).kept_from)

    def test_private(self) -> None:
        """Private lines go by age, and never for their number."""
        self.unnamed = (3600, 1)
        self.append(*(private_line(NOW - 3700_000_000 + id, "ada", "bob") for id in range(600)))
        self.append(private_line(NOW, "ada", "bob"), private_line(NOW + 1, "bob", "ada"))
        self.steps()
        self.assertEqual(self.ids(ADA), [NOW, NOW + 1])

    def test_not_found(self) -> None:
        """What is deleted is not found any more, whether it had been indexed or not."""
        self.append(*(line(id, f"bees w{id}") for id in range(1, 5)))
        self.assertEqual(self.found("bees"), [1, 2, 3, 4])
        self.append(*(line(id, f"bees w{id}") for id in range(5, 9)))
        self.bounds["lobby"] = (0, 2)
        self.steps()
        self.assertEqual(self.found("bees"), [7, 8])
        self.assertEqual([self.found(f"w{id}") for id in (1, 6, 7)], [[], [], [7]])
        self.check_index()

    def page(self, of: str = "lobby", **wanted: int) -> Page:
        return self.successResultOf(self.journal.page(Wanted(of=of, **wanted)))

    def found(self, words: str) -> list[int]:
        found = self.successResultOf(self.journal.search(parse(words), ["lobby"], 9))
        return [event.id for event in found.events]


class FilePruningTests(PruningContract, PruningTestCase):
    """Pruning in a file."""


class InMemoryPruningTests(PruningContract, PruningTestCase):
    """Pruning a database that is not kept."""

    path = ":memory:"


class StepContract(PruningCase):
    """How much one step does."""

    def test_small_steps(self) -> None:
        """A step deletes so many rows at most, oldest first."""
        self.append(*map(line, range(1, 2 * ERASE_STEP + 12)))
        self.bounds["lobby"] = (0, 10)
        counts = [self.count()]
        while self.successResultOf(self.pruning.step()):
            counts.append(self.count())
        deleted = [before - after for before, after in pairwise([*counts, self.count()])]
        self.assertEqual([number for number in deleted if number], [ERASE_STEP, ERASE_STEP, 1])
        self.assertEqual(self.count(), 10)

    def test_idle(self) -> None:
        """While nothing is said, a step is one look at what is new, until a minute is over."""
        self.unnamed = (3600, 100)
        self.append(*map(line, range(NOW, NOW + 50)))
        self.assertGreater(self.steps(), 1)
        self.assertEqual([self.steps() for _ in range(5)], [1] * 5)
        self.now += EVERY
        self.assertGreater(self.steps(), 1)
        self.assertEqual(self.steps(), 1)

    def test_large_rooms_are_seldom_looked_at(self) -> None:
        """A room is looked at when it has grown by one in a hundred of what is kept."""
        self.unnamed = (0, 1000)
        self.append(*map(line, range(1, 1001)))
        self.steps()
        for id in range(1001, 1010):
            self.append(line(id))
            self.assertEqual(self.steps(), 1)
        self.assertEqual(self.count(), 1009)
        self.append(line(1010))
        self.assertGreater(self.steps(), 1)
        self.assertEqual(self.count(), 1000)
        self.append(line(1011))
        self.assertEqual(self.steps(), 1)

    def test_held(self) -> None:
        """A room that is held to its lines, and to nothing else, is not looked at every minute."""
        self.unnamed = (0, 100)
        self.append(*map(line, range(1, 50)))
        steps = []
        for _ in range(2):
            steps.append(self.steps())
            self.now += EVERY
        # A round, guests, the last id, names twice, a look; and later a round and guests.
        self.assertEqual(steps, [6, 2])

    def test_bound_that_changes(self) -> None:
        """A room that is to keep less is looked at within a minute, though nothing is said."""
        self.append(*map(line, range(1, 11)))
        self.unnamed = (0, 20)
        self.steps()
        self.bounds["lobby"] = (0, 5)
        self.steps()
        self.assertEqual(self.count(), 10)
        self.now += EVERY
        self.steps()
        self.assertEqual(self.count(), 5)

    def test_bound_that_comes_back(self) -> None:
        """A room that was to keep everything for a while is looked at when it is not any more."""
        for lines in (100, 0, 100):
            self.unnamed = (0, lines)
            first = self.count() + 1
            self.append(*map(line, range(first, first + 100)))
            self.now += EVERY
            self.steps()
        self.assertEqual(self.count(), 100)

    def test_many_rooms(self) -> None:
        """However many rooms there are, a step looks at so many of them, and all come to it."""
        rooms = [f"room{number}" for number in range(2 * ROOMS_A_STEP)]
        self.append(*(line(id, room=room) for id, room in enumerate(rooms * 2, 1)))
        self.unnamed = (0, 1)
        self.steps()
        self.assertEqual(self.count(), len(rooms))

    def test_erased_meanwhile(self) -> None:
        """What is over, and was erased by the one who had said it, is not looked for."""
        self.append(*map(line, range(1, 11)))
        self.unnamed = (0, 5)
        found = self.pruning._find
        self.patch(
            self.pruning,
            "_find",
            lambda looks: found(looks).addCallback(
                lambda more: self.journal.forget(ADA).addCallback(lambda _: more)
            ),
        )
        self.steps()
        self.assertEqual(self.count(), 0)
        self.assertEqual(self.count("pruned"), 0)

    def test_failure(self) -> None:
        """A step that fails is taken again."""
        self.append(*map(line, range(1, 11)))
        self.unnamed = (0, 5)
        self.successResultOf(self.pruning.step())
        for _ in range(6):
            broken = self.patch(self.database_, "write_later", self.fails)
            reading = self.patch(self.database_, "scan", self.fails)
            self.failureResultOf(self.pruning.step(), ZeroDivisionError)
            broken.restore()
            reading.restore()
            self.successResultOf(self.pruning.step())
        self.assertEqual(self.count(), 5)

    def fails(self, *given: object) -> Any:
        return fail(ZeroDivisionError())

    def test_guests(self) -> None:
        """Where somebody without an account was is forgotten after a day, unless still there."""
        account = "INSERT INTO accounts VALUES ('bob', 'bob', ?, '', 0, '', '', '', '')"
        self.successResultOf(
            self.database_.write(lambda connection: connection.execute(account, (BOB,)))
        )
        here, gone, lately = b"h" * 16, ADA, b"l" * 16
        people = (here, gone, lately, BOB)
        for id, who in enumerate(people, 1):
            self.append(Joined(id=id, nick="x", room="lobby", identity=who))
        for id, who in [(10, gone), (11, BOB), (NOW, lately)]:
            self.append(self.left(id, who))
        for who in people:
            self.successResultOf(self.journal.move_mark(who, EVE, "eve", 5))
        self.now = NOW + GUESTS_KEPT
        self.steps()
        places = [self.successResultOf(self.journal.places(who)) for who in people]
        self.assertEqual([len(found) for found in places], [2, 0, 2, 2])
        marks = [self.successResultOf(self.journal.mark(who, EVE)) for who in people]
        self.assertEqual(marks, [5, 0, 5, 5])

    def left(self, id: int, who: bytes) -> Left:
        return Left(id=id, nick="x", goodbye=True, why="", rooms=("lobby",), identity=who)


class StepTests(StepContract, PruningTestCase):
    """Steps in an SQLite file."""


class GrowthTests(PruningTestCase):
    """The size of the file."""

    def test_bounded(self) -> None:
        """At its bound the file grows by no more than a fifth, however much more is said."""
        words = Random(3)
        rooms = ["attic", "lobby", "python"]
        kept, batch = 1000, 60
        self.unnamed = (0, kept)
        largest = at_the_bound = 0
        for number in range(6 * kept * len(rooms) // batch):
            first = number * batch + 1
            self.append(
                *(
                    line(id, " ".join(f"w{words.randrange(3000)}" for _ in range(9)), rooms[id % 3])
                    for id in range(first, first + batch)
                )
            )
            self.upkeep()
            if first + batch - 1 == kept * len(rooms):
                at_the_bound = self.size()
            largest = max(largest, self.size())
        self.check_index()
        self.assertEqual(self.count(), kept * len(rooms))
        self.assertGreater(at_the_bound, 100_000)
        self.assertLess(largest, 1.2 * at_the_bound)

    def upkeep(self) -> None:
        self.steps()
        while self.successResultOf(self.journal.index()):
            pass

    def size(self) -> int:
        """Of the file, in bytes."""
        return self.value("PRAGMA page_count") * self.value("PRAGMA page_size")
