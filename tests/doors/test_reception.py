"""From a new connection to the lobby, at the text door."""

from __future__ import annotations

from chatservice.chat.rooms import Room
from chatservice.protocol.errors import StorageError
from chatservice.sessions.session import JOIN_TIMEOUT
from tests.conversation import ConversationCase, TextPerson, each_row
from tests.doubles import Wire
from tests.journals import HeldJournal, JournalInMemory, stored
from tests.recording import come

PROMPT = "Choose a nickname: "

REFUSED_NICKS = {
    "taken": ("ada", "ada is taken: choose another nickname"),
    "taken_in_another_case": ("ADA", "ADA is taken: choose another nickname"),
    "looks_like_one": (
        "аda",
        "аda looks too much like ada, who is here: choose another nickname",
    ),
    "reserved": (
        "admin",
        "admin is reserved, or looks like a name that is: choose another one",
    ),
    "malformed": ("9lives", 'a nickname must not start with "9"'),
    "a_command": (
        "/join python",
        "first choose a nickname; only /nick, /resume TOKEN and /quit are understood before that",
    ),
    "a_slash": ("ada/eve", 'a nickname must not contain "/"'),
    "nobodys_token": (
        "/resume " + "t" * 22,
        "that token is not valid: choose a nickname",
    ),
    "spaces": ("ada lovelace", "a nickname must not contain a space"),
    "too_long": ("x" * 33, "a nickname must have at most 32 characters"),
    "nothing_visible": ("\x1b[2J", "a nickname must have at least one character"),
}


