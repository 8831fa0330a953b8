"""What every journal knows about people: where they were, what they missed, what operators did."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.chat.journal import Missed
from chatservice.chat.read_markers import ReadMarker
from chatservice.protocol.actions import Announced, Banned, Kicked, OperatorAct
from chatservice.protocol.events import LATEST, Acted, Joined, Left, Parted, Renamed, TopicChanged
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.missed import LOOKED_AT, MISSED_MOST, MISSED_TEXT
from tests.databases import DatabaseJournalTestCase, DatabaseTestCase, JournalCase
from tests.recording import ADA, BOB, line, private_line


def joined(id: int, room: str = "lobby", nick: str = "ada") -> Joined:
    return Joined(id=id, nick=nick, room=room, identity=ADA)


def parted(id: int, room: str) -> Parted:
    return Parted(id=id, nick="ada", room=room, identity=ADA)


def left(id: int, *rooms: str, nick: str = "ada", seen: tuple[tuple[str, int], ...] = ()) -> Left:
    return Left(id=id, nick=nick, goodbye=True, why="", rooms=rooms, seen=seen, identity=ADA)


class PeopleContract(JournalCase):
    """What is known about people."""

    def places(self, identity: bytes = ADA) -> list[ReadMarker]:
        return self.successResultOf(self.journal.places(identity))

    def test_nowhere(self) -> None:
        """Who never came has no place."""
        self.append(joined(1))
        self.assertEqual(self.places(BOB), [])

    def test_left(self) -> None:
        """Who left was in the chat and in rooms, in the order of entering, until then."""
        self.append(joined(1), joined(2, "python"), joined(3, "attic"))
        self.append(left(9, "lobby", "python", "attic"))
        rooms = [("", 1), ("lobby", 1), ("python", 2), ("attic", 3)]
        self.assertEqual(self.places(), [ReadMarker(room, "ada", id, 9) for room, id in rooms])

    def test_parted(self) -> None:
        """A room that was left on purpose is no place any more, until it is entered again."""
        self.append(joined(1), joined(2, "python"), parted(3, "lobby"), parted(4, "attic"))
        self.append(left(9, "python"))
        self.assertEqual([place.room for place in self.places()], ["", "python"])
        self.append(joined(10))
        self.assertEqual([place.room for place in self.places()], ["", "python", "lobby"])

    def test_kicked(self) -> None:
        """Who was kicked from a room is not there any more, and still is everywhere else."""
        self.append(joined(1), joined(2, "python"))
        self.append(Kicked(id=3, nick="eve", room="python", target="ada", target_identity=ADA))
        self.append(Kicked(id=4, nick="eve", target="ada", target_identity=ADA))
        self.append(Banned(id=5, nick="eve", target="ada", target_identity=ADA))
        self.append(Kicked(id=6, nick="eve", room="lobby", target="bob", target_identity=BOB))
        self.append(left(9, "lobby"))
        self.assertEqual([place.room for place in self.places()], ["", "lobby"])

    def test_banned(self) -> None:
        """Who was banned from a room is not there any more, also when the ban is over."""
        self.append(joined(1), joined(2, "python"), left(3, "lobby", "python"))
        self.append(Banned(id=4, nick="eve", room="python", target="ada", target_identity=ADA))
        self.append(Banned(id=5, nick="eve", room="lobby", target="192.0.2.0/24", network="x"))
        self.assertEqual([place.room for place in self.places()], ["", "lobby"])

    def test_not_caught_up(self) -> None:
        """Where there was more to see, what was seen is kept, and for private lines too."""
        self.append(joined(1), joined(2, "python"))
        self.append(left(9, "lobby", "python", seen=(("python", 4), ("", 3))))
        self.assertEqual([place.seen for place in self.places()], [3, 9, 4])

    def test_elsewhere(self) -> None:
        """A room that somebody is not in keeps what was seen in it the last time."""
        self.append(joined(1), joined(2, "python"), left(3, "lobby", "python"))
        self.append(joined(4), left(9, "lobby"))
        seen = {place.room: place.seen for place in self.places()}
        self.assertEqual(seen, {"": 9, "lobby": 9, "python": 3})

    def test_unseen_entering(self) -> None:
        """Of who was never stored to come, it is kept on leaving when that was."""
        self.append(left(9))
        self.assertEqual(self.places(), [ReadMarker("", "ada", 9, 9)])

    def test_kicked_and_left(self) -> None:
        """Who leaves before hearing of a kick has no place in that room, whenever it is stored."""
        for id in (1, 11):
            kicked = Kicked(id=id + 1, nick="eve", room="attic", target="ada", target_identity=ADA)
            self.append(joined(id, "attic"))
            if id == 1:
                self.append(kicked, left(id + 2, "attic"))
            else:
                self.append(kicked)
                self.append(left(id + 2, "attic"))
            self.assertEqual([place.room for place in self.places()], [""])

    def test_nickname(self) -> None:
        """The nickname of a place is the last that was borne there."""
        self.append(joined(1), left(9, "lobby", nick="eve"))
        self.assertEqual({place.nick for place in self.places()}, {"eve"})

    def test_renamed(self) -> None:
        """Who is renamed bears the new nickname in all places at once, and not only on leaving."""
        self.append(joined(1), joined(2, "python"))
        self.append(Renamed(id=3, nick="ada", now="lovelace", identity=ADA))
        nicks = [(place.room, place.nick) for place in self.places()]
        self.assertEqual(nicks, [("", "lovelace"), ("lobby", "lovelace"), ("python", "lovelace")])

    def test_moved(self) -> None:
        """Who takes another identity on has its places from then on, and no others."""
        self.append(joined(1), joined(2, "python"), left(3, "lobby", "python"))
        self.append(Joined(id=4, nick="guest", room="lobby", identity=BOB))
        self.append(Joined(id=5, nick="guest", room="attic", identity=BOB))
        self.assertIsNone(self.successResultOf(self.journal.move(BOB, ADA, "ada")))
        entered = [(place.room, place.entered) for place in self.places()]
        self.assertEqual(entered, [("", 4), ("lobby", 4), ("attic", 5)])
        self.assertEqual({place.nick for place in self.places()}, {"ada"})
        self.assertEqual(self.places(BOB), [])

    def test_moved_once_more(self) -> None:
        """Moving again, after an answer that was lost, changes nothing."""
        self.append(joined(1), Joined(id=4, nick="guest", room="attic", identity=BOB))
        for _ in range(2):
            self.successResultOf(self.journal.move(BOB, ADA, "ada"))
        entered = [(place.room, place.entered) for place in self.places()]
        self.assertEqual(entered, [("", 4), ("attic", 4)])

    def split(self, former: bytes, now: bytes, *rooms: str) -> None:
        self.assertIsNone(
            self.successResultOf(self.journal.split(former, now, "guest", rooms, 5))
        )

    def test_split(self) -> None:
        """Who goes on under another identity is there, and as before is nowhere any more."""
        self.append(joined(1), joined(2, "python"))
        self.split(ADA, BOB, "", "lobby")
        self.assertEqual({place.seen for place in self.places()}, {5})
        self.assertEqual([place.room for place in self.places()], [""])
        entered = [(place.room, place.nick, place.entered) for place in self.places(BOB)]
        self.assertEqual(entered, [("", "guest", 1), ("lobby", "guest", 1)])

    def test_split_nowhere(self) -> None:
        """Of who was nowhere, nothing comes of going on under another identity."""
        self.split(BOB, ADA, "", "lobby")
        self.assertEqual((self.places(), self.places(BOB)), ([], []))

    def missed(self, of: str | bytes = "lobby", after: int = 0, before: int = LATEST) -> Missed:
        return self.successResultOf(self.journal.missed(of, after, before, "Ada", ADA))

    def test_missed(self) -> None:
        """What others said between two ids is counted, and neither topics nor presence."""
        self.append(line(1, identity=BOB), line(2, identity=BOB), line(3), joined(4))
        self.append(
            Acted(id=5, nick="bob", room="lobby", text="waves", identity=BOB),
            TopicChanged(id=6, nick="bob", room="lobby", text="bees", identity=BOB),
            line(7, room="python", identity=BOB),
            line(8, identity=BOB),
        )
        self.assertEqual(self.missed(after=1, before=8), Missed(2, 0, False))
        self.assertEqual(self.missed("attic"), Missed(0, 0, False))

    def test_mentions(self) -> None:
        """A mention is the nickname as a whole word, in capitals or not."""
        texts = ["ada?", "so, ADA: come", "Adam", "canada", "ada_", "hi"]
        self.append(*(line(id, text, identity=BOB) for id, text in enumerate(texts, 1)))
        self.assertEqual(self.missed(), Missed(6, 2, False))

    def test_missed_in_private(self) -> None:
        """Of private lines, those to somebody are counted, and not those to oneself."""
        self.append(private_line(1, "bob", "ada", "ada, psst"), private_line(2, "ada", "bob"))
        self.append(private_line(3, "ada", "ada"), private_line(4, "eve", "bob"))
        self.assertEqual(self.missed(ADA), Missed(1, 1, False))

    def test_many_missed(self) -> None:
        """From a thousand on it is not counted how many more there are."""
        self.append(*(line(id, "ada", identity=BOB) for id in range(1, MISSED_MOST + 1)))
        self.assertEqual(self.missed(), Missed(MISSED_MOST, MISSED_MOST, False))
        self.append(line(MISSED_MOST + 1, "ada", identity=BOB))
        self.assertEqual(self.missed(), Missed(MISSED_MOST, MISSED_MOST, True))

    def test_much_text(self) -> None:
        """Of long lines fewer are counted."""
        texts = ["x" * 4096] * (MISSED_TEXT // 4096)
        self.append(*(line(id, text, identity=BOB) for id, text in enumerate(texts, 1)))
        self.assertEqual(self.missed(), Missed(len(texts), 0, False))
        self.append(line(len(texts) + 1, "x", identity=BOB))
        self.assertEqual(self.missed(), Missed(len(texts), 0, True))

    def test_long_line(self) -> None:
        """One line at least is counted."""
        self.append(line(1, "x" * 2 * MISSED_TEXT, identity=BOB))
        self.assertEqual(self.missed(), Missed(1, 0, False))

    def modlog(self, room: str | None, before: int = LATEST, limit: int = 9) -> list[OperatorAct]:
        return self.successResultOf(self.journal.modlog(room, before, limit))

    def test_acts(self) -> None:
        """What operators did is kept whole, apart from the history."""
        acts = [
            Banned(
                id=1,
                nick="eve",
                identity=BOB,
                room="lobby",
                target="ada",
                target_identity=ADA,
                network="192.0.2.0/24",
                until=99,
                text="spam",
            ),
            Announced(id=2, nick="eve", identity=BOB, text="tea"),
        ]
        self.append(*acts)
        found = self.modlog(None)
        self.assertEqual(found, acts)
        self.assertEqual([act.identity for act in found], [BOB, BOB])
        self.assertEqual(self.ids(), [])

    def test_modlog(self) -> None:
        """The last acts below an id are told, of one room or of all."""
        rooms = ["lobby", "", "python", "lobby", "lobby"]
        self.append(*(Kicked(id=id, nick="eve", room=room) for id, room in enumerate(rooms, 1)))
        self.assertEqual([act.id for act in self.modlog(None)], [1, 2, 3, 4, 5])
        self.assertEqual([act.id for act in self.modlog("lobby", 5, 1)], [4])
        self.assertEqual([act.id for act in self.modlog("")], [2])

    def test_own_lines(self) -> None:
        """Lines of one's own are passed over, so many of them."""
        self.append(*map(line, range(1, LOOKED_AT)), line(LOOKED_AT, identity=BOB))
        self.assertEqual(self.missed(), Missed(1, 0, False))
        self.append(line(LOOKED_AT + 1, identity=BOB))
        self.assertEqual(self.missed(), Missed(1, 0, True))


