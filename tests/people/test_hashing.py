"""What hashing costs: each address pays for its own, and nothing right is hashed twice."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher

from chatservice.chat import room_passwords
from chatservice.chat.room_passwords import Known
from chatservice.people.accounts import Accounts
from chatservice.people.passwords import HASHES, Passwords
from chatservice.protocol.ids import EventIds
from tests.conversation import (
    DOORS,
    ConversationCase,
    JsonPerson,
    Person,
    TextPerson,
    at_each_door,
    each_row,
)
from tests.databases import InlinePool

SECRET, OTHER = "correct-horse", "battery-staple"

REPEATED = {
    "room_password": ("/room password x",),
    "room_password_off": ("/room password x", "/room password off"),
    "login": ("/logout", f"/login ada {SECRET}"),
    "password": (f"/password {SECRET} {OTHER}", f"/password {OTHER} {SECRET}"),
    "unregister": (f"/unregister {SECRET}", f"/register {SECRET}"),
}
"""What ada, who is registered and owns #den, types again and again."""


class Pool(InlinePool):
    """A thread pool that counts, and works at once or when it is told to.

    @ivar count: the pieces of work that were begun.
    @ivar held: those that wait to be done; C{None} while all is done at once.
    """

    def __init__(self) -> None:
        self.count = 0
        self.held: list[Any] | None = None

    def callInThreadWithCallback(self, *work: Any) -> None:
        self.count += 1
        if self.held is None:
            super().callInThreadWithCallback(*work)
        else:
            self.held.append(work)

    def finish_one(self) -> None:
        assert self.held is not None
        super().callInThreadWithCallback(*self.held.pop(0))


class HashingCase(ConversationCase):
    """A chat that hashes, with Argon2 at its cheapest; ada is registered and owns #den."""

    def new_accounts(self, ids: EventIds) -> Accounts:
        self.pool = Pool()
        reactor: Any = type("Reactor", (), {})()
        reactor.seconds = self.clock.seconds
        reactor.getThreadPool = lambda: self.pool
        reactor.callFromThread = lambda function, *args: function(*args)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        passwords = Passwords(reactor, hasher, at_once=4)
        return Accounts(passwords, self.clock.seconds, ids.now)

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_json("ada")
        for line in (f"/register {SECRET}", "/join den"):
            self.ada.types(line)
        self.ada.sees()
        self.clock.advance(3600)

    def comes(self, host: str, door: str = "json") -> JsonPerson | TextPerson:
        """A connection from somewhere, on which nothing was said."""
        wire = self.connect(host)
        return DOORS[door](wire)

    def hashes(self, person: Person, *lines: str) -> int:
        """How many hashes somebody costs who types something."""
        before = self.pool.count
        for line in lines:
            person.types(line)
        return self.pool.count - before


