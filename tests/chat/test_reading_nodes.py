"""How far somebody has read who is connected to several nodes."""

from __future__ import annotations

from typing import Any

from tests.nodes import SECRET, Node, NodesCase
from tests.persons import JsonPerson


class ReadingTests(NodesCase):
    """Ada says something at one node; bob is at the other one, in #python, and has an account.

    @ivar program: bob's, at ada's node.
    """

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.types(self.bob, f"/register {SECRET}")
        before = self.here.chat.last_delivered()
        self.program = self.come(self.here, "phone")
        # Nothing that was said before counts as unread.
        self.assertGreaterEqual(self.read(self.here), before)
        self.types(self.ada, "hello")
        self.ada.sees()
        self.hello = self.here.chat.last_delivered()

    def come(self, node: Node, client: str) -> JsonPerson:
        """Connect one more program of bob's."""
        person = JsonPerson(node.connect())
        person.asks("hello", nick="bob", password=SECRET, client=client)
        self.passes()
        person.sees_all()
        return person

    def read(self, node: Node) -> int:
        """How far bob has read in #python, as a node tells one more program of his."""
        rooms: dict[str, Any] = self.come(node, f"at {node.seat.node}").welcome["rooms"]
        read: int = rooms["python"]["read"]
        return read

    def say(self) -> int:
        """Ada says something in #python; give its id."""
        self.types(self.ada, "hello again")
        return self.here.chat.last_delivered()

    def test_said(self) -> None:
        """What a program says was read at one node was read at the other one."""
        self.come(self.there, "tablet")
        self.types(self.bob, "/quit")
        first, second = self.say(), self.say()
        self.assertLess(self.read(self.there), first)
        for id in (first, second):
            self.program.asks("seen", room="python", id=id)
            self.passes()
            self.assertEqual([self.read(node) for node in (self.here, self.there)], [id, id])

    def test_entered(self) -> None:
        """In a room that was entered at one node nothing is read yet at the other one."""
        self.types(self.bob, "/part python", "/join python")
        entered = self.here.chat.last_delivered()
        self.say()
        self.assertEqual(self.read(self.here), entered)

    def test_shown(self) -> None:
        """What a terminal has shown that has gone was read at the other node too."""
        self.assertLess(self.read(self.here), self.hello)
        self.types(self.bob, "/quit")
        self.assertGreaterEqual(self.read(self.here), self.hello)
