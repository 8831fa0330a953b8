"""Clocks in other places than the one where the tests run."""

from __future__ import annotations

import os
import time

from twisted.trial.unittest import SynchronousTestCase

BERLIN, UTC = "CET-1CEST,M3.5.0,M10.5.0/3", "UTC0"


class ZoneCase(SynchronousTestCase):
    """Tests with a clock in Berlin, or where they say (tzset(3))."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.set_zone, os.environ.get("TZ"))
        self.set_zone(BERLIN)

    def set_zone(self, zone: str | None) -> None:
        """Set the clock; C{None} is where this machine is."""
        if zone is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = zone
        time.tzset()
