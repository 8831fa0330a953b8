"""People who log in and out, or give up an account, while they are at several nodes."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tests.nodes import SECRET, NodesCase
from tests.persons import JsonPerson, TextPerson


class HousingLoginsTests(NodesCase):
    """Ada is at one node; bob, who has an account, is at the other one."""

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.types(self.bob, f"/register {SECRET}")
        self.second = TextPerson(self.here.connect())
        self.all_see()

    def homes(self, nick: str) -> list[list[int]]:
        """The nodes of somebody as each node knows them."""
        return [sorted(node.chat.roster[nick].homes) for node in (self.here, self.there)]

    def told(self, person: TextPerson) -> str:
        """What somebody has seen since the last time."""
        return "\n".join(person.sees())

    def test_logging_in(self) -> None:
        """A guest who logs in where the owner is not becomes the owner there too."""
        self.types(self.second, "guest", f"/login bob {SECRET}")
        self.assertIn("you are logged in as bob", self.told(self.second))
        self.assertEqual(self.homes("bob"), [[1, 2]] * 2)
        self.assertNotIn("guest", self.there.chat.roster)
        token = self.here.chat.roster["bob"].token
        self.second.wire.vanishes()
        self.types(self.bob, "/quit")
        third = TextPerson(self.there.connect())
        self.types(third, f"/resume {token}")
        self.assertIn("you are back as bob", self.told(third))

    def test_others_gone(self) -> None:
        """Whoever logs out is the guest with everything if the other devices go meanwhile."""
        self.types(self.second, "bob", SECRET)
        self.here.link.delay = 0.05
        self.second.types("/logout")
        self.types(self.bob, "/quit")
        self.passes()
        self.assertIn("you are logged out", self.told(self.second))
        (nick,) = (nick for nick in self.here.chat.roster if nick.startswith("guest"))
        self.assertEqual(self.homes(nick), [[1]] * 2)
        self.assertNotIn("bob", self.there.chat.roster)

    def test_gone_meanwhile(self) -> None:
        """Nobody becomes a guest who is gone before there is a nickname."""
        self.types(self.second, "bob", SECRET)
        self.here.link.delay = 0.05
        self.second.types("/logout")
        self.second.wire.vanishes()
        self.passes()
        self.passes()
        nicks = sorted(self.there.chat.roster)
        self.assertEqual((nicks, sorted(self.here.chat.roster)), (["ada", "bob", "eve"],) * 2)

    def test_guest_at_two_nodes(self) -> None:
        """A guest who logs in at one node stays a guest at the other one."""
        self.types(self.second, "zoe")
        program = JsonPerson(self.there.connect())
        program.asks("hello", token=self.here.chat.roster["zoe"].token, client="phone")
        self.passes()
        self.assertEqual(self.homes("zoe"), [[1, 2]] * 2)
        self.second.types(f"/login bob {SECRET}")
        for _ in range(20):
            self.clock.advance(0.01)
            self.assertIn("zoe", self.here.chat.roster)
        self.assertEqual(self.homes("zoe"), [[2]] * 2)
        self.assertEqual(self.homes("bob"), [[1, 2]] * 2)
        program.asks("say", room="lobby", text="still zoe")
        self.passes()
        self.assertIn("#lobby zoe: still zoe", self.ada.sees())

    def test_at_the_same_moment(self) -> None:
        """Who comes to two nodes at the same moment is one person at both."""
        self.types(self.bob, "/quit")
        third = TextPerson(self.there.connect())
        claim = self.here.chat.names.claim

        def claim_late(*keys: str) -> Deferred[None]:
            return deferLater(self.clock, 0.1, claim, *keys)

        self.patch(self.here.chat.names, "claim", claim_late)
        for person in (self.second, third):
            person.types("bob")
            person.types(SECRET)
        self.passes()
        self.passes()
        self.assertEqual(self.homes("bob"), [[1, 2]] * 2)
        self.assertIn("you are bob, in lobby, #python", self.told(self.second))

    def give_up(self) -> None:
        """Let bob give up his account at the first node, whose answer comes late."""
        store: Any = self.here.chat.accounts._store
        remove = store.remove

        def remove_late(*given: Any) -> Deferred[None]:
            return remove(*given).addCallback(lambda _: deferLater(self.clock, 0.1))

        self.patch(store, "remove", remove_late)
        self.second.types(f"/unregister {SECRET}")

    def test_given_up(self) -> None:
        """An account is given up once, if that was heard of before it is answered."""
        self.types(self.second, "bob", SECRET)
        program = JsonPerson(self.here.connect())
        program.asks("hello", nick="bob", password=SECRET, client="phone")
        self.passes()
        self.give_up()
        self.clock.pump([0.01] * 5)
        program.types("/away tea")
        self.passes()
        self.assertIn("bob is no longer registered", self.told(self.second))
        told = "-- your nickname was given up through another server"
        self.assertEqual(self.bob.sees(), [told])
        self.assertEqual(self.homes("bob"), [[1]] * 2)
        self.assertIsNone(self.there.chat.roster["bob"].account)

    def test_given_up_and_gone(self) -> None:
        """Who has lost the connection there meanwhile has given it up as well."""
        self.types(self.second, "bob", SECRET)
        self.give_up()
        self.clock.advance(0.01)
        self.second.wire.vanishes()
        self.passes()
        self.passes()
        for node in (self.here, self.there):
            self.assertIsNone(node.chat.accounts.named("bob"))
            self.assertIsNone(node.chat.roster["bob"].account)
        self.assertEqual(self.here.chat.roster["bob"].token, "")
