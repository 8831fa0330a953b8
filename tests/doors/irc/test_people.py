"""WHOIS, WHOWAS, AWAY, SETNAME, ISON and USERHOST."""

from __future__ import annotations

from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, SERVER, IrcPerson, brief, of
from tests.operating import PASSWORD, OperatorCase

LONG = "x" * 129


class WhoisTests(OperatorCase, IrcCase):
    """WHOIS."""

    def whois(self, by: IrcPerson, nick: str) -> dict[str, list[str]]:
        """Ask who somebody is; return the parameters after the nicknames, by numeric."""
        lines = by.asks(f"WHOIS {nick}")
        self.assertEqual((lines[-1].verb, lines[-1].params[1]), ("318", nick.lower()))
        return {line.verb: line.params[2:] for line in lines[:-1]}

    def test_guest(self) -> None:
        """A guest has a name, a host, rooms with roles, a door, and a time of coming."""
        ada = self.at_irc("ada", "JOIN #lobby")
        bob = self.at_irc("bob", "JOIN #lobby", "JOIN #den", "MODE #den +v bob")
        host = of(bob.asks("JOIN #tea"), "JOIN")[0].source.partition("@")[2]
        self.clock.advance(3)
        self.assertEqual(
            self.whois(ada, "BOB"),
            {
                "311": ["~bob", host, "*", "The real bob"],
                "319": ["#lobby @#den @#tea"],
                "312": [SERVER, "through an IRC client"],
                "317": ["3", "1795262400", "seconds idle, signon time"],
            },
        )

    def test_oneself(self) -> None:
        """Members are shown their own address, and nobody else's."""
        ada = self.at_irc("ada")
        numerics = [line.verb for line in ada.asks("WHOIS some.server ada")]
        self.assertEqual(numerics, ["311", "312", "378", "317", "318"])
        text = "is connecting from 192.0.2.1"
        self.assertEqual(self.whois(ada, "ada")["378"], [text])

    def test_of_an_operator(self) -> None:
        """Of a server operator that is told, and the account; an operator is shown addresses."""
        self.server_operator("zed")
        zed, ada = self.at_irc("zed", password=PASSWORD), self.at_irc("ada")
        found = self.whois(ada, "zed")
        self.assertEqual(found["313"], ["is an operator of the whole chat"])
        self.assertEqual(found["330"], ["zed", "is logged in as"])
        self.assertNotIn("378", found)
        self.assertIn("378", self.whois(zed, "ada"))

    def test_from_this_machine(self) -> None:
        """People who come through a socket of this machine come from it."""
        ada = self.at_irc("ada")
        (device,) = self.chat.roster["ada"].devices
        device.member.address = ""
        self.assertEqual(self.whois(ada, "ada")["378"], ["is connecting from this machine"])

    def test_absence_and_bots(self) -> None:
        """That somebody is away, or a bot, is told."""
        ada, bob = self.at_irc("ada"), self.at_text("bob")
        for typed in ("/away tea", "/set bot on"):
            bob.types(typed)
        found = self.whois(ada, "bob")
        self.assertEqual((found["301"], found["335"]), (["tea"], ["is a bot"]))
        self.assertEqual(found["312"], [SERVER, "through telnet, nc or the like"])

    def test_security(self) -> None:
        """People are shown as encrypted if all of their connections are."""
        self.register("ada")
        plain, encrypted = self.front, FrontFactory(self.chat, Admission(), PortKind(False, True))
        self.front = encrypted
        ada = self.at_irc("ada", password=PASSWORD)
        self.assertEqual(self.whois(ada, "ada")["671"], ["is using a secure connection"])
        self.front = plain
        self.at_irc("ada", password=PASSWORD)
        self.assertNotIn("671", self.whois(ada, "ada"))

    def test_lost_connection(self) -> None:
        """Of somebody whose connection is lost for the moment, no silence is told."""
        self.rules.linger = 30
        ada, bob = self.at_irc("ada"), self.at_text("bob")
        bob.wire.vanishes()
        found = self.whois(ada, "bob")
        self.assertEqual(found["312"], [SERVER, "through no connection"])
        self.assertNotIn("317", found)

    def test_hidden(self) -> None:
        """Rooms that are secret to the asker are not shown."""
        ada, bob = self.at_irc("ada"), self.at_text("bob")
        bob.types("/join den")
        bob.types("/room secret on")
        self.assertEqual(self.whois(ada, "bob")["319"], ["#lobby"])
        bob.types("/set hidden on")
        self.assertNotIn("319", self.whois(ada, "bob"))

    @each_row({"nobody": "nobody", "a mask": "a*", "one that looks alike": "b\u043eb"})
    def test_nobody(self, nick: str) -> None:
        """If there is nobody of that name, 401 is told, and the end."""
        ada = self.at_irc("ada")
        self.at_text("bob")
        lines = ada.asks(f"WHOIS {nick}")
        self.assertEqual([line.params[:2] for line in lines], [["ada", nick]] * 2)
        self.assertEqual([line.verb for line in lines], ["401", "318"])

    def test_no_nickname(self) -> None:
        """Without a nickname there is nothing to tell."""
        ada = self.at_irc("ada")
        self.assertEqual(ada.numerics("WHOIS", "WHOWAS"), ["431", "431"])


