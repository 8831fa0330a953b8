"""Events as lines for whoever caused them, or whom they were done to, and how connections end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatservice.doors.limits import Admission
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, IrcPerson, brief, of
from tests.operating import PASSWORD, OperatorCase


@dataclass(frozen=True)
class Own:
    """A line that ada sends, and what she sees of it.

    She is in the lobby, and in #den, which she runs; bob is in both as well.

    @ivar plain: what she sees without capabilities.
    @ivar full: what she sees with all of them; C{None} if it is the same.
    @ivar other: what her other connection sees, without capabilities; C{None} if it is as C{plain}.
    @ivar before: the lines sent before.
    """

    sent: str
    plain: tuple[str, ...] = ()
    full: tuple[str, ...] | None = None
    other: tuple[str, ...] | None = None
    before: tuple[str, ...] = ()


def talk(line: str, tells_other: bool = True) -> Own:
    """Make a row of talk: it comes back only with C{echo-message}, but reaches other devices."""
    shown = (f"ada {line.replace(' :', ' ')}",)
    return Own(line, (), shown, shown if tells_other else ())


def both(line: str, *shown: str) -> Own:
    """Make a row in which every connection of ada's sees the same."""
    return Own(line, shown or (f"ada {line.replace(' :', ' ')}",))


ME = "ada PRIVMSG ada me"

OWN = {
    "a line": talk("PRIVMSG #den :hi all"),
    "an action": talk("PRIVMSG #den :\x01ACTION waves\x01"),
    "a notice": talk("NOTICE #den :tea"),
    "a private line": talk("PRIVMSG bob :psst"),
    "a private action": talk("PRIVMSG bob :\x01ACTION waves\x01"),
    "a private notice": talk("NOTICE bob :psst"),
    "CTCP": talk("PRIVMSG bob :\x01VERSION\x01"),
    "an answer to CTCP": talk("NOTICE #den :\x01VERSION 1\x01"),
    "to oneself": Own("PRIVMSG ada :me", (ME,), (ME, ME)),
    "tags alone": Own("@+a=b TAGMSG #den", (), ("ada TAGMSG #den",), ()),
    "a topic": both("TOPIC #den :tea"),
    "no topic": Own("TOPIC #den :", ("ada TOPIC #den ",), before=("TOPIC #den :tea",)),
    "a nickname": both("NICK countess"),
    "another case": both("NICK ADA"),
    "the same nickname": Own("NICK ada"),
    "a mode": both("MODE #den +m"),
    "two modes": Own(
        "MODE #den +mi",
        ("ada MODE #den +mi",),
        other=("ada MODE #den +m", "ada MODE #den +i"),
    ),
    "an operator": both("MODE #den +o bob"),
    "a kick": both("KICK #den bob :spam"),
    "a kick without a reason": both("KICK #den bob", "ada KICK #den bob ada"),
    "going": both("PART #den"),
    "going, and why": both("PART #den :tea"),
    "being away": Own("AWAY :tea", ("306",), other=()),
    "being back": Own("AWAY", ("305",), other=(), before=("AWAY :tea",)),
    "a real name": Own("SETNAME :Ada L", (), ("ada SETNAME Ada L",), ()),
    "an invitation": Own("INVITE tom #den", ("341",), other=()),
}


def told(person: IrcPerson) -> list[str]:
    """List what somebody sees; of numerics, only the numbers."""
    return [
        line.verb if line.verb.isdigit() else brief([line])[0] for line in person.sees()
    ]


