"""MONITOR."""

from __future__ import annotations

from chatservice.chat.watching import WATCHED_MOST
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import SERVER, IrcPerson, brief

EXTENDED = "extended-monitor away-notify setname account-notify"


class MonitorTests(IrcCase):
    """Being told when nicknames come and go."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada")

    def asks(self, line: str) -> list[str]:
        """Ask as ada; return numerics with their last parameters, without users and hosts."""
        return self.briefly(self.ada, line)

    def briefly(self, person: IrcPerson, *lines: str) -> list[str]:
        """Spell lines as numerics with the nicknames in them."""
        return [
            f"{line.verb} " + ",".join(word.partition("!")[0] for word in line.text.split(","))
            for line in person.asks(*lines)
        ]

    def test_begin(self) -> None:
        """The client is told which of those watched are here, and which are not."""
        self.at_text("bob")
        self.assertEqual(self.asks("MONITOR + bob,eve,ada"), ["730 bob,ada", "731 eve"])
        self.assertIn("!~text@", self.ada.asks("MONITOR S")[0].text)

    def test_coming_and_going(self) -> None:
        """Coming, going and changes of nicknames are told, but not those of case alone."""
        self.asks("MONITOR + bob,rob")
        bob = self.at_irc("bob")
        (line,) = self.ada.sees()
        self.assertEqual((line.verb, line.params[0]), ("730", "ada"))
        self.assertTrue(line.text.startswith("bob!~bob@"))
        bob.sends("NICK BOB")
        self.assertEqual(self.briefly(self.ada), [])
        bob.sends("NICK rob")
        self.assertEqual(brief(self.ada.sees())[0], f"{SERVER} 731 ada BOB")
        bob.sends("QUIT")
        self.assertEqual(brief(self.ada.sees()), [f"{SERVER} 731 ada rob"])

    def test_in_a_room(self) -> None:
        """It is told in a shared room as well, after the event itself."""
        self.ada.asks("JOIN #lobby", "MONITOR + bob")
        bob = self.at_text("bob")
        self.assertEqual([line.verb for line in self.ada.sees()], ["JOIN", "730"])
        bob.types("/quit")
        self.assertEqual([line.verb for line in self.ada.sees()], ["QUIT", "731"])

    def test_one_that_looks_alike(self) -> None:
        """One who only looks like somebody is somebody else."""
        self.asks("MONITOR + bob")
        other = self.at_irc("b\u043eb")
        other.sends("QUIT")
        self.assertEqual(self.ada.sees(), [])
        self.at_irc("b\u043eb")
        self.assertEqual(self.asks("MONITOR S"), ["731 bob"])

    def test_list(self) -> None:
        """The list of those watched can be shown, shortened and cleared."""
        self.asks("MONITOR + bob,eve,tom")
        self.assertEqual(self.asks("MONITOR - EVE,nobody"), [])
        *names, end = self.ada.asks("MONITOR L")
        self.assertEqual([line.params for line in names], [["ada", "bob,tom"]])
        self.assertEqual((names[0].verb, end.verb, end.params[0]), ("732", "733", "ada"))
        self.assertEqual(self.asks("MONITOR C"), [])
        self.assertEqual([line.verb for line in self.ada.asks("MONITOR l")], ["733"])
        self.at_text("bob")
        self.assertEqual(self.ada.sees(), [])

    def test_many(self) -> None:
        """Lists that do not fit into a line come in several; the one name too many is refused."""
        names = [f"n{number:02}{'x' * 20}" for number in range(WATCHED_MOST + 2)]
        for start in range(0, WATCHED_MOST, 10):
            self.asks(f"MONITOR + {','.join(names[start : start + 10])}")
        listed = self.ada.asks("MONITOR L")
        self.assertGreater(len(listed), 5)
        found = ",".join(line.text for line in listed[:-1]).split(",")
        self.assertEqual(found, names[:WATCHED_MOST])
        self.at_text("bob")
        rest = ",".join(names[WATCHED_MOST:])
        gone, full = self.ada.asks(f"MONITOR + {names[0]},{rest}")
        self.assertEqual((gone.verb, gone.text), ("731", names[0]))
        self.assertEqual((full.verb, full.params[:3]), ("734", ["ada", "100", rest]))

    @each_row({"a mask": "*!u@h", "a room": "#lobby", "a colon": "a:b"})
    def test_no_nickname(self, target: str) -> None:
        """What nobody can have as a nickname is passed over, and is not watched."""
        self.assertEqual(self.ada.asks(f"MONITOR + {target}"), [])
        self.assertEqual([line.verb for line in self.ada.asks("MONITOR L")], ["733"])

    @each_row({line: line for line in ("MONITOR", "MONITOR X a")})
    def test_wrong(self, line: str) -> None:
        """What is no command of it is told."""
        self.assertEqual(self.ada.numerics(line), ["461"])

    def test_extended(self) -> None:
        """With C{extended-monitor} other changes are told once, whether a room is shared or not."""
        eve = self.at_irc("eve", "JOIN #lobby", "MONITOR + bob", caps=EXTENDED)
        tom = self.at_irc("tom", "MONITOR + bob", caps=EXTENDED)
        plain = self.at_irc("kim", "MONITOR + bob", caps="away-notify setname account-notify")
        bob = self.at_irc("bob", "JOIN #lobby,#den", "PRIVMSG #den :hi")
        eve.sees(), tom.sees(), plain.sees()
        bob.sends("AWAY :tea", "AWAY", "SETNAME :Bob B", "NICK BOB", "TOPIC #den :x")
        seen = ["bob AWAY tea", "bob AWAY", "bob SETNAME Bob B"]
        self.assertEqual(brief(eve.sees()), [*seen, "bob NICK BOB"])
        self.assertEqual(brief(tom.sees()), seen)
        self.assertEqual(plain.sees(), [])
