"""PRIVMSG, NOTICE and TAGMSG."""

from __future__ import annotations

from dataclasses import replace

from chatservice.doors.irc.isupport import TARGETS
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, brief, of
from tests.operating import PASSWORD, OperatorCase

REFUSED = {
    "no parameters": ("PRIVMSG", "411", []),
    "an empty recipient": ("PRIVMSG :", "411", []),
    "commas alone": ("PRIVMSG ,, :hi", "411", []),
    "no text": ("PRIVMSG bob", "412", []),
    "an empty text": ("PRIVMSG bob :", "412", []),
    "a blank text": ("PRIVMSG #lobby :  ", "412", []),
    "nothing but formatting": ("PRIVMSG #lobby :\x02\x0304\x02", "412", []),
    "an empty action": ("PRIVMSG #lobby :\x01ACTION \x01", "412", []),
    "an empty CTCP": ("PRIVMSG bob :\x01\x01", "412", []),
    "five targets": ("PRIVMSG bob,a,b,c,d :hi", "407", ["d"]),
    "nobody": ("PRIVMSG nobody :hi", "401", ["nobody"]),
    "one that looks alike": ("PRIVMSG b\u043eb :hi", "401", ["b\u043eb"]),
    "a mask": ("PRIVMSG bob!*@* :hi", "401", ["bob!*@*"]),
    "all servers": ("PRIVMSG $* :hi", "401", ["$*"]),
    "the operators of a room": ("PRIVMSG @#lobby :hi", "401", ["@#lobby"]),
    "no room": ("PRIVMSG #nope :hi", "403", ["#nope"]),
    "no name of a room": ("PRIVMSG # :hi", "403", ["#"]),
    "a room that the author is not in": ("PRIVMSG #den :hi", "404", ["#den"]),
    "too long for a line": (f"PRIVMSG #lobby :{'x' * 480}", "417", []),
}

FORMATTED = "\x02bold\x02 \x0304,01red\x03 \x1d\x0fplain\x16"
"""A text with codes for bold and the like, which says C{bold red plain}."""


class RefusedTests(OperatorCase, IrcCase):
    """What cannot be said."""

    @each_row(REFUSED)
    def test_refused(self, row: tuple[str, str, list[str]]) -> None:
        """It gets its numeric, which names what it is about, and nobody sees anything."""
        line, numeric, about = row
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_irc("bob", "JOIN #lobby")
        self.at_text("eve").types("/join den")
        bob.sees()
        (answer,) = ada.asks(line)
        self.assertEqual((answer.verb, answer.params[:-1]), (numeric, ["ada", *about]))
        self.assertEqual(bob.sees(), [])

    @each_row(REFUSED)
    def test_notices(self, row: tuple[str, str, list[str]]) -> None:
        """A notice is never answered, except that it is too long; nobody sees anything."""
        line, numeric, _ = row
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_irc("bob", "JOIN #lobby")
        bob.sees()
        line = line.replace("PRIVMSG", "NOTICE").replace("ACTION ", "")
        self.assertEqual(ada.numerics(line), ["417"] if numeric == "417" else [])
        self.assertEqual(bob.sees(), [])

    @each_row(
        {
            "a mute": "/mute ada",
            "a ban by mask": "/ban ada!*@*",
            "moderated": "/room moderated on",
        }
    )
    def test_rights(self, typed: str) -> None:
        """A member who must not speak in a room gets 404, whatever the reason is."""
        bob = self.at_text("bob")
        bob.types("/join den")
        ada = self.at_irc("ada", "JOIN #den")
        bob.types(typed)
        answer = ada.asks("PRIVMSG #den :hi")[-1]
        self.assertEqual((answer.verb, answer.params[1]), ("404", "#den"))
        ada.sends("NOTICE #den :hi", "@+a=b TAGMSG #den")
        self.assertEqual(ada.sees(), [])
        bob.sees()
        self.assertEqual(bob.sees(), [])

    def test_rights_in_private(self) -> None:
        """A member who must not speak at all gets 531 for a person, and a notice nothing."""
        self.server_operator("sysop")
        sysop, bob = self.at("text", "sysop"), self.at_text("bob")
        ada = self.at_irc("ada", "JOIN #lobby")
        sysop.types("/mute * ada")
        answer = ada.asks("PRIVMSG bob :hi")[-1]
        self.assertEqual((answer.verb, answer.params[1]), ("531", "bob"))
        self.assertEqual(ada.numerics("PRIVMSG #lobby :hi"), ["404"])
        self.assertEqual(ada.asks("NOTICE bob :hi"), [])
        self.assertNotIn("hi", str(bob.sees()))

    def test_long(self) -> None:
        """A line fits if it does for whoever hears it, with its author before it."""
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_irc("bob", "JOIN #lobby")
        source = of(ada.sees() or bob.asks("PART #lobby", "JOIN #lobby"), "JOIN")[0].source
        most = 510 - len(f":{source} PRIVMSG #lobby :")
        ada.sees(), bob.sees()
        self.assertEqual(ada.asks(f"PRIVMSG #lobby :{'x' * most}"), [])
        self.assertEqual([len(line.text) for line in bob.sees()], [most])
        self.assertEqual(ada.numerics(f"PRIVMSG #lobby :{'x' * (most + 1)}"), ["417"])
        self.assertEqual(bob.sees(), [])


