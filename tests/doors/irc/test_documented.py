"""The IRC door's document."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.irc.capabilities import ANNOUNCED
from chatservice.doors.irc.verbs import VERBS
from tests.documents import ROOT


class DocumentTests(SynchronousTestCase):
    """docs/irc.rst."""

    def test_whole(self) -> None:
        """It has every verb and every capability."""
        text = Path(ROOT / "docs/irc.rst").read_text("utf-8")
        missing = [name for name in (*VERBS, *ANNOUNCED) if f"``{name}``" not in text]
        self.assertEqual(missing, [])