class ArrivingTests(ConversationCase):
    """From the greeting to the lobby."""

    def test_greeting(self) -> None:
        """A new connection is greeted with the message of the day and asked for a nickname."""
        self.rules.motd = ("Be kind.", "Tea at five.")
        self.rules.name = "The Chat"
        wire = Wire.to(self.chat.buildProtocol(None), self.clock)
        self.assertEqual(
            wire.sees(), f"Welcome to The Chat.\r\nBe kind.\r\nTea at five.\r\n{PROMPT}"
        )

    @each_row(REFUSED_NICKS)
    def test_refused_nick(self, row: tuple[str, str]) -> None:
        """Who cannot have a nickname is told why, and asked again."""
        typed, sentence = row
        self.at_text("ada")
        person = TextPerson(Wire.to(self.chat.buildProtocol(None), self.clock))
        person.sees()
        person.types(typed)
        self.assertEqual(person.sees(), [f"-- {sentence}", PROMPT])
        person.types("bob")
        self.assertEqual(person.sees()[0], "-- you joined lobby: ada (2 here)")

    def test_empty_nick(self) -> None:
        """An empty line is answered with the prompt alone."""
        wire = Wire.to(self.chat.buildProtocol(None), self.clock)
        wire.sees()
        wire.sends(b"  \r\n")
        self.assertEqual(wire.sees(), PROMPT)

    def test_announced(self) -> None:
        """An arrival is announced to those who are here."""
        bob = self.at_text("bob")
        self.at_text("ada")
        self.assertEqual(bob.sees(), ["-- ada joined the chat"])

    def test_nick_free_again(self) -> None:
        """The nickname of somebody who left is free at once."""
        self.at_text("ada").wire.vanishes()
        self.at_text("ada")

    def test_who_is_here(self) -> None:
        """Who joins sees who is here, in the order of the alphabet."""
        for nick in ("eve", "Dan", "bob"):
            self.at_text(nick)
        self.assertIn("-- you joined lobby: bob, Dan, eve (4 here)\r\n", self.arrival("ada"))

    def test_twenty_are_here(self) -> None:
        """Twenty people are all named."""
        for number in range(20):
            self.at_text(f"n{chr(97 + number)}")
        names = ", ".join(f"n{chr(97 + number)}" for number in range(20))
        self.assertIn(f"-- you joined lobby: {names} (21 here)\r\n", self.arrival("ada"))

    def test_crowd_is_here(self) -> None:
        """Of more than twenty people, twenty are named and the others counted."""
        for number in range(199):
            come(self.chat, f"n{number}", self.chat.rooms.get("lobby") or Room("lobby"))
        line = self.arrival("ada").split("\r\n")[1].removeprefix(PROMPT)
        self.assertEqual(line.count(", "), 19)
        self.assertTrue(line.endswith(" and 179 more (200 here)"), line)
        self.assertNotIn("ada", line)

    def test_topic_shown(self) -> None:
        """Who joins sees the topic and who set it."""
        self.rules.replay = 0
        self.at_text("bob").types("/topic snakes")
        self.assertTrue(self.arrival("ada").endswith("-- the topic (set by bob): snakes\r\n"))

    def test_topic_of_the_same_batch(self) -> None:
        """Who joins just after a topic was changed sees the new topic."""
        self.rules.replay = 0
        bob, ada = self.at_text("bob"), self.connect()
        bob.wire.protocol.dataReceived(b"/topic snakes\n")
        ada.protocol.dataReceived(b"ada\n")
        self.assertIn("-- the topic (set by bob): snakes\r\n", ada.sees())

    def test_replay(self) -> None:
        """Who joins sees the last ten events of the room, each with its time."""
        bob = self.at_text("bob")
        for number in range(1, 11):
            bob.types(f"line {number}")
        self.clock.advance(120)
        bob.types("/me waves")
        lines = [f"12:00 bob: line {number}" for number in range(2, 11)]
        self.assertEqual(self.arrival("ada").split("\r\n")[3:-1], [*lines, "12:02 * bob waves"])

    def test_replay_of_another_length(self) -> None:
        """The operator chooses how many lines are shown; presence is not among them."""
        self.rules.replay = 2
        bob = self.at_text("bob")
        for line in ("one", "two", "/part", "/join lobby", "three"):
            bob.types(line)
        self.assertEqual(
            self.arrival("ada").split("\r\n")[3:-1], ["12:00 bob: two", "12:00 bob: three"]
        )

    def test_no_replay(self) -> None:
        """The operator may have nothing replayed."""
        self.rules.replay = 0
        self.at_text("bob").types("before")
        self.assertNotIn("before", self.arrival("ada"))

    def test_replay_of_another_day(self) -> None:
        """A line tells the date wherever it changes, the first one too if it is not today."""
        bob = self.at_text("bob")
        bob.types("today")
        self.clock.advance(12 * 3600)
        bob.types("tomorrow")
        self.clock.advance(8 * 24 * 3600)
        self.assertEqual(
            self.arrival("ada").split("\r\n")[3:-1],
            [
                "-- 2026-11-21 (UTC)",
                "12:00 bob: today",
                "-- 2026-11-22 (UTC)",
                "00:00 bob: tomorrow",
            ],
        )

    def test_replay_meets_what_is_live(self) -> None:
        """What is said while somebody joins is seen once: as replay, or as it happens."""
        bob, ada = self.at_text("bob"), self.connect()
        bob.wire.protocol.dataReceived(b"before\n")
        ada.protocol.dataReceived(b"ada\n")
        bob.wire.protocol.dataReceived(b"after\n")
        seen = ada.sees()
        self.assertTrue(seen.endswith("12:00 bob: before\r\nbob: after\r\n"), seen)
        self.assertEqual(seen.count("before") + seen.count("after"), 2)

    def test_too_late(self) -> None:
        """A connection that does not join within a minute is told so and closed."""
        wire = Wire.to(self.chat.buildProtocol(None), self.clock)
        wire.sends(b"admin\n")
        self.clock.advance(JOIN_TIMEOUT - 0.01)
        wire.sees()
        self.clock.advance(0.01)
        self.assertEqual(wire.sees(), "-- you have not joined within 60 seconds\r\n")
        self.assertIsNotNone(wire.lost)

    def test_in_time(self) -> None:
        """Nobody who joined is closed later."""
        ada = self.at_text("ada")
        self.clock.advance(JOIN_TIMEOUT * 2)
        self.assertEqual((ada.sees(), ada.wire.lost), ([], None))

    def test_all_in_one_piece(self) -> None:
        """Piped input joins, is said, and leaves, and its author's answers come before the end."""
        bob, wire = self.at_text("bob"), self.connect()
        wire.sends(b"ada\nhello\n/ping\n/nick grace\nlast")
        wire.ends()
        self.assertEqual(
            bob.sees(),
            [
                "-- ada joined the chat",
                "ada: hello",
                "-- ada is now grace",
                "grace: last",
                "-- grace left the chat",
            ],
        )
        self.assertTrue(wire.sees().endswith("-- pong\r\n-- you are now grace\r\n"))
        self.assertIsNotNone(wire.lost)

    def arrival(self, nick: str) -> str:
        """What somebody sees who joins."""
        person = TextPerson(self.connect())
        person.types(nick)
        return person.wire.sees()


HTTP = {
    "known": b"POST / HTTP/1.1\r\n",
    "unknown": b"PROPFIND / HTTP/1.1\r\n",
    "after_an_empty_line": b"\r\nPOST / HTTP/1.1\r\n",
    "old": b"GET /x HTTP/1.0\r\n",
}


class GoodbyeTests(ConversationCase):
    def test_goodbye_before_joining(self) -> None:
        """Who is asked for a nickname may leave instead."""
        for goodbye in ("/quit", "/quit now", "/BYE", "/exit"):
            wire = self.connect()
            wire.sends(f"{goodbye}\r\n".encode())
            self.assertIsNotNone(wire.lost)


