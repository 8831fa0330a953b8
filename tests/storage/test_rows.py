"""Rows that a later version has written, which may run beside this one in a cluster."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import Said
from chatservice.storage.rows import acts_of, talk_of

ADA = b"a" * 16


class LaterTests(SynchronousTestCase):
    """Kinds of events that are not known yet."""

    def test_talk(self) -> None:
        """What was said in an unknown way is a line."""
        talk = talk_of(("sung", 7, "lobby", "ada", "la la", "", ADA, None))
        self.assertEqual(talk, Said(id=7, room="lobby", nick="ada", text="la la"))

    def test_acts(self) -> None:
        """Acts that are unknown are left out."""
        rows = [
            (kind, id, "lobby", "ada", ADA, "bob", b"b" * 16, "", 0, "", None)
            for id, kind in enumerate(("knighted", "kicked"))
        ]
        (kicked,) = acts_of(rows)
        self.assertEqual((type(kicked), kicked.id), (Kicked, 1))
