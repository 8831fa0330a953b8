"""What rooms remember is bounded by memory: of one, and of all together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.recent import ALL_BYTES, EVENT_BYTES, EVENTS, ROOM_BYTES, Recent, Recents
from tests.conversation import ConversationCase, JsonPerson, TextPerson
from tests.journals import SlowJournal
from tests.recording import ADA, BOB, line


def ids(recent: Recent) -> list[int]:
    return [event.id for event in recent]


class RecentTests(SynchronousTestCase):
    """One room."""

    def test_lines(self) -> None:
        """The newest lines are remembered, so many."""
        recent = Recent(map(line, range(1, EVENTS + 6)))
        self.assertEqual(ids(recent), list(range(6, EVENTS + 6)))

    def test_memory(self) -> None:
        """Long lines are fewer, and those with an emoji take four times as much."""
        plain, wide = (
            Recent(line(id, text) for id in range(1, EVENTS + 1))
            for text in ("x" * 4096, "x" * 4092 + "\N{HONEYBEE}")
        )
        for recent, most in ((plain, ROOM_BYTES // 4096), (wide, ROOM_BYTES // 4 // 4096)):
            self.assertLessEqual(recent.size, ROOM_BYTES)
            self.assertLess(len(recent), most + 1)
            self.assertGreater(len(recent), most * 0.9 - 1)
            self.assertEqual(recent.last_id(), EVENTS)

    def test_one_at_least(self) -> None:
        """The newest line is remembered however long it is."""
        recent = Recent([line(1), line(2, "x" * 2 * ROOM_BYTES)])
        self.assertEqual(ids(recent), [2])
        recent.append(line(3))
        self.assertEqual(ids(recent), [3])

    def test_once(self) -> None:
        """What is remembered already is not remembered again."""
        recent = Recent([line(1), line(2)])
        recent.append(line(2))
        recent.append(line(1))
        self.assertEqual(ids(recent), [1, 2])

    def test_refill(self) -> None:
        """What was given up comes back from the journal, below what has come meanwhile."""
        recent = Recent(map(line, range(1, 4)))
        recent.give_way()
        self.assertEqual((ids(recent), recent.size, recent.gave_way), ([], 0, True))
        recent.append(line(4))
        recent.refill(map(line, range(1, 5)))
        self.assertEqual((ids(recent), recent.gave_way), ([1, 2, 3, 4], False))

    def test_forget(self) -> None:
        """What somebody said is forgotten; what is in the journal alone is so still."""
        recent = Recent([line(1), line(2, identity=BOB), line(3)])
        recent.forget(ADA)
        self.assertEqual((ids(recent), recent.gave_way), ([2], False))
        recent.give_way()
        recent.forget(ADA)
        self.assertTrue(recent.gave_way)

    def test_truth(self) -> None:
        """A room of which something may be in the journal is not a new one."""
        recent = Recent()
        self.assertFalse(recent)
        recent.append(line(1))
        self.assertTrue(recent)
        recent.give_way()
        self.assertTrue(recent)

    def test_last_id(self) -> None:
        """The newest id is known also of a room that gave way: somebody may have missed it."""
        recent = Recent([line(1), line(2)])
        recent.give_way()
        self.assertEqual(recent.last_id(), 2)
        recent.refill([line(1)])
        self.assertEqual(recent.last_id(), 2)


class RecentsTests(SynchronousTestCase):
    """All rooms."""

    def test_least_recently_spoken_in(self) -> None:
        """The room that was least recently spoken in gives way, and is counted right."""
        most = 4 * (4096 + EVENT_BYTES + 100)
        recents = Recents(most)
        first, second, third = rooms = [Recent((), recents) for _ in range(3)]
        for id, room in enumerate([first, second, first, third, third], 1):
            room.append(line(id, "x" * 4096))
        self.assertEqual([ids(room) for room in rooms], [[1, 3], [], [4, 5]])
        self.assertEqual([room.gave_way for room in rooms], [False, True, False])
        self.assertEqual(recents.size, sum(room.size for room in rooms))
        first.close()
        first.close()
        self.assertEqual(recents.size, third.size)

    def test_alone(self) -> None:
        """The room that is spoken in does not give way."""
        recents = Recents(100)
        recent = Recent([line(1, "x" * 4096), line(2)], recents)
        self.assertEqual(ids(recent), [1, 2])

    def test_gigabytes(self) -> None:
        """Very many rooms with the longest lines take a bounded memory together."""
        recents = Recents()
        text = "x" * 4092 + "\N{HONEYBEE}"
        rooms = [Recent((), recents) for _ in range(1600)]
        for id in range(1, 20 * len(rooms)):
            rooms[id % len(rooms)].append(line(id, text))
        self.assertLessEqual(sum(room.size for room in rooms), ALL_BYTES)
        self.assertEqual(recents.size, sum(room.size for room in rooms))


class RoomsTests(ConversationCase):
    """Rooms of a chat that give way."""

    def setUp(self) -> None:
        super().setUp()
        self.open_chat(SlowJournal())
        self.ada = self.at_text("ada")

    def give_way(self) -> None:
        self.chat.rooms["lobby"].recent.give_way()

    def test_comes_back(self) -> None:
        """Who joins a room that has given way is shown what was said all the same."""
        self.ada.types("before")
        self.give_way()
        self.ada.types("after")
        bob = TextPerson(self.connect())
        bob.types("bob")
        said = [seen for seen in bob.sees() if seen.endswith(("before", "after"))]
        self.assertEqual(len(said), 2)
        self.assertEqual(len(self.chat.rooms["lobby"].recent), 2)

    def test_missed(self) -> None:
        """Who comes back to a room that has given way is told that something was missed there."""
        self.rules.linger = 30
        bob = self.at_json("bob")
        token, seen = bob.welcome["token"], bob.welcome["id"]
        for text, missed in (("meanwhile", True), ("", False)):
            bob.wire.vanishes()
            self.ada.types(text)
            self.give_way()
            bob = JsonPerson(self.connect())
            bob.asks("hello", nick="bob", token=token, rooms={"lobby": seen})
            bob.sees()
            self.assertEqual(bob.welcome["rooms"]["lobby"]["missed"], missed)
            seen = bob.welcome["id"]

    def test_erased_meanwhile(self) -> None:
        """What was read before it was erased is not remembered."""
        self.ada.types("secret")
        for setup in (self.give_way, lambda: self.chat.rooms.pop("lobby")):
            self.journal.waiting.is_slow = True
            setup()
            done = self.chat.rooms.opened(["lobby"], lambda rooms: list(rooms[0].recent))
            self.journal.waiting.is_slow = False
            member = next(iter(self.chat.roster.values()))
            self.successResultOf(self.chat.belongings.erase(member.identity, member))
            self.journal.waiting.answer_all()
            self.assertEqual(self.successResultOf(done), [])
