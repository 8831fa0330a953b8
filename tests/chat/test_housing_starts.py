"""Nodes that start while people are at others."""

from __future__ import annotations

from typing import Any

from tests.housed import HousingCase
from tests.nodes import SECRET, Node


class StartingTests(HousingCase):
    """Ada is at one node; bob, who has an account, and eve are at the other one, in #python."""

    def test_taken_over_at_a_start(self) -> None:
        """Who was at a node that has died lingers at one that starts in its place, and leaves."""
        enter = self.engine.enter

        def enter_instead(name: str) -> Any:
            seat = enter(name)
            self.engine.hand_over(self.there.seat.node, seat.node)
            return seat

        self.there.die()
        self.patch(self.engine, "enter", enter_instead)
        self.there = Node(self.engine, "there", self.LINGER)
        self.passes()
        self.assertEqual(self.homes("bob"), [([3], True)] * 2)
        self.assertEqual(self.there.chat.roster["ada"].is_elsewhere, True)
        self.all_see()
        self.come(self.there, "bob", SECRET)
        self.waits(31)
        self.assertEqual(self.ada.sees(), ["-- eve left the chat (connection lost)"])
        self.assertEqual(self.homes("bob"), [([3], False)] * 2)

    def test_starting_late(self) -> None:
        """A node that starts later knows who is where, and what is in force there."""
        tim = self.come(self.there, "tim", "/join attic", "/room moderated on", "/topic spiders")
        self.types(self.bob, "/away tea")
        late = Node(self.engine, "late")
        self.passes()
        here, new = (
            {
                member.nick: (sorted(member.rooms), member.identity, member.away, member.homes)
                for member in node.chat.roster.values()
            }
            for node in (self.here, late)
        )
        self.assertEqual(here, new)
        (runner,) = late.chat.permissions.operators("attic")
        self.assertEqual(runner.nick, "tim")
        self.assertTrue(late.chat.permissions.rules("attic").moderated)
        self.assertEqual(late.chat.topics["attic"].text, "spiders")
        zoe = self.come(late, "zoe", "/join attic")
        self.assertIn("-- you joined #attic: tim (2 here)", zoe.told)
        self.types(tim, "hush")
        self.assertEqual(zoe.sees(), ["tim: hush"])

    def test_starting_amid_a_move(self) -> None:
        """A node that starts while somebody gets another identity knows what that means later."""
        former = self.there.chat.roster["eve"].identity
        now = b"an-account-of-16"
        self.engine.moves[former] = now
        late = Node(self.engine, "late")
        self.clock.advance(1)
        self.types(self.ada, "/ban eve")
        (ban,) = late.chat.permissions.sanctions("python")
        self.assertEqual(ban.target_identity, now)

    def test_starting_amid_moving_acts(self) -> None:
        """It does not matter then which acts are stored under the new identity by now."""
        self.types(self.ada, "/voice eve", "/devoice eve")
        former, now = self.here.chat.roster["eve"].identity, b"an-account-of-16"
        self.engine.moves[former] = now
        change = "UPDATE acts SET target_identity = ? WHERE kind = 'devoiced'"
        self.engine.database._writer.execute(change, (now,))
        late = Node(self.engine, "late")
        self.assertEqual(late.chat.permissions.voiced("python"), [])
