"""A lost connection's nickname is its owner's for as long as it may come back."""

from __future__ import annotations

from chatservice.sessions.joining import PING_TIMEOUT, SILENT
from tests.chat.test_lingering import LINGER, LingeringCase
from tests.conversation import Facts, JsonPerson, each_row, error

LOOKS_LIKE_ADA = {"itself": "ada", "in_capitals": "ADA", "a_look_alike": "аda"}
OWNERS = {
    "text": ("text", ()),
    "json": ("json", ()),
    "text_account": ("text", ("/register correct-horse", "/nick grace")),
    "json_account": ("json", ("/register correct-horse", "/nick grace")),
}


def waited_for(nick: str, seconds: int) -> str:
    """What somebody is told who wants the nickname of a lost connection."""
    return (
        f"{nick} has lost the connection, and may come back within {seconds} s: choose "
        f"another nickname, or try again then"
    )


def refusal(nick: str, seconds: int) -> Facts:
    """What a program is told instead."""
    return error("nick-taken", waited_for(nick, seconds)) | {"cause": "may-come-back"}


class WaitedForTests(LingeringCase):
    """Somebody wants the nickname of a connection that is lost."""

    def lose(self, door: str = "text", lines: tuple[str, ...] = ()) -> str:
        """Ada comes, types something, and loses the connection; gives her token."""
        self.bob = self.at_json("bob")
        ada = self.at(door, "ada")
        for line in lines:
            ada.types(line)
        here = self.chat.roster.values()
        (token,) = (member.token for member in here if member.nick != "bob")
        ada.wire.vanishes()
        self.bob.sees()
        return token

    @each_row(LOOKS_LIKE_ADA)
    def test_at_the_prompt(self, wanted: str) -> None:
        """At the text door it is refused at once, and whoever asks is told for how long."""
        self.lose()
        self.passes(3)
        asker = self.at_prompt()
        asker.types(wanted)
        self.assertEqual(asker.sees()[0], f"-- {waited_for('ada', LINGER - 3)}")

    @each_row(LOOKS_LIKE_ADA)
    def test_hello(self, wanted: str) -> None:
        """So it is at the JSON door."""
        self.lose()
        self.passes(LINGER - 1)
        asker = JsonPerson(self.connect())
        asker.asks("hello", nick=wanted)
        self.assertEqual(asker.sees(), [refusal("ada", 1)])

    @each_row(LOOKS_LIKE_ADA)
    def test_renaming(self, wanted: str) -> None:
        """Nor does /nick get it."""
        self.lose()
        self.bob.types(f"/nick {wanted}")
        self.assertEqual(self.bob.sees(), [refusal("ada", LINGER)])
        self.at_text("eve").types(f"/nick {wanted}")
        self.assertEqual(sorted(self.chat.roster), ["ada", "bob", "eve"])

    @each_row(OWNERS)
    def test_back_after_a_while(self, row: tuple[str, tuple[str, ...]]) -> None:
        """Whoever asks, and however long: the owner is back under the nickname at the last."""
        door, lines = row
        token = self.lose(door, lines)
        nick = "grace" if lines else "ada"
        asker = JsonPerson(self.connect())
        for second in range(LINGER - 1):
            asker.asks("hello", nick=nick)
            self.assertEqual(asker.sees(), [refusal(nick, LINGER - second)])
            self.passes(1)
        self.assertIn(f"-- you are back as {nick}, in lobby", self.resumes(token).sees())
        self.assertEqual(self.bob.sees(), [])

    def test_when_it_is_over(self) -> None:
        """Afterwards it is whoever's that asks next."""
        self.lose()
        self.passes(LINGER)
        self.at_text("ada")
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["left", "joined"])

    @each_row({"first_second": 1, "last_second": PING_TIMEOUT - 1})
    def test_lost_while_asked_for(self, second: int) -> None:
        """A silent connection that is lost while it is asked to answer keeps the nickname too."""
        ada = self.at_text("ada")
        token = self.chat.roster["ada"].token
        self.passes(SILENT)
        asker = self.at_prompt()
        asker.types("ada")
        self.assertIn("ada has been silent for 1 min", asker.sees()[0])
        self.passes(second)
        ada.wire.vanishes()
        self.passes(1)
        self.assertEqual(asker.sees()[0], f"-- {waited_for('ada', LINGER - 1)}")
        self.passes(LINGER - 2)
        self.assertIn("-- you are back as ada, in lobby", self.resumes(token).sees())