class BudgetTests(HashingCase):
    """Right or wrong, whatever it is for."""

    @each_row(REPEATED)
    def test_again_and_again(self, lines: tuple[str, ...]) -> None:
        """One address has no more hashes than its budget, and then is told for how long."""
        total, seen = 0, ""
        for _ in range(HASHES + 5):
            total += self.hashes(self.ada, *lines)
            seen += str(self.ada.sees())
        self.assertLessEqual(total, HASHES)
        self.assertIn("too-many-tries", seen)

    @each_row(
        {
            "login": "/login ada wrong",
            "password": f"/password wrong {OTHER}",
            "unregister": "/unregister wrong",
            "forget": "/forget wrong",
            "join": "/join den wrong",
        }
    )
    def test_wrong(self, line: str) -> None:
        """What was wrong is paid for as what is right."""
        self.ada.types("/room password x")
        self.clock.advance(3600)
        person = self.at_json("zoe") if line.startswith(("/login", "/join")) else self.ada
        self.assertEqual(self.hashes(person, line, line), 2)
        eve = self.at_json("eve")
        for line in (f"/login ada {SECRET}", "/join den"):
            eve.types(line)
        self.assertEqual(self.hashes(eve, *["/room password x"] * HASHES), HASHES - 3)

    def test_what_comes_back(self) -> None:
        """After two seconds there is one again."""
        self.spend(self.ada)
        self.ada.types("/room password x")
        sentence = "too many passwords came from your address: try again in 2 s"
        self.assertEqual(self.ada.sees()[-1]["text"], sentence)
        self.clock.advance(2)
        self.assertEqual(self.hashes(self.ada, "/room password x", "/room password x"), 1)

    @at_each_door
    def test_of_an_address(self, door: str) -> None:
        """Other connections of the address have none left; another address has all of its own."""
        self.spend(self.ada)
        near = self.comes("192.0.2.1", door)
        self.assertEqual(self.proves(near), 0)
        self.assertIn("too many passwords came from your address", str(near.sees()))
        far = self.comes("198.51.100.9", door)
        self.assertEqual(self.proves(far), 1)
        self.assertEqual(len(self.chat.roster["ada"].devices), 2)

    def test_reconnecting(self) -> None:
        """Coming anew with the right password again and again is paid for as well."""
        before = self.pool.count
        for _ in range(HASHES + 5):
            self.clock.advance(0)
            person = self.comes("198.51.100.9")
            self.proves(person)
        self.assertEqual(self.pool.count - before, HASHES)

    def test_bystander(self) -> None:
        """However many wait at one address, who comes from elsewhere is next."""
        self.pool.held = []
        for _ in range(HASHES):
            self.chat.accounts.passwords.check("", SECRET, "198.51.100.9")
        honest = self.comes("203.0.113.5")
        self.proves(honest)
        # Four were begun, and the address has one more turn before.
        for _ in range(6):
            self.pool.finish_one()
        self.assertIn("welcome", [facts["type"] for facts in honest.sees()])

    @each_row({"hello": "hello", "login": "login"})
    def test_gone(self, kind: str) -> None:
        """For who has gone by then nothing is hashed."""
        self.pool.held = []
        for number in range(4):
            self.proves(self.comes(f"198.51.100.{number}"))
        before = self.pool.count
        if kind == "hello":
            gone = self.comes("203.0.113.5")
            self.proves(gone)
        else:
            gone = self.at_json("zoe")
            gone.types(f"/login ada {SECRET}")
        gone.wire.vanishes()
        while self.pool.held:
            self.pool.finish_one()
        self.assertEqual(self.pool.count, before)

    def test_checkers_too(self) -> None:
        """What an operator's checker is asked is paid for, too, and so is what comes after it."""
        self.chat.accounts._has_checkers = True
        before = self.pool.count
        for _ in range(HASHES):
            self.proves(self.comes("198.51.100.9"))
        self.assertEqual(self.pool.count - before, HASHES // 2)

    def proves(self, person: Person) -> int:
        """Somebody comes with ada's password; gives how many hashes that costs."""
        before = self.pool.count
        if isinstance(person, JsonPerson):
            person.asks("hello", nick="ada", password=SECRET)
        else:
            person.types("ada")
            person.types(SECRET)
        return self.pool.count - before

    def spend(self, person: JsonPerson) -> None:
        """Use up all of an address's hashes."""
        self.assertEqual(self.hashes(person, *["/room password x"] * HASHES), HASHES)
        person.sees()


class RoomTests(HashingCase):
    """Ada's #den has a password."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.types("/room password hunter2")
        self.clock.advance(3600)

    @at_each_door
    def test_remembered(self, door: str) -> None:
        """Whoever gave the right password enters again without hashing, however often."""
        bob = self.at(door, "bob")
        self.assertEqual(self.hashes(bob, "/join den hunter2", "/part den"), 1)
        for _ in range(3 * HASHES):
            self.assertEqual(self.hashes(bob, "/join den hunter2"), 0)
            self.assertIn("den", self.chat.roster["bob"].rooms)
            bob.types("/part den")

    def test_of_each_person(self) -> None:
        """Of another person nothing is remembered."""
        for nick in ("bob", "eve"):
            person = self.at_json(nick)
            self.assertEqual(self.hashes(person, "/join den hunter2"), 1)

    def test_wrong(self) -> None:
        """Who gave the right one before gives a wrong one like anybody."""
        bob = self.at_json("bob")
        self.assertEqual(self.hashes(bob, "/join den hunter2", "/part den", "/join den x"), 2)
        self.assertEqual(bob.sees()[-1]["text"], "wrong password for #den")
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    def test_changed(self) -> None:
        """With another password of the room nothing is remembered, also if it is the same."""
        bob = self.at_json("bob")
        self.hashes(bob, "/join den hunter2", "/part den")
        self.ada.types("/room password hunter2")
        self.assertEqual(self.hashes(bob, "/join den hunter2", "/part den"), 1)
        self.ada.types("/room password hunter3")
        self.assertEqual(self.hashes(bob, "/join den hunter2"), 1)
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    def test_kicked(self) -> None:
        """To have known it lets nobody in who does not give it."""
        bob = self.at_json("bob")
        self.hashes(bob, "/join den hunter2")
        self.ada.types("/kick #den bob")
        self.assertEqual(self.hashes(bob, "/join den"), 0)
        self.assertEqual(bob.sees()[-1]["text"], "#den has a password: /join #den PASSWORD")

    def test_no_try(self) -> None:
        """What is not hashed for lack of budget is no wrong try either."""
        bob, tried = self.at_json("bob"), ("den", "192.0.2.1")
        self.hashes(self.ada, *["/room password hunter2"] * (HASHES + 1))
        bob.types("/join den hunter2")
        self.assertIn("too many passwords came from your address", str(bob.sees()))
        self.assertEqual(len(self.chat.entrances._passwords._tries._times.get(tried, ())), 0)

    def test_bounds(self) -> None:
        """Of a room so many people are remembered, and of so many rooms: who came last."""
        self.patch(room_passwords, "KNOWN_OF_A_ROOM", 2)
        self.patch(room_passwords, "ROOMS_KNOWN", 2)
        known = Known()
        for identity in (b"ada", b"bob", b"ada", b"eve"):
            known.add("den", identity, "x")
        found = [known.has("den", each, "x") for each in (b"ada", b"bob", b"eve")]
        self.assertEqual(found, [True, False, True])
        for room in ("attic", "den", "cellar"):
            known.add(room, b"eve", "x")
        rooms = [known.has(room, b"eve", "x") for room in ("attic", "den", "cellar", "nowhere")]
        self.assertEqual(rooms, [False, True, True, False])
        self.assertFalse(known.has("den", b"eve", "y"))
