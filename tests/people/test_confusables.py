"""A thousand nicknames that look like registered ones, at the real doors: none gets in."""

from __future__ import annotations

from functools import cache

from tests.conversation import ConversationCase, JsonPerson, Person, TextPerson, at_each_door
from tests.people import test_accounts
from tests.registered import SECRET

WANTED = 1000
REGISTERED = test_accounts.SubstitutionTests.REGISTERED


@cache
def look_alikes() -> list[str]:
    """Nicknames that are none of the registered ones, and look like one."""
    found = test_accounts.SubstitutionTests("test_none_admitted").admitted()
    return list(dict.fromkeys(text for text, nick in found if text.casefold() != nick.casefold()))


class ConfusablesTests(ConversationCase):
    """Whose nickname it looks like is asked for the password."""

    def setUp(self) -> None:
        super().setUp()
        for nick in REGISTERED:
            done = self.chat.accounts.register(nick, nick.encode().ljust(16), SECRET, nick)
            self.successResultOf(done)
        self.assertGreaterEqual(len(look_alikes()), WANTED)

    def nobody_else_is_here(self, *nicks: str) -> None:
        self.assertEqual({member.nick for member in self.chat.roster.values()}, {*nicks})

    def test_text(self) -> None:
        """At the prompt for a nickname each of them is answered with a prompt for the password."""
        person = TextPerson(self.connect())
        for text in look_alikes():
            person.types(text)
            prompt = f"Password for {text} (or nothing, for another nickname): "
            self.assertEqual(person.sees()[-1], prompt)
            person.types("")
        self.nobody_else_is_here()

    def test_json(self) -> None:
        """A hello is refused with each of them."""
        person = JsonPerson(self.connect())
        for text in look_alikes():
            person.asks("hello", nick=text)
            (error,) = person.sees()
            self.assertEqual(error["code"], "password-needed", ascii(text))
        self.nobody_else_is_here()

    def test_wrong_password(self) -> None:
        """Nor does a wrong password open the door, however often it is tried."""
        for text in look_alikes():
            person = JsonPerson(self.connect())
            person.asks("hello", nick=text, password="wrong horse")
            (error,) = person.sees()
            self.assertIn(error["code"], ("wrong-password", "too-many-tries"), ascii(text))
            person.wire.hangs_up()
        self.nobody_else_is_here()

    @at_each_door
    def test_rename(self, door: str) -> None:
        """Who is here already gets none of them with /nick."""
        person: Person = self.at(door, "eve")
        for text in look_alikes():
            person.types(f"/nick {text}")
        self.assertEqual(len(person.sees()), len(look_alikes()))
        self.nobody_else_is_here("eve")

    def test_the_right_password(self) -> None:
        """With it, each brings its owner in, logged in to what was registered."""
        for text in look_alikes()[:: len(look_alikes()) // 50]:
            person = self.at_json(text, password=SECRET)
            self.assertIn(person.welcome["account"], REGISTERED)
            person.wire.hangs_up()
            person.sees()
        self.nobody_else_is_here()
