"""Moderation at several nodes, of people who are elsewhere."""

from __future__ import annotations

from tests.nodes import Node, NodesCase
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
