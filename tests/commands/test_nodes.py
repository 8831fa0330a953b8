"""The nodes of a chat, as its operators see them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from chatservice.chat.nodes import NodeState
from chatservice.protocol.errors import StorageError
from tests.conversation import error
from tests.operating import PASSWORD, OperatorCase

HELD_DOWN = ("not-allowed", "only a server operator may do that")


class SomeNodes:
    """Nodes as a test wants them; see L{Nodes <chatservice.chat.nodes.Nodes>}."""

    def __init__(self, found: Deferred[list[NodeState]]) -> None:
        self._found = found

    def list(self) -> Deferred[list[NodeState]]:
        return self._found


class NodesTests(OperatorCase):
    """Ada is the server's operator, and bob is not."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("ada")
        self.ada, self.bob = self.at("text", "ada"), self.at_json("bob")

    def asks(self, typed: str = "/nodes") -> list[Any]:
        """What ada sees who types something."""
        self.ada.sees()
        self.ada.types(typed)
        return self.ada.sees()

    def test_several(self) -> None:
        """There is a line for each node."""
        one = NodeState("one", "0.1.0", 12, 0.04, 1.6, is_this=True)
        two = NodeState("two", "0.2.0", 1, 7.4, 11.0, is_this=False)
        self.chat.nodes = SomeNodes(succeed([one, two]))
        self.assertEqual(
            self.asks(),
            [
                "-- one (this one): 12 people, up to date, seen 2 s ago, version 0.1.0",
                "-- two: 1 person, 7 s behind, not heard of for 11 s, version 0.2.0",
            ],
        )

    def test_program(self) -> None:
        """A program gets the lines as the answer to its request."""
        self.bob.types(f"/oper ada {PASSWORD}")
        self.bob.sees()
        self.bob.types("/nodes", ref="r1")
        lines = ["this chat runs on one machine"]
        self.assertEqual(self.bob.sees(), [{"type": "ok", "lines": lines, "ref": "r1"}])

    def test_one_machine(self) -> None:
        """A chat that has a file is on one machine."""
        self.assertEqual(self.asks(), ["-- this chat runs on one machine"])

    def test_others(self) -> None:
        """It is for server operators."""
        self.chat.nodes = SomeNodes(succeed([]))
        self.bob.types("/nodes", ref="r1")
        (refusal,) = self.bob.sees()
        refusal.pop("cause")
        self.assertEqual(refusal, error(*HELD_DOWN, ref="r1"))

    def test_usage(self) -> None:
        """It takes nothing more."""
        self.assertEqual(self.asks("/nodes one"), ["-- use it like this: /nodes"])

    def test_away(self) -> None:
        """That the database does not answer is a sentence."""
        self.chat.nodes = SomeNodes(fail(StorageError("the database does not answer")))
        self.assertEqual(self.asks(), ["-- not done: the database does not answer"])
