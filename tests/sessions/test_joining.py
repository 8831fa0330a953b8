"""Who comes again is in the rooms of the last time, as far as they are still open."""

from __future__ import annotations

from twisted.internet.defer import fail
from twisted.logger import capturedLogs, formatEvent

from chatservice.protocol.actions import Banned
from chatservice.protocol.errors import StorageError
from tests.conversation import TOKEN, ConversationCase, JsonPerson, TextPerson, each_row
from tests.journals import SlowJournal

ECHO_OFF, ECHO_ON = b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"


class RoomsTests(ConversationCase):
    """Ada was in some rooms, and left the chat."""

    def setUp(self) -> None:
        super().setUp()
        ada = self.at_json("ada", token=TOKEN)
        for line in ("/join python", "/join tea", "/part lobby", "/quit"):
            ada.types(line)

    @each_row({"none": {}, "empty": {"rooms": {}}})
    def test_last_time(self, rooms: dict[str, dict[str, int]]) -> None:
        """Without rooms in hello they are those of the last time, but for what was parted."""
        ada = self.at_json("ada", token=TOKEN, **rooms)
        self.assertEqual(list(ada.welcome["rooms"]), ["python", "tea"])
        self.assertFalse(ada.welcome["resumed"])

    def test_nameless(self) -> None:
        """With a token the nickname may be left out, too."""
        person = JsonPerson(self.connect())
        person.asks("hello", token=TOKEN)
        person.sees()
        self.assertEqual(person.welcome["nick"], "ada")
        person = JsonPerson(self.connect())
        person.asks("hello")
        self.assertEqual(person.sees()[-1]["text"], '"nick" must be a string')
        person.asks("hello", nick="")
        self.assertEqual(person.sees()[-1]["code"], "bad-nick")

    def test_named(self) -> None:
        """Rooms in hello are the only ones."""
        ada = self.at_json("ada", token=TOKEN, rooms={"tea": 0})
        self.assertEqual(list(ada.welcome["rooms"]), ["tea"])

    def test_somebody_else(self) -> None:
        """The nickname alone brings nothing back."""
        self.assertEqual(list(self.at_json("ada").welcome["rooms"]), ["lobby"])

    def test_at_the_prompt(self) -> None:
        """At the text door the token brings back the nickname and the rooms."""
        person = TextPerson(self.connect())
        person.types(f"/resume {TOKEN}")
        lines = person.sees()
        self.assertEqual(lines[1], "Choose a nickname: -- you are back as ada")
        self.assertIn("-- you joined #python: nobody else (1 here)", lines[2])
        self.assertIn("-- you joined #tea: nobody else (1 here)", lines[3])
        self.assertEqual(list(self.chat.roster), ["ada"])


