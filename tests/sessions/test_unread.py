"""How much somebody has missed: without people whom one ignores, and whatever the accents."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.ignoring import Unseen, has_missed
from chatservice.chat.journal import Missed
from chatservice.chat.rooms import Room
from chatservice.protocol.events import LATEST, Acted, Event, Noticed, TopicChanged
from chatservice.protocol.names import nick_key
from tests.conversation import DOORS, ConversationCase, JsonPerson, at_each_door
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, BOB, EVE, line, private_line

SECRET = "correct-horse"
NOT_EVE = Unseen(ADA, {nick_key("eve")}, {BOB}).left_of


class MissedTests(DatabaseJournalTestCase, JournalCase):
    """What the journal counts."""

    def missed(self, of: str | bytes, nick: str = "ada") -> Missed:
        done = self.journal.missed(of, 0, LATEST, nick, ADA, NOT_EVE)
        return self.successResultOf(done)

    def test_room(self) -> None:
        """Neither lines nor mentions count of those who are ignored, by nickname or account."""
        self.append(line(1, "ada!", nick="eve"), line(2, "ada?", nick="bob", identity=BOB))
        self.append(Acted(id=3, nick="EVE", room="lobby", text="waves to ada"))
        self.append(TopicChanged(id=4, nick="grace", room="lobby", text="ada"))
        self.assertEqual(self.missed("lobby"), Missed(0, 0, False))
        self.append(line(5, "ada", nick="grace", identity=EVE), line(6, nick="grace", identity=EVE))
        self.assertEqual(self.missed("lobby"), Missed(2, 1, False))

    def test_notices(self) -> None:
        """Notices count as lines do."""
        self.append(Noticed(id=1, nick="grace", room="lobby", text="tea, ada"))
        self.assertEqual(self.missed("lobby"), Missed(1, 1, False))

    def test_private(self) -> None:
        """Nor do private lines of theirs."""
        self.append(private_line(1, "eve", "ada", "ada"), private_line(2, "bob", "ada", "ada"))
        self.assertEqual(self.missed(ADA), Missed(0, 0, False))

    def test_composed(self) -> None:
        """A nickname is mentioned however its letters are composed, and in capitals."""
        texts = ["Ame\u0301lie?", "AMÉLIE", "AME\u0301LIE!", "Amelie", "Amélies"]
        texts.append("J\u030c\u0323o")
        self.append(
            *(line(id, text, nick="grace", identity=EVE) for id, text in enumerate(texts, 1))
        )
        self.assertEqual(self.missed("lobby", "Amélie").mentions, 3)
        self.assertEqual(self.missed("lobby", "ǰ\u0323o").mentions, 1)


class RoomTests(SynchronousTestCase):
    """has_missed."""

    def test_shown(self) -> None:
        """What is ignored is nothing new; where the room remembers too little, there may be."""
        room = Room("lobby")
        unseen = Unseen(EVE, {nick_key("eve")})
        events: list[Event] = [line(1, nick="bob"), line(2, nick="eve"), line(3, nick="eve")]
        for event in events:
            room.recent.append(event)
        found = [has_missed(room, seen, unseen) for seen in range(4)]
        self.assertEqual(found, [True, False, False, False])
        self.assertTrue(has_missed(room, 1, Unseen(EVE)))
        room.recent.append(line(4, nick="bob"))
        self.assertTrue(has_missed(room, 1, unseen))
        room.recent.give_way()
        self.assertTrue(has_missed(room, 3, unseen))


class ReturningTests(ConversationCase):
    """Ada, who ignores eve and is away, at either door."""

    def setUp(self) -> None:
        super().setUp()
        ada, self.bob, self.eve = self.at_text("ada"), self.at_text("bob"), self.at_text("eve")
        for typed in (f"/register {SECRET}", "/ignore eve", "/quit"):
            ada.types(typed)
        self.clock.advance(60)

    def told(self, door: str, **hello: Any) -> list[str]:
        """The sentences and events that ada is given on return, as far as they are of this."""
        if DOORS[door].is_program:
            ada = JsonPerson(self.connect())
            ada.asks("hello", nick="ada", password=SECRET, **hello)
            notices = [facts for facts in ada.sees() if facts["type"] == "notice"]
            return [str(each) for facts in notices for each in facts["events"] + facts["lines"]]
        wire = self.connect()
        wire.sends(f"ada\n{SECRET}\n".encode())
        lines = wire.gets().decode().split("\r\n")
        return [each.removeprefix("-- ") for each in lines if "new line" in each or "eve" in each]

    @at_each_door
    def test_nothing(self, door: str) -> None:
        """What eve said, in the room and in private, is not told of."""
        for typed in ("ada: look", "/me waves to ada", "/msg ada psst", "/topic ada"):
            self.eve.types(typed)
        self.assertEqual([each for each in self.told(door) if "new" in each or "psst" in each], [])

    @at_each_door
    def test_others(self, door: str) -> None:
        """What others said is counted without hers."""
        for person in (self.eve, self.bob, self.eve):
            person.types("ada: hi")
        self.bob.types("hi all")
        found = [each for each in self.told(door) if "new line" in each]
        self.assertEqual(found, ["2 new lines in lobby since 12:00, 1 mentions you: /catchup"])

    def test_welcome(self) -> None:
        """A program is told of a room that it missed nothing there but hers."""
        self.bob.types("seen")
        seen = self.chat.rooms["lobby"].last_id()
        self.eve.types("ada: hi")
        for missed in (False, True):
            ada = JsonPerson(self.connect())
            ada.asks("hello", nick="ada", password=SECRET, rooms={"lobby": seen})
            ada.sees()
            self.assertIs(ada.welcome["rooms"]["lobby"]["missed"], missed)
            self.bob.types("hi")

    def test_bell(self) -> None:
        """The bell does not ring for a mention of hers, and rings for one in any composition."""
        zoe = self.at_text("Zoé")
        for typed in ("/set bell on", "/ignore eve"):
            zoe.types(typed)
        zoe.sees()
        for person in (self.eve, self.bob):
            person.types("Zoe\u0301: hi")
        self.assertEqual(zoe.sees(), ["bob: Zoe\u0301: hi\a"])
