"""The places of lost devices, and what moves with a device from one member to another."""

from __future__ import annotations

from tests.conversation import TOKEN, JsonPerson, TextPerson
from tests.journals import SlowJournal
from tests.sessions.test_alongside import SECRET, AlongsideCase


class PlacesCase(AlongsideCase):
    """The same people; ada may come back with her token at the text door."""

    def resumes(self) -> TextPerson:
        person = TextPerson(self.connect())
        person.types(f"/resume {self.ada.token}")
        return person

    def says(self, text: str, room: str = "lobby") -> None:
        self.bob.asks("say", room=room, text=text)


class ReplayTests(PlacesCase):
    """What a terminal that comes back is shown."""

    def test_a_room_that_was_left(self) -> None:
        """Nothing of a room from which the member was banned meanwhile."""
        self.bob.types(f"/register {SECRET}")
        phone = self.program()
        self.bob.types("/join club")
        for person in (phone, self.text):
            person.types("/join club")
        self.text.wire.vanishes()
        self.bob.types("/ban ada")
        self.says("not for ada", "club")
        self.assertNotIn("not for ada", str(self.resumes().sees()))

    def test_until_the_fence(self) -> None:
        """All up to its fence, although another terminal came and read from then on."""
        self.program()
        self.text.wire.vanishes()
        self.says("one", "python")
        self.terminal()
        self.says("two", "python")
        shown = str(self.resumes().sees())
        self.assertIn("bob: one", shown)
        self.assertIn("bob: two", shown)

    def test_two_at_once(self) -> None:
        """Each of two that come back at once gets its own replay."""
        second = self.terminal()
        self.program()
        for person in (self.text, second):
            person.wire.vanishes()
        self.says("one", "python")
        self.assertEqual([str(self.resumes().sees()).count("bob: one") for _ in range(2)], [1, 1])

    def test_unsent(self) -> None:
        """One that was not sent does not unread what another terminal has read."""
        second = self.terminal()
        self.text.wire.vanishes()
        self.says("one", "python")
        cut = self.connect()
        cut.window = 60
        cut.sends(f"/resume {self.ada.token}\n".encode())
        cut.vanishes()
        second.sees()
        second.types("/catchup")
        self.assertEqual(second.sees(), ["-- you have missed nothing"])

    def test_after_a_login(self) -> None:
        """Nothing that was shown since it became the owner's."""
        guest = TextPerson(self.connect())
        guest.types("gary")
        guest.types(f"/login ada {SECRET}")
        guest.types("/join lobby")
        self.says("shown")
        guest.wire.vanishes()
        self.assertNotIn("shown", str(self.resumes().sees()))


class MovedTests(PlacesCase):
    """What goes with a device, and what does not."""

    def test_a_mute_on_its_way(self) -> None:
        """A mute of the guest holds for the owner, though it is stored after the login."""
        journal = SlowJournal()
        self.open_chat(journal)
        bob = self.at_json("bob")
        self.at_text("ada").types(f"/register {SECRET}")
        self.chat.permissions.is_operator = lambda who: who.nick == "bob"  # type: ignore
        gary = self.at_text("gary")
        journal.waiting.is_slow = True
        bob.types("/mute * gary")
        self.clock.advance(0)
        gary.types(f"/login ada {SECRET}")
        for _ in range(9):
            journal.waiting.answer_all()
            self.clock.advance(0)
        gary.sees()
        gary.types("hello")
        self.assertIn("you are muted", str(gary.sees()))

    def test_ignoring(self) -> None:
        """A guest who was logged out ignores nobody."""
        self.text.types("/ignore bob")
        second = self.terminal()
        second.types("/logout")
        second.types("/join python")
        second.sees()
        self.says("hi", "python")
        self.assertIn("bob: hi", str(second.sees()))

    def test_forgetting(self) -> None:
        """The others are told that /forget has changed their token."""
        phone = self.program()
        self.text.types(f"/forget {SECRET}")
        token = self.ada.token
        self.assertIn(token, str(phone.sees()))

    def test_the_name_of_one_that_has_ended(self) -> None:
        """The others are told from which device something came that ended meanwhile."""
        laptop = self.program("laptop")
        laptop.wire.protocol.dataReceived(b'{"type":"command","line":"/nick grace"}\n')
        laptop.wire.vanishes()
        self.assertEqual(self.text.sees(), ["-- you are now grace, from your laptop"])


class AddressTests(PlacesCase):
    """Limits and bans by address, for a person at several."""

    def comes_from(self, host: str, **hello: str) -> JsonPerson:
        person = JsonPerson(self.connect(host))
        person.asks("hello", **hello)
        return person

    def test_a_ban(self) -> None:
        """A ban covers the address that the person was heard from last, not a closed one's."""
        self.bob.types(f"/register {SECRET}")
        self.bob.types("/join club")
        eve = self.comes_from("198.51.100.1", nick="eve", token=TOKEN, client="a")
        other = self.comes_from("203.0.113.9", nick="eve", token=TOKEN, client="b")
        other.types("/quit")
        eve.types("/join club")
        self.bob.types("/ban eve")
        for host, is_banned in (("198.51.100.1", True), ("203.0.113.9", False)):
            guest = self.comes_from(host, nick="guest")
            guest.types("/join club")
            self.assertEqual("you are banned" in str(guest.sees()), is_banned, host)
            guest.types("/quit")

    def test_tries(self) -> None:
        """A wrong password counts for the address of the device that gave it."""
        hello = {"token": self.ada.token}
        others = [self.comes_from("203.0.113.9", client=name, **hello) for name in ("a", "b")]
        self.program()
        for other in others:
            for _ in range(3):
                other.types(f"/password wrong {SECRET}2")
        self.assertIn("too-many-tries", [facts.get("code") for facts in others[1].sees()])
        self.text.types(f"/password wrong {SECRET}2")
        self.assertEqual(self.text.sees(), ["-- that is not your old password"])


class NoticeTests(PlacesCase):
    """What one more program is told of what was missed."""

    def setUp(self) -> None:
        super().setUp()
        self.phone = self.program()
        self.text.types("/quit")
        self.bob.types("/msg ada psst")
        self.says("unread")

    def test_alongside(self) -> None:
        """If it names no rooms, it is told how much, and gets the private lines."""
        person = JsonPerson(self.connect())
        person.asks("hello", nick="ada", password=SECRET, client="tab")
        _, private, counts = (facts for facts in person.sees() if facts["type"] != "seen")
        self.assertEqual([event["text"] for event in private["events"]], ["psst"])
        self.assertIn("1 new line in lobby", counts["lines"][0])

    def test_with_rooms(self) -> None:
        """If it does, it asks itself."""
        person = JsonPerson(self.connect())
        person.asks("hello", nick="ada", password=SECRET, client="tab", rooms={"lobby": 0})
        self.assertEqual([facts["type"] for facts in person.sees()], ["welcome"])

    def test_login(self) -> None:
        """So is a guest's program that becomes the owner's."""
        guest = self.at_json("gary", rooms={"lobby": 0})
        guest.types(f"/login ada {SECRET}")
        self.assertIn("psst", str([facts for facts in guest.sees() if "events" in facts]))

    def test_sent_private_lines(self) -> None:
        """Private lines that a terminal was sent are not shown once more when it is lost."""
        second = self.terminal()
        self.assertIn("psst", str(second.sees()))
        second.wire.window = 0
        self.bob.types("/msg ada another")
        second.wire.vanishes()
        shown = str(self.resumes().sees())
        self.assertEqual((shown.count("psst"), shown.count("another")), (0, 1))
