"""Two chats over one log: the seam at which one chat can be many nodes."""

from __future__ import annotations

from twisted.internet.task import Clock

from chatservice.chat.access import Person
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.account import Account
from chatservice.people.accounts import Accounts
from chatservice.server import ChatFactory
from tests.conversation import ConversationCase, JsonPerson, TextPerson, tokens
from tests.doubles import PlainPasswords, Wire
from tests.journals import SharedJournal, SharedLog
from tests.recording import kick

SECRET = "a-secret-of-hers"


class Node:
    """A chat that shares its log, and the people who are connected to it."""

    def __init__(self, clock: Clock, log: SharedLog, name: str) -> None:
        self.clock = clock
        names = (f"{name}{token[len(name) :]}" for token in tokens())
        settings = Settings(rate_limit=0, linger=0, operators=frozenset({"ada"}))
        accounts = Accounts(PlainPasswords(), clock.seconds, log.ids.now)
        self.chat = ChatFactory(
            clock, SharedJournal(log), settings, accounts, new_token=lambda: next(names)
        )
        self.front = FrontFactory(self.chat, Admission(), PortKind(direct=True))

    def connect(self) -> Wire:
        # From this machine: nobody else may register the name of an operator.
        wire = Wire(self.clock, host="127.0.0.1")
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire


class SharedLogTests(ConversationCase):
    """Ada, who runs the chat, is at one node; bob and eve are at the other one, in #python."""

    def setUp(self) -> None:
        self.clock = Clock()
        log = SharedLog(self.clock)
        self.here, self.there = Node(self.clock, log, "here"), Node(self.clock, log, "there")
        self.ada = TextPerson(self.here.connect())
        self.bob = TextPerson(self.there.connect())
        self.eve = JsonPerson(self.there.connect())
        self.types(self.ada, "ada", f"/register {SECRET}", "/join python")
        self.types(self.bob, "bob", "/join python")
        self.eve.asks("hello", nick="eve", rooms={"python": 0, "lobby": 0})
        self.passes()
        self.all_see()

    def types(self, person: TextPerson, *lines: str) -> None:
        """Let somebody type lines, each after the one before has passed everywhere."""
        for line in lines:
            person.types(line)
            self.passes()

    def passes(self) -> None:
        """Let everything pass that was published."""
        self.clock.pump([0, 0.01, 0, 0, 0.01, 0, 0, 0.01, 0])

    def all_see(self) -> tuple[list[str], list[str], list[str]]:
        """What all have seen since the last time; of eve's objects their texts."""
        seen = self.ada.sees(), self.bob.sees(), self.eve.sees_all()
        return (*seen[:2], [facts["text"] for facts in seen[2] if "text" in facts])

    def elsewhere(self, nick: str) -> Person:
        """Somebody at the other node, as whoever knows the identity knows them."""
        member = self.there.chat.roster[nick]
        return Person(member.nick, member.identity)

    def test_one_room_in_one_order(self) -> None:
        """What is said at either node is seen at both, in the same order."""
        for number, person in enumerate([self.ada, self.bob, self.eve] * 2):
            person.types(f"line {number}")
        self.passes()
        by_ada, by_bob, by_eve = self.all_see()
        self.assertEqual(sorted(by_eve), [f"line {number}" for number in range(6)])
        for seen, own in ((by_ada, "03"), (by_bob, "14")):
            of_others = [line for line in by_eve if line[-1] not in own]
            self.assertEqual([line.partition(": ")[2] for line in seen], of_others)

    def test_ids(self) -> None:
        """An id is given once, at the commit, and is the same everywhere."""
        for person in (self.ada, self.bob):
            person.types("hi")
        said = [
            [event.id for event in node.chat.rooms["python"].recent]
            for node in (self.here, self.there)
        ]
        self.assertEqual(said, [[], []])
        self.passes()
        here, there = (
            [(event.id, event.nick) for event in node.chat.rooms["python"].recent]
            for node in (self.here, self.there)
        )
        self.assertEqual(here, there)
        self.assertEqual(sorted(nick for _, nick in here), ["ada", "bob"])

    def test_kick(self) -> None:
        """A kick at one node turns somebody out at the other one."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "python", "enough")
        self.passes()
        by_ada, by_bob, _ = self.all_see()
        self.assertEqual(by_ada, ["-- you kicked bob from #python: enough"])
        self.assertEqual(by_bob, ["-- ada kicked you from #python: enough"])
        self.assertEqual(list(self.there.chat.roster["bob"].rooms), ["lobby"])
        self.types(self.ada, "he is out")
        self.assertEqual(self.all_see()[1:], ([], ["he is out"]))

    def test_kick_from_the_chat(self) -> None:
        """A kick from the whole chat at one node ends the connection at the other one."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "", "enough")
        self.passes()
        self.assertNotIn("bob", self.there.chat.roster)
        self.assertEqual(self.ada.sees(), ["-- you kicked bob from the chat: enough"])

    def test_private_line(self) -> None:
        """A private line at one node reaches its reader at the other one, and nobody else."""
        (ada,), eve = self.here.chat.roster["ada"].devices, self.elsewhere("eve")
        self.here.chat.whisper(ada, Account("eve", "eve", eve.identity, "", 0), "psst")
        self.passes()
        _, by_bob, by_eve = self.all_see()
        self.assertEqual((by_bob, by_eve), ([], ["psst"]))

    def test_announcement(self) -> None:
        """An announcement at one node is seen at the other one."""
        self.types(self.ada, "/announce tea is ready")
        by_ada, by_bob, by_eve = self.all_see()
        self.assertEqual(by_ada, ["-- you announce: tea is ready"])
        self.assertEqual(by_bob, ["-- ada announces: tea is ready"])
        self.assertEqual(by_eve, ["tea is ready"])

    def test_act(self) -> None:
        """What an operator sets at one node holds at the other one as well."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "python", "")
        self.types(self.ada, "/room invite-only on")
        self.types(self.bob, "/join python")
        self.assertIn("-- #python is invite-only", self.bob.sees()[-1])

    def test_running(self) -> None:
        """The first one in a room, at any node, runs it until it is empty at all of them."""
        self.types(self.bob, "/join attic", "/room moderated on")
        self.types(self.ada, "/join attic")
        for node in (self.here, self.there):
            (runner,) = node.chat.permissions.operators("attic")
            self.assertEqual(runner.nick, "bob")
            self.assertTrue(node.chat.permissions.rules("attic").moderated)
        self.types(self.bob, "/part attic")
        for node in (self.here, self.there):
            self.assertEqual(node.chat.permissions.operators("attic"), [])
            self.assertTrue(node.chat.permissions.rules("attic").moderated)
        self.types(self.ada, "/part attic")
        for node in (self.here, self.there):
            self.assertFalse(node.chat.permissions.rules("attic").moderated)