class HttpTests(ConversationCase):
    """What a web page may make a browser send is nobody's words, also without the front."""

    @each_row(HTTP)
    def test_http(self, request: bytes) -> None:
        """A request is closed on, and not one line of it is said or becomes a nickname."""
        bob = self.at_text("bob")
        bob.sees()
        wire = Wire.to(self.chat.buildProtocol(None), self.clock)
        wire.sends(request + b"Host: x\r\n\r\nevil\r\nhello from a web page\r\n")
        self.clock.advance(0)
        self.assertIsNotNone(wire.lost)
        self.assertEqual(bob.sees(), [])
        self.assertEqual(list(self.chat.roster), ["bob"])


class OpeningTests(ConversationCase):
    """A journal that takes its time."""

    def setUp(self) -> None:
        super().setUp()
        self.held = HeldJournal(pages=True)
        self.open_chat(self.held)

    def test_lines_wait_for_the_room(self) -> None:
        """What is typed while the lobby is being opened is said afterwards."""
        wire = self.connect()
        wire.sends(b"ada\nhello\n")
        self.assertEqual(self.chat.roster, {})
        self.open_the_rest()
        self.assertIn("you joined lobby", wire.sees())
        self.assertEqual([event.text for event in stored(self.journal)], ["hello"])

    def test_vanishes_while_joining(self) -> None:
        """Who vanishes while the lobby is being opened has never been here."""
        wire = self.connect()
        wire.sends(b"ada\n")
        wire.vanishes()
        self.open_the_rest()
        self.assertEqual((self.chat.roster, self.chat.rooms, self.chat.sessions), ({}, {}, set()))

    def test_vanishes_while_entering(self) -> None:
        """Who vanishes while a room is being opened does not enter it under anybody's name."""
        wire = self.connect()
        wire.sends(b"ada\n")
        self.open_the_rest()
        wire.sends(b"/join python\n")
        wire.vanishes()
        other = self.connect()
        other.sends(b"ada\n")
        self.open_the_rest()
        self.assertEqual(set(self.chat.rooms), {"lobby"})
        self.assertEqual(list(self.chat.roster["ada"].rooms), ["lobby"])

    def test_two_open_one_room(self) -> None:
        """Two who enter a room at the same time are in the same one."""
        people = [self.connect(), self.connect()]
        for wire, nick in zip(people, (b"ada", b"bob"), strict=True):
            wire.sends(nick + b"\n")
        self.open_the_rest()
        here = self.chat.rooms["lobby"].members
        self.assertEqual({member.nick for member in here}, {"ada", "bob"})
        currents = {device.current for member in here for device in member.devices}
        self.assertEqual(currents, {self.chat.rooms["lobby"]})

    def test_room_does_not_open(self) -> None:
        """A journal that cannot be read is told as a bug, and the nickname may be tried again."""
        wire = self.connect()
        wire.sends(b"ada\n")
        wire.sees()
        self.held.asked.pop()[1].errback(ZeroDivisionError())
        self.assertEqual(
            wire.sees(),
            f"-- something went wrong in the server, and its log says what: not done\r\n{PROMPT}",
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        wire.sends(b"ada\n")
        self.open_the_rest()
        self.assertIn("you joined lobby", wire.sees())

    def test_room_cannot_be_read(self) -> None:
        """A disk that cannot be read is told in a sentence, and is no bug."""
        wire = self.connect()
        wire.sends(b"ada\n")
        wire.sees()
        self.held.asked.pop()[1].errback(StorageError("the disk failed"))
        self.assertEqual(wire.sees(), f"-- not done: the disk failed\r\n{PROMPT}")

    def test_command_of_somebody_gone(self) -> None:
        """A command that waits for its turn is not carried out for who has left meanwhile."""
        wire = self.connect()
        wire.sends(b"ada\n")
        self.open_the_rest()
        wire.sends(b"hello\n/nick grace\n")
        wire.vanishes()
        other = self.connect()
        other.sends(b"ada\n")
        self.open_the_rest()
        self.assertEqual([member.nick for member in self.chat.roster.values()], ["ada"])
        self.assertIn("-- you joined lobby", other.sees())

    def open_the_rest(self) -> None:
        """Let the journal answer everything that it is asked."""
        done = False
        while not done:
            self.clock.advance(0)
            done = not self.held.asked and not self.held.held
            while self.held.asked:
                wanted, deferred = self.held.asked.pop()
                deferred.callback(self.successResultOf(JournalInMemory.page(self.held, wanted)))
            while self.held.held:
                self.held.held.pop(0).callback(None)
