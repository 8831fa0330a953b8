"""What pruning costs where there are very many rooms, and holding a database to its size."""

from __future__ import annotations

from chatservice.chat.journal import Wanted
from chatservice.storage.pruning import EVERY, GROWN_MOST, NAMES_A_STEP, ROOMS_A_STEP
from tests.recording import line, private_line
from tests.storage.test_pruning import PruningTestCase


class ManyRoomsTests(PruningTestCase):
    """What it costs when there are very many rooms."""

    def setUp(self) -> None:
        super().setUp()
        self.rooms = [f"room{number:04}" for number in range(2 * NAMES_A_STEP + 1)]
        self.append(*(line(id, room=room) for id, room in enumerate(self.rooms, 1)))
        self.statements: list[str] = []
        for connection in (self.database_._scanner, self.database_._reader):
            connection.set_trace_callback(self.statements.append)

    def read_rooms(self) -> list[str]:
        """How events were read since this was last asked."""
        read = [text for text in self.statements if "FROM events" in text]
        self.statements.clear()
        return read

    def test_nothing_bounded(self) -> None:
        """Where nothing is bounded, no room is looked at, however long it goes on."""
        for _ in range(3):
            self.steps()
            self.now += EVERY
        self.assertEqual(self.read_rooms(), [])

    def test_one_bounded(self) -> None:
        """Where one room has a bound, no other is looked at, and what is said in it counts."""
        self.bounds["room0007"] = (0, 1)
        self.append(line(self.now, room="room0007"))
        self.steps()
        self.assertEqual(self.read_rooms()[0].split()[:2], ["SELECT", "coalesce(max(id),"])
        self.assertEqual((self.ids("room0007"), self.count()), ([self.now], len(self.rooms)))
        self.read_rooms()
        self.now += EVERY
        self.steps()
        self.assertEqual(self.read_rooms(), [])
        self.append(line(self.now, room="room0007"))
        self.steps()
        self.assertEqual(self.ids("room0007"), [self.now])

    def test_no_longer_bounded(self) -> None:
        """A room that has no bound of its own any more is held to what holds everywhere."""
        self.unnamed = (0, 3)
        self.bounds["room0007"] = (0, 50)
        self.steps()
        del self.bounds["room0007"]
        self.append(*(line(self.now + id, room="room0007") for id in range(5)))
        self.pruning._last_seen = self.now + 9
        self.now += EVERY
        self.steps()
        self.assertEqual(len(self.ids("room0007")), 3)

    def test_age_of_all(self) -> None:
        """What is too old everywhere is found by its age, and no room is looked at."""
        self.unnamed = (3600, 0)
        self.append(line(self.now))
        self.steps()
        self.assertEqual(self.read_rooms(), [])
        self.assertEqual(self.count(), 1)
        page = self.successResultOf(self.journal.page(Wanted(of="room0007", after=0)))
        self.assertEqual(page.kept_from, 9)

    def test_names_page_by_page(self) -> None:
        """The names of all rooms are read once, so many at a time."""
        self.unnamed = (0, 1)
        self.append(*(line(5000 + id, room=room) for id, room in enumerate(self.rooms)))
        for pages in (4, 0):
            self.steps()
            read = self.read_rooms()
            self.assertEqual(len([text for text in read if "RECURSIVE" in text]), pages)
            self.assertEqual(self.count(), len(self.rooms))
            self.now += EVERY

    def test_many_that_grow(self) -> None:
        """It is kept of so many rooms by how much they have grown; then they are looked at."""
        self.unnamed = (0, 1000)
        self.steps()
        self.append(*(line(10_000 + id, room=f"new{id}") for id in range(GROWN_MOST + 1)))
        self.assertGreater(self.steps(), GROWN_MOST // ROOMS_A_STEP)
        self.assertEqual(len(self.pruning._grown), 0)


class SizeTests(PruningTestCase):
    """A database in memory has a bound for all of it."""

    path = ":memory:"
    most_bytes = 4 * 1024 * 1024

    def size(self) -> int:
        pages = self.value("PRAGMA page_count") - self.value("PRAGMA freelist_count")
        return pages * self.value("PRAGMA page_size")

    def test_oldest_go(self) -> None:
        """The oldest lines of all go, private ones too, and a page tells from where on they are."""
        for id in range(1, 1200, 2):
            self.append(line(id, "x" * 4000, room=f"room{id % 3}"))
            self.append(private_line(id + 1, "ada", "bob", "x" * 4000))
        self.assertGreater(self.size(), self.most_bytes)
        self.steps()
        self.steps()
        self.assertLessEqual(self.size(), self.most_bytes)
        self.assertGreater(self.size(), self.most_bytes * 0.9)
        self.assertEqual(self.ids("room1", limit=9)[-1], 1195)
        self.assertEqual(self.count("whispers WHERE id < 200"), 0)
        self.assertGreater(self.count("whispers"), 400)
        page = self.successResultOf(self.journal.page(Wanted(of="room1", after=0)))
        self.assertIsNotNone(page.kept_from)

    def test_nothing_left(self) -> None:
        """It ends when there is nothing left to delete."""
        self.pruning._most_bytes = 1
        self.append(line(1), private_line(2, "ada", "bob"))
        self.steps()
        self.steps()
        self.assertEqual((self.count(), self.count("whispers")), (0, 0))
