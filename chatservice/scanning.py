"""Reading that may take long: askers are served in turn, and nobody else waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.database import Database, Interrupted, Work
from chatservice.events import ChatError
from chatservice.journal import Asker
from chatservice.turns import Turns

T = TypeVar("T")

DEADLINE = 1.0
"""Seconds that one piece of it may take."""

WAITING = 4
"""The most that one address may have wait."""

COUNTS_WAITING = 1000
"""The same of what is not asked for, and short: counting what somebody missed."""

TOO_LONG = "that takes too long: not done"

class Scanning:
    """Reads in the thread for what takes long, one piece of work after the other.

    @param database: need not be open yet.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = Turns(1, WAITING)
        self._counts = Turns(1, COUNTS_WAITING)

    def in_turn(self, asker: Asker, work: Callable[[], Deferred[T]]) -> Deferred[T]:
        """Do work that consists of several steps, when it is the asker's turn.

        @raise ChatError: C{busy}; see L{Turns.run}.
        """
        return self._asked.run(asker.origin, work, asker.is_wanted)

    def read(self, asker: Asker, work: Work[T]) -> Deferred[T]:
        """Do work when it is the asker's turn; fails with L{ChatError} if it takes too long.

        @raise ChatError: C{busy}; see L{Turns.run}.
        """
        return self.in_turn(asker, lambda: self.at_once(asker, work))

    def count(self, asker: Asker, work: Work[T]) -> Deferred[T]:
        """Do work that is not long, and that very many may have wait at the same time."""
        return self._counts.run(
            asker.origin, lambda: self.at_once(asker, work), asker.is_wanted
        )

    def at_once(self, asker: Asker, work: Work[T], sentence: str = TOO_LONG) -> Deferred[T]:
        """Do work of whose turn it is; fails with L{ChatError} if it takes too long.

        @param sentence: what is said then.
        """

        def explain(failure: Failure) -> Failure:
            failure.trap(Interrupted)
            if not asker.is_wanted():
                raise ChatError("closing", "nobody waits for that any more")
            raise ChatError("usage", sentence)

        done = self._database.scan(work, DEADLINE, asker.is_wanted)
        return done.addErrback(explain)
