"""What no well-behaved client sends, and lines that somebody would like others to take for real."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from chatservice.doors.irc.verbs import VERBS
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, IrcPerson

SEPARATORS = {
    "CR": "\r",
    "LF": "\n",
    "CR LF": "\r\n",
    "NUL": "\0",
    "NEL": "\x85",
    "LS": "\u2028",
    "VT": "\v",
    "FS": "\x1c",
}

FORGED = ":mallory!m@m PRIVMSG #lobby :forged"

FROM_PROGRAMS: dict[str, Callable[[str], dict[str, object]]] = {
    "a line": lambda bad: {"type": "say", "room": "lobby", "text": bad},
    "an action": lambda bad: {"type": "act", "room": "lobby", "text": bad},
    "a notice": lambda bad: {"type": "notice", "room": "lobby", "text": bad},
    "a private line": lambda bad: {"type": "whisper", "to": "eve", "text": bad},
    "tags": lambda bad: {"type": "say", "room": "lobby", "text": "hi", "tags": {"+a": bad}},
    "a tag": lambda bad: {"type": "say", "room": "lobby", "text": "hi", "tags": {f"+{bad}": "x"}},
    "a signal": lambda bad: {"type": "signal", "room": "lobby", "tags": {"+a": bad}},
    "a ref": lambda bad: {"type": "say", "room": "lobby", "text": "hi", "ref": bad},
    "a recipient": lambda bad: {"type": "whisper", "to": bad, "text": "hi"},
    "a room": lambda bad: {"type": "join", "room": bad},
    "a nickname": lambda bad: {"type": "nick", "nick": bad},
    **{
        command.split(" ")[0]: lambda bad, command=command: {
            "type": "command",
            "line": command.replace("BAD", bad),
        }
        for command in (
            "/topic BAD",
            "/away BAD",
            "/realname BAD",
            "/nick BAD",
            "/join BAD",
            "/me BAD",
            "/notice #lobby BAD",
            "/msg eve BAD",
            "/kick #den eve BAD",
            "/ban #den eve BAD",
            "/ban #den BAD!*@*",
            "/mute #den BAD",
            "/room #den password BAD",
            "/invite BAD",
            "/part #lobby BAD",
            "/quit BAD",
        )
    },
}
"""Requests of a program with a hostile text in one field."""

FROM_CLIENTS = (
    "PRIVMSG #lobby :BAD",
    "PRIVMSG #lobby :\x01ACTION BAD\x01",
    "PRIVMSG #lobby :\x01VERSION BAD\x01",
    "NOTICE #lobby :BAD",
    "PRIVMSG eve :BAD",
    "PRIVMSG BAD :hi",
    "PRIVMSG :BAD",
    "@+a=BAD PRIVMSG #lobby :hi",
    "@+a=BAD TAGMSG #lobby",
    "@label=BAD PING x",
    "@label=BAD PRIVMSG #lobby :hi",
    "@label=BAD MODE #den",
    "PING :BAD",
    "TOPIC #lobby :BAD",
    "TOPIC BAD",
    "AWAY :BAD",
    "SETNAME :BAD",
    "NICK :BAD",
    "JOIN :#BAD",
    "JOIN #den :BAD",
    "KICK #den eve :BAD",
    "KICK #den :BAD",
    "INVITE :BAD",
    "INVITE eve :BAD",
    "MODE #den +b :BAD",
    "MODE #den +k :BAD",
    "MODE #den +o :BAD",
    "MODE #den :BAD",
    "MODE :BAD",
    "CAP REQ :BAD",
    "CAP :BAD",
    "AUTHENTICATE :BAD",
    "WHO :BAD",
    "WHOIS :BAD",
    "WHOWAS :BAD",
    "NAMES :BAD",
    "LIST :BAD",
    "MONITOR + :BAD",
    "ISON :BAD",
    "USERHOST :BAD",
    "OPER ada :BAD",
    "KILL eve :BAD",
    "WALLOPS :BAD",
    "HELP :BAD",
    "STATS :BAD",
    "CHATHISTORY :BAD",
    "CHATHISTORY LATEST :BAD",
    "CHATHISTORY LATEST #lobby :BAD",
    "MARKREAD #lobby :BAD",
    "MARKREAD :BAD",
    "SEARCH :BAD",
    "REGISTER * * :BAD",
    "NS :BAD",
    "CS REGISTER :BAD",
    "PRIVMSG chatservice :search BAD",
    "PRIVMSG chatservice :BAD",
    "BAD",
    "PART #lobby :BAD",
    "QUIT :BAD",
)
"""Lines of an IRC client, in which BAD is a hostile text."""


class ForgedTests(IrcCase):
    """Separators in every field, from every door."""

    def setUp(self) -> None:
        super().setUp()
        self.old = self.at_irc("old", "JOIN #lobby")
        self.eve = self.at_irc("eve", "JOIN #lobby,#den", caps=f"{ALL} extended-monitor")
        self.text, self.program = self.at_text("bob"), self.at_json("zoe")
        self.eve.sends("MODE #den -i")

    def assert_nothing_forged(self, *others: IrcPerson) -> None:
        """Check that no door shows a line of mallory's, however lines are split there."""
        for person in (self.old, self.eve, *others):
            shown = person.wire.sees()
            self.assertNotIn("\0", shown)
            self.assertEqual(shown.replace("\r\n", "").count("\n"), 0)
            self.assertEqual(shown.replace("\r\n", "").count("\r"), 0)
            for line in shown.splitlines():
                self.assertFalse(line.startswith((":mallory", "mallory")), shown)
        for line in self.text.wire.sees().splitlines():
            self.assertFalse(line.startswith(("mallory", ":mallory")), line)
        for line in self.program.wire.sees().splitlines():
            self.assertNotEqual(json.loads(line).get("nick"), "mallory")

    @each_row(FROM_PROGRAMS)
    def test_from_programs(self, request: Callable[[str], dict[str, object]]) -> None:
        """A separator in what a program says forges no line at any door."""
        for number, separator in enumerate(SEPARATORS.values()):
            mallet = self.at_json(f"mallet{number}", rooms={"lobby": 0, "den": 0})
            mallet.sends_object(request(f"x{separator}{FORGED}"))
            self.assert_nothing_forged()

    @each_row({"nick": "nick", "client": "client"})
    def test_arriving(self, field: str) -> None:
        """Nor does one in what a program says of itself when it comes."""
        for number, separator in enumerate(SEPARATORS.values()):
            wire = self.connect()
            hello = {"type": "hello", "nick": f"mallet{number}"}
            hello[field] = f"x{separator}{FORGED}"
            wire.sends(json.dumps(hello).encode() + b"\n")
            self.assert_nothing_forged()

    @each_row({name: SEPARATORS[name] for name in ("NUL", "NEL", "LS", "VT", "FS")})
    def test_from_people(self, separator: str) -> None:
        """Nor does one in what somebody types at the text door."""
        mallet = self.at_text("mallet")
        mallet.types("/join den")
        bad = f"x{separator}{FORGED}"
        for command in ("", "/me ", "/msg eve ", "/notice #lobby ", "/topic ", "/away ", "/nick ",
                        "/realname ", "/join ", "/kick eve ", "/part #den ", "/quit "):
            mallet.types(f"{command}{bad}")
            self.assert_nothing_forged()

    @each_row({line: line for line in FROM_CLIENTS})
    def test_from_clients(self, line: str) -> None:
        """Nor does one in any parameter or tag of an IRC client, for others or for itself."""
        for number, separator in enumerate(SEPARATORS.values()):
            mallet = self.at_irc(f"mallet{number}", "JOIN #lobby,#den", caps=ALL)
            # As it is, CR or LF would end the line; escaped, it is one more in a tag.
            bad = f"x{separator}{FORGED}".replace("\r", "\\r").replace("\n", "\\n")
            tags, space, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            tags = tags.replace("BAD", bad.replace(" ", "\\s").replace(";", "\\:"))
            mallet.sends(f"{tags}{space}{rest.replace('BAD', bad)}")
            self.assert_nothing_forged(mallet)

    @each_row({name: SEPARATORS[name] for name in ("NUL", "NEL", "LS", "VT", "FS")})
    def test_registering(self, separator: str) -> None:
        """Nor does one in what a client says of itself when it comes."""
        bad = f"x{separator}{FORGED}"
        for lines in (
            (f"NICK :{bad}", "USER m 0 * :M"),
            ("NICK m1", f"USER {bad} 0 * :M"),
            ("NICK m2", f"USER m 0 * :{bad}"),
            (f"PASS :{bad}", "NICK m3", "USER m 0 * :M"),
            (f"CAP REQ :{bad}", "NICK m4", "USER m 0 * :M", "CAP END"),
            (f"CAP LS :{bad}", "NICK m5", "USER m 0 * :M", "CAP END"),
        ):
            mallet = self.stranger()
            mallet.sends(*lines, "JOIN #lobby", "WHOIS m2", "PRIVMSG #lobby :hi", "QUIT")
            self.assert_nothing_forged(mallet)

    def test_label(self) -> None:
        """A label comes back as it was, whatever is in it."""
        for label in ("a\\:b", "a\\sb", "a\\\\b", "a\\r\\nb"):
            self.eve.wire.sees()
            self.eve.sends(f"@label={label} PING x")
            self.assertIn(f"@label={label} :chatservice PONG", self.eve.wire.sees())


