"""Proving a registered nickname while a connection under it hangs: that one's place is taken."""

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
    without_id,
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
        self.assertIs(self.chat.roster.by_token[member.token], member)
        here = [each for each in self.chat.roster.values() if each.account is self.account]
        self.assertEqual(here, [member])


class TakeoverTests(TakeoverCase):
    """By password, at the prompt or in a hello."""

    @each_row(CROSSINGS)
    def test_place_is_kept(self, row: tuple[str, str]) -> None:
        """Rooms and current room are kept, and nobody sees a leave or a join."""
        old, new = row
        self.arrange(old)
        member = self.chat.roster["ada"]
        again = self.proves(new)
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
        self.proves(new)
        self.assertEqual(self.told(self.ada), [TAKEN])
        self.assertIsNotNone(self.ada.wire.lost)
        self.assertEqual(self.bob.sees(), [])

    def test_code(self) -> None:
        """At the JSON door the reason is an error of its own."""
        self.arrange("json")
        self.proves("json")
        error = {"type": "error", "code": "taken-over", "text": TAKEN}
        self.assertEqual(self.ada.sees(), [error])

    @each_row(CROSSINGS)
    def test_unread_is_thrown_away(self, row: tuple[str, str]) -> None:
        """What the old one sent and nobody had read never appears."""
        old, new = row
        self.arrange(old)
        self.ada.wire.pauseProducing()
        self.ada.types("too late")
        self.proves(new)
        self.ada.wire.resumeProducing()
        self.ada.wire.sees()
        self.assertEqual(self.bob.sees(), [])

    @each_row(CROSSINGS)
    def test_private_lines_follow(self, row: tuple[str, str]) -> None:
        """Private lines go to the new connection, and those of before are in its history."""
        old, new = row
        self.arrange(old)
        self.bob.types("/msg ada before")
        again = self.proves(new)
        again.sees()
        self.bob.types("/msg ada psst")
        self.assertEqual(len(again.sees()), 1)
        self.bob.sees()
        program = self.proves("json")
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
        again = self.proves(new)
        again.types("/kick #den bob out")
        self.assertIn("kicked", [facts["type"] for facts in self.bob.sees()])
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    @each_row(CROSSINGS)
    def test_wrong_password(self, row: tuple[str, str]) -> None:
        """Who does not know the password takes nothing over."""
        old, new = row
        self.arrange(old)
        stranger = self.proves(new, password="wrong")
        stranger.sees()
        self.ada.types("still here")
        self.assertEqual(self.bob.sees(), [said("ada", "still here")])
        self.assertIsNone(self.ada.wire.lost)

    def test_by_a_look_alike(self) -> None:
        """The password takes the place over under whatever looks like the nickname."""
        self.arrange("text")
        again = self.proves("json", "АDА")
        self.assertEqual((again.welcome["nick"], again.welcome["resumed"]), ("ada", True))
        self.check_one_member()

    def test_twice_at_once(self) -> None:
        """Of two who prove it in the same turn the later has the place, and the other is told."""
        self.arrange("json")
        first, second = JsonPerson(self.connect()), JsonPerson(self.connect())
        hello = b'{"type":"hello","nick":"ada","password":"%s"}\n' % SECRET.encode()
        for person in (first, second):
            person.wire.protocol.dataReceived(hello)
        (welcome,) = second.sees()
        self.assertEqual(welcome["type"], "welcome")
        self.assertEqual(self.told(first), [TAKEN])
        self.assertNotIsInstance(self.chat.roster["ada"].door, Fenced)
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


class LoginTests(TakeoverCase):
    """By /login, of a guest who is present already."""

    @each_row(CROSSINGS)
    def test_the_old_one_is_told(self, row: tuple[str, str]) -> None:
        """The connection that had the account is told why, and closed; others see it leave."""
        old, new = row
        self.arrange(old)
        guest = self.at(new, "zoe")
        self.bob.sees()
        self.ada.sees()
        guest.types(f"/login ada {SECRET}")
        seen = self.bob.sees()
        left = {"type": "left", "nick": "ada", "goodbye": False}
        self.assertEqual(seen[0], left | {"why": "taken over by another connection"})
        self.assertEqual(seen[1], {"type": "renamed", "nick": "zoe", "now": "ada"})
        self.assertEqual(self.told(self.ada), [TAKEN])
        self.assertIsNotNone(self.ada.wire.lost)
        self.check_one_member()

    @each_row(CROSSINGS)
    def test_account_follows(self, row: tuple[str, str]) -> None:
        """Private lines and rights are the guest's from then on."""
        old, new = row
        self.arrange(old)
        self.ada.types("/join den")
        self.bob.types("/join den")
        guest = self.at(new, "zoe")
        guest.types(f"/login ada {SECRET}")
        guest.sees()
        self.bob.types("/msg ada psst")
        self.assertEqual(len(guest.sees()), 1)
        guest.types("/kick #den bob out")
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    def test_what_the_old_one_was_about_to_see(self) -> None:
        """What was on its way when the place was taken harms nobody."""
        self.arrange("json")
        guest = self.at_json("zoe")
        self.ada.wire.protocol.dataReceived(b'{"type":"say","room":"lobby","text":"in time"}\n')
        guest.types(f"/login ada {SECRET}")
        events = [without_id(each) for each in self.bob.sees() if each["type"] == "said"]
        self.assertEqual(events, [said("ada", "in time")])
        self.check_one_member()
