"""A lost connection may come back before anybody hears of it; a nickname does not wait for ever."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import fail

from chatservice.chat.lingering import PER_ADDRESS
from chatservice.protocol.errors import StorageError
from chatservice.sessions.joining import PING_TIMEOUT, SILENT
from tests.conversation import TOKEN, ConversationCase, JsonPerson, TextPerson, error, said
from tests.journals import SlowJournal

LINGER = 30


class LingeringCase(ConversationCase):
    """A chat in which a lost connection has 30 s to come back."""

    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def begin(self, journal: Any = None) -> None:
        """Begin with a new chat."""
        self.rules.linger = LINGER
        self.open_chat(journal)

    def passes(self, seconds: float) -> None:
        """Time passes, second by second."""
        self.clock.pump([1.0] * int(seconds))

    def at_prompt(self) -> TextPerson:
        """Somebody at the text door, who is to choose a nickname."""
        person = TextPerson(self.connect())
        person.types("")
        person.sees()
        return person

    def resumes(self, token: str) -> TextPerson:
        """Somebody is back at the text door, with a token."""
        person = self.at_prompt()
        person.types(f"/resume {token}")
        return person


class ComingBackTests(LingeringCase):
    """Ada loses her connection, and bob talks on."""

    def test_json(self) -> None:
        """Whoever is back in time with a token has the same place, and was not seen to be gone."""
        bob = self.at_json("bob")
        ada = self.at_json("ada", token=TOKEN)
        ada.types("/join python")
        bob.sees()
        ada.wire.vanishes()
        bob.types("meanwhile")
        self.passes(LINGER - 1)
        again = self.at_json("ada", token=TOKEN, rooms={"lobby": ada.welcome["id"]})
        welcome = again.welcome
        self.assertEqual((welcome["resumed"], list(welcome["rooms"])), (True, ["lobby", "python"]))
        self.assertTrue(welcome["rooms"]["lobby"]["missed"])
        bob.types("and now")
        self.assertEqual(again.sees(), [said("bob", "and now")])
        self.assertEqual(bob.sees(), [said("bob", "meanwhile"), said("bob", "and now")])
        self.passes(2 * LINGER)
        self.assertEqual(bob.sees(), [])

    def test_text(self) -> None:
        """At the text door what was said meanwhile is shown once, before what is said later."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        token = self.chat.roster["ada"].token
        bob.types("before")
        bob.sees()
        ada.wire.vanishes()
        bob.types("meanwhile")
        bob.types("/msg ada psst")
        self.passes(LINGER - 1)
        again = self.at_prompt()
        again.wire.protocol.dataReceived(f"/resume {token}\n".encode())
        bob.wire.protocol.dataReceived(b"and now\n")
        self.assertEqual(
            again.sees(),
            [
                "-- you are back as ada, in lobby",
                "12:00 #lobby bob: meanwhile",
                "12:00 (bob to you) psst",
                "bob: and now",
            ],
        )
        self.assertEqual(ada.sees(), ["bob: before"])
        self.assertEqual(bob.sees(), [])

    def test_under_way(self) -> None:
        """What was under way to the disk when the connection was lost is shown as well."""
        journal = SlowJournal()
        self.begin(journal)
        bob, ada = self.at_text("bob"), self.at_text("ada")
        token = self.chat.roster["ada"].token
        journal.waiting.is_slow = True
        bob.types("under way")
        ada.wire.vanishes()
        journal.waiting.answer_all()
        journal.waiting.is_slow = False
        bob.sees()
        self.assertIn("12:00 #lobby bob: under way", self.resumes(token).sees())

    def test_lost_twice(self) -> None:
        """Who is lost again before being back misses nothing of the first time."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        token = self.chat.roster["ada"].token
        ada.wire.vanishes()
        bob.types("first")
        again = self.connect()
        again.protocol.dataReceived(f"/resume {token}\n".encode())
        again.vanishes()
        bob.types("second")
        lines = self.resumes(token).sees()
        self.assertEqual(lines[-2:], ["12:00 #lobby bob: first", "12:00 #lobby bob: second"])
        self.assertEqual(bob.sees(), [])

    def test_unreadable(self) -> None:
        """When what was missed cannot be read, that is told, and the talk goes on."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        token = self.chat.roster["ada"].token
        ada.wire.vanishes()
        bob.types("missed")
        self.patch(self.journal, "page", lambda _: fail(StorageError("the disk failed")))
        again = self.resumes(token)
        bob.types("heard")
        self.assertEqual(
            again.sees(),
            [
                "-- you are back as ada, in lobby",
                "-- there is more that you missed: /catchup",
                "-- not done: the disk failed",
                "bob: heard",
            ],
        )

    def test_too_late(self) -> None:
        """When the time is over the leave is announced with its reason."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.wire.vanishes()
        self.passes(LINGER - 1)
        self.assertEqual(bob.sees(), [])
        self.assertIn("ada", self.chat.roster)
        self.passes(1)
        self.assertEqual(bob.sees(), ["-- ada left the chat (connection lost)"])
        self.assertEqual(list(self.chat.roster), ["bob"])

    def test_goodbye(self) -> None:
        """Who says goodbye, or just hangs up, has left at once."""
        bob = self.at_text("bob")
        for leave in (
            lambda ada: ada.types("/quit"),
            lambda ada: ada.wire.ends(),
            lambda ada: ada.wire.hangs_up(),
        ):
            ada = self.at_text("ada")
            bob.sees()
            leave(ada)
            self.assertEqual(bob.sees(), ["-- ada left the chat"])

    def test_many_from_one_address(self) -> None:
        """Of one address only so many are waited for, and of each other address as many."""
        self.lose_from("192.0.2.1", PER_ADDRESS + 2)
        self.assertEqual(len(self.chat.roster), PER_ADDRESS)
        self.lose_from("192.0.2.2", 1)
        self.assertEqual(len(self.chat.roster), PER_ADDRESS + 1)
        self.passes(LINGER)
        self.assertEqual((self.chat.roster, self.chat.lingering.waits), ({}, {}))

    def test_many_come_back(self) -> None:
        """Who is back, from wherever, or has left, does not count any more."""
        self.lose_from("192.0.2.1", PER_ADDRESS)
        first = self.chat.member_named("p0")
        wire = self.connect("192.0.2.2")
        wire.sends(f"/resume {first.token}\n".encode())
        self.assertIn("you are back as p0", wire.sees())
        self.chat.leave(self.chat.member_named("p1"), "", goodbye=True)
        self.lose_from("192.0.2.1", 3, first=PER_ADDRESS)
        lingering = set(self.chat.lingering.waits)
        self.assertEqual(len(lingering), PER_ADDRESS)
        self.assertEqual(set(self.chat.roster.values()) - lingering, {first})

    def lose_from(self, host: str, count: int, first: int = 0) -> None:
        """So many people come, one after the other, and each is lost."""
        for number in range(first, first + count):
            wire = self.connect(host)
            wire.sends(f"p{number if host == '192.0.2.1' else 'x'}\n".encode())
            self.assertIn("-- you joined lobby", wire.sees())
            wire.vanishes()

    def test_at_the_end(self) -> None:
        """The chat does not wait for who has lost the connection when it shuts down."""
        self.at_text("ada").wire.vanishes()
        self.successResultOf(self.chat.shut_down(3.0))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class AskedForTests(LingeringCase):
    """Somebody asks for a nickname whose holder may be there no more."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.ada = self.at_text("bob"), self.at_text("ada")
        self.bob.sees()

    def asks(self) -> TextPerson:
        """Somebody chooses ada's nickname."""
        asker = self.at_prompt()
        asker.types("ada")
        return asker

    def test_silent(self) -> None:
        """Who was silent for 60 s, and does not answer for 10 s, is renamed."""
        self.passes(SILENT)
        asker = self.asks()
        self.assertIn("ada has been silent for 1 min", asker.sees()[0])
        (question,) = self.ada.sees()
        self.assertIn("type something within 10 s to keep it", question)
        self.passes(PING_TIMEOUT)
        self.assertEqual(asker.sees()[0].split(":")[0], "-- you joined lobby")
        renamed, joined = self.bob.sees()
        self.assertRegex(renamed, r"^-- ada is now guest\d{4}$")
        self.assertEqual(joined, "-- ada joined the chat")
        self.assertIsNone(self.ada.wire.lost)

    def test_read_on(self) -> None:
        """That the chat reads on after a pause is no word of the peer."""
        self.passes(SILENT)
        (device,) = self.chat.roster["ada"].devices
        door: Any = device.door
        door.hold()
        door.release()
        self.assertEqual(door.idle_seconds(), SILENT)

    def test_answers(self) -> None:
        """Who types anything within the 10 s keeps the nickname."""
        self.passes(SILENT)
        asker = self.asks()
        asker.sees()
        self.passes(PING_TIMEOUT - 1)
        self.ada.types("")
        self.passes(1)
        self.assertEqual(asker.sees()[0], "-- ada is taken: choose another nickname")
        self.assertEqual(self.bob.sees(), [])

    def test_many_ask(self) -> None:
        """However many ask for it, the holder is asked once in 10 s."""
        self.passes(SILENT)
        self.asks()
        self.passes(PING_TIMEOUT // 2)
        for _ in range(5):
            self.asks()
        self.assertEqual(len(self.ada.sees()), 1)
        self.ada.types("")
        self.passes(SILENT)
        self.bob.sees()
        self.asks()
        self.assertIn("type something within 10 s to keep it", self.ada.sees()[-1])

    def test_program_answers(self) -> None:
        """A program is sent a ping, and whatever it answers keeps its nickname."""
        eve = self.at_json("eve")
        self.passes(SILENT)
        asker = JsonPerson(self.connect())
        asker.asks("hello", nick="eve")
        self.assertEqual([facts["type"] for facts in asker.sees()], ["notice"])
        self.assertEqual(eve.sees(), [{"type": "ping"}])
        eve.asks("pong")
        self.passes(1)
        taken = error("nick-taken", "eve is taken: choose another nickname")
        self.assertEqual((asker.sees(), eve.sees()), ([taken], []))

    def test_telnet_answers(self) -> None:
        """A telnet answers by itself, so the nickname of who reads in silence is kept."""
        self.ada.wire.sends(b"\xff\xfd\x01")
        self.passes(SILENT)
        self.ada.wire.gets()
        asker = self.asks()
        self.assertTrue(self.ada.wire.gets().endswith(b"\xff\xfd\x06"))
        self.ada.wire.sends(b"\xff\xfb\x06")
        asker.sees()
        self.passes(1)
        self.assertEqual(asker.sees()[0], "-- ada is taken: choose another nickname")

    def test_heard_lately(self) -> None:
        """Who was heard within the last 60 s is not asked."""
        self.passes(SILENT - 1)
        asker = self.asks()
        self.assertEqual(asker.sees()[0], "-- ada is taken: choose another nickname")
        self.assertEqual(self.ada.sees(), [])

    def test_asker_gives_up(self) -> None:
        """When the asker goes away meanwhile, the holder keeps the nickname."""
        self.passes(SILENT)
        self.asks().wire.vanishes()
        self.passes(PING_TIMEOUT)
        self.assertEqual((self.bob.sees(), "ada" in self.chat.roster), ([], True))

    def test_two_ask(self) -> None:
        """Of two who ask for it the first gets it."""
        self.passes(SILENT)
        first, second = self.asks(), self.asks()
        for asker in (first, second):
            asker.sees()
        self.passes(PING_TIMEOUT)
        self.assertEqual(first.sees()[0].split(":")[0], "-- you joined lobby")
        self.assertEqual(second.sees()[0], "-- ada is taken: choose another nickname")
