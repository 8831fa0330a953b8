"""People who want what is not theirs: names, private lines, rooms, and the time of the chat."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.acting import ACTS
from chatservice.chat.rooms import Member
from chatservice.commands import is_command, is_goodbye
from chatservice.protocol.actions import Banned
from chatservice.protocol.events import Event, Said
from chatservice.protocol.names import nick_key
from chatservice.server import ChatFactory
from chatservice.sessions import catchup
from chatservice.sessions.catchup import CATCH_UP_TEXT
from chatservice.storage.pages import PAGE_BYTES
from tests.conversation import ConversationCase, JsonPerson, TextPerson, at_each_door
from tests.journals import HeldJournal
from tests.recording import kick

SECRET = "correct-horse"


class FormerTokenTests(ConversationCase):
    """Ada registered with a token that does not prove her account any more."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_json("ada")
        self.former = self.ada.welcome["token"]
        self.bob = self.at_json("bob")
        self.ada.types(f"/register {SECRET}")

    def comes_as_eve(self) -> JsonPerson:
        person = JsonPerson(self.connect())
        person.asks("hello", nick="eve", token=self.former)
        return person

    def check_is_nobody(self, eve: JsonPerson) -> None:
        """Check that somebody with the former token is not taken for ada."""
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertNotEqual(self.chat.roster["eve"].identity, account.identity)
        self.assertNotEqual(eve.welcome["token"], self.former)

    def test_after_a_new_password(self) -> None:
        """Who comes with a token from before the password was changed reads nothing of hers."""
        self.ada.types(f"/password {SECRET} another-horse")
        self.ada.types("/quit")
        self.bob.types("/msg ada a secret")
        eve = self.comes_as_eve()
        seen = [facts["type"] for facts in eve.sees()]
        self.assertEqual(seen, ["welcome", "joined"])
        self.check_is_nobody(eve)
        eve.asks("history")
        self.assertEqual(eve.sees()[-1]["events"], [])

    def test_after_a_logout(self) -> None:
        """Who comes with the token of a connection that logged out erases nothing of hers."""
        self.ada.types("/logout")
        self.ada.types("/quit")
        eve = self.comes_as_eve()
        eve.sees()
        self.check_is_nobody(eve)

    def test_to_bring_back(self) -> None:
        """At the prompt for a nickname such a token brings nobody back."""
        self.ada.types(f"/password {SECRET} another-horse")
        self.ada.types("/quit")
        wire = self.connect()
        wire.sends(f"/resume {self.former}\n".encode())
        self.assertIn("that token is no longer valid: choose a nickname", wire.sees())


class KickedTwiceTests(ConversationCase):
    """Two operators kick the same person at almost the same time."""

    def kicks(self) -> None:
        bob, ada = self.chat.roster["bob"], self.chat.roster["ada"]
        kick(self.chat, ada.devices[0], bob, "python", "")

    def check_is_in(self, bob: Member) -> None:
        """Check that bob is in the room in every respect."""
        room = self.chat.rooms["python"]
        ways = bob in room.members, bob in room.present, "python" in bob.rooms
        self.assertEqual(ways, (True, True, True))
        self.assertLessEqual(set(bob.devices), set(room.audience))

    def test_who_is_back_stays(self) -> None:
        """Who came back between two kicks is in the room, and does not hear it as a ghost."""
        journal = HeldJournal()
        self.at_json("ada", rooms={"python": 0})
        self.at_json("bob", rooms={"python": 0})
        bob = self.chat.roster["bob"]
        # From now on each batch waits until it is told to be stored.
        publisher = self.chat._publisher
        journal.follow(publisher._deliver, publisher._take_back)
        journal.ids = self.chat.ids
        publisher._log = journal
        self.kicks()
        self.clock.advance(0)
        self.kicks()
        journal.held.pop().callback(None)
        self.assertNotIn(bob, self.chat.rooms["python"].members)
        self.clock.advance(0)
        self.clock.advance(0)
        self.chat.enter(bob.devices[0], "python")
        while journal.held:
            journal.held.pop().callback(None)
            self.clock.advance(0)
            self.clock.advance(0)
        self.check_is_in(bob)


class UnseenBlankTests(ConversationCase):
    """What stands before a command and cannot be seen."""

    def test_no_password_is_said(self) -> None:
        """A command after a tab, an arrow key or a wide blank is no line for the room."""
        for before in ("\t", "\x1b[A", "\u3000", "\u00a0", "\x00", " \t "):
            self.assertTrue(is_command(f"{before}/login ada {SECRET}"), repr(before))
            self.assertTrue(is_goodbye(f"{before}/quit"), repr(before))

    def test_it_is_carried_out(self) -> None:
        """Such a command is the command."""
        ada = self.at_text("ada")
        ada.types("\x1b[A\t/ping")
        self.assertEqual(ada.sees(), ["-- pong"])


