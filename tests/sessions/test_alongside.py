"""One person with several connections: who comes alongside, and who takes whose place."""

from __future__ import annotations

from tests.conversation import (
    TOKEN,
    ConversationCase,
    JsonPerson,
    Person,
    TextPerson,
    at_each_door,
    each_row,
    said,
)

SECRET = "correct-horse"
PROMPT = "Password for ada (or nothing, for another nickname): "


class AlongsideCase(ConversationCase):
    """Ada is registered, in the lobby and python, talking in python; bob sees all of it."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_json("bob", rooms={"lobby": 0, "python": 0})
        self.text = self.at_text("ada")
        for line in (f"/register {SECRET}", "/join python"):
            self.text.types(line)
        self.ada = self.chat.roster["ada"]
        self.forget()

    def forget(self, *people: Person) -> None:
        """Read away what everybody saw so far."""
        for person in (self.bob, self.text, *people):
            person.sees()

    def program(self, client: str = "phone", **hello: object) -> JsonPerson:
        """One more connection of ada's, a program, which shows her token unless told otherwise."""
        person = JsonPerson(self.connect())
        person.asks("hello", client=client, **({"token": self.ada.token} | hello))
        person.sees()
        return person

    def terminal(self) -> TextPerson:
        """One more connection of ada's, at the text door, by her password."""
        person = TextPerson(self.connect())
        person.joins("ada", SECRET)
        return person


