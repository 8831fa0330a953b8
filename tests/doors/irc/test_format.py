"""Events of others as lines, with and without the capabilities on which their spelling depends."""

from __future__ import annotations

from dataclasses import dataclass

from chatservice.doors.irc.format import RELEVANT, server_time
from chatservice.doors.irc.isupport import TEXT_BYTES
from tests.conversation import TableCase, each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, brief, of
from tests.operating import PASSWORD, OperatorCase


@dataclass(frozen=True)
class Shown:
    """A line that bob types at the text door, and what ada and eve see of it.

    All three are in the lobby and in #den, where bob types, and which he runs.

    @ivar plain: what ada sees, who has no capabilities.
    @ivar full: what eve sees, who has them all; C{None} if it is the same.
    @ivar before: the lines typed before.
    """

    typed: str
    plain: tuple[str, ...] = ()
    full: tuple[str, ...] | None = None
    before: tuple[str, ...] = ()


def mode(typed: str, change: str, *before: str) -> Shown:
    """Make a row in which a mode changes."""
    return Shown(typed, (f"bob MODE #den {change}",), before=before)


LONG = "ü" * (TEXT_BYTES // 2)

SHOWN = {
    "a line": Shown("hi all", ("bob PRIVMSG #den hi all",)),
    "a line with a colon": Shown(":)", ("bob PRIVMSG #den :)",)),
    "an action": Shown("/me waves", ("bob PRIVMSG #den \x01ACTION waves\x01",)),
    "a notice": Shown("/notice #den tea", ("bob NOTICE #den tea",)),
    "a topic": Shown("/topic tea", ("bob TOPIC #den tea",)),
    "a long topic": Shown(f"/topic {LONG}x", (f"bob TOPIC #den {LONG}",)),
    "no topic": Shown("/topic -", ("bob TOPIC #den ",), before=("/topic tea",)),
    "coming": Shown("/join den", ("bob JOIN #den",), ("bob JOIN #den * bob",), ("/part #den",)),
    "coming, away": Shown(
        "/join den",
        ("bob JOIN #den",),
        ("bob JOIN #den * bob", "bob AWAY tea"),
        ("/part #den", "/away tea"),
    ),
    "coming, with a voice": Shown(
        "/join den",
        ("bob JOIN #den", "chatservice MODE #den +v bob"),
        ("bob JOIN #den * bob", "chatservice MODE #den +v bob"),
        ("/voice bob", "/part #den"),
    ),
    "going": Shown("/part #den", ("bob PART #den",)),
    "going, and why": Shown("/part #den tea", ("bob PART #den tea",)),
    "leaving": Shown("/quit", ("bob QUIT ",)),
    "leaving, and why": Shown("/quit tea", ("bob QUIT tea",)),
    "a long reason": Shown(f"/quit {LONG}x", (f"bob QUIT {LONG}",)),
    "another nickname": Shown("/nick rob", ("bob NICK rob",)),
    "another case": Shown("/nick BOB", ("bob NICK BOB",)),
    "being away": Shown("/away tea", (), ("bob AWAY tea",)),
    "being away without a reason": Shown("/away", (), ("bob AWAY away",)),
    "being back": Shown("/back", (), ("bob AWAY",), ("/away tea",)),
    "a real name": Shown("/realname Bob B", (), ("bob SETNAME Bob B",)),
    "an account": Shown(f"/register {PASSWORD}", (), ("bob ACCOUNT bob",)),
    "a kick": Shown("/kick eve spam", ("bob KICK #den eve spam",)),
    "a kick without a reason": Shown("/kick eve", ("bob KICK #den eve bob",)),
    "an operator": mode("/op ada", "+o ada"),
    "an operator no more": mode("/deop ada", "-o ada", "/op ada"),
    "a voice": mode("/voice ada", "+v ada"),
    "a voice no more": mode("/devoice ada", "-v ada", "/voice ada"),
    "moderated": mode("/room moderated on", "+m"),
    "not moderated": mode("/room moderated off", "-m", "/room moderated on"),
    "invite-only": mode("/room invite-only on", "+i"),
    "open": mode("/room invite-only off", "-i", "/room invite-only on"),
    "secret": mode("/room secret on", "+s"),
    "not secret": mode("/room secret off", "-s", "/room secret on"),
    "a topic for operators": mode("/room topic operators", "+t"),
    "a topic for all": mode("/room topic all", "-t", "/room topic operators"),
    "a key": mode("/room password tea", "+k *"),
    "no key": mode("/room password off", "-k *", "/room password tea"),
    "a limit": mode("/room limit 9", "+l 9"),
    "no limit": mode("/room limit off", "-l", "/room limit 9"),
    "a ban by mask": mode("/ban tea!*@*", "+b tea!*@*"),
    "no ban by mask": mode("/unban tea!*@*", "-b tea!*@*", "/ban tea!*@*"),
    "a mute by mask": mode("/mute tea!*@*", "+q tea!*@*"),
    "a mute": mode("/mute eve", "+q eve!*@*"),
    "no mute": mode("/unmute eve", "-q eve!*@*", "/mute eve"),
    "an invitation": Shown("/invite tom", (), ("bob INVITE tom #den",)),
}


class ShownTests(IrcCase):
    """What others do."""

    @each_row(SHOWN)
    def test_shown(self, row: Shown) -> None:
        """Each event is shown as its lines, and what only some clients know to them alone."""
        bob = self.at_text("bob")
        self.at_text("tom")
        bob.types("/join den")
        ada = self.at_irc("ada", "JOIN #lobby,#den")
        eve = self.at_irc("eve", "JOIN #lobby,#den", caps=ALL)
        for line in row.before:
            bob.types(line)
        ada.sees(), eve.sees(), bob.sees()
        bob.types(row.typed)
        seen = ada.sees()
        self.assertEqual(brief(seen), list(row.plain))
        self.assertEqual([line.tags for line in seen], [{}] * len(seen))
        seen = eve.sees()
        self.assertEqual(brief(seen), list(row.plain if row.full is None else row.full))
        self.assertTrue(all("time" in line.tags for line in seen))
        self.assertEqual([n for n, line in enumerate(seen) if "msgid" in line.tags], [0])

    def test_private(self) -> None:
        """Private lines are for the nickname of whoever they are for."""
        bob, ada = self.at_text("bob"), self.at_irc("ada")
        for line in ("/msg ada psst", "/notice ada tea"):
            bob.types(line)
        self.assertEqual(brief(ada.sees()), ["bob PRIVMSG ada psst", "bob NOTICE ada tea"])

    def test_elsewhere(self) -> None:
        """Nothing is shown of rooms that the member is not in."""
        bob, ada = self.at_text("bob"), self.at_irc("ada", "JOIN #lobby")
        ada.sees()
        for line in ("/join den", "hi", "/topic tea", "/room moderated on", "/part"):
            bob.types(line)
        self.assertEqual(ada.sees(), [])

    def test_coming_and_going(self) -> None:
        """Every coming and going is shown, however many there are, and whatever was folded."""
        ada = self.at_irc("ada", "JOIN #lobby")
        people = [self.at_text(f"guest{number}") for number in range(30)]
        self.assertEqual(len(of(ada.sees(), "JOIN")), 30)
        for person in people:
            person.types("/quit")
        self.assertEqual(len(of(ada.sees(), "QUIT")), 30)
        bob = self.connect()
        bob.sends(b"bob\n/quit\n")
        self.assertEqual(brief(ada.sees()), ["bob JOIN #lobby", "bob QUIT "])

    def test_ignored(self) -> None:
        """Ignoring hides talk alone: lists of nicknames and modes stay right."""
        bob = self.at_text("bob")
        bob.types("/join den")
        ada = self.at_irc("ada", "JOIN #lobby,#den", "PRIVMSG chatservice :ignore bob")
        ada.sees()
        for line in ("hi", "/me waves", "/msg ada psst", "/notice #den x", "/op ada", "/nick rob"):
            bob.types(line)
        bob.types("/part #den")
        bob.types("/quit")
        self.assertEqual([line.verb for line in ada.sees()], ["MODE", "NICK", "PART", "QUIT"])


class ServerWideTests(IrcCase, OperatorCase):
    """What operators of the whole chat do."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("bob")
        self.bob = self.at("text", "bob")
        self.ada = self.at_irc("ada", "JOIN #lobby")
        self.eve = self.at_irc("eve", "JOIN #lobby", caps=ALL)
        self.ada.sees()

    @each_row(
        {
            "an announcement": ("/announce tea", "tea"),
            "a lockdown": ("/lockdown on", "only registered names may join now"),
            "its end": ("/lockdown off", "anybody may join again"),
        }
    )
    def test_wallops(self, row: tuple[str, str]) -> None:
        """What everybody is told is a line for the operators' announcements."""
        typed, text = row
        if typed == "/lockdown off":
            self.bob.types("/lockdown on")
        self.ada.sees(), self.eve.sees()
        self.bob.types(typed)
        self.assertEqual(brief(self.ada.sees()), [f"bob WALLOPS {text}"])
        self.assertEqual(brief(self.eve.sees()), [f"bob WALLOPS {text}"])
        self.eve.asks("MODE eve -w")
        self.bob.types("/lockdown off" if typed == "/lockdown on" else "/announce more")
        self.assertEqual(len(self.ada.sees()), 1)
        self.assertEqual(self.eve.sees(), [])

    def test_kick(self) -> None:
        """A member who is put out of the chat sees who did it and why before the link closes."""
        self.bob.types("/kick * eve spam")
        self.assertEqual(brief(self.eve.sees()),
                         ["bob KILL eve spam", " ERROR Closing link: killed by bob"])
        self.assertIsNotNone(self.eve.wire.lost)
        self.assertEqual(brief(self.ada.sees()), ["eve QUIT kicked by bob"])

    def test_ban(self) -> None:
        """A member who is banned from a room sees the ban and the kick, like everybody there."""
        self.bob.types("/ban eve spam")
        expected = ["bob MODE #lobby +b eve!*@*", "bob KICK #lobby eve spam"]
        self.assertEqual(brief(self.eve.sees()), expected)
        self.assertEqual(brief(self.ada.sees()), expected)

    def test_ban_of_a_network(self) -> None:
        """A ban of a network is one of a mask, and shown to operators alone."""
        irc = self.at_irc("bob", caps=ALL, password=PASSWORD)
        self.bob.types("/ban 198.51.100.0/24")
        self.assertEqual(brief(irc.sees()), ["bob MODE #lobby +b *!*@198.51.100.0/24"])
        self.assertEqual(self.ada.sees(), [])


ALONE = {
    "message-tags": ("hi", ["msgid"], "bob PRIVMSG #lobby hi"),
    "server-time": ("hi", ["time"], "bob PRIVMSG #lobby hi"),
    "account-tag": ("hi", ["account"], "bob PRIVMSG #lobby hi"),
    "account-notify": ("/logout", [], "bob ACCOUNT *"),
    "away-notify": ("/away tea", [], "bob AWAY tea"),
    "extended-join": ("/join lobby", [], "bob JOIN #lobby bob bob"),
    "invite-notify": ("/invite tom lobby", [], "bob INVITE tom #lobby"),
    "setname": ("/realname B", [], "bob SETNAME B"),
}
"""For each capability alone, a line, and its tags and the line that it becomes."""


class CapabilityTests(IrcCase):
    """Each capability by itself."""

    def test_all(self) -> None:
        """Each capability on which spelling depends has a row."""
        self.assertEqual(ALONE.keys(), RELEVANT)

    @each_row({capability: (capability, *row) for capability, row in ALONE.items()})
    def test_alone(self, row: tuple[str, str, list[str], str]) -> None:
        """A capability alone adds what it stands for, and changes nothing else."""
        capability, typed, tags, expected = row
        bob = self.at_text("bob")
        tom = self.at_text("tom")
        bob.types(f"/register {PASSWORD}")
        if typed == "/join lobby":
            bob.types("/part lobby")
        if typed.startswith("/invite"):
            tom.types("/part lobby")
        ada = self.at_irc("ada", "JOIN #lobby", caps=capability)
        ada.sees(), bob.sees()
        bob.types(typed)
        seen = [line for line in ada.sees() if line.verb != "NICK"]
        self.assertEqual(brief(seen), [expected])
        self.assertEqual(sorted(seen[0].tags), tags)

    def test_account_tag(self) -> None:
        """The tag is the account's name, whatever the nickname is; a guest's lines have none."""
        ada, bob = self.at_irc("ada", "JOIN #lobby", caps="account-tag"), self.at_text("bob")
        bob.types("hi")
        bob.types(f"/register {PASSWORD}")
        bob.types("/nick rob")
        bob.types("hi")
        tags = [line.tags for line in of(ada.sees(), "PRIVMSG")]
        self.assertEqual(tags, [{}, {"account": "bob"}])

    def test_bot(self) -> None:
        """The lines of a bot are tagged as such."""
        ada, bob = self.at_irc("ada", "JOIN #lobby", caps="message-tags"), self.at_text("bob")
        bob.types("/set bot on")
        ada.sees()
        bob.types("hi")
        self.assertEqual(sorted(ada.sees()[0].tags), ["bot", "msgid"])

    def test_ids(self) -> None:
        """The id of a line is the same as at other doors."""
        ada, bob = self.at_irc("ada", "JOIN #lobby", caps="message-tags"), self.at_json("bob")
        ada.sees()
        bob.types("hi")
        self.assertEqual([line.tags["msgid"] for line in ada.sees()],
                         [str(facts["id"]) for facts in bob.sees_all() if facts["type"] == "said"])

    def test_client_tags(self) -> None:
        """The tags that a client gives a line are there for who takes tags, and for nobody else."""
        ada = self.at_irc("ada", "JOIN #lobby", caps="message-tags")
        eve = self.at_irc("eve", "JOIN #lobby", caps="message-tags")
        old = self.at_irc("old", "JOIN #lobby", caps="server-time")
        eve.sees()
        ada.sends("@+a=\\:\\s\\\\;+b;c=d;label=x PRIVMSG #lobby :hi")
        (line,) = of(eve.sees(), "PRIVMSG")
        self.assertEqual({key: line.tags[key] for key in line.tags if key != "msgid"},
                         {"+a": "; \\", "+b": ""})
        self.assertEqual([sorted(line.tags) for line in old.sees()], [["time"]])


class SpellingTests(TableCase):
    """Parts of lines."""

    @each_row(
        {
            "a second": (0, "1970-01-01T00:00:00.000Z"),
            "rounded down": (1_999, "1970-01-01T00:00:00.001Z"),
            "now": (1_795_262_400_123_456, "2026-11-21T12:00:00.123Z"),
        }
    )
    def test_time(self, row: tuple[int, str]) -> None:
        """A time has milliseconds."""
        when, expected = row
        self.assertEqual(server_time(when), expected)
