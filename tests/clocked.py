"""Test cases for a chat whose clock is set ahead or back, and for clocks in other time zones."""

from __future__ import annotations

import os
import time
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.clock import WallClock
from chatservice.chat.journal import Wanted
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.accounts import Accounts
from chatservice.protocol.ids import EventIds
from chatservice.server import ChatFactory
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.pruning import Pruning
from chatservice.storage.threads import ThreadedDatabase
from tests.conversation import NOON, ConversationCase, TableCase, new_path, tokens
from tests.databases import InlinePool, InlineReactor
from tests.doubles import PlainPasswords

BERLIN, UTC = "CET-1CEST,M3.5.0,M10.5.0/3", "UTC0"
DAY = 86_400.0
SECOND = 1_000_000
AHEAD_BACK = {"ahead": DAY, "far_ahead": 40 * DAY, "back": -DAY, "far_back": -400 * DAY}


class ZoneCase(SynchronousTestCase):
    """Tests with a clock in Berlin's time zone, or in another that they set (tzset(3))."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.set_zone, os.environ.get("TZ"))
        self.set_zone(BERLIN)

    def set_zone(self, zone: str | None) -> None:
        """Set the time zone; C{None} for this machine's own."""
        if zone is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = zone
        time.tzset()


class Faked(TableCase):
    """Tests with a wall clock that they can set, and a monotonic clock.

    @ivar offset: the seconds by which the wall clock is ahead.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.offset = 0.0
        self.wall = self.new_wall()

    def new_wall(self) -> WallClock:
        return WallClock(
            lambda: NOON.timestamp() + self.clock.seconds() + self.offset, self.clock.seconds
        )

    def set_by(self, seconds: float) -> None:
        """Set the wall clock, and let the chat notice."""
        self.offset += seconds
        self.wall.time()


class ClockCase(Faked, ConversationCase):
    """Tests of a chat with a database file, on clocks that the test sets.

    @ivar keep: for how many seconds lines are kept, in the rooms C{own} alone if there are any.
    """

    def setUp(self) -> None:
        ConversationCase.setUp(self)
        self.offset = 0.0
        self.path = str(new_path(self))
        self.database: ThreadedDatabase | None = None
        self.keep = 0
        self.own: list[str] = []
        self.tokens = tokens()
        self.restart()

    def restart(self) -> None:
        """End the chat as a crash would, and start again on the same file."""
        if self.database is not None:
            self.database.close()
        pool: Any = InlinePool
        self.database = ThreadedDatabase(InlineReactor(), self.path, pool)
        self.database.open()
        self.wall = self.new_wall()
        ids = EventIds(self.wall.time)
        journal = DatabaseJournal(self.database, ids)
        journal.open()
        self.journal = journal
        store = StoredAccounts(self.database)
        accounts = Accounts(PlainPasswords(), self.clock.seconds, ids.now, store)
        accounts.load()
        self.chat = ChatFactory(
            self.clock,
            journal,
            self.rules,
            accounts,
            self.wall,
            new_token=lambda: next(self.tokens),
        )
        self.front = FrontFactory(self.chat, Admission(), PortKind(direct=True))
        self.chat.restore()
        self.pruning = Pruning(
            self.database,
            lambda room: (self.keep if room in (self.own or (room,)) else 0, 0),
            ids.now,
            own=lambda: self.own,
            is_settled=self.wall.is_settled,
        )

    def tearDown(self) -> None:
        assert self.database is not None
        self.database.close()

    def prune(self) -> list[str]:
        """Run a round of pruning, and return the texts that are left in the lobby."""
        self.clock.advance(61)
        while self.successResultOf(self.pruning.step()):
            pass
        page = self.successResultOf(self.journal.page(self.wanted()))
        return [event.text for event in page.events]

    def wanted(self) -> Wanted:
        return Wanted(of="lobby", after=0, limit=1000)

    def runs(self) -> tuple[Any, Any]:
        """Return ada, who owns a room, and eve, who is in it."""
        ada, eve = self.at_text("ada"), self.at_text("eve")
        ada.types("/register correct-horse")
        ada.types("/join den")
        eve.types("/join den")
        ada.sees()
        eve.sees()
        return ada, eve
