"""Coming back with a token while the former connection hangs: its place is taken."""

from __future__ import annotations

from chatservice.chat.door import Fenced
from tests.conversation import (
    DOORS,
    TOKEN,
    ConversationCase,
    JsonPerson,
    Person,
    doors_from,
    each_row,
    said,
)

SECRET = "correct-horse"
TAKEN = "another connection has taken this one's place"
CROSSINGS = {
    f"{new}_over_{old}": (old, new) for old in DOORS for new in dict.fromkeys(doors_from(old, 2))
}
"""At every door somebody at the same one takes over, and somebody at the next one."""


class TakeoverCase(ConversationCase):
    """Ada is registered, and in the lobby and python; bob sees all of it."""

    def arrange(self, old: str) -> None:
        self.bob = self.at_json("bob", rooms={"lobby": 0, "python": 0})
        self.ada = self.at(old, "ada")
        for line in (f"/register {SECRET}", "/join python", "/join lobby"):
            self.ada.types(line)
        self.account = self.chat.accounts.named("ada")
        self.ada.sees()
        self.bob.sees()

    def comes_back(self, door: str) -> Person:
        """Ada comes back with her token, as a program without a name if it is one."""
        person = DOORS[door](self.connect())
        token = self.chat.roster["ada"].token
        if isinstance(person, JsonPerson):
            person.asks("hello", token=token)
            self.assertIn(person.joined, str(person.sees()))
        else:
            person.types(f"/resume {token}")
        return person

    def proves(self, door: str, nick: str = "ada", password: str = SECRET) -> Person:
        """Somebody comes under a nickname, and gives its password."""
        person = DOORS[door](self.connect())
        person.joins(nick, password)
        if person.is_program and password == SECRET:
            self.assertIn(person.joined, str(person.sees()))
        return person

    def told(self, person: Person) -> list[str]:
        """The sentences that a person sees, and nothing else."""
        if isinstance(person, JsonPerson):
            return [facts["text"] for facts in person.sees() if facts["type"] == "error"]
        return [line.removeprefix("-- ") for line in person.sees()]

    def check_one_member(self) -> None:
        """Check that ada is here once, and that all ways lead to her."""
        member = self.chat.roster["ada"]
        self.assertIs(self.chat.roster.of(self.account), member)
        self.assertIs(self.chat.roster.bearer(member.token), member)
        here = [each for each in self.chat.roster.values() if each.account is self.account]
        self.assertEqual(here, [member])


class TakeoverTests(TakeoverCase):
    """By a token, at the prompt or in a hello."""

    @each_row(CROSSINGS)
    def test_place_is_kept(self, row: tuple[str, str]) -> None:
        """Rooms and current room are kept, and nobody sees a leave or a join."""
        old, new = row
        self.arrange(old)
        member = self.chat.roster["ada"]
        again = self.comes_back(new)
        self.assertIs(self.chat.roster["ada"], member)
        self.check_one_member()
        self.assertEqual(list(member.rooms), ["lobby", "python"])
        again.types("hi")
        self.assertEqual(self.bob.sees(), [said("ada", "hi", room="lobby")])
        again.types("/join python")
        again.types("hiss")
        self.assertEqual(self.bob.sees(), [said("ada", "hiss", room="python")])

    @each_row(CROSSINGS)
    def test_the_old_one_is_told(self, row: tuple[str, str]) -> None:
        """The connection that hung is told why, and closed."""
        old, new = row
        self.arrange(old)
        self.comes_back(new)
        self.assertEqual(self.told(self.ada), [TAKEN])
        self.assertIsNotNone(self.ada.wire.lost)
        self.assertEqual(self.bob.sees(), [])

    def test_code(self) -> None:
        """At the JSON door the reason is an error of its own."""
        self.arrange("json")
        self.comes_back("json")
        error = {"type": "error", "code": "taken-over", "text": TAKEN}
        self.assertEqual(self.ada.sees(), [error])

    @each_row(CROSSINGS)
    def test_unread_is_thrown_away(self, row: tuple[str, str]) -> None:
        """What the old one sent and nobody had read never appears."""
        old, new = row
        self.arrange(old)
        self.ada.wire.pauseProducing()
        self.ada.types("too late")
        self.comes_back(new)
        self.ada.wire.resumeProducing()
        self.ada.wire.gets()
        self.assertEqual(self.bob.sees(), [])

    @each_row(CROSSINGS)
    def test_private_lines_follow(self, row: tuple[str, str]) -> None:
        """Private lines go to the new connection, and those of before are in its history."""
        old, new = row
        self.arrange(old)
        self.bob.types("/msg ada before")
        again = self.comes_back(new)
        again.sees()
        self.bob.types("/msg ada psst")
        self.assertEqual(len(again.sees()), 1)
        self.bob.sees()
        program = self.comes_back("json")
        program.asks("history")
        *_, page = program.sees()
        self.assertEqual([event["text"] for event in page["events"]], ["before", "psst"])

    @each_row(CROSSINGS)
    def test_rights_follow(self, row: tuple[str, str]) -> None:
        """Who owns a room still does."""
        old, new = row
        self.arrange(old)
        self.ada.types("/join den")
        self.bob.types("/join den")
        self.bob.sees()
        again = self.comes_back(new)
        again.types("/kick #den bob out")
        self.assertIn("kicked", [facts["type"] for facts in self.bob.sees()])
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    def test_twice_at_once(self) -> None:
        """Of two who come in the same turn the later has the place, and the other is told."""
        self.arrange("json")
        first, second = JsonPerson(self.connect()), JsonPerson(self.connect())
        hello = b'{"type":"hello","token":"%s"}\n' % self.chat.roster["ada"].token.encode()
        for person in (first, second):
            person.wire.protocol.dataReceived(hello)
        (welcome,) = second.sees()
        self.assertEqual(welcome["type"], "welcome")
        self.assertEqual(self.told(first), [TAKEN])
        (device,) = self.chat.roster["ada"].devices
        self.assertNotIsInstance(device.door, Fenced)
        self.check_one_member()
        self.assertEqual(self.bob.sees(), [])

    def test_a_token_of_somebody_else(self) -> None:
        """With a password for one and a token for another, the password counts."""
        self.arrange("json")
        eve = self.at_json("eve", token=TOKEN)
        again = self.at_json("ada", password=SECRET, token=TOKEN)
        self.assertEqual(again.welcome["nick"], "ada")
        self.assertIsNone(eve.wire.lost)
        self.check_one_member()
