"""Topics at several nodes: all of them let the same ones give way."""

from __future__ import annotations

from chatservice.chat import topics
from tests.nodes import Node, NodesCase


class NodesTopicsTests(NodesCase):
    """Ada is at one node; bob is at the other one, and sets topics."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(topics, "OF_A_PERSON", 2)
        self.patch(topics, "FROM_AN_ADDRESS", 1)

    def sets(self, *rooms: str) -> None:
        """Bob sets topics, and stays nowhere."""
        for room in rooms:
            self.types(self.bob, f"/join {room}", f"/topic about {room}", "/part")

    def kept(self) -> list[list[str]]:
        """The rooms with a topic, as each node knows them, and one that has just started."""
        nodes = (self.here, self.there, Node(self.engine, "late"))
        return [sorted(node.chat.topics) for node in nodes]

    def test_oldest(self) -> None:
        """Of one person the oldest gives way, whoever has entered its room since."""
        self.sets("one", "two")
        self.types(self.ada, "/join one", "/part")
        self.sets("three")
        self.assertEqual(self.kept(), [["three", "two"]] * 3)

    def test_somebody_there(self) -> None:
        """A room that somebody is in, at any node, keeps its topic."""
        self.sets("one", "two")
        self.types(self.ada, "/join one")
        self.sets("three")
        self.assertEqual(self.kept(), [["one", "three"]] * 3)

    def test_one_too_many(self) -> None:
        """A node that has read one too many lets that give way as well with the next one."""
        self.sets("one", "two")
        self.patch(topics, "OF_A_PERSON", 1)
        self.sets("three")
        self.assertEqual(self.kept(), [["three"]] * 3)
