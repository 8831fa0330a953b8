"""Counts in sentences."""

from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.counts import counted


class CountedTests(SynchronousTestCase):
    """counted."""

    def test_counts(self) -> None:
        """One is one; none and many are many, with a comma between thousands."""
        spelled = {0: "0 lines were", 1: "1 line was", 2: "2 lines were", 1234: "1,234 lines were"}
        for count, words in spelled.items():
            self.assertEqual(counted(count, "line was", "lines were"), words)
