"""Changes that the engine refuses, and changes at two nodes at once: all nodes agree in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatservice.protocol.events import Event
from tests.conversation import each_row
from tests.nodes import SECRET, NodesCase
from tests.persons import JsonPerson, TextPerson

STRANGER = b"of-somebody-else"
ELSEWHERE = "from your connection through another server"


class UndoingTests(NodesCase):
    """Zoe, a guest, is at both nodes, in #python; ada is at the first and bob at the second."""

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.here.chat.accounts.register("robert", STRANGER, SECRET, "")
        self.zoe = TextPerson(self.here.connect())
        self.types(self.zoe, "zoe", "/join python")
        self.second = JsonPerson(self.there.connect())
        self.second.asks("hello", token=self.here.chat.roster["zoe"].token, client="phone")
        self.passes()
        self.all_see()
        self.zoe.sees()

    def state(self) -> list[dict[str, Any]]:
        """What each node knows of the people who are here."""
        return [
            {
                member.nick: (
                    member.identity,
                    member.account and member.account.nick,
                    member.real_name,
                    member.away,
                    sorted(member.rooms),
                )
                for member in node.chat.roster.values()
            }
            for node in (self.here, self.there)
        ]

    @each_row(
        {
            "another nickname": "/nick ann",
            "away": "/away tea",
            "a real name": "/realname Zoe",
            "joining a room": "/join attic",
            "leaving a room": "/part",
            "an account": f"/login robert {SECRET}",
        }
    )
    def test_refused(self, line: str) -> None:
        """What the engine refuses is undone, whatever the reason."""
        before, people = self.state(), self.engine.people
        take = people.take

        def refuse(node: int, batch: Sequence[Event]) -> list[int]:
            is_from_here = node == self.here.seat.node
            return [*range(len(batch))] if is_from_here else take(node, batch)

        self.patch(people, "take", refuse)
        self.types(self.zoe, line)
        self.patch(people, "take", take)
        self.clock.pump([0.1] * 10)
        self.assertEqual(self.state(), before)
        self.assertEqual(self.all_see(), ([], [], []))

    def test_at_once(self) -> None:
        """Of changes at two nodes at the same moment each holds at both."""
        self.here.link.delay = 0.03
        self.zoe.types("/away tea")
        self.second.types("/nick ann")
        self.passes()
        self.passes()
        here, there = self.state()
        self.assertEqual(here, there)
        self.assertEqual(here["ann"][3], "tea")
        self.assertIn(f"-- you are now ann, {ELSEWHERE}", self.zoe.sees())

    def test_logged_in_elsewhere(self) -> None:
        """Who logs in at one node has the account at the other one too, with what it ignores."""
        account = self.here.chat.accounts.named("robert")
        assert account is not None
        account.ignored = {"eve": "eve"}
        self.here.chat.accounts.save(account)
        self.passes()
        self.second.types(f"/login robert {SECRET}")
        self.passes()
        self.assertEqual(*self.state())
        self.assertEqual(self.zoe.sees(), [f"-- you are now robert, {ELSEWHERE}"])
        self.eve.asks("say", room="python", text="hi")
        self.types(self.bob, "hello")
        self.assertEqual(self.zoe.sees(), ["bob: hello"])