class ClosedRoomTests(ConversationCase):
    """Eve was in a room of ada's alone, left the chat, and may not come back."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")
        for line in ("/register correct-horse", "/join den"):
            self.ada.types(line)
        eve = self.at_json("eve", token=TOKEN, rooms={"den": 0})
        eve.types("/register eves-password")
        eve.types("/quit")
        self.chat.permissions.apply(
            Banned(id=1, nick="sysop", room="den", target="192.0.2.1", network="192.0.2.1/32")
        )
        self.ada.types("between us")

    def test_text(self) -> None:
        """At the text door one is told so, and sees nothing of what was said there."""
        eve = TextPerson(self.connect())
        eve.types(f"/resume {TOKEN}")
        refused, _back, where = eve.sees()[1:]
        self.assertIn("-- you are banned from #den until an operator ends it", refused)
        self.assertEqual(where, "-- you are eve, in no room: /list, /join ROOM")
        eve.types("/catchup")
        self.assertNotIn("between us", eve.wire.sees())
        self.ada.types("/msg eve psst")
        self.assertEqual(eve.sees(), ["(ada to you) psst"])

    def test_json(self) -> None:
        """A program has a welcome to no room, and took nothing over."""
        eve = self.at_json("eve", token=TOKEN)
        self.assertEqual((eve.welcome["rooms"], eve.welcome["resumed"]), ({}, False))
        self.ada.types("still between us")
        self.assertEqual(eve.sees(), [])

    def test_private_line_just_before(self) -> None:
        """A private line of the very last moment is delivered to who comes to no room."""
        self.ada.types("/msg eve psst")
        eve = JsonPerson(self.connect())
        eve.asks("hello", nick="eve", password="eves-password")
        texts = [event["text"] for facts in eve.sees() for event in facts.get("events", ())]
        self.assertEqual(texts, ["psst"])


class FenceTests(ConversationCase):
    """Connections that follow one another faster than they are through."""

    def test_two_in_a_row(self) -> None:
        """Who takes over twice, the second time before the first is through, misses nothing."""
        journal = SlowJournal()
        self.rules.linger = 30
        self.open_chat(journal)
        bob, ada = self.at_text("bob"), self.at_text("ada")
        token = self.chat.roster["ada"].token
        bob.types("seen")
        ada.sees()
        ada.wire.vanishes()
        bob.types("meanwhile")
        bob.sees()
        journal.waiting.is_slow = True
        first, second = TextPerson(self.connect()), TextPerson(self.connect())
        for person in (first, second):
            person.types(f"/resume {token}")
        lines: list[str] = []
        for _ in range(4):
            journal.waiting.answer_all()
            lines += second.sees()
        self.assertEqual(
            lines[-2:], ["-- you are back as ada, in lobby", "12:00 #lobby bob: meanwhile"]
        )


class PasswordPromptTests(ConversationCase):
    """The password of a registered nickname, at the text door."""

    def setUp(self) -> None:
        super().setUp()
        ada = self.at_text("ada")
        ada.types("/register correct-horse")
        ada.types("/quit")
        self.wire = self.connect()
        self.wire.sends(b"\xff\xfd\x03\n")
        self.wire.gets()

    def test_hidden(self) -> None:
        """A telnet does not show the password, and shows what is typed after it."""
        self.wire.sends(b"ada\n")
        asked = self.wire.gets()
        self.assertIn(ECHO_OFF, asked)
        self.assertTrue(asked.endswith(b"Password for ada (or nothing, for another nickname): "))
        self.wire.sends(b"correct-horse\n")
        answer = self.wire.gets()
        self.assertTrue(answer.startswith(ECHO_ON))
        self.assertIn(b"-- you joined lobby", answer)

    def test_goodbye(self) -> None:
        """Who says goodbye in the place of a password leaves, and has tried none."""
        self.wire.sends(b"ada\n/quit\n")
        answer = self.wire.gets()
        self.assertNotIn(b"wrong nickname", answer)
        self.assertTrue(answer.endswith(ECHO_ON + b"-- goodbye\r\n"))
        self.assertIsNotNone(self.wire.lost)

    def test_another_nickname(self) -> None:
        """Nothing for a password asks for another nickname, which is shown."""
        self.wire.sends(b"ada\n\n")
        self.assertTrue(self.wire.gets().endswith(ECHO_ON + b"Choose a nickname: "))

    def test_too_long(self) -> None:
        """After a line that is too long the nickname is asked for again, and shown."""
        self.wire.sends(b"ada\n")
        self.wire.gets()
        self.wire.sends(b"x" * 20_000 + b"\n")
        answer = self.wire.gets()
        self.assertIn(ECHO_ON, answer)
        self.assertTrue(answer.endswith(b"Choose a nickname: "))


class BannedMeanwhileTests(ConversationCase):
    """The address of who comes back is banned from the chat, and the member is still in it."""

    def test_resume(self) -> None:
        """Who has the token is let in no more from there; the connection there is stays."""
        eve = self.at_json("eve", token=TOKEN)
        self.chat.permissions.apply(
            Banned(id=1, nick="ada", target="198.51.100.7", network="198.51.100.7/32")
        )
        elsewhere = TextPerson(self.connect("198.51.100.7"))
        elsewhere.types(f"/resume {TOKEN}")
        self.assertIn("-- you are banned from the chat", elsewhere.sees()[1])
        self.assertTrue(elsewhere.wire.lost)
        eve.types("/ping")
        self.assertEqual(eve.sees()[0]["lines"], ["pong"])
        self.assertEqual(self.chat.roster["eve"].address, "192.0.2.1")


class RestartTests(ConversationCase):
    """The chat is shut down while somebody has not seen everything."""

    def test_what_was_missed(self) -> None:
        """It is kept, and shown to who comes back; what was seen before is not."""
        self.rules.linger = 30.0
        self.open_chat()
        bob = self.at_text("bob")
        ada = self.at_json("ada", token=TOKEN)
        bob.types("before")
        ada.wire.vanishes()
        bob.types("while ada was away")
        self.chat.shut_down(1.0)
        self.assertEqual(bob.sees()[-1], "-- the chat is shutting down")
        self.clock.advance(1)
        self.open_chat(self.journal)
        ada_again = TextPerson(self.connect())
        ada_again.types(f"/resume {TOKEN}")
        said = [line for line in ada_again.sees() if "bob:" in line]
        self.assertEqual(said, ["12:00 #lobby bob: while ada was away"])

    def test_full_disk(self) -> None:
        """When it cannot be kept the log says so, and the chat ends all the same."""
        self.rules.linger = 30.0
        self.open_chat()
        bob = self.at_text("bob")
        self.at_json("ada", token=TOKEN).wire.vanishes()
        self.patch(self.journal, "store", lambda _: fail(StorageError("the disk is full")))
        with capturedLogs() as logged:
            ended = self.chat.shut_down(1.0)
            bob.sees()
        self.successResultOf(ended)
        self.assertIn(
            "Storing what people have missed failed: the disk is full.",
            [formatEvent(entry) for entry in logged],
        )
        self.assertTrue(bob.wire.lost)


class AccountTests(ConversationCase):
    """Nicknames and rooms that ask who one is."""

    def test_without_a_place(self) -> None:
        """Whose places are not kept any more has the account's nickname, and the lobby."""
        ada = self.at_json("ada", token=TOKEN)
        ada.types("/register correct-horse")
        ada.types("/quit")
        self.journal.move(self.chat.accounts.named("ada").identity, b"nobody", "ada")
        person = TextPerson(self.connect())
        person.types(f"/resume {TOKEN}")
        self.assertIn("-- you joined lobby: nobody else (1 here)", person.sees()[2])
        self.assertEqual(list(self.chat.roster), ["ada"])

    def test_unregistered_operator(self) -> None:
        """An operator's nickname that is not registered is for who is on the chat's machine."""
        self.rules.operators = frozenset({"ada"})
        for host in ("192.0.2.1", "::ffff:192.0.2.1"):
            person = TextPerson(self.connect(host))
            person.types("ada")
            self.assertIn("is reserved for an operator, who must register it", person.sees()[1])
        for host in ("127.0.0.1", "::ffff:127.0.0.1", "::1"):
            person = TextPerson(self.connect(host))
            person.types("ada")
            self.assertIn("-- you joined lobby", person.sees()[1])
            person.types("/quit")

    def test_password_of_a_room(self) -> None:
        """A room with a password is not entered without it, nor its password tried for ever."""
        ada = self.at_text("ada")
        for line in ("/register correct-horse", "/join den", "/room password open-sesame"):
            ada.types(line)
        bob = self.at_json("bob", rooms={"lobby": 0, "den": 0})
        self.assertEqual(list(bob.welcome["rooms"]), ["lobby"])
        for _ in range(5):
            bob.types("/join den wrong")
            self.assertEqual(bob.sees()[-1]["text"], "wrong password for #den")
        bob.types("/join den open-sesame")
        self.assertEqual(bob.sees()[-1]["text"], "too many tries: try again in 60 s")
        self.clock.advance(60)
        bob.types("/join den open-sesame")
        self.assertEqual(list(self.chat.roster["bob"].rooms), ["lobby", "den"])


class CrowdTests(ConversationCase):
    """More come and go than can be told one by one."""

    def test_room_is_gone(self) -> None:
        """Of a room that is gone by then no sum is told."""
        people = [self.at_json(f"guest-{number}") for number in range(25)]
        for person in people:
            person.types("/join crowd")
        for person in people:
            person.types("/quit")
        self.clock.advance(60)
        self.assertNotIn("crowd", self.chat.rooms)
        bob = self.at_text("bob")
        self.assertEqual(bob.sees(), [])

    def test_sum(self) -> None:
        """Programs are told of each, and people of how many."""
        bob, program = self.at_text("bob"), self.at_json("eve")
        bob.sees()
        for number in range(25):
            self.at_json(f"guest-{number}")
        lines = bob.sees()
        self.assertEqual(len(lines), 18)
        self.clock.advance(10)
        self.assertEqual(bob.sees(), ["-- lobby: 7 came"])
        joined = [facts for facts in program.sees() if facts["type"] == "joined"]
        self.assertEqual((len(joined), joined[-1]["folded"]), (25, True))
