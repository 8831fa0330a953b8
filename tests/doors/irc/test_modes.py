"""MODE, where it is not only one change of one mode."""

from __future__ import annotations

from chatservice.doors.irc.isupport import MODES
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, IrcPerson, brief, of
from tests.operating import PASSWORD, OperatorCase

NETWORK = "*!*@192.0.2.0/24"


class ModeTests(OperatorCase, IrcCase):
    """The modes of #tea, of which sysop is an operator, and in which ada and bob are."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("sysop")
        self.sysop = self.at_irc("sysop", "JOIN #tea", password=PASSWORD)
        self.ada = self.at_irc("ada", "JOIN #tea")
        self.bob = self.at_irc("bob", "JOIN #tea", caps=ALL)
        self.sysop.sees(), self.ada.sees()

    def test_as_many_as_announced(self) -> None:
        """Of changes with a parameter, as many are made as 005 says, and any number without."""
        lines = self.sysop.asks("MODE #tea +bbbbmit a b c d")
        self.assertEqual(brief(lines), ["sysop MODE #tea +bbbmit a!*@* b!*@* c!*@*"])
        self.assertEqual(lines[0].params[1].count("b"), MODES)
        self.assertEqual(len(self.bob.sees()), MODES + 3)

    @each_row(
        {
            "add it again": ("+b a!*@*", []),
            "in another spelling": ("+b A", []),
            "end it": ("-b A!*@*", ["sysop MODE #tea -b a!*@*"]),
            "end what is not there": ("-b nobody", []),
        }
    )
    def test_masks(self, row: tuple[str, list[str]]) -> None:
        """A ban is there once, however it is spelled, and ends once."""
        change, expected = row
        self.sysop.sends("MODE #tea +b a")
        self.assertEqual(brief(self.sysop.asks(f"MODE #tea {change}")), expected)

    @each_row(
        {
            "no network": ("+b 300.1.1.1/99", "696", ["#tea", "b", "300.1.1.1/99"]),
            "too long": (f"+b {'x' * 250}", "696", ["#tea", "b", "x" * 200]),
            "a mute of a network": (f"+q {NETWORK}", "696", ["#tea", "q", NETWORK]),
            "nobody": ("+v nobody", "401", ["nobody"]),
            "no number": ("+l x", "696", ["#tea", "l", "x"]),
            "a key with a comma": ("+k a,b", "696", ["#tea", "k", "*"]),
            "an unknown one": ("+z", "472", ["z"]),
            "no parameter": ("+v", "461", ["MODE"]),
        }
    )
    def test_wrong(self, row: tuple[str, str, list[str]]) -> None:
        """What cannot be done has its numeric, which says what it is about."""
        change, numeric, about = row
        (answer,) = self.sysop.asks(f"MODE #tea {change}")
        self.assertEqual((answer.verb, answer.params[1:-1]), (numeric, about))
        self.assertEqual(self.bob.sees(), [])

    def test_ban_of_a_network(self) -> None:
        """A server operator bans networks, whose people are out; others are not shown where it is.
        """
        lines = brief(self.sysop.asks(f"MODE #tea +b {NETWORK}"))
        self.assertEqual(sorted(lines), ["sysop KICK #tea ada sysop", "sysop KICK #tea bob sysop",
                                         f"sysop MODE #tea +b {NETWORK}"])
        self.assertEqual([line.params[2] for line in of(self.sysop.asks("MODE #tea b"), "367")],
                         [NETWORK])
        eve = IrcPerson(self.connect("203.0.113.5"))
        eve.joins("eve")
        eve.sees()
        self.assertEqual(eve.numerics("MODE #tea b"), ["368"])
        self.assertEqual(brief(self.sysop.asks(f"MODE #tea -b {NETWORK}")),
                         [f"sysop MODE #tea -b {NETWORK}"])

    def test_ban_of_a_network_by_others(self) -> None:
        """An operator of a room alone bans no network."""
        self.sysop.sends("MODE #tea +o ada")
        self.ada.sees()
        (answer,) = self.ada.asks(f"MODE #tea +b {NETWORK}")
        self.assertNotEqual(answer.verb, "MODE")
        self.assertEqual(self.bob.asks("PRIVMSG #tea :hi")[-1].verb, "PRIVMSG")

    def test_hidden(self) -> None:
        """Neither modes nor bans of a secret room are shown to people outside."""
        self.sysop.sends("MODE #tea +s")
        eve = self.at_irc("eve")
        for line in ("MODE #tea", "MODE #tea b", "MODE #tea q"):
            self.assertIn(eve.numerics(line), (["442"], ["403"]))

    def test_who_is_gone(self) -> None:
        """A role that somebody loses who is not in the room is shown to nobody."""
        for line in (f"NS REGISTER {PASSWORD}", "PART #tea"):
            self.ada.sends(line)
        self.sysop.sends("PRIVMSG chatservice :join tea")
        self.bob.sees()
        self.sysop.sends("PRIVMSG chatservice :op ada", "PRIVMSG chatservice :deop ada")
        self.assertEqual(of(self.bob.sees(), "MODE"), [])

    def test_other_settings(self) -> None:
        """A setting that is no mode of IRC's is shown to nobody."""
        lines = self.sysop.asks("PRIVMSG chatservice :room keep 1d")
        self.assertEqual([line.verb for line in lines], ["NOTICE"] * len(lines))
        self.assertEqual(of(self.bob.sees(), "MODE"), [])
        shown = self.sysop.asks("PRIVMSG chatservice :room")
        self.assertIn("keep 1d", [line.text for line in shown])

    def test_giving_up_power(self) -> None:
        """The power by OPER can be given up by MODE, but not asked for by it."""
        self.assertEqual(of(self.ada.asks("MODE ada +o"), "MODE"), [])
        self.ada.asks(f"OPER sysop {PASSWORD}")
        self.assertIn("o", self.ada.asks("MODE ada")[0].text)
        self.assertEqual(brief(self.ada.asks("MODE ada -o")), ["ada MODE ada -o"])
        self.assertEqual(self.ada.numerics("WALLOPS :hi"), ["481"])
