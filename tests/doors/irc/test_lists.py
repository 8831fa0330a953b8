"""WHO, where it is about people who hide, or who are more than others."""

from __future__ import annotations

from typing import Any

from chatservice.doors.irc.naming import names_in
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase, IrcPerson
from tests.irc import of, read
from tests.operating import PASSWORD, OperatorCase


class WhoTests(OperatorCase, IrcCase):
    """Sysop, who runs the chat, and bob, a bot who hides, are in #tea."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("sysop")
        self.sysop = self.at_irc("sysop", "JOIN #tea", password=PASSWORD)
        self.bob = self.at_irc("bob", "JOIN #tea", "MODE bob +iB")

    def found(self, person: IrcPerson, asked: str) -> dict[str, str]:
        """List those whom WHO finds, with their flags."""
        return {line.params[5]: line.params[6] for line in of(person.asks(f"WHO {asked}"), "352")}

    def test_hidden(self) -> None:
        """A mask finds hidden people for those who share a room, themselves, and operators."""
        ada = self.at_irc("ada")
        self.assertNotIn("bob", self.found(ada, "b*"))
        self.assertIn("bob", self.found(self.bob, "*"))
        self.assertIn("bob", self.found(self.sysop, "0"))
        self.sysop.sends("PART #tea")
        self.assertIn("bob", self.found(self.sysop, "*"))
        ada.sends("JOIN #tea")
        self.assertIn("bob", self.found(ada, "b*"))

    def test_hidden_in_a_room(self) -> None:
        """In a room that the asker is not in, NAMES shows hidden people to operators alone."""
        ada = self.at_irc("ada")
        self.assertEqual(self.named(ada), ["@sysop"])
        self.assertEqual(self.named(self.bob), ["@sysop", "bob"])
        ada.sends("JOIN #tea")
        self.assertEqual(self.named(ada), ["@sysop", "ada", "bob"])
        self.sysop.sends("PART #tea")
        self.assertIn("bob", self.named(self.sysop))

    def named(self, person: IrcPerson) -> list[str]:
        """List those whom NAMES names in #tea."""
        lines = of(person.asks("NAMES #tea"), "353")
        return sorted(" ".join(line.text for line in lines).split())

    @each_row({"from within": "JOIN #tea", "from outside": "JOIN #den"})
    def test_names_in_parts(self, line: str) -> None:
        """A list that is read slowly names nobody who has gone, nor by a former nickname."""
        nicks = [f"somebody{number}" for number in range(99)]
        people = {nick: self.at_text(nick) for nick in nicks}
        for person in people.values():
            person.types("/join tea")
        self.at_irc("ada", line)
        session: Any = self.chat.roster["ada"].devices[0].door
        lines = names_in(session, self.chat.rooms["tea"])
        named = [name for _ in range(2) for name in read(next(lines)).text.split()]
        renamed, _, *gone = sorted(people.keys() - set(named))
        people[renamed].types("/nick zed")
        for nick in gone:
            people[nick].types("/part tea")
        named += [name for each in lines for name in read(each).text.split()]
        here = [member.nick for member in self.chat.rooms["tea"].members]
        shown = set(here) - ({"bob"} if line == "JOIN #den" else set())
        self.assertEqual(sorted(name.lstrip("@") for name in named), sorted(shown))
        self.assertIn("zed", named)

    def test_by_name(self) -> None:
        """A nickname is found even if hidden; one that only looks like it is not."""
        ada = self.at_irc("ada")
        self.assertEqual(list(self.found(ada, "BOB")), ["bob"])
        self.assertEqual(self.found(ada, "b\u043eb"), {})

    @each_row({"one role": ("", "H*@"), "all": ("multi-prefix", "H*@+")})
    def test_flags(self, row: tuple[str, str]) -> None:
        """The flags say who is here or away, runs the chat or the room, has a voice, is a bot."""
        caps, flags = row
        ada = self.at_irc("ada", "JOIN #tea", caps=caps)
        self.sysop.sends("MODE #tea +v sysop")
        found = self.found(ada, "#tea")
        self.assertEqual((found["sysop"], found["bob"], found["ada"]), (flags, "HB", "H"))
        self.bob.sends("AWAY :tea")
        self.assertEqual(self.found(ada, "#tea")["bob"], "GB")
