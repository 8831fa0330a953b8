"""A node whose earlier attempt to settle is carried out after the one that was answered."""

from __future__ import annotations

from chatservice.cluster.log import RENEW_EVERY
from tests.nodes import NodesCase


class LateSettlingTests(NodesCase):
    """Bob's node has a link that counts no more; the place is still its own."""

    def setUp(self) -> None:
        super().setUp()
        self.engine.nodes[self.there.seat.node].link += 1

    def test_line(self) -> None:
        """What is appended goes through after all, once, and nobody is sent away."""
        self.types(self.bob, "hello", "again")
        by_ada, by_bob, by_eve = self.all_see()
        self.assertEqual((by_ada, by_bob), (["bob: hello", "bob: again"], []))
        self.assertEqual(by_eve, ["hello", "again"])
        self.assertEqual(self.there.why_over, "")

    def test_lease(self) -> None:
        """The lease is renewed with the new link."""
        row = self.engine.nodes[self.there.seat.node]
        for _ in range(2):
            self.clock.advance(RENEW_EVERY)
            self.passes()
        self.assertEqual(self.there.why_over, "")
        self.assertEqual(self.there.seat.link, row.link)
        self.assertGreater(row.renewed, self.clock.seconds() - RENEW_EVERY)

    def test_lost(self) -> None:
        """Who has lost the place as well is told so."""
        self.engine.hand_over(self.there.seat.node, self.here.seat.node)
        self.bob.types("hello")
        self.passes()
        self.assertIn("cut off from the others for too long", self.there.why_over)
