"""The verbs about the chat itself."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from unittest.mock import patch

from chatservice.protocol import release
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import SERVER, Line, brief
from tests.operating import OperatorCase


class AboutTests(OperatorCase, IrcCase):
    """Questions about the chat itself."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada", "JOIN #lobby")

    def asks(self, line: str) -> list[Line]:
        """Ask as ada; everything is said to her, by the server."""
        seen = self.ada.asks(line)
        self.assertEqual({(line.source, line.params[0]) for line in seen}, {(SERVER, "ada")})
        return seen

    @each_row(
        {
            "size": ("LUSERS", ["251", "252", "253", "254", "255", "265", "266"]),
            "no rules": ("MOTD", ["422"]),
            "version": ("VERSION", ["351", "005", "005"]),
            "information": ("INFO", ["371", "371", "371", "374"]),
            "links": ("LINKS", ["365"]),
            "links by mask": ("LINKS *.chat", ["365"]),
            "no administrator": ("ADMIN", ["423"]),
            "statistics": ("STATS", ["219"]),
            "other statistics": ("STATS x", ["219"]),
        }
    )
    def test_numerics(self, row: tuple[str, list[str]]) -> None:
        """Each question has its numerics."""
        line, numerics = row
        self.assertEqual([each.verb for each in self.asks(line)], numerics)

    def test_lusers(self) -> None:
        """Those who are here are counted, and those who have yet to join."""
        self.stranger().sends("NICK eve")
        seen = {line.verb: line.params[1:] for line in self.asks("LUSERS")}
        self.assertEqual(seen["253"], ["1", "unknown connection(s)"])
        self.assertEqual(seen["254"], ["1", "channels formed"])
        self.assertEqual(seen["265"], ["1", "1", "Current local users 1, max 1"])

    def test_leaving(self) -> None:
        """A client that has said QUIT is not counted, though its connection is still open."""
        for person in (self.at_irc("bob"), self.client()):
            person.wire.window = 0
            person.sends("QUIT")
            self.assertIsNone(person.wire.lost)
        seen = {line.verb: line.params[1:] for line in self.asks("LUSERS")}
        self.assertEqual((seen["253"][0], seen["265"][:2]), ("0", ["1", "2"]))

    def test_motd(self) -> None:
        """The message of the day is told line by line, as it is now."""
        self.chat.settings.motd = ("Be kind.", "Tea at five.")
        texts = [(line.verb, line.text) for line in self.asks("MOTD")]
        self.assertEqual(texts[1:3], [("372", "- Be kind."), ("372", "- Tea at five.")])
        self.assertEqual((texts[0][0], texts[-1][0]), ("375", "376"))

    def test_version(self) -> None:
        """The version is that of the package, also if it is not installed."""
        for version, told in (("1.2.3", "1.2.3"), (PackageNotFoundError(), "(not-installed)")):
            with patch.object(release, "version", side_effect=[version]):
                line = self.asks("VERSION")[0]
            self.assertEqual(line.params[1:3], [f"chatservice-{told}", SERVER])

    def test_time(self) -> None:
        """The time is that of the chat."""
        self.clock.advance(61)
        expected = [f"{SERVER} 391 ada {SERVER} 2026-11-21T12:01:01.000Z"]
        self.assertEqual(brief(self.asks("TIME")), expected)

    def test_uptime(self) -> None:
        """STATS u tells how long the chat has been running."""
        self.clock.advance(2 * 86_400 + 3 * 3_600 + 4 * 60 + 5)
        up, end = brief(self.asks("STATS u"))
        self.assertEqual(up, f"{SERVER} 242 ada Server Up 2 days 3:04:05")
        self.assertTrue(end.startswith(f"{SERVER} 219 ada u "))

    def test_admin(self) -> None:
        """The administrators are the server operators who are registered."""
        self.rules.operators = frozenset({"zed", "kim", "nobody"})
        self.open_chat()
        for nick in ("zed", "kim"):
            self.register(nick)
        self.ada = self.at_irc("ada")
        seen = self.asks("ADMIN")
        self.assertEqual([line.verb for line in seen], ["256", "257", "258", "259"])
        self.assertEqual(seen[0].params[1], SERVER)
        self.assertEqual(seen[1].text, "operators: kim zed")

    @each_row(
        {
            "in general": ("HELP", "*", "Commands of the chat that IRC lacks work too"),
            "with an empty subject": ("HELP :", "*", "Commands of the chat that IRC lacks"),
            "of a command": ("HELP away", "away", "/away [WHY] Say that you are away"),
            "of a command with a slash": ("HELP /away", "/away", "/away [WHY] Say that you are"),
            "of its short form": ("HELP j", "j", "/join ROOM"),
            "of a verb": ("HELPOP PRIVMSG", "PRIVMSG", "/msg NICK TEXT"),
            "of any case": ("HELP privmsg", "privmsg", "/msg NICK TEXT"),
            "of a verb that is no command": ("HELP CAP", "CAP", "CAP This is a verb of IRC"),
        }
    )
    def test_help(self, row: tuple[str, str, str]) -> None:
        """Help has a beginning and an end, and names what it is about in each line."""
        line, about, within = row
        seen = self.asks(line)
        middle = len(seen) - 2
        self.assertEqual([each.verb for each in seen], ["704", *["705"] * middle, "706"])
        self.assertEqual({each.params[1] for each in seen}, {about})
        self.assertIn(within, " ".join(each.text for each in seen))

    @each_row({"nothing": "nothing", "with slashes": "//join", "a colon": "a:b"})
    def test_no_help(self, about: str) -> None:
        """Of what is not known there is no help."""
        (line,) = self.asks(f"HELP {about}")
        self.assertEqual((line.verb, line.params[1]), ("524", about))
