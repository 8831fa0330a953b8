"""People of whom one has an account, at two nodes of one chat."""

from __future__ import annotations

from tests.nodes import SECRET, Node, NodesCase
from tests.persons import TextPerson


class Newcomer(TextPerson):
    """Somebody who has come to a node, and was told something on coming."""

    told = ""


class HousingCase(NodesCase):
    """Ada is at one node; bob, who has an account, and eve are at the other one, in #python."""

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.types(self.bob, f"/register {SECRET}")
        self.all_see()

    def come(self, node: Node, *lines: str) -> Newcomer:
        """Somebody who comes to a node, and types lines there; C{told} is what that shows."""
        person = Newcomer(node.connect())
        self.types(person, *lines)
        person.told = "\n".join(person.sees())
        return person

    def waits(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.pump([0.1] * 10 * seconds)

    def homes(self, nick: str) -> list[tuple[list[int], bool]]:
        """The nodes of somebody as each node knows them, and whether that one lingers."""
        return [
            (sorted(member.homes), member.lingers)
            for node in (self.here, self.there)
            for member in [node.chat.roster[nick]]
        ]