class SaidTests(IrcCase):
    """What is said, at the doors of those who hear it."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada", "JOIN #lobby", caps="message-tags")
        self.bob = self.at_text("bob")
        self.eve = self.at_json("eve")
        self.tom = self.at_irc("tom", "JOIN #lobby", caps="message-tags")
        self.ada.sees(), self.bob.sees(), self.eve.sees()

    @each_row(
        {
            "a line": ("PRIVMSG #lobby :hi", "ada: hi", "said", "hi"),
            "one word": ("PRIVMSG #lobby hi", "ada: hi", "said", "hi"),
            "a name in another case": ("PRIVMSG #LOBBY :hi", "ada: hi", "said", "hi"),
            "an action": ("PRIVMSG #lobby :\x01ACTION waves\x01", "* ada waves", "acted", "waves"),
            "an open action": ("PRIVMSG #lobby :\x01ACTION waves", "* ada waves", "acted", "waves"),
            "a notice": ("NOTICE #lobby :tea", "-ada- tea", "noticed", "tea"),
            "formatting": (f"PRIVMSG #lobby :{FORMATTED}", "ada: bold red plain", "said",
                           "bold red plain"),
            "no command": ("PRIVMSG #lobby :/quit", "ada: /quit", "said", "/quit"),
            "two slashes": ("PRIVMSG #lobby ://x", "ada: //x", "said", "//x"),
            "a control character": ("PRIVMSG #lobby :a\x01b\x1b[1mc", "ada: abc", "said", "abc"),
        }
    )
    def test_room(self, row: tuple[str, str, str, str]) -> None:
        """All who are in a room read the same text, whatever their door."""
        line, told, kind, text = row
        self.ada.sends(line)
        self.assertEqual(self.bob.sees(), [told])
        (facts,) = self.eve.sees()
        self.assertEqual((facts["type"], facts["text"]), (kind, text))
        (heard,) = self.tom.sees()
        shown = f"\x01ACTION {text}\x01" if kind == "acted" else text
        self.assertEqual((heard.verb, heard.params),
                         ("NOTICE" if kind == "noticed" else "PRIVMSG", ["#lobby", shown]))

    @each_row(
        {
            "a line": ("PRIVMSG {} :psst", "psst"),
            "an action": ("PRIVMSG {} :\x01ACTION waves\x01", "waves"),
            "a notice": ("NOTICE {} :tea", "tea"),
        }
    )
    def test_person(self, row: tuple[str, str]) -> None:
        """A private line reaches one person alone, at whatever door."""
        line, text = row
        self.ada.sends(*(line.format(nick) for nick in ("BOB", "eve", "tom")))
        (shown,) = self.bob.sees()
        self.assertIn(text, shown)
        self.assertEqual([facts["text"] for facts in self.eve.sees()], [text])
        self.assertEqual(len(self.tom.sees()), 1)

    def test_targets(self) -> None:
        """A line goes to each of at most four targets, once for each name."""
        targets = ",".join(["bob", "eve", "tom", "#lobby"])
        self.assertEqual(targets.count(",") + 1, TARGETS)
        self.ada.sends(f"PRIVMSG {targets} :hi", "PRIVMSG tom,tom,tom,tom,tom :again")
        self.assertEqual(len(self.bob.sees()), 2)
        self.assertEqual([line.params for line in self.tom.sees()],
                         [["tom", "hi"], ["#lobby", "hi"], ["tom", "again"]])

    def test_targets_cost(self) -> None:
        """Each target counts for the flood limit."""
        self.rules = replace(self.rules, rate_limit=1)
        self.open_chat()
        ada = self.at_irc("ada")
        for nick in "abcd":
            self.at_text(nick)
        self.clock.advance(100)
        counts = []
        for targets in ("a", "a,b,c,d"):
            sent = 0
            while ada.wire.reading and sent < 100:
                ada.sends(f"PRIVMSG {targets} :hi")
                sent += 1
            counts.append(sent)
            self.clock.advance(100)
        self.assertGreaterEqual(counts[0], 3 * counts[1])

    def test_some_refused(self) -> None:
        """A target that cannot be had costs the others nothing."""
        self.assertEqual(self.ada.numerics("PRIVMSG nobody,tom,#nope :hi"), ["401", "403"])
        self.assertEqual(len(self.tom.sees()), 1)

    @each_row({"a question": ("PRIVMSG", "PRIVMSG"), "an answer": ("NOTICE", "NOTICE")})
    def test_ctcp(self, row: tuple[str, str]) -> None:
        """CTCP reaches IRC clients alone, in private and in rooms, and is never said aloud."""
        verb, expected = row
        self.ada.sends(f"{verb} tom :\x01VERSION\x01", f"{verb} #lobby :\x01PING 1 2\x01",
                       f"{verb} bob :\x01TIME\x01", f"{verb} eve :\x01TIME")
        self.assertEqual([(line.verb, *line.params) for line in self.tom.sees()],
                         [(expected, "tom", "\x01VERSION\x01"),
                          (expected, "#lobby", "\x01PING 1 2\x01")])
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(self.eve.sees(), [])

    def test_tags(self) -> None:
        """TAGMSG and the client's tags of a line reach clients that take tags, and programs."""
        self.ada.sends("@+draft/typing=active;x=y TAGMSG #lobby", "@+draft/reply=12 TAGMSG tom,eve")
        typing, reply = self.tom.sees()
        self.assertEqual((typing.verb, typing.params, typing.tags["+draft/typing"]),
                         ("TAGMSG", ["#lobby"], "active"))
        self.assertNotIn("x", typing.tags)
        self.assertEqual((reply.params, reply.tags["+draft/reply"]), (["tom"], "12"))
        self.assertEqual([facts["tags"] for facts in self.eve.sees()],
                         [{"+draft/typing": "active"}, {"+draft/reply": "12"}])
        self.assertEqual(self.bob.sees(), [])

    def test_no_tags(self) -> None:
        """Without tags of its own TAGMSG does nothing, nor without the capability for them."""
        plain = self.at_irc("old", "JOIN #lobby")
        self.tom.sees()
        self.ada.sends("TAGMSG #lobby", "@x=y TAGMSG #lobby")
        plain.sends("@+a=b TAGMSG #lobby", "@+a=b PRIVMSG #lobby :hi")
        (line,) = self.tom.sees()
        self.assertEqual((line.verb, sorted(line.tags)), ("PRIVMSG", ["msgid"]))

    def test_many_targets_of_tags(self) -> None:
        """Of more than four targets of TAGMSG, the first four are told."""
        self.ada.sends("@+a=b TAGMSG tom,b,c,#lobby,eve")
        self.assertEqual(len(self.tom.sees()), 2)

    def test_services(self) -> None:
        """What is written to a service is done, and answered by it; nobody else sees it."""
        for name in ("chatservice", "NICKSERV", "ns", "ChanServ", "cs"):
            lines = self.ada.asks(f"PRIVMSG {name} :help")
            self.assertEqual({line.verb for line in lines}, {"NOTICE"}, name)
            self.assertNotEqual(lines, [])
        self.assertEqual(self.ada.asks("NOTICE chatservice :help", "NOTICE ns :help"), [])
        self.assertEqual(self.bob.sees(), [])

    def test_service_among_targets(self) -> None:
        """A service may be one of several targets."""
        lines = self.ada.asks("PRIVMSG chatservice,tom :who")
        self.assertEqual({line.nick for line in lines if line.verb == "NOTICE"}, {"chatservice"})
        self.assertEqual(len(of(self.tom.sees(), "PRIVMSG")), 1)


