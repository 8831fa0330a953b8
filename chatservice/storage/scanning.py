"""Long reads: askers are served in turn, and nobody else waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.chat.journal import Asker
from chatservice.people.turns import Turns
from chatservice.protocol.events import ChatError
from chatservice.storage.contract import Storage, Work
from chatservice.storage.database import Interrupted

T = TypeVar("T")

DEADLINE = 1.0
"""The time limit of one read, in seconds."""

WAITING = 4
"""The most reads of one address that may wait."""

COUNTS_WAITING = 1000
"""The same for short reads that nobody asks for: counting the lines that somebody missed."""

TOO_LONG = "that took too long: not done"

class Scanning:
    """A queue for the thread of long reads, which does one piece of work after the other.

    @param database: need not be open yet.
    """

    def __init__(self, database: Storage) -> None:
        self._database = database
        self._asked = Turns(1, WAITING)
        self._counts = Turns(1, COUNTS_WAITING)

    def in_turn(self, asker: Asker, work: Callable[[], Deferred[T]]) -> Deferred[T]:
        """Do work of several steps, when it is the asker's turn.

        @raise ChatError: C{busy}; see L{Turns.run}.
        """
        return self._asked.run(asker.origin, work, asker.is_wanted)

    def read(self, asker: Asker, work: Work[T]) -> Deferred[T]:
        """Do work when it is the asker's turn; fails with L{ChatError} if it takes too long.

        @raise ChatError: C{busy}; see L{Turns.run}.
        """
        return self.in_turn(asker, lambda: self.at_once(asker, work))

    def count(self, asker: Asker, work: Work[T]) -> Deferred[T]:
        """Do short work, of which very many pieces may wait; raises as L{read} does."""
        return self._counts.run(
            asker.origin, lambda: self.at_once(asker, work), asker.is_wanted
        )

    def at_once(self, asker: Asker, work: Work[T], sentence: str = TOO_LONG) -> Deferred[T]:
        """Do work whose turn has come; fails with L{ChatError} if it takes too long.

        @param sentence: the error message then.
        """

        def explain(failure: Failure) -> Failure:
            failure.trap(Interrupted)
            if not asker.is_wanted():
                raise ChatError("closing", "the request was cancelled")
            raise ChatError("usage", sentence)

        done = self._database.scan(work, DEADLINE, asker.is_wanted)
        return done.addErrback(explain)
