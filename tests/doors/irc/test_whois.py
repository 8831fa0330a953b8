"""WHOIS, WHOWAS, SETNAME and MONITOR, in all their details."""

from __future__ import annotations

from dataclasses import replace

from chatservice.chat.watching import WATCHED_MOST
from chatservice.protocol.events import ChatError
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, IrcPerson, Line, brief, of
from tests.operating import PASSWORD, OperatorCase


class WhoisTests(OperatorCase, IrcCase):
    """WHOIS."""

    def described(self, person: IrcPerson, nick: str) -> dict[str, Line]:
        """Ask who somebody is, and return the lines by their numerics."""
        return {line.verb: line for line in person.asks(f"WHOIS {nick}")}

    def test_operator(self) -> None:
        """It says who runs the chat, and the account."""
        self.server_operator("sysop")
        self.at_irc("sysop", password=PASSWORD)
        lines = self.described(self.at_irc("ada"), "SYSOP")
        self.assertIn("operator", lines["313"].text)
        self.assertEqual(lines["330"].params[1:3], ["sysop", "sysop"])

    def test_bot(self) -> None:
        """It says who is a bot."""
        self.at_irc("bob", "MODE bob +B")
        ada = self.at_irc("ada")
        self.assertIn("335", self.described(ada, "bob"))
        self.assertNotIn("335", self.described(ada, "ada"))

    def test_secure(self) -> None:
        """It says whose connections are all encrypted."""
        ada, bob = self.at_irc("ada"), self.at_irc("bob")
        self.assertNotIn("671", self.described(ada, "bob"))
        for device in self.chat.roster["bob"].devices:
            device.peer = replace(device.peer, encrypted=True)
        self.assertIn("671", self.described(ada, "bob"))
        self.assertIn("671", self.described(bob, "bob"))

    def test_address(self) -> None:
        """Only the member itself and operators of the chat are told an address."""
        self.server_operator("sysop")
        sysop = self.at_irc("sysop", password=PASSWORD)
        ada, bob = self.at_irc("ada"), self.at_irc("bob")
        for person in (sysop, bob):
            self.assertIn("192.0.2.1", self.described(person, "bob")["378"].text)
        self.assertNotIn("378", self.described(ada, "bob"))
        self.assertNotIn("192.0.2.1", "".join(map(str, ada.asks("WHOIS bob"))))

    def test_no_connection(self) -> None:
        """Of somebody who may still come back there is no time of silence."""
        self.rules.linger = 30
        self.open_chat()
        self.register("bob")
        bob, ada = self.at_irc("bob", password=PASSWORD), self.at_irc("ada")
        bob.wire.vanishes()
        lines = self.described(ada, "bob")
        self.assertIn("no connection", lines["312"].text)
        self.assertNotIn("317", lines)

    def test_absent(self) -> None:
        """WHOIS does not know somebody who is registered but not here."""
        self.register("tom")
        self.assertEqual(list(self.described(self.at_irc("ada"), "tom")), ["401", "318"])

    def test_hidden(self) -> None:
        """Hidden people show no rooms to those who share none with them."""
        self.at_irc("bob", "JOIN #tea", "MODE bob +i")
        ada = self.at_irc("ada")
        self.assertNotIn("319", self.described(ada, "bob"))
        ada.sends("JOIN #tea")
        self.assertEqual(self.described(ada, "bob")["319"].text, "@#tea")

    def test_whowas(self) -> None:
        """WHOWAS lists departures, the last one first, as many as were asked for."""
        ada = self.at_irc("ada")
        for _ in range(3):
            self.at_irc("bob", "QUIT")
        for count, expected in (("", 3), (" 2", 2), (" 0", 3), (" -1", 3), (" x", 3)):
            self.assertEqual(len(of(ada.asks(f"WHOWAS bob{count}"), "314")), expected, count)
        self.assertEqual(ada.numerics("WHOWAS"), ["431"])