class IgnoredWhileAwayTests(ConversationCase):
    """Ada is registered, ignores bob, and is away."""

    def test_on_return(self) -> None:
        """What an ignored person said in private meanwhile is not shown on return."""
        ada, bob = self.at_json("ada"), self.at_json("bob")
        for line in (f"/register {SECRET}", "/ignore bob", "/quit"):
            ada.types(line)
        bob.types("/msg ada do you hear me")
        ada = JsonPerson(self.connect())
        ada.asks("hello", nick="ada", password=SECRET)
        self.assertEqual([facts["type"] for facts in ada.sees()], ["welcome", "joined"])


class OperatorAtHomeTests(ConversationCase):
    """The name of an operator that is not registered yet."""

    def test_mapped(self) -> None:
        """This machine is this machine also as an IPv6 socket shows its IPv4 address."""
        self.rules.operators = frozenset({"sysop"})
        person = TextPerson(self.connect("::ffff:127.0.0.1"))
        person.types("sysop")
        self.assertIn("-- you joined lobby", person.sees()[1])


class LongNameTests(ConversationCase):
    """Names far longer than any nickname."""

    def test_marks(self) -> None:
        """Marks without end, which take long to sort, are not all looked at."""
        name = "a" + "\u0315" * 3000 + "\u0316" * 3000
        self.assertLess(len(nick_key(name)), 200)


class HeavySearchTests(ConversationCase):
    """Searches that would hold up everybody."""

    @at_each_door
    def test_refused(self, door: str) -> None:
        """What would take long is refused in one sentence, before it is looked at."""
        ada = self.at(door, "ada")
        characters = "search for at most 400 characters at a time"
        too_many = (
            "search for at most 16 words at a time, or 64 characters where no spaces are written "
            "between words"
        )
        for words, sentence in (
            ("ab*", "a * needs at least 3 letters before it"),
            ("in:#lobby from:bob x*", "a * needs at least 3 letters before it"),
            ("a" * 401, characters),
            ("the-" * 500 + "the", characters),
            ("-".join(["the"] * 17), too_many),
            (".".join("abcdefghijklmnopq"), too_many),
        ):
            ada.types(f"/search {words}")
            last = ada.sees()[-1]
            said = last if isinstance(last, str) else f"-- {last['text']}"
            self.assertEqual(said, f"-- {sentence}")

    @at_each_door
    def test_asker(self, door: str) -> None:
        """Who asks is an address, which waits as long as the connection is there."""
        askers: list[Any] = []

        def search(*given: Any) -> Any:
            askers.append(given[-1])
            return Deferred()

        self.patch(self.journal, "search", search)
        for leave in ("hangs_up", "vanishes"):
            ada = self.at(door, "ada")
            ada.types("/search word")
            asker = askers[-1]
            self.assertEqual((asker.origin, asker.is_wanted()), ("192.0.2.1", True))
            getattr(ada.wire, leave)()
            self.clock.advance(0)
            self.assertFalse(asker.is_wanted())


