"""Who sees what operators do, and what nobody did."""

from __future__ import annotations

from typing import Any

from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Member
from chatservice.protocol.actions import Announced, Invited, Kicked, Muted, OperatorAct
from chatservice.protocol.events import CameAndWent
from tests.chat.test_broadcast import BroadcastTestCase
from tests.recording import said, seen, sent


class ActTests(BroadcastTestCase):
    """What operators do."""

    def act(
        self,
        id: int,
        kind: type[OperatorAct],
        *rooms: str,
        whom: Member | None = None,
        **facts: Any,
    ) -> Envelope:
        """Something that ada does, shown in rooms."""
        return sent(kind(id=id, nick="ada", **facts), self.ada, whom, rooms)

    def test_both(self) -> None:
        """Who did it and whom it is about see it as their own, and the room as it is."""
        self.broadcast(self.act(1, Muted, "lobby", target="bob", whom=self.bob))
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!1"], ["!1"]))
        self.assertEqual((seen(self.carol), seen(self.dan)), (["1"], ["1~"]))

    def test_kicked(self) -> None:
        """Who is kicked out of a room sees that, and nothing more of that room."""
        self.broadcast(
            said(1, self.ada, self.lobby),
            self.act(2, Kicked, "lobby", target="carol", whom=self.carol),
            said(3, self.ada, self.lobby),
            said(4, self.dan, self.python),
        )
        self.assertEqual(seen(self.carol), ["1", "!2", "4~"])
        self.assertEqual(seen(self.bob), ["1", "2", "3"])
        self.broadcast(said(5, self.ada, self.lobby), said(6, self.dan, self.python))
        self.assertEqual(seen(self.carol), ["1", "!2", "4~", "6~"])

    def test_kicked_from_the_chat(self) -> None:
        """Who is kicked out of the chat hears no room any more; all of its rooms are told once."""
        frank = self.here("frank", self.python)
        self.broadcast(self.act(1, Kicked, "lobby", "python", target="carol", whom=self.carol))
        self.assertEqual(seen(self.carol), ["!1"])
        self.assertEqual((seen(self.bob), seen(self.dan), seen(frank)), (["1"], ["1"], ["1"]))
        self.broadcast(said(2, self.ada, self.lobby), said(3, self.dan, self.python))
        self.assertEqual(seen(self.carol), ["!1"])

    def test_whom_elsewhere(self) -> None:
        """Whom it is about is told, also in another room or when there is nobody to see it."""
        frank = self.here("frank", self.python)
        self.broadcast(self.act(1, Invited, "lobby", target="frank", whom=frank))
        self.broadcast(self.act(2, Invited, target="frank", whom=frank))
        self.assertEqual((seen(frank), seen(self.bob)), (["!1", "!2"], ["1"]))

    def test_nobody(self) -> None:
        """What is done to nobody here is shown in its rooms."""
        self.broadcast(self.act(1, Kicked, "lobby", target="mallory"))
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!1"], ["1"]))

    def test_to_oneself(self) -> None:
        """Who kicks itself sees that once."""
        self.broadcast(self.act(1, Kicked, "lobby", target="ada", whom=self.ada))
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!1"], ["1"]))
        self.assertNotIn(self.ada, self.lobby.audience)

    def test_in_memory(self) -> None:
        """What operators do is no part of a room's history."""
        self.broadcast(self.act(1, Announced, "lobby", "python", text="tea"))
        self.assertEqual((list(self.lobby.recent), list(self.python.recent)), ([], []))
        self.assertEqual((seen(self.carol), seen(self.dan)), (["1"], ["1"]))

    def test_sum(self) -> None:
        """What nobody did is shown to everybody in its room."""
        self.broadcast(sent(CameAndWent(id=1, room="lobby", came=3, went=4)))
        self.assertEqual((seen(self.ada), seen(self.dan)), (["1"], ["1~"]))
