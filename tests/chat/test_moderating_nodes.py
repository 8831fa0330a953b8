"""Moderation at several nodes, of people who are elsewhere or just on their way."""

from __future__ import annotations

from collections.abc import Callable

from tests.nodes import SECRET, Node, NodesCase
from tests.persons import TextPerson


class ModeratingCase(NodesCase):
    """Ada is at one node, and moderates; bob and eve are at the other one."""

    LINGER = 30

    def come(self, node: Node, host: str, *lines: str) -> TextPerson:
        """Somebody who comes to a node from an address, and types lines there."""
        person = TextPerson(node.connect(host))
        self.types(person, *lines)
        return person

    @staticmethod
    def is_gone(person: TextPerson) -> bool:
        """Whether somebody's connection was closed, once everything was read."""
        person.sees()
        return not person.wire.connected

    def waits_for(self, happens: Callable[[], bool]) -> None:
        """Let time pass until something happens."""
        for _ in range(500):
            if happens():
                return
            self.clock.advance(0.01)
        raise AssertionError("it does not happen")


class AddressTests(ModeratingCase):
    """Bans and mutes by address."""

    def test_banned_guest(self) -> None:
        """A guest who is banned at another node does not return under another nickname."""
        zoe = self.come(self.there, "203.0.113.5", "zoe")
        self.types(self.ada, "/ban * zoe")
        self.assertTrue(self.is_gone(zoe))
        for node in (self.here, self.there):
            again = self.come(node, "203.0.113.5", "zoe2")
            self.assertIn("you are banned from the chat", "\n".join(again.sees()))

    def test_network(self) -> None:
        """The ban of a network turns out whoever has come from there, to any node."""
        zoe = self.come(self.there, "203.0.113.5", "zoe")
        zed = self.come(self.here, "203.0.113.6", "zed")
        self.types(self.ada, "/ban * 203.0.113.0/24")
        self.assertTrue(self.is_gone(zoe) and self.is_gone(zed))
        self.assertEqual(sorted(self.here.chat.roster), ["ada", "bob", "eve"])

    def test_from_elsewhere(self) -> None:
        """It is the address of the last connection that counts, and late nodes know it too."""
        zoe = self.come(self.there, "203.0.113.5", "zoe")
        token = self.there.chat.roster["zoe"].token
        zoe.wire.vanishes()
        self.come(self.there, "198.51.100.7", f"/resume {token}")
        late = Node(self.engine, "late")
        self.passes()
        for node in (self.here, late):
            self.assertEqual(node.chat.roster["zoe"].addresses(), {"198.51.100.7"})


class CrossingTests(ModeratingCase):
    """What operators do to people who are doing something at another node at that moment."""

    def test_ban_and_joining(self) -> None:
        """Who enters a room, and has not heard of a ban from it, is put out of it."""
        self.types(self.ada, "/join attic")
        self.all_see()
        self.ada.types("/ban bob")
        self.bob.types("/join attic")
        self.passes()
        self.assertEqual(self.ada.sees()[1:], ["-- bob joined #attic", "-- bob left #attic"])
        self.types(self.bob, "hello?")
        self.assertNotIn("#attic", "\n".join(self.ada.sees()))

    def test_ban_and_login(self) -> None:
        """Who logs in to an account that is being banned from a room is put out of it."""
        self.types(self.bob, f"/register {SECRET}", "/quit")
        self.types(self.ada, "/join python")
        zoe = self.come(self.there, "203.0.113.5", "zoe", "/join python")
        member = self.there.chat.roster["zoe"]
        self.there.link.delay = 0.2
        zoe.types(f"/login bob {SECRET}")
        self.waits_for(lambda: member.account is not None)
        self.types(self.ada, "/ban bob")
        self.clock.pump([0.01] * 200)
        self.assertEqual(list(self.here.chat.roster["bob"].rooms), ["lobby"])

    def test_kick_and_unregistering(self) -> None:
        """Who is kicked from a room while giving up the account is out of it at all nodes."""
        self.types(self.bob, f"/register {SECRET}")
        self.types(self.ada, "/join python")
        member = self.there.chat.roster["bob"]
        identity = member.identity
        self.there.link.delay = 0.2
        self.bob.types(f"/unregister {SECRET}")
        self.waits_for(lambda: member.identity != identity)
        self.types(self.ada, "/kick bob")
        self.clock.pump([0.01] * 200)
        for node in (self.here, self.there):
            self.assertEqual(list(node.chat.roster["bob"].rooms), ["lobby"])

    def test_ban_and_arrival(self) -> None:
        """Who comes to the chat, and has not heard of a ban from it, is turned out."""
        self.types(self.bob, f"/register {SECRET}", "/quit")
        self.there.link.delay = 0.2
        self.all_see()
        back = TextPerson(self.there.connect())
        back.types("bob")
        back.types(SECRET)
        self.waits_for(lambda: "bob" in self.there.chat.roster)
        self.types(self.ada, "/ban * bob")
        self.clock.pump([0.01] * 100)
        self.assertIn("-- bob left the chat (banned by ada)", self.ada.sees())
        self.assertTrue(self.is_gone(back))

    def test_kick_and_return(self) -> None:
        """Who is kicked from the chat at the moment of a return at another node is out."""
        zoe = self.come(self.here, "203.0.113.5", "zoe", "/join python")
        token = self.here.chat.roster["zoe"].token
        zoe.wire.vanishes()
        self.there.link.delay = 0.2
        back = TextPerson(self.there.connect())
        back.types(f"/resume {token}")
        self.waits_for(lambda: bool(self.there.chat.roster["zoe"].devices))
        self.types(self.ada, "/kick * zoe")
        self.clock.pump([0.01] * 200)
        for node in (self.here, self.there):
            self.assertNotIn("zoe", node.chat.roster)
            room = node.chat.rooms["python"]
            self.assertEqual(room.members, room.present)
        self.assertTrue(self.is_gone(back))

    def test_kick_after_unregistering(self) -> None:
        """So is one who had just done so, and so does a node know that starts later."""
        self.types(self.bob, f"/register {SECRET}")
        self.types(self.ada, "/join python")
        self.clock.pump([1] * 40)
        identity = self.there.chat.roster["bob"].identity
        self.here.link.delay = 0.4
        self.bob.types(f"/unregister {SECRET}")
        self.clock.pump([0.01] * 10)
        self.assertNotEqual(self.there.chat.roster["bob"].identity, identity)
        self.assertEqual(self.here.chat.roster["bob"].identity, identity)
        self.ada.types("/kick bob")
        self.clock.pump([0.01] * 300)
        for node in (self.here, self.there, Node(self.engine, "late")):
            self.assertEqual(list(node.chat.roster["bob"].rooms), ["lobby"])