class RealNameTests(IrcCase):
    """SETNAME."""

    def test_too_long(self) -> None:
        """A real name that is too long is refused as IRCv3 has it."""
        ada = self.at_irc("ada", caps=ALL)
        (answer,) = ada.asks(f"SETNAME :{'x' * 129}")
        self.assertEqual(answer.verb, "FAIL")
        self.assertEqual(answer.params[:2], ["SETNAME", "INVALID_REALNAME"])

    def test_muted(self) -> None:
        """So is any for whom the chat refuses one, in its own words."""
        ada = self.at_irc("ada", "JOIN #lobby", caps=ALL)
        self.patch(self.chat.permissions, "check_appearance", self.refuse)
        (answer,) = ada.asks("SETNAME :Countess")
        self.assertEqual(answer.text, "not now")

    def refuse(self, _: object) -> None:
        """Refuse, as a check does."""
        raise ChatError("not-allowed", "not now", "lockdown")


class MonitorTests(IrcCase):
    """MONITOR, and what clients with extended-monitor see besides."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_irc("bob", "JOIN #tea")
        self.ada = self.at_irc("ada")

    def test_end(self) -> None:
        """Watching ends for one nickname, or for all."""
        self.ada.sends("MONITOR + bob,zoe,tom", "MONITOR - BOB,nobody")
        self.ada.sees()
        self.assertEqual(brief(self.ada.asks("monitor l"))[0], "chatservice 732 ada zoe,tom")
        self.bob.sends("QUIT")
        self.assertEqual(self.ada.sees(), [])
        self.assertEqual(self.ada.numerics("MONITOR C", "MONITOR L"), ["733"])

    @each_row({"an unknown word": ("MONITOR x", ["461"]), "no names": ("MONITOR +", []),
               "no nickname": ("MONITOR + a:b,{}", [])})
    def test_mistakes(self, row: tuple[str, list[str]]) -> None:
        """What makes no sense watches nobody."""
        line, numerics = row
        self.assertEqual(self.ada.numerics(line), numerics)
        self.assertEqual(self.ada.numerics("MONITOR L"), ["733"])

    def test_full(self) -> None:
        """Beyond as many nicknames as 005 says, the rest is refused by its names."""
        names = [f"n{number}" for number in range(WATCHED_MOST + 2)]
        lines = self.ada.asks(*(f"MONITOR + {','.join(names[at : at + 60])}" for at in (0, 60)))
        self.assertEqual(lines[-1].verb, "734")
        self.assertEqual(lines[-1].params[1:3], [f"{WATCHED_MOST}", ",".join(names[-2:])])
        found = [name for line in of(self.ada.asks("MONITOR L"), "732") for name in
                 line.text.split(",")]
        self.assertEqual(found, names[:WATCHED_MOST])

    def test_renamed(self) -> None:
        """Another nickname is one that goes and one that comes."""
        self.ada.asks("MONITOR + bob,rob")
        self.bob.sends("NICK rob")
        lines = self.ada.sees()
        self.assertEqual(sorted(line.verb for line in lines), ["730", "731"])
        self.assertRegex(of(lines, "730")[0].text, r"^rob!~bob@[a-z]{10}\.chat$")

    CHANGES = ("AWAY :tea", "AWAY", "SETNAME :Bob B", f"NS REGISTER {PASSWORD}")

    @each_row({"with it": "extended-monitor", "without it": ""})
    def test_extended(self, extended: str) -> None:
        """With extended-monitor, a client sees the changes of those watched once, in no room."""
        eve = self.at_irc("eve", caps=f"{extended} away-notify setname account-notify")
        eve.asks("MONITOR + bob")
        self.bob.sends(*self.CHANGES)
        self.assertEqual(
            brief(eve.sees()),
            ["bob AWAY tea", "bob AWAY", "bob SETNAME Bob B", "bob ACCOUNT bob"]
            if extended
            else [],
        )

    def test_extended_in_a_room(self) -> None:
        """A watcher who shares a room sees a change once, too."""
        eve = self.at_irc("eve", "JOIN #tea",
                          caps="extended-monitor away-notify setname account-notify")
        eve.asks("MONITOR + bob")
        self.bob.sends("PRIVMSG #tea :hi", *self.CHANGES)
        self.assertEqual(
            brief(eve.sees())[1:],
            ["bob AWAY tea", "bob AWAY", "bob SETNAME Bob B", "bob ACCOUNT bob"],
        )

    def test_not_agreed(self) -> None:
        """Nor does extended-monitor show what a client did not ask for."""
        eve = self.at_irc("eve", caps="extended-monitor")
        eve.asks("MONITOR + bob")
        self.bob.sends(*self.CHANGES)
        self.assertEqual(eve.sees(), [])