class ComingTests(AlongsideCase):
    """Who comes alongside, and who takes a place."""

    @at_each_door
    def test_password(self, door: str) -> None:
        """Whoever gives the password comes alongside, and nobody is told."""
        self.at(door, "ada", SECRET) if door == "json" else self.terminal()
        self.assertEqual(len(self.ada.devices), 2)
        self.assertIsNone(self.text.wire.lost)
        self.assertEqual((self.bob.sees(), self.text.sees()), ([], []))

    def test_what_a_terminal_shows(self) -> None:
        """A terminal that comes alongside shows where you are, and the room you talk in."""
        self.bob.asks("say", room="python", text="before")
        self.assertEqual(
            self.terminal().sees()[-3:],
            [
                f"{PROMPT}-- you are ada, in lobby, #python, and here on 1 other connection too",
                "-- you are talking in #python: bob (2 here)",
                "12:00 bob: before",
            ],
        )

    def test_welcome(self) -> None:
        """A program that comes alongside is welcomed to all rooms, and the token is the same."""
        welcome = self.program().welcome
        self.assertEqual((welcome["nick"], welcome["resumed"]), ("ada", True))
        self.assertEqual(list(welcome["rooms"]), ["lobby", "python"])
        self.assertEqual((welcome["token"], welcome["account"]), (self.ada.token, "ada"))

    def test_another_client(self) -> None:
        """The same token with another client comes alongside."""
        first, second = self.program("one"), self.program("two")
        self.assertEqual((first.wire.lost, second.wire.lost), (None, None))
        self.assertEqual([each.client for each in self.ada.devices], ["", "one", "two"])

    def test_the_same_client(self) -> None:
        """The same token and client is the same program, and takes its own place alone."""
        first, other = self.program("one"), self.program("two")
        self.program("one")
        self.assertEqual([facts["code"] for facts in first.sees()], ["taken-over"])
        self.assertIsNone(other.wire.lost)
        self.assertEqual([each.client for each in self.ada.devices], ["", "two", "one"])

    def test_no_client(self) -> None:
        """A program without a name takes the place of the program without one."""
        named, unnamed = self.program("one"), self.at_json("ada", password=SECRET)
        self.clock.advance(10)
        unnamed.asks("pong")
        again = self.program("")
        self.assertEqual([facts["code"] for facts in unnamed.sees()], ["taken-over"])
        self.assertEqual((named.wire.lost, self.text.wire.lost, again.wire.lost), (None,) * 3)

    def test_resume(self) -> None:
        """At the text door a token takes the place of the most silent connection, and says so."""
        phone, second = self.program(), self.terminal()
        for person in (self.text, second):
            self.clock.advance(10)
            person.types("/ping")
        again = TextPerson(self.connect())
        again.types(f"/resume {self.ada.token}")
        self.assertEqual([facts["code"] for facts in phone.sees()][-1:], ["taken-over"])
        self.assertIn(
            "-- you took the place of your connection that was silent for longest: "
            "/devices lists the others",
            again.sees(),
        )
        self.assertEqual((self.text.wire.lost, second.wire.lost), (None, None))

    def test_resume_the_only_one(self) -> None:
        """If there is no other, there is nothing to say about it."""
        again = TextPerson(self.connect())
        again.types(f"/resume {self.ada.token}")
        self.assertEqual(
            again.sees()[-1], "Choose a nickname: -- you are back as ada, in lobby, #python"
        )

    def test_resume_a_lost_one(self) -> None:
        """If a terminal was lost, its place is taken, and no living connection is closed."""
        phone = self.program()
        self.text.wire.vanishes()
        self.bob.asks("say", room="lobby", text="meanwhile")
        phone.sees()
        again = TextPerson(self.connect())
        again.types(f"/resume {self.ada.token}")
        self.assertEqual(
            again.sees()[-2:],
            [
                "Choose a nickname: -- you are back as ada, in lobby, #python",
                "12:00 #lobby bob: meanwhile",
            ],
        )
        self.assertIsNone(phone.wire.lost)
        self.assertEqual((len(self.ada.devices), self.ada.lost), (2, ()))

    def test_lost_programs(self) -> None:
        """A program that was lost comes back to its own place, however often."""
        for _ in range(12):
            self.program("one").wire.vanishes()
        self.assertEqual(self.program("one").welcome["nick"], "ada")
        self.assertEqual(self.ada.lost, ())

    def test_many_lost(self) -> None:
        """Of places that nobody comes back to, ten are kept."""
        for number in range(12):
            self.clock.advance(10)
            self.program(str(number)).wire.vanishes()
        self.assertEqual([each.client for each in self.ada.lost], [str(n) for n in range(2, 12)])

    def test_current_room(self) -> None:
        """Each connection has its own current room; one that takes a place keeps that one's."""
        second = self.terminal()
        second.types("/join lobby")
        self.text.types("here")
        second.types("there")
        rooms = [facts["room"] for facts in self.bob.sees()]
        self.assertEqual(rooms, ["python", "lobby"])
        self.clock.advance(10)
        second.types("/ping")
        again = TextPerson(self.connect())
        again.types(f"/resume {self.ada.token}")
        again.types("again")
        self.assertEqual([facts["room"] for facts in self.bob.sees()], ["python"])

    def test_guests(self) -> None:
        """Two tabs of a guest who made up a token are one person."""
        first = self.at_json("zoe", token=TOKEN, client="tab-1")
        second = self.at_json("zoe", token=TOKEN, client="tab-2")
        self.assertEqual(first.wire.lost, None)
        first.asks("say", room="lobby", text="hi", ref="r1")
        self.assertEqual(second.sees(), [said("zoe", "hi")])
        self.assertEqual(len(self.chat.roster["zoe"].devices), 2)

    def test_at_the_same_instant(self) -> None:
        """Two that come in the same turn are both let in, each behind its own fence."""
        tabs = [JsonPerson(self.connect()) for _ in range(2)]
        for number, tab in enumerate(tabs):
            hello = f'{{"type":"hello","token":"{self.ada.token}","client":"{number}"}}\n'
            tab.wire.protocol.dataReceived(hello.encode())
        fences = [tab.sees_all()[0]["id"] for tab in tabs]
        self.assertLess(fences[0], fences[1])
        self.bob.asks("say", room="lobby", text="hi")
        for tab in tabs:
            self.assertEqual(tab.sees(), [said("bob", "hi")])

    def test_an_eleventh(self) -> None:
        """An eleventh connection closes the one that is idle for longest, with a sentence."""
        tabs = []
        for number in range(9):
            self.clock.advance(7)
            tabs.append(self.program(str(number)))
        self.text.types("/ping")
        self.clock.advance(7)
        self.program("10")
        sentence = "you have more than 10 connections, and this was idle longest"
        closed = {"type": "error", "code": "taken-over", "text": sentence}
        self.assertEqual(tabs[0].sees()[-1:], [closed])
        self.assertEqual(len(self.ada.devices), 10)
        self.assertIsNone(self.text.wire.lost)

    def test_too_fast(self) -> None:
        """More than ten in a minute are refused, and the others stay."""
        tabs = [self.program(str(number)) for number in range(9)]
        tabs[0].types("/quit")
        self.program("9")
        late = JsonPerson(self.connect())
        late.asks("hello", token=self.ada.token, client="10")
        (refused,) = late.sees()
        self.assertEqual((refused["code"], refused["cause"]), ("too-many", "connections"))
        self.clock.advance(60)
        self.assertEqual(self.program("10").welcome["nick"], "ada")

    def test_own_place_is_no_newcomer(self) -> None:
        """A program whose link flaps may come back as often as it must."""
        for _ in range(12):
            self.program("one")
        self.assertEqual(len(self.ada.devices), 2)

    @each_row(
        {
            "number": ('"client":7', '"client" must be a string'),
            "long": (
                f'"client":"{"x" * 65}"',
                '"client" must have at most 64 characters, and no control characters',
            ),
            "controls": (
                '"client":"a\\u0007"',
                '"client" must have at most 64 characters, and no control characters',
            ),
        }
    )
    def test_malformed(self, row: tuple[str, str]) -> None:
        """A client that is no short text is refused."""
        person = JsonPerson(self.connect())
        person.wire.sends(f'{{"type":"hello","nick":"zoe",{row[0]}}}\n'.encode())
        (error,) = person.sees()
        self.assertEqual((error["code"], error["text"]), ("malformed", row[1]))