class MutedTests(ConversationCase):
    """Mal is muted in the whole chat, and owns a room; bob is beside mal in the lobby."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.operators = frozenset({"sysop"})
        self.open_chat()
        sysop = JsonPerson(self.connect("127.0.0.1"))
        sysop.asks("hello", nick="sysop")
        self.bob, self.mal = self.at_json("bob"), self.at_json("mal")
        for person in (sysop, self.mal):
            person.types(f"/register {SECRET}")
        self.mal.types("/join malice")
        sysop.types("/mute * mal")
        self.mal.sees()
        self.bob.sees()

    def test_away(self) -> None:
        """Who is muted is neither away nor back: it would be shown, with words or without."""
        for line in ("/away buy this", "/away"):
            self.mal.types(line)
            self.assertEqual(self.mal.sees()[-1]["code"], "muted")
        self.assertEqual(self.bob.sees(), [])

    def test_last_words(self) -> None:
        """Who is muted leaves without a word."""
        self.mal.types("/quit buy this")
        self.assertEqual([facts["why"] for facts in self.bob.sees()], [""])

    def test_reason(self) -> None:
        """Who is muted bans nobody from an own room, with a word or without."""
        for line in ("/ban #malice bob buy this", "/ban #malice bob"):
            self.mal.types(line)
            self.assertEqual(self.mal.sees()[-1]["code"], "muted")
        self.assertEqual(self.bob.sees(), [])


class ManyBansTests(ConversationCase):
    """An operator of a room bans without end."""

    def test_held(self) -> None:
        """So many bans hold in a room as can be looked at for everybody who enters it."""
        mal = self.at_json("mal")
        mal.types(f"/register {SECRET}")
        mal.types("/join malice")
        self.at_json("bob")
        ban(self.chat, 999, "malice", self.chat.roster[nick_key("mal")].identity)
        for line in ("/ban bob", "/mute bob"):
            mal.types(line)
        self.assertEqual(mal.sees()[-1]["code"], "too-many")
        self.assertEqual(len(self.chat.permissions.sanctions("malice")), 1000)

    def test_held_by_one(self) -> None:
        """Nor does one operator make more than so many hold, in however many rooms."""
        mal = self.at_json("mal")
        self.at_json("bob")
        for line in (f"/register {SECRET}", "/join malice"):
            mal.types(line)
        for room in ("spite", "envy"):
            ban(self.chat, 1000, room, self.chat.roster[nick_key("mal")].identity)
        mal.types("/ban bob")
        self.assertEqual(mal.sees()[-1]["code"], "too-many")


def ban(chat: ChatFactory, count: int, room: str, by: bytes) -> None:
    """Let so many people be banned from a room."""
    for number in range(count):
        facts: Any = {"nick": "mal", "identity": by, "room": room}
        target = {"target": f"guest{number}", "target_identity": f"{number:016}".encode()}
        chat.permissions.apply(Banned(id=chat.ids.next(), **facts, **target))


class MuchMissedTests(ConversationCase):
    """Ada missed more than anybody can read, in many rooms."""

    def test_bound(self) -> None:
        """So much is given at a time as may be sent as one piece, and the rest stays missed."""
        rooms = [f"r{number}" for number in range(8)]
        self.at_json("ada", rooms=dict.fromkeys(rooms, 0))
        ada = self.chat.roster["ada"]
        (device,) = ada.devices
        for room in rooms:
            for _ in range(40):
                self.chat.say(device, ada.rooms[room], "x" * 4096)
        while self.clock.getDelayedCalls():
            self.clock.advance(10)
        for room in rooms:
            ada.reading.follow_no_more(room, 0)
            ada.reading.follow(room, self.chat.ids.next())
        missed = dict.fromkeys(rooms, 0)
        found = self.successResultOf(catchup.read(self.chat, device, missed, 500)).events
        size = sum(len(event.text) for event in found if isinstance(event, Said))
        self.assertLessEqual(size, CATCH_UP_TEXT + PAGE_BYTES)
        self.assertEqual([room for room in rooms if found_in(found, room)], rooms[:4])
        self.assertLessEqual(set(rooms), set(ada.reading.missed))


def found_in(events: list[Event], room: str) -> bool:
    return any(isinstance(event, Said) and event.room == room for event in events)


class BannedElsewhereTests(ConversationCase):
    """Bob, who is registered, is banned while he is not here, and comes as somebody else."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.operators = frozenset({"boss"})
        self.open_chat()
        self.boss = self.comes("boss", "127.0.0.1")
        for line in (f"/register {SECRET}", "/join club"):
            self.boss.types(line)
        bob = self.comes("bob", "127.0.0.2")
        for line in (f"/register {SECRET}", "/join club"):
            bob.types(line)
        self.boss.types("/op bob")
        bob.types("/quit")

    def comes(self, nick: str, host: str, **hello: Any) -> JsonPerson:
        person = JsonPerson(self.connect(host))
        person.asks("hello", nick=nick, **hello)
        person.sees()
        return person

    def test_from_the_chat(self) -> None:
        """Nobody logs in who may not come."""
        self.boss.types("/ban * bob")
        guest = self.comes("xeno", "127.0.0.3")
        guest.types(f"/login bob {SECRET}")
        self.assertEqual(guest.sees()[-1]["code"], "banned")
        self.assertIsNone(self.chat.roster["xeno"].account)

    def test_from_a_room(self) -> None:
        """Who logs in leaves the rooms that the account is banned from, and runs them no more."""
        self.boss.types("/ban #club bob")
        guest = self.comes("xeno", "127.0.0.3")
        guest.types("/join club")
        guest.types(f"/login bob {SECRET}")
        self.assertEqual(list(self.chat.roster["bob"].rooms), ["lobby"])
        guest.sees()
        guest.types("/unban #club bob")
        self.assertEqual(guest.sees()[-1]["code"], "not-allowed")
        guest.types("/join club")
        self.assertEqual(guest.sees()[-1]["code"], "banned")

    def test_back_from_a_banned_address(self) -> None:
        """Who comes back from an address that a room is closed to is in that room no more."""
        token = self.comes("eve", "127.0.0.4", rooms={"lobby": 0, "club": 0}).welcome["token"]
        self.boss.types("/ban #club 127.0.0.5")
        again = self.comes("eve", "127.0.0.5", token=token)
        self.assertTrue(again.welcome["resumed"])
        self.assertEqual(list(again.welcome["rooms"]), ["lobby"])


class CrowdBannedTests(ConversationCase):
    """Many people come from one network."""

    def test_all_are_out(self) -> None:
        """The ban turns all of them out: it is one act."""
        self.rules.operators = frozenset({"ada"})
        self.open_chat()
        ada = JsonPerson(self.connect("127.0.0.1"))
        ada.asks("hello", nick="ada")
        for line in (f"/register {SECRET}", "/join den"):
            ada.types(line)
        for number in range(ACTS + 20):
            person = JsonPerson(self.connect(f"198.51.100.{number}"))
            person.asks("hello", nick=f"guest-{number}", rooms={"den": 0})
        self.assertEqual(len(self.chat.rooms["den"].members), ACTS + 21)
        ada.sees()
        ada.types("/ban 198.51.100.0/24")
        self.assertNotIn("error", [facts["type"] for facts in ada.sees()])
        self.assertEqual([member.nick for member in self.chat.rooms["den"].members], ["ada"])