class RandomTests(IrcCase):
    """Thousands of lines of which nobody has thought."""

    LINES = 10_000

    def lines(self, choose: Random) -> bytes:
        """Make a line of verbs, parameters and bytes, some of which make sense."""
        words = [*VERBS, "NONSENSE", "mallet", "eve", "bob", "#lobby", "#den", "#x", "0", "*", "+o",
                 "-b", "+bklimnst", "*!*@*", "LS", "REQ", "LATEST", "msgid=1", "timestamp=x", "9",
                 ":", ",", "a,b,#c", "%tcuhnfdar,743", "\x01ACTION", "\x0304", "é", "\u2028", ""]
        tags = ["", "", "@label=x ", "@+a=b;label=y ", "@a;b;;=;+c=\\ ", ":mallory ", "@ "]
        line = f"{choose.choice(tags)}{choose.choice(list(VERBS))}".encode()
        line += choose.choice([b"", b"", b" #lobby", b" #den"])
        for _ in range(choose.randrange(6)):
            line += b" " + choose.choice(["", "", ":"]).encode()
            if choose.random() < 0.1:
                line += choose.randbytes(choose.randrange(1, 20))
            else:
                line += choose.choice(words).encode()
        if choose.random() < 0.01:
            line += b"x" * choose.randrange(6000)
        return line.replace(b"QUIT", b"QUI") if choose.random() < 0.9 else line

    def test_random(self) -> None:
        """No line has a traceback, and nothing is sent that is not whole lines of UTF-8."""
        choose = Random(59000)
        eve = self.at_irc("eve", "JOIN #lobby,#den", caps=ALL)
        bob = self.at_json("bob", rooms={"lobby": 0, "den": 0})
        mallet, comings = self.stranger(), 0
        for number in range(self.LINES):
            if mallet.wire.lost is not None or not comings:
                mallet, comings = self.stranger(), comings + 1
                mallet.joins(f"mallet{comings}", ALL if comings % 2 else "")
                mallet.sends("JOIN #lobby,#den")
                mallet.sees()
            mallet.wire.sends(self.lines(choose) + choose.choice([b"\r\n", b"\n", b"\r"]))
            # Each reads its lines, and checks that they are well formed.
            mallet.sees()
            if number % 50 == 0:
                self.clock.advance(1)
                eve.sees(), bob.sees_all()
                for wire in (eve.wire, bob.wire):
                    self.assertIsNone(wire.lost)
                eve.sends("PONG")
                mallet.sends("JOIN #lobby,#den")
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertGreater(comings, 3)