class OwnTests(OperatorCase, IrcCase):
    """What a client sees of its own acts."""

    def setUp(self) -> None:
        super().setUp()
        self.register("ada")

    def begin(self, caps: str, sent: tuple[str, ...]) -> tuple[IrcPerson, IrcPerson]:
        """Have ada come with two connections, of which the second has no capabilities."""
        ada = self.at_irc("ada", "JOIN #den", caps=caps, password=PASSWORD)
        other = self.at_irc("ada", password=PASSWORD)
        for nick in ("bob", "tom"):
            self.at_text(nick).types("/join den" if nick == "bob" else "/part")
        ada.sends(*sent)
        ada.sees(), other.sees()
        return ada, other

    @each_row(OWN)
    def test_plain(self, row: Own) -> None:
        """Without capabilities, a client sees its own changes, but not its own lines."""
        ada, other = self.begin("", row.before)
        ada.sends(row.sent)
        self.assertEqual(told(ada), list(row.plain))
        self.assertEqual(told(other), list(row.plain if row.other is None else row.other))

    @each_row(OWN)
    def test_full(self, row: Own) -> None:
        """With all of them, it sees its own lines too, with their ids and times."""
        ada, _ = self.begin(ALL, row.before)
        ada.sends(row.sent)
        seen = ada.sees()
        self.assertEqual(
            [line.verb if line.verb.isdigit() else brief([line])[0] for line in seen],
            list(row.plain if row.full is None else row.full),
        )
        for line in of(seen, "PRIVMSG", "NOTICE", "TAGMSG", "TOPIC", "NICK"):
            self.assertLessEqual({"msgid", "time"}, line.tags.keys())

    def test_other_with_capabilities(self) -> None:
        """The author's other connections see lines as others do, whatever they asked for."""
        ada = self.at_irc("ada", "JOIN #lobby", password=PASSWORD)
        other = self.at_irc("ada", caps="message-tags", password=PASSWORD)
        ada.sends("PRIVMSG #lobby :hi", "@+a=b TAGMSG #lobby", "AWAY :tea")
        self.assertEqual(ada.numerics(), ["306"])
        seen = other.sees()
        self.assertEqual(brief(seen), ["ada PRIVMSG #lobby hi"])

    def test_another_connection(self) -> None:
        """Nothing is shown of the coming and going of the member's other connections."""
        ada = self.at_irc("ada", "JOIN #den", caps=ALL, password=PASSWORD)
        other = self.at_irc("ada", password=PASSWORD)
        other.sends("QUIT")
        self.assertEqual(ada.sees(), [])

    def test_entering(self) -> None:
        """Every connection of somebody who enters a room is in it, with topic and names."""
        ada, other = self.begin("", ("TOPIC #den :tea", "KICK #den bob", "PART #den"))
        ada.sends("JOIN #DEN")
        expected = [
            "ada JOIN #den",
            "chatservice 332 ada #den tea",
            f"chatservice 333 ada #den ada!~ada@{self.host()} 1795262400",
            "chatservice 353 ada = #den @ada",
            "chatservice 366 ada #den End of the list of names",
        ]
        self.assertEqual(brief(ada.sees()), expected)
        self.assertEqual(brief(other.sees()), expected)

    def host(self) -> str:
        """Return the host that is shown for everybody's address."""
        return next(iter(self.chat.roster.values())).host

    def test_the_maker_of_a_room(self) -> None:
        """The founder of a room is its operator in the list of names that comes with it."""
        ada = self.at_irc("eve")
        names = of(ada.asks("JOIN #new"), "353", "MODE")
        self.assertEqual([line.text for line in names if line.verb == "353"], ["@eve"])

    def test_done_to_oneself(self) -> None:
        """What others do to a member is shown once, to each of its connections."""
        ada, other = self.begin("", ())
        bob = self.at("text", "eve")
        bob.types("/join tearoom")
        ada.sends("JOIN #tearoom")
        ada.sees(), other.sees()
        for typed, line in {
            "/voice ada": "eve MODE #tearoom +v ada",
            "/op ada": "eve MODE #tearoom +o ada",
            "/deop ada": "eve MODE #tearoom -o ada",
            "/mute ada": "eve MODE #tearoom +q ada!*@*",
            "/kick ada tea": "eve KICK #tearoom ada tea",
            "/invite ada": "eve INVITE ada #tearoom",
        }.items():
            bob.types(typed)
            self.assertEqual(brief(ada.sees()), [line])
            self.assertEqual(brief(other.sees()), [line])

    def test_another_account(self) -> None:
        """Logging in and out is told by numerics, and to others by ACCOUNT."""
        ada = self.at_irc("eve", "JOIN #lobby", caps=ALL)
        self.assertEqual([line.verb for line in ada.asks(f"NS REGISTER {PASSWORD}")],
                         ["900", "NOTICE"])
        self.assertIn("901", ada.numerics("NS LOGOUT"))

    def test_ignored_topic(self) -> None:
        """A topic by somebody whom the newcomer ignores is not shown."""
        bob = self.at_text("bob")
        bob.types("/topic tea")
        eve = self.at_irc("eve", "PRIVMSG chatservice :ignore bob")
        for line in ("JOIN #lobby", "TOPIC #lobby"):
            self.assertEqual([line.text for line in of(eve.asks(line), "332")], [""])