class PeopleTests(PeopleContract, DatabaseJournalTestCase):
    """What is known about people in an SQLite file."""

    def test_index_while_storing(self) -> None:
        """Nothing is indexed while a batch is being stored; it is when that is over, or failed."""
        for id, outcome in ((1, None), (2, Failure(ZeroDivisionError()))):
            self.append(line(id))
            held: Deferred[None] = Deferred()
            write = self.patch(self.database_, "write", lambda work, held=held: held)
            storing = self.journal.store([line(id + 10)])
            self.successResultOf(self.journal.index())
            write.restore()
            self.assertLess(self.indexed(), id)
            held.callback(outcome)
            storing.addErrback(lambda failure: failure.trap(ZeroDivisionError))
            self.successResultOf(self.journal.index())
            self.assertEqual(self.indexed(), id)

    def indexed(self) -> int:
        """Up to which id lines are in the index."""
        sql = "SELECT id FROM indexed"
        done = self.database_.read(lambda connection: connection.execute(sql).fetchone()[0])
        return self.successResultOf(done)


class RestartTests(DatabaseTestCase, JournalCase):
    """What is known about people when the chat starts again."""

    def start(self) -> None:
        """Begin a run."""
        self.database_ = self.database()
        self.database_.open()
        self.journal = DatabaseJournal(self.database_)
        self.journal.open()

    def end(self, last_id: int) -> None:
        """End a run in which nobody is told to have left."""
        self.journal.ids.last = last_id
        self.successResultOf(self.journal.close())
        self.database_.close()

    def seen(self) -> list[int]:
        return [place.seen for place in self.successResultOf(self.journal.places(ADA))]

    def test_end_of_the_run(self) -> None:
        """Who was there when a run ended saw all of it, and nothing of the runs after it."""
        self.start()
        self.append(joined(1), line(5))
        self.end(7)
        self.start()
        self.assertEqual(self.seen(), [7, 7])
        self.append(line(10))
        self.end(20)
        self.start()
        self.assertEqual(self.seen(), [7, 7])
        self.end(30)

    def test_present(self) -> None:
        """Who is there now saw what came before."""
        self.start()
        self.append(joined(3))
        self.assertEqual(self.seen(), [3, 3])
        self.end(30)

    def test_acts(self) -> None:
        """What operators did, and matters, is there at the start, oldest first."""
        self.start()
        kicked = Kicked(id=1, nick="eve", target="ada")
        banned = Banned(id=3, nick="eve", target="bob")
        self.append(kicked, Announced(id=2, nick="eve", text="tea"), banned)
        self.end(30)
        self.start()
        recalled: list[OperatorAct] = []
        self.journal.recall(recalled.append)
        self.assertEqual(recalled, [kicked, banned])
        self.end(30)
