"""What people do while an act of an operator is on its way to the disk, or does not get there."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from chatservice.acts import OperatorAct
from chatservice.events import Batch
from chatservice.journal import JournalError
from chatservice.memory import MemoryJournal
from tests.conversation import JsonPerson
from tests.doubles import SlowJournal
from tests.operating import PASSWORD, OperatorCase


class FullJournal(MemoryJournal):
    """A journal on a disk that may be full.

    @ivar full: whether it is; begins with false.
    """

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def append(self, batch: Batch) -> Deferred[None]:
        if self.full:
            return fail(Failure(JournalError("the disk is full")))
        return super().append(batch)


class BanTests(OperatorCase):
    """Ada, the server's operator, bans somebody; the disk is slow."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.operators = frozenset({"ada"})
        self.slow = SlowJournal()
        self.open_chat(self.slow)
        self.register("ada")
        self.register("eve")
        self.ada = self.at("json", "ada")
        self.ada.types("/join python")

    def bans(self, line: str) -> None:
        """Ada gives the command, and the disk does not answer yet."""
        self.slow.slow = True
        self.ada.types(line)

    def settles(self) -> None:
        """The disk answers to everything."""
        for _ in range(9):
            self.slow.answers()
            self.clock.advance(0)
        self.slow.slow = False

    def comes(self, nick: str, host: str = "198.51.100.7", **hello: Any) -> JsonPerson:
        """Somebody comes in, from elsewhere than ada."""
        person = JsonPerson(self.connect(host))
        person.asks("hello", nick=nick, **hello)
        return person

    def test_coming_to_the_chat(self) -> None:
        """Who comes while the ban is on its way is turned out when it holds."""
        self.bans("/ban * eve")
        self.comes("eve", password=PASSWORD)
        self.assertIn("eve", self.chat.members)
        self.settles()
        self.assertEqual(list(self.chat.members), ["ada"])

    def test_entering_a_room(self) -> None:
        """Who enters a room while the ban from it is on its way is turned out of it alone."""
        eve = self.comes("eve", password=PASSWORD)
        self.bans("/ban #python eve")
        eve.types("/join python")
        self.assertIn("python", self.chat.members["eve"].rooms)
        self.settles()
        self.assertEqual(list(self.chat.members["eve"].rooms), ["lobby"])

    def test_from_the_same_address(self) -> None:
        """Others of the address who are here already stay; who comes meanwhile does not."""
        self.comes("bob")
        self.comes("zoe")
        self.bans("/ban * bob")
        self.comes("mallory")
        self.comes("grace", host="203.0.113.5")
        self.settles()
        self.assertEqual(sorted(self.chat.members), ["ada", "grace", "zoe"])


class KickTests(OperatorCase):
    """Ada, who owns #club, kicks bob, and it is closed to him afterwards."""

    def test_leaving_meanwhile(self) -> None:
        """Who leaves before the kick is through is not let in again as one who never parted."""
        slow = SlowJournal()
        self.open_chat(slow)
        self.register("ada")
        self.register("bob")
        ada, bob = self.at("json", "ada"), self.at("json", "bob")
        for person in (ada, bob):
            person.types("/join club")
        ada.types("/room invite-only on")
        slow.slow = True
        ada.types("/kick bob")
        bob.wire.vanishes()
        for _ in range(9):
            slow.answers()
            self.clock.advance(0)
        slow.slow = False
        again = self.at_json("bob", password=PASSWORD)
        self.assertEqual(list(again.welcome["rooms"]), ["lobby"])


class FoundingTests(OperatorCase):
    """Ada, who is registered, makes a room while the disk is full."""

    def setUp(self) -> None:
        super().setUp()
        self.disk = FullJournal()
        self.rules.operators = frozenset({"sysop"})
        self.open_chat(self.disk)
        for nick in ("ada", "bob", "sysop"):
            self.register(nick)
        self.ada, self.bob = self.at("json", "ada"), self.at("json", "bob")
        self.disk.full = True
        self.ada.types("/join attic")
        self.bob.types("/join attic")

    def acts(self) -> list[tuple[type[OperatorAct], str]]:
        """What was done in all."""
        return [(type(act), act.nick) for act in self.disk.acts]

    def owner(self) -> bytes | None:
        """Who owns the room."""
        owner = self.chat.moderation.owner("attic")
        return None if owner is None else owner.identity

    def test_tried_again(self) -> None:
        """With the first line that is stored the room becomes hers, and once."""
        self.ada.types("hi")
        self.assertIsNone(self.owner())
        self.disk.full = False
        for line in ("hi", "ho"):
            self.ada.types(line)
        self.assertEqual(self.owner(), self.chat.members["ada"].identity)
        self.assertEqual(len(self.acts()), 1)

    def test_others(self) -> None:
        """Nobody else comes to own it by saying something, nor she who left it since."""
        self.disk.full = False
        self.bob.types("hi")
        self.ada.types("/part")
        self.ada.types("/join attic")
        self.ada.types("hi")
        self.assertIsNone(self.owner())

    def test_owned_no_more(self) -> None:
        """Who has founded a room, and was deprived of it, does not own it by speaking."""
        self.disk.full = False
        self.ada.types("/join cellar")
        sysop = self.at("json", "sysop")
        sysop.types("/join cellar")
        sysop.types("/deop ada")
        self.ada.types("hi")
        self.assertIsNone(self.chat.moderation.owner("cellar"))

    def test_once(self) -> None:
        """What is said before it is known whether founding is stored does not found once more."""
        self.disk.full = False
        member = self.chat.members["ada"]
        self.chat.enter(member, "cellar")
        self.chat.say(member, self.chat.rooms["cellar"], "hi")
        self.ada.sees()
        self.assertEqual(len(self.acts()), 1)

    def test_too_many_acts(self) -> None:
        """Who did too many things to found another room enters it none the less."""
        self.disk.full = False
        self.patch(self.chat.operators._acts, "wait", lambda _: 1.0)
        self.ada.sees()
        self.ada.types("/join cellar")
        self.assertIn("cellar", self.chat.members["ada"].rooms)
        self.assertNotIn("error", [facts["type"] for facts in self.ada.sees()])