class ReplayTests(IrcCase):
    """The last lines of a room, for whoever comes."""

    def setUp(self) -> None:
        super().setUp()
        bob = self.at_text("bob")
        bob.types("hi")
        self.clock.advance(60)
        bob.types("/me waves")
        bob.types("/notice #lobby tea")
        bob.types("/topic tea")

    def lines(self, caps: str = "") -> list[str]:
        """Come into the lobby, and return what comes after the names."""
        ada = self.at_irc("ada", caps=caps)
        spelled = "\n".join(brief(ada.asks("JOIN #lobby")))
        return spelled.partition("End of the list of names")[2].split("\n")[1:]

    @each_row({"nothing": "", "no way to tell": "server-time", "no times": "message-tags batch"})
    def test_clock(self, caps: str) -> None:
        """A client that does not show times sees them in front of the text."""
        lines = self.lines(caps)
        if "batch" in caps:
            first, *lines, last = lines
            self.assertEqual((first.split()[1], last.split()[1]), ("BATCH", "BATCH"))
        self.assertEqual(
            lines,
            [
                "bob PRIVMSG #lobby [12:00] hi",
                "bob PRIVMSG #lobby \x01ACTION [12:01] waves\x01",
                "bob NOTICE #lobby [12:01] tea",
            ],
        )

    def test_tags(self) -> None:
        """A client that shows times sees them as tags, and the texts as they were."""
        ada = self.at_irc("ada", caps="server-time message-tags")
        lines = of(ada.asks("JOIN #lobby"), "PRIVMSG", "NOTICE")
        self.assertEqual([line.text for line in lines], ["hi", "\x01ACTION waves\x01", "tea"])
        self.assertEqual([line.tags["time"][11:16] for line in lines], ["12:00", "12:01", "12:01"])

    def test_batch(self) -> None:
        """A client that takes batches sees them as one of history."""
        ada = self.at_irc("ada", caps="server-time batch")
        first, *lines, last = ada.asks("JOIN #lobby")[-5:]
        name = first.params[0].removeprefix("+")
        self.assertEqual(first.params[1:], ["chathistory", "#lobby"])
        self.assertEqual([line.tags["batch"] for line in lines], [name] * 3)
        self.assertEqual(last.params, [f"-{name}"])

    def test_history(self) -> None:
        """A client that reads the history by itself sees none."""
        self.assertEqual(self.lines("draft/chathistory batch server-time"), [])

    def test_none(self) -> None:
        """If a chat replays nothing, no lines come, and no batch."""
        self.rules = replace(self.rules, replay=0)
        self.open_chat()
        self.at_text("bob").types("hi")
        self.assertEqual(self.lines("batch"), [])

    def test_fewer(self) -> None:
        """A chat that replays two lines replays the last two."""
        self.rules = replace(self.rules, replay=2)
        self.open_chat()
        bob = self.at_text("bob")
        for text in "abc":
            bob.types(text)
        self.assertEqual([line[-1] for line in self.lines()], ["b", "c"])


