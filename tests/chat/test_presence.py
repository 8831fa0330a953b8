"""Presence in rooms, and running them, by the log alone."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.presence import Presence

ADA, BOB, EVE = b"ada", b"bob", b"eve"


class PresenceTests(SynchronousTestCase):
    """People who come to #attic, leave it and become others."""

    def setUp(self) -> None:
        self.presence = Presence()

    def test_first_and_last(self) -> None:
        """The first one to come finds nobody, and the last one to go leaves nobody."""
        self.assertEqual([self.presence.enter("attic", each) for each in (ADA, BOB)], [True, False])
        self.assertEqual([self.presence.leave("attic", each) for each in (ADA, BOB)], [False, True])
        self.assertTrue(self.presence.enter("attic", BOB))

    def test_not_there(self) -> None:
        """Somebody who is not there neither runs the room nor leaves it."""
        self.presence.run("attic", ADA, "ada")
        self.assertFalse(self.presence.leave("attic", ADA))
        self.presence.enter("attic", ADA)
        self.assertFalse(self.presence.leave("attic", BOB))
        self.presence.stop("attic", BOB)
        self.assertEqual(self.presence.runners("attic"), {})

    def test_runners(self) -> None:
        """They run it until they are stopped or leave."""
        for each in (ADA, BOB):
            self.presence.enter("attic", each)
            self.presence.run("attic", each, each.decode())
        self.assertEqual(self.presence.runners("attic"), {ADA: "ada", BOB: "bob"})
        self.presence.stop("attic", ADA)
        self.presence.leave("attic", BOB)
        self.assertEqual(self.presence.runners("attic"), {})

    def test_another_identity(self) -> None:
        """A new identity goes on running it, also by what was on its way under the former one."""
        self.presence.enter("attic", ADA)
        self.presence.enter("loft", ADA)
        self.presence.enter("den", BOB)
        self.presence.run("attic", ADA, "ada")
        self.presence.move(ADA, EVE)
        self.assertEqual(self.presence.runners("attic"), {EVE: "ada"})
        self.presence.run("loft", ADA, "ada")
        self.assertEqual(self.presence.runners("loft"), {EVE: "ada"})
        self.assertTrue(self.presence.leave("attic", ADA))
        self.presence.settle(ADA)
        self.assertFalse(self.presence.leave("loft", ADA))
        self.assertTrue(self.presence.leave("loft", EVE))

    def test_there_and_back(self) -> None:
        """Somebody who takes a new identity and then the former one again is found by either."""
        self.presence.enter("attic", ADA)
        self.presence.move(ADA, EVE)
        self.presence.move(EVE, ADA)
        self.assertTrue(self.presence.leave("attic", EVE))
