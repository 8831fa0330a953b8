"""What people do while an act of an operator is on its way to the disk, or does not get there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.protocol.actions import Muted, OperatorAct
from chatservice.protocol.errors import StorageError
from tests.conversation import JsonPerson
from tests.journals import FailingJournal, SlowJournal, acts
from tests.operating import PASSWORD, OperatorCase


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
        self.slow.waiting.is_slow = True
        self.ada.types(line)

    def settles(self) -> None:
        """The disk answers to everything."""
        for _ in range(9):
            self.slow.waiting.answer_all()
            self.clock.advance(0)
        self.slow.waiting.is_slow = False

    def comes(self, nick: str, host: str = "198.51.100.7", **hello: Any) -> JsonPerson:
        """Somebody comes in, from elsewhere than ada."""
        person = JsonPerson(self.connect(host))
        person.asks("hello", nick=nick, **hello)
        return person

    def test_coming_to_the_chat(self) -> None:
        """Who comes while the ban is on its way is turned out when it holds."""
        self.bans("/ban * eve")
        self.comes("eve", password=PASSWORD)
        # Her places are read at once; the ban is still being stored.
        self.slow.waiting.answer(-1)
        self.assertIn("eve", self.chat.roster)
        self.settles()
        self.assertEqual(list(self.chat.roster), ["ada"])

    def test_entering_a_room(self) -> None:
        """Who enters a room while the ban from it is on its way is turned out of it alone."""
        eve = self.comes("eve", password=PASSWORD)
        self.bans("/ban #python eve")
        eve.types("/join python")
        self.assertIn("python", self.chat.roster["eve"].rooms)
        self.settles()
        self.assertEqual(list(self.chat.roster["eve"].rooms), ["lobby"])

    def test_from_the_same_address(self) -> None:
        """Others of the address who are here already stay; who comes meanwhile does not."""
        self.comes("bob")
        self.comes("zoe")
        self.bans("/ban * bob")
        self.comes("mallory")
        self.comes("grace", host="203.0.113.5")
        self.settles()
        self.assertEqual(sorted(self.chat.roster), ["ada", "grace", "zoe"])


class KickTests(OperatorCase):
    """Ada, who owns #club, kicks bob."""

    def setUp(self) -> None:
        super().setUp()
        self.slow = SlowJournal()
        self.open_chat(self.slow)
        self.register("ada")
        self.register("bob")
        self.ada, self.bob = self.at("json", "ada"), self.at("json", "bob")
        for person in (self.ada, self.bob):
            person.types("/join club")

    def kick_meanwhile(self, act: Callable[[], object], *lines: str) -> None:
        """Bob does something while the kick is on its way to the disk.

        @param lines: those that he has said just before.
        """
        self.slow.waiting.is_slow = True
        for line in lines:
            self.bob.types(line)
        self.ada.types("/kick bob")
        act()
        for _ in range(9):
            self.slow.waiting.answer_all()
            self.clock.advance(0)
        self.slow.waiting.is_slow = False

    def test_leaving_meanwhile(self) -> None:
        """Who leaves before the kick is through is not let in again as one who never parted."""
        self.ada.types("/room invite-only on")
        self.kick_meanwhile(self.bob.wire.vanishes)
        again = self.at_json("bob", password=PASSWORD)
        self.assertEqual(list(again.welcome["rooms"]), ["lobby"])

    def test_coming_back_meanwhile(self) -> None:
        """Who has left and come back before the kick is through is in the room."""
        phone = self.at_json("bob", password=PASSWORD, client="phone")

        def come_back() -> None:
            # Both wait until the line is through, and then go before the kick is.
            self.bob.types("/part")
            phone.types("/join club")

        self.kick_meanwhile(come_back, "hi")
        club, bob = self.chat.rooms["club"], self.chat.roster["bob"]
        self.assertIn(bob, club.present)
        self.assertIn(bob, club.members)
        self.assertIn("club", bob.rooms)
        self.ada.types("/kick bob")
        self.assertNotIn(bob, club.present | club.members)
        self.ada.types("/part")
        self.assertNotIn("club", self.chat.rooms)