class EndTests(OperatorCase, IrcCase):
    """The end of a connection, which ERROR tells."""

    def assert_error(self, person: IrcPerson, text: str) -> None:
        """Check that somebody is told why, and closed."""
        lines = person.sees()
        self.assertEqual(len(of(lines, "ERROR")), 1, lines)
        self.assertEqual(lines[-1].params, [f"Closing link: {text}"])
        self.assertIsNotNone(person.wire.lost)

    def test_quit(self) -> None:
        """QUIT leaves at once, with what was said before."""
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_text("bob")
        ada.sends("PRIVMSG #lobby :hi", "QUIT :so long", "PRIVMSG #lobby :more")
        self.assert_error(ada, "goodbye")
        self.assertEqual(bob.sees(), ["ada: hi", "-- ada left the chat: so long"])

    def test_loss(self) -> None:
        """A connection that ends without QUIT is a loss: a guest is gone at once."""
        for end in ("ends", "vanishes", "hangs_up"):
            ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_text("bob")
            getattr(ada.wire, end)()
            self.assertEqual(bob.sees(), ["-- ada left the chat (connection lost)"])
            bob.types("/quit")

    def test_guest_does_not_linger(self) -> None:
        """A guest leaves at once even where others linger, and its nickname is free."""
        self.rules = replace(self.rules, linger=30)
        self.open_chat()
        bob = self.at_text("bob")
        self.at_irc("ada", "JOIN #lobby").wire.vanishes()
        self.assertEqual(bob.sees(), ["-- ada joined lobby",
                                      "-- ada left the chat (connection lost)"])
        self.at_irc("ada")

    def test_account_lingers(self) -> None:
        """Somebody with an account stays for a while, and leaves then."""
        self.rules = replace(self.rules, linger=30)
        self.open_chat()
        self.register("ada")
        bob = self.at_text("bob")
        ada = self.at_irc("ada", "JOIN #lobby", password=PASSWORD)
        bob.sees()
        ada.wire.vanishes()
        self.assertEqual(bob.sees(), [])
        self.clock.advance(30)
        self.assertEqual(bob.sees(), ["-- ada left the chat (connection lost)"])

    def test_end_of_input(self) -> None:
        """A client that ends only its input is told of the end of the connection."""
        ada = self.at_irc("ada", "JOIN #lobby")
        ada.wire.ends()
        self.assertEqual([line.verb for line in of(ada.sees(), "ERROR")], ["ERROR"])

    def test_shutdown(self) -> None:
        """When the chat shuts down, everybody is told, joined or not."""
        ada, eve = self.at_irc("ada", "JOIN #lobby"), self.client()
        self.chat.shut_down(patience=1)
        self.clock.advance(0)
        self.assert_error(ada, "the chat is shutting down")
        self.assert_error(eve, "the chat is shutting down")

    def test_banned(self) -> None:
        """A member who is banned from the chat is told so, at once and on coming back."""
        self.server_operator("bob")
        bob, ada = self.at("text", "bob"), self.at_irc("ada", "JOIN #lobby")
        bob.types("/ban * ada spam")
        ended = " ERROR Closing link: killed by bob"
        self.assertEqual(brief(ada.sees()), ["bob KILL ada spam", ended])
        self.assertIsNotNone(ada.wire.lost)
        ada = self.stranger()
        ada.joins("ada")
        self.assert_error(ada, "you are banned from the chat until an operator ends it: spam")

    def test_too_many_connections(self) -> None:
        """A connection that is one too many is told so in the door's words."""
        self.open_chat(admission=Admission(per_address=1))
        ada, eve = self.client(), self.stranger()
        eve.joins("eve")
        (error,) = of(eve.sees(), "ERROR")
        self.assertIn("the most connections", error.text)
        self.assertIsNone(ada.wire.lost)

    def test_full_queue(self) -> None:
        """A client that does not read is dropped, which others see as a lost connection."""
        self.rules = replace(self.rules, send_queue=1000)
        self.open_chat()
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_text("bob")
        bob.sees(), ada.sees()
        ada.wire.window = 0
        for _ in range(4):
            bob.types("x" * 500)
        self.assertIsNotNone(ada.wire.lost)
        self.assertIn("-- ada left the chat (did not read what was sent)", bob.sees())
