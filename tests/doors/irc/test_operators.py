"""OPER, KILL, WALLOPS and REHASH."""

from __future__ import annotations

from chatservice.protocol.names import PASSWORD_TRIES
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, SERVER, IrcPerson, brief, of
from tests.operating import PASSWORD, OperatorCase


class OperCase(OperatorCase, IrcCase):
    """Tests with ada, who knows the password of the server operator zed, and bob."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("zed")
        self.register("tom")
        self.ada = self.at_irc("ada", "JOIN #lobby")
        self.bob = self.at_irc("bob", "JOIN #lobby")
        self.ada.sees()

    def empower(self) -> IrcPerson:
        """Give ada the power of an operator."""
        self.assertIn("381", self.ada.numerics(f"OPER zed {PASSWORD}"))
        return self.ada


class OperTests(OperCase):
    """How one becomes an operator."""

    def test_right(self) -> None:
        """The password gives the power, and the mode."""
        lines = self.ada.asks(f"OPER zed {PASSWORD}")
        told = "You are now an IRC operator"
        self.assertEqual(brief(lines), [f"{SERVER} 381 ada {told}", f"{SERVER} MODE ada +o"])
        self.assertEqual(self.ada.numerics(f"OPER zed {PASSWORD}"), ["381"])
        self.assertTrue(self.chat.permissions.is_operator(self.chat.roster["ada"]))
        self.assertEqual(self.bob.sees(), [])

    @each_row(
        {
            "a wrong password": ("OPER zed wrong", "464", ["ada"]),
            "no operator": (f"OPER tom {PASSWORD}", "491", ["ada"]),
            "nobody": ("OPER nobody x", "491", ["ada"]),
            "no password": ("OPER zed", "461", ["ada", "OPER"]),
        }
    )
    def test_wrong(self, row: tuple[str, str, list[str]]) -> None:
        """Whatever is wrong has its numeric, and gives nobody anything."""
        line, numeric, params = row
        (answer,) = self.ada.asks(line)
        self.assertEqual((answer.verb, answer.params[:-1]), (numeric, params))
        self.assertFalse(self.chat.permissions.is_operator(self.chat.roster["ada"]))

    def test_tries(self) -> None:
        """Wrong passwords count: after the last try the connection is closed."""
        seen = self.ada.asks(*["OPER zed wrong"] * PASSWORD_TRIES)
        self.assertEqual([line.verb for line in seen], ["464"] * (PASSWORD_TRIES - 1) + ["ERROR"])
        self.assertIsNotNone(self.ada.wire.lost)

    def test_other_devices(self) -> None:
        """The member's other connections are told."""
        first = self.at_irc("tom", password=PASSWORD)
        other = self.at_irc("tom", password=PASSWORD)
        first.sends(f"OPER zed {PASSWORD}")
        (line,) = other.sees()
        self.assertEqual(line.verb, "NOTICE")
        self.assertIn("operator of the whole chat", line.text)


class PowerTests(OperCase):
    """What operators do."""

    @each_row({each: each for each in ("KILL bob :spam", "WALLOPS :hi", "REHASH")})
    def test_no_operator(self, line: str) -> None:
        """Others may not."""
        (answer,) = self.ada.asks(line)
        self.assertEqual((answer.verb, len(answer.params)), ("481", 2))
        self.assertEqual(self.bob.sees(), [])

    def test_kill(self) -> None:
        """A member who is killed sees by whom and why, and is gone for all others."""
        self.empower()
        self.assertEqual(brief(self.ada.asks("KILL bob :spam")), ["bob QUIT kicked by ada"])
        killed, error = self.bob.sees()
        self.assertEqual(brief([killed]), ["ada KILL bob spam"])
        self.assertEqual(error[2:], ("ERROR", ["Closing link: killed by ada"]))
        self.assertIsNotNone(self.bob.wire.lost)

    @each_row({"nobody": ("KILL nobody :x", "401"), "without a nickname": ("KILL", "461")})
    def test_kill_wrong(self, row: tuple[str, str]) -> None:
        """It needs somebody who is here."""
        line, numeric = row
        self.assertEqual(self.empower().numerics(line), [numeric])

    def test_wallops(self) -> None:
        """An announcement is shown to everybody, once, in pieces if need be."""
        eve, zoe = self.at_irc("eve", "JOIN #lobby", caps=ALL), self.at_irc("zoe")
        self.empower().sees()
        self.assertEqual(brief(self.ada.asks("WALLOPS :hi all")), ["ada WALLOPS hi all"])
        self.assertEqual(brief(self.bob.sees())[-1:], ["ada WALLOPS hi all"])
        self.assertEqual(brief(zoe.sees()), ["ada WALLOPS hi all"], "in no room")
        (line,) = of(eve.sees(), "WALLOPS")
        self.assertLessEqual({"msgid", "time"}, line.tags.keys())
        text = "x" * 490
        self.ada.sends(f"WALLOPS :{text}")
        pieces = self.bob.sees()
        self.assertEqual("".join(line.text for line in pieces), text)
        self.assertGreater(len(pieces), 1)

    def test_wallops_on_entering(self) -> None:
        """Who is just entering the first room is shown an announcement, and once."""
        zoe = self.at_irc("zoe")
        self.empower()
        ada, guest = (self.chat.roster[nick].devices[0] for nick in ("ada", "zoe"))
        self.chat.enforcement.announce(ada, "hi all")
        self.chat.enter(guest, "lobby")
        self.clock.advance(0)
        self.assertEqual(brief(of(zoe.sees(), "WALLOPS")), ["ada WALLOPS hi all"])

    def test_wallops_too_early(self) -> None:
        """Who is not yet welcomed, and in no room, is not shown an announcement."""
        zoe = self.at_irc("zoe")
        (device,) = self.chat.roster["zoe"].devices
        device.fence = 0
        self.empower().asks("WALLOPS :hi all")
        self.assertEqual(zoe.sees(), [])

    @each_row({"nothing": ("WALLOPS", "461"), "blank": ("WALLOPS :  ", "412")})
    def test_wallops_wrong(self, row: tuple[str, str]) -> None:
        """It needs a text."""
        line, numeric = row
        self.assertEqual(self.empower().numerics(line), [numeric])

    def test_rehash(self) -> None:
        """It does what the chat does on SIGHUP."""
        done: list[str] = []
        self.chat.reloads += [lambda: done.append("motd"), lambda: done.append("certificate")]
        self.assertEqual(self.empower().numerics("REHASH"), ["382"])
        self.assertEqual(done, ["motd", "certificate"])