class WhowasTests(IrcCase):
    """WHOWAS."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada")
        for user in ("one", "two"):
            bob = self.stranger()
            bob.sends("NICK bob", f"USER {user} 0 * :Bob {user}", "QUIT")

    @each_row(
        {
            "all": ("bob", ["~two", "~one"]),
            "any case": ("BOB", ["~two", "~one"]),
            "the last": ("bob 1", ["~two"]),
            "more than there are": ("bob 9", ["~two", "~one"]),
            "none": ("bob 0", ["~two", "~one"]),
            "less than none": ("bob -1", ["~two", "~one"]),
        }
    )
    def test_left(self, row: tuple[str, list[str]]) -> None:
        """Those who left are told, the last first, and when that was."""
        asked, users = row
        *lines, end = self.ada.asks(f"WHOWAS {asked}")
        self.assertEqual(end.verb, "369")
        self.assertEqual([line.verb for line in lines], ["314", "312"] * len(users))
        self.assertEqual([line.params[2] for line in of(lines, "314")], users)
        real_names = [f"Bob {user[1:]}" for user in users]
        self.assertEqual([line.text for line in of(lines, "314")], real_names)
        self.assertEqual(of(lines, "312")[0].params[2:], [SERVER, "2026-11-21T12:00:00.000Z"])

    @each_row({"nobody": "nobody", "one that looks alike": "b\u043eb"})
    def test_nobody(self, nick: str) -> None:
        """Of others nothing is known."""
        lines = self.ada.asks(f"WHOWAS {nick}")
        self.assertEqual([line.verb for line in lines], ["406", "369"])
        self.assertEqual([line.params[1] for line in lines], [nick] * 2)

    def test_without_a_real_name(self) -> None:
        """The nickname stands for a real name that was not given."""
        self.at_text("eve").types("/quit")
        self.assertEqual(self.ada.asks("WHOWAS eve")[0].text, "eve")


class AwayTests(IrcCase):
    """Being away."""

    def test_away(self) -> None:
        """AWAY is answered, with a reason and without one, and again."""
        ada = self.at_irc("ada")
        self.assertEqual(ada.numerics("AWAY :tea", "AWAY :tea"), ["306"] * 2)
        self.assertEqual(self.chat.roster["ada"].away, "tea")
        self.assertEqual(ada.numerics("AWAY", "AWAY :", "AWAY"), ["305"] * 3)
        self.assertIsNone(self.chat.roster["ada"].away)

    def test_others(self) -> None:
        """People who share rooms are told once, however many rooms were talked in."""
        eve = self.at_irc("eve", "JOIN #lobby,#den", caps="away-notify")
        plain = self.at_irc("tom", "JOIN #lobby")
        ada = self.at_irc("ada", "JOIN #lobby,#den", "PRIVMSG #den :hi")
        eve.sees(), plain.sees()
        ada.sends("AWAY :tea", "AWAY")
        self.assertEqual(brief(eve.sees()), ["ada AWAY tea", "ada AWAY"])
        self.assertEqual(plain.sees(), [])

    def test_elsewhere(self) -> None:
        """At the text door it is shown only where something was said lately."""
        bob, ada = self.at_text("bob"), self.at_irc("ada", "JOIN #lobby")
        bob.sees()
        ada.sends("AWAY :tea", "AWAY", "PRIVMSG #lobby :hi", "AWAY :tea", "AWAY")
        self.assertEqual(bob.sees(), ["ada: hi", "-- ada is away: tea", "-- ada is back"])

    def test_muted(self) -> None:
        """A member who must not speak cannot set a real name, because others see it."""
        bob = self.at_text("bob")
        bob.types("/join den")
        ada = self.at_irc("ada", "JOIN #den", caps="standard-replies")
        bob.types("/mute ada")
        (line,) = of(ada.asks("AWAY :tea"), "FAIL")
        self.assertEqual(line.params[:2], ["AWAY", "NOT_ALLOWED"])
        (line,) = ada.asks("SETNAME :tea")
        self.assertEqual(line.params[:2], ["SETNAME", "CANNOT_CHANGE_REALNAME"])


class SetnameTests(IrcCase):
    """The real name."""

    def test_setname(self) -> None:
        """A change is shown to the member, and to clients with setname; the same name is none."""
        ada = self.at_irc("ada", "JOIN #lobby", caps="setname")
        eve = self.at_irc("eve", "JOIN #lobby", caps=ALL)
        plain = self.at_irc("tom", "JOIN #lobby")
        ada.sees(), eve.sees()
        self.assertEqual(brief(ada.asks("SETNAME :Ada L", "SETNAME :Ada L")), ["ada SETNAME Ada L"])
        self.assertEqual(brief(eve.sees()), ["ada SETNAME Ada L"])
        self.assertEqual(plain.sees(), [])

    @each_row({"too long": LONG, "empty": "", "blank": "  "})
    def test_refused(self, name: str) -> None:
        """A name that cannot be is refused as the specification has it."""
        (line,) = self.at_irc("ada").asks(f"SETNAME :{name}")
        self.assertEqual(line.verb, "FAIL")
        self.assertEqual(line.params[:2], ["SETNAME", "INVALID_REALNAME"])


class HereTests(OperatorCase, IrcCase):
    """WHO."""

    def test_ison(self) -> None:
        """ISON tells who of several is here, however they are spelled."""
        ada = self.at_irc("ada")
        self.at_text("bob")
        for asked in ("ISON BOB nobody ada", "ISON :BOB nobody ada"):
            self.assertEqual(brief(ada.asks(asked)), [f"{SERVER} 303 ada bob ada"])
        self.assertEqual(brief(ada.asks("ISON nobody")), [f"{SERVER} 303 ada "])

    def test_userhost(self) -> None:
        """USERHOST tells the hosts of people, and who is away, or an operator."""
        self.server_operator("zed")
        self.at_irc("zed", password=PASSWORD)
        ada = self.at_irc("ada")
        self.at_irc("bob", "AWAY :tea")
        (line,) = ada.asks("USERHOST zed nobody bob x y ada")
        self.assertEqual(line.verb, "302")
        told = [each.partition("@")[0] for each in line.text.split()]
        self.assertEqual(told, ["zed*=+~zed", "bob=-~bob", "ada=+~ada"])