class AbsentTests(OperatorCase, IrcCase):
    """Private lines to people who are not there to read them."""

    def test_away(self) -> None:
        """A line to somebody who is away is answered by 301; a notice is not."""
        ada, bob = self.at_irc("ada"), self.at_text("bob")
        bob.types("/away tea")
        (answer,) = ada.asks("PRIVMSG bob :hi")
        self.assertEqual((answer.verb, answer.params[:2]), ("301", ["ada", "bob"]))
        self.assertIn("tea", answer.text)
        self.assertEqual(len(bob.sees()), 2)

    def test_absent(self) -> None:
        """A line to an account that is not here is kept for it, and 301 says so."""
        self.register("bob")
        self.at_irc("bob", "QUIT", password=PASSWORD)
        ada = self.at_irc("ada", caps=ALL)
        lines = ada.asks("PRIVMSG bob :hi")
        self.assertEqual([line.verb for line in lines], ["PRIVMSG", "301"])
        self.assertIn("kept until bob comes back", lines[-1].text)
        bob = self.stranger()
        bob.joins("bob", password=PASSWORD)
        (line,) = of(bob.sees(), "PRIVMSG")
        self.assertEqual((line.nick, line.params), ("ada", ["bob", "[12:00] hi"]))

    def test_gone(self) -> None:
        """A guest who is gone is nobody."""
        ada, bob = self.at_irc("ada"), self.at_text("bob")
        bob.types("/quit")
        self.assertEqual(ada.numerics("PRIVMSG bob :hi"), ["401"])

    def test_ignored(self) -> None:
        """People who are ignored notice nothing."""
        ada, bob = self.at_irc("ada"), self.at_irc("bob", "PRIVMSG chatservice :ignore ada")
        self.assertEqual(ada.asks("PRIVMSG bob :hi"), [])
        self.assertEqual(bob.sees(), [])

    def test_signals_are_few(self) -> None:
        """Of more than sixteen signals in a second the rest are dropped."""
        ada = self.at_irc("ada", "JOIN #lobby", caps="message-tags")
        tom = self.at_irc("tom", "JOIN #lobby", caps="message-tags")
        ada.sends(*["@+a=b TAGMSG #lobby"] * 30)
        self.assertEqual(len(tom.sees()), 16)
        self.clock.advance(1)
        ada.sends("@+a=b TAGMSG #lobby")
        self.assertEqual(brief(tom.sees()), ["ada TAGMSG #lobby"])
