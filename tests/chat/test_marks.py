"""How far somebody has read in private, person by person."""

from __future__ import annotations

from typing import Any

from chatservice.chat import read_markers
from chatservice.chat.rooms import Device
from chatservice.protocol.events import Event, Read
from chatservice.storage import marks
from tests.conversation import ConversationCase
from tests.journals import rows
from tests.persons import JsonPerson

SECRET = "correct-horse"


class MarkTests(ConversationCase):
    """Ada, at two programs and a terminal, and bob and eve."""

    def setUp(self) -> None:
        super().setUp()
        self.program = self.at_json("ada", client="phone")
        self.other = JsonPerson(self.connect())
        self.other.asks("hello", token=self.program.welcome["token"], client="tab")
        self.bob, self.eve = self.at_json("bob"), self.at_json("eve")
        self.phone, self.tab = self.chat.roster["ada"].devices
        self.ids = [self.whispered(self.bob, f"line {number}") for number in range(3)]

    def whispered(self, by: JsonPerson, text: str) -> int:
        """Say something to ada in private; give its id."""
        by.types(f"/msg ada {text}")
        id: int = by.sees_all()[-1]["id"]
        return id

    def moved(self, id: int, nick: str = "bob", by: Device | None = None) -> int:
        """Have ada read what somebody said up to an id; give the mark that her devices get."""
        told = self.moving(id, nick, by)
        self.clock.advance(0)
        assert isinstance(told, Read)
        self.assertEqual((told.room, told.to, told.ref), ("", nick, "r"))
        return told.upto

    def moving(self, id: int, nick: str, by: Device | None = None) -> Event:
        done = self.chat.marks.note_read_with(by or self.phone, self.chat.roster[nick], id, "r")
        return self.successResultOf(done).event

    def mark(self, nick: str = "bob") -> int:
        """Tell how far ada has read what somebody said."""
        done = self.chat.marks.of_person(self.tab, self.chat.roster[nick])
        id: int = self.successResultOf(done)
        return id

    def test_at_first(self) -> None:
        """What ada was sent of all private lines, she has read of each person's."""
        before = self.chat.marks.of_room(self.phone, "")
        self.assertLess(before, self.ids[0])
        self.assertEqual(self.mark(), before)

    def test_moved(self) -> None:
        """A mark is of one person, whichever device moves it, and the others' stay."""
        before = self.mark("eve")
        self.assertEqual(self.moved(self.ids[1]), self.ids[1])
        self.assertEqual(self.mark(), self.ids[1])
        self.assertEqual(self.moved(self.ids[2], by=self.tab), self.ids[2])
        self.assertEqual(self.mark("eve"), before)
        self.assertEqual(self.chat.marks.of_room(self.phone, ""), before)
        found = rows(self.chat.journal, "SELECT read FROM places WHERE read IS NOT NULL")
        self.assertEqual(found, [])

    def test_forward_alone(self) -> None:
        """It does not move back, nor beyond what there is."""
        self.moved(self.ids[2])
        self.assertEqual(self.moved(self.ids[0]), self.ids[2])
        self.assertEqual(self.moved(2**60), self.chat.last_delivered() - 1)

    def test_all_private_lines(self) -> None:
        """What counts as read of all private lines moves the marks of all people."""
        self.moved(self.ids[0])
        self.program.asks("seen", id=self.ids[1])
        self.assertEqual((self.mark(), self.mark("eve")), (self.ids[1], self.ids[1]))
        self.assertEqual(self.moved(self.ids[0]), self.ids[1])

    def test_programs(self) -> None:
        """Programs at the JSON door, which count all private lines as one, are told nothing."""
        for person in (self.program, self.other, self.bob):
            person.sees()
        self.moved(self.ids[1])
        for person in (self.program, self.other, self.bob):
            self.assertEqual(person.sees(), [])

    def test_rooms(self) -> None:
        """The mark of a room also moves its read marker on, but never back."""
        self.bob.asks("say", room="lobby", text="hi")
        id, before = self.bob.sees_all()[-1]["id"], self.read("lobby")
        for given, mark, read in ((5, 5, before), (id, id, id), (7, id, id)):
            self.chat.marks.note_read(self.tab, "lobby", given)
            self.assertEqual(self.chat.marks.of_room(self.phone, "lobby"), mark)
            self.assertEqual(self.read("lobby"), read)

    def read(self, room: str) -> int:
        """Give ada's read marker of a room."""
        return self.chat.roster["ada"].reading.marker(room, self.chat.last_delivered())

    def test_taken_back(self) -> None:
        """What was not sent was not read, and is not marked; what was sent is."""
        reading = self.chat.roster["ada"].reading
        before = reading.missed["lobby"]
        for is_sent, mark in ((False, 0), (True, before + 2)):
            self.phone.hand_out("lobby", before, reading.move("lobby", before + 2))
            if is_sent:
                self.phone.all_sent()
            self.chat.roster["ada"].lose(self.phone, before + 9)
            self.assertEqual(reading.missed["lobby"], before + (2 if is_sent else 0))
            self.assertEqual(self.chat.marks.of_room(self.tab, "lobby"), mark)

    def test_too_many_rooms(self) -> None:
        """Of too many marks of rooms, the lowest give way."""
        self.patch(read_markers, "MARKS", 2)
        reading = read_markers.Reading()
        for room, id in (("a", 5), ("b", 9), ("c", 7), ("d", 3)):
            reading.note_mark(room, id)
        self.assertEqual(reading.marks, {"b": 9, "c": 7})

    def test_kept_for_an_account(self) -> None:
        """It goes with whoever registers, and with the person it is about."""
        self.moved(self.ids[1])
        former = [self.chat.roster[nick].identity for nick in ("ada", "bob")]
        for person in (self.program, self.bob):
            person.types(f"/register {SECRET}")
        self.clock.advance(0)
        now = [self.chat.roster[nick].identity for nick in ("ada", "bob")]
        self.assertEqual(set(former) & set(now), set())
        self.assertEqual(self.mark(), self.ids[1])
        found = rows(self.chat.journal, "SELECT identity, other FROM marks")
        self.assertEqual(found, [tuple(now)])

    def test_kept_for_who_logs_in(self) -> None:
        """What a guest had read counts for the account, unless that has a mark of its own."""
        self.eve.types(f"/register {SECRET}")
        eve = self.chat.roster["eve"]
        self.chat.journal.move_mark(eve.identity, b"bob", "bob", 3)
        self.eve.types("/quit")
        guest = self.chat.roster["ada"].identity
        for other, id in ((b"bob", 2), (b"grace", 7)):
            self.chat.journal.move_mark(guest, other, other.decode(), id)
        self.successResultOf(self.chat.journal.move(guest, eve.identity, "eve"))
        sql = "SELECT identity, nick, id FROM marks WHERE nick <> '#lobby' ORDER BY id"
        found = rows(self.chat.journal, sql)
        self.assertEqual(found, [(eve.identity, "bob", 3), (eve.identity, "grace", 7)])

    def test_too_many(self) -> None:
        """Of too many marks, those with the lowest ids give way."""
        self.patch(marks, "MARKS", 2)
        identity = self.chat.roster["ada"].identity
        for other, id in ((b"1", 5), (b"2", 9), (b"3", 7), (b"4", 3)):
            done = self.chat.journal.move_mark(identity, other, "x", id)
            self.assertEqual(self.successResultOf(done), id)
        found: list[Any] = rows(self.chat.journal, "SELECT other, id FROM marks ORDER BY id")
        self.assertEqual(found, [(b"3", 7), (b"2", 9)])