class FoundingTests(OperatorCase):
    """Ada, who is registered, makes a room while the disk is full."""

    def setUp(self) -> None:
        super().setUp()
        self.disk = FailingJournal()
        self.rules.operators = frozenset({"sysop"})
        self.open_chat(self.disk)
        for nick in ("ada", "bob", "sysop"):
            self.register(nick)
        self.ada, self.bob = self.at("json", "ada"), self.at("json", "bob")
        self.disk.error = StorageError("the disk is full")
        self.ada.types("/join attic")
        self.bob.types("/join attic")

    def acts(self) -> list[tuple[type[OperatorAct], str]]:
        """What was done in all."""
        return [(type(act), act.nick) for act in acts(self.disk)]

    def owner(self) -> bytes | None:
        """Who owns the room."""
        owner = self.chat.permissions.owner("attic")
        return None if owner is None else owner.identity

    def test_tried_again(self) -> None:
        """With the first line that is stored the room becomes hers, and once."""
        self.ada.types("hi")
        self.assertIsNone(self.owner())
        self.disk.error = None
        for line in ("hi", "ho"):
            self.ada.types(line)
        self.assertEqual(self.owner(), self.chat.roster["ada"].identity)
        self.assertEqual(len(self.acts()), 1)

    def test_others(self) -> None:
        """Nobody else comes to own it by saying something, nor she who left it since."""
        self.disk.error = None
        self.bob.types("hi")
        self.ada.types("/part")
        self.ada.types("/join attic")
        self.ada.types("hi")
        self.assertIsNone(self.owner())

    def test_owned_no_more(self) -> None:
        """Who has founded a room, and was deprived of it, does not own it by speaking."""
        self.disk.error = None
        self.ada.types("/join cellar")
        sysop = self.at("json", "sysop")
        sysop.types("/join cellar")
        sysop.types("/deop ada")
        self.ada.types("hi")
        self.assertIsNone(self.chat.permissions.owner("cellar"))

    def test_once(self) -> None:
        """What is said before it is known whether founding is stored does not found once more."""
        self.disk.error = None
        (ada,) = self.chat.roster["ada"].devices
        self.chat.enter(ada, "cellar")
        self.chat.say(ada, self.chat.rooms["cellar"], "hi")
        self.ada.sees()
        self.assertEqual(len(self.acts()), 1)

    def test_too_many_acts(self) -> None:
        """Who did too many things to found another room enters it none the less."""
        self.disk.error = None
        self.patch(self.chat.acting._acts, "wait", lambda _: 1.0)
        self.ada.sees()
        self.ada.types("/join cellar")
        self.assertIn("cellar", self.chat.roster["ada"].rooms)
        self.assertNotIn("error", [facts["type"] for facts in self.ada.sees()])


class BecomingTests(OperatorCase):
    """Bob, a guest, or olga, who is registered, becomes somebody else; an act is on its way."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.operators = frozenset({"sysop"})
        self.slow = SlowJournal()
        self.open_chat(self.slow)
        for nick in ("ada", "olga", "sysop"):
            self.register(nick)
        self.sysop, self.ada = self.at("json", "sysop"), self.at("json", "ada")
        self.olga, self.bob = self.at("json", "olga"), self.at("json", "bob")
        for line in ("/join den", "/voice bob", "/invite bob", "/room invite-only on"):
            self.ada.types(line)
        self.chat.roster["olga"].address = ""

    def settles(self) -> None:
        """The disk answers to everything."""
        for _ in range(9):
            self.slow.waiting.answer_all()
            self.clock.advance(0)
        self.slow.waiting.is_slow = False

    def register_while(self, line: str) -> None:
        """Bob's password is hashed when what ada types waits behind something else."""
        hashed: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hashed)
        self.bob.types(f"/register {PASSWORD}-of-bob")
        self.slow.waiting.is_slow = True
        self.sysop.types("hi")
        self.clock.advance(0)
        self.ada.types(line)
        hashed.callback(f"plain:{PASSWORD}-of-bob")
        self.settles()
        self.assertIsNotNone(self.chat.roster["bob"].account)

    def test_right_taken(self) -> None:
        """What ends a right of a guest ends that of the registered one."""
        self.bob.types("/join den")
        self.register_while("/devoice bob")
        self.assertEqual(self.chat.permissions.voiced("den"), [])

    def test_put_out(self) -> None:
        """So does a kick, and a ban that is over, with an invitation."""
        for line in ("/kick bob", "/ban #den bob"):
            self.setUp()
            self.bob.types("/join den")
            self.register_while(line)
            self.ada.types("/unban #den bob")
            self.bob.sees()
            self.bob.types("/join den")
            self.assertEqual(self.bob.sees()[-1]["code"], "closed")

    def test_logout(self) -> None:
        """A ban or a mute of an account holds against who logged out before it was stored."""
        self.ada.types("/room invite-only off")
        for line, code in (("/mute #den olga", "muted"), ("/ban #den olga", "banned")):
            self.olga.types("/join den")
            self.slow.waiting.is_slow = True
            self.ada.types(line)
            self.clock.advance(0)
            self.olga.types("/logout")
            self.settles()
            self.olga.sees()
            self.olga.types("/topic x" if code == "muted" else "/join den")
            self.assertEqual(self.olga.sees()[-1]["code"], code)
            self.ada.types("/unmute #den olga")
            self.olga.types(f"/login olga {PASSWORD}")

    def test_moved_no_more(self) -> None:
        """Once everything is moved the former identity stands for nobody."""
        former = self.chat.roster["bob"].identity
        self.register_while("hi")
        self.assertEqual(self.chat.permissions._moving, {})
        mute = Muted(room="den", target="bob", target_identity=former)
        self.chat.acting.act(self.chat.roster["ada"].devices[0], mute)
        self.clock.advance(0)
        (act,) = self.chat.permissions.sanctions("den")
        self.assertEqual(act.target_identity, former)
