"""Background work, done a little at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatservice.database import Database

log = Logger()

INTERVAL = 1.0
"""Seconds between two checks for work."""

ROUND = 100
"""Events between two such checks in a chat without threads."""

Step = Callable[[], Deferred[bool]]


class Rounds:
    """A cycle of steps; each is repeated until it has no more work.

    @param steps: each does a little of its work, and returns whether it has more.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._next = 0
        self._failing = False

    @inlineCallbacks
    def step(self) -> Generator[Deferred[bool], bool, bool]:
        """Take the next step; return whether the round continues. Never run two at once.

        A failure is logged, and ends the round.
        """
        if self._next == len(self._steps):
            self._next = 0
            self._failing = False
            return False
        try:
            if not (yield self._steps[self._next]()):
                self._next += 1
        except Exception as error:
            if not self._failing:
                self._tell(error)
            self._failing = True
            self._next = 0
            return False
        return True

    @staticmethod
    def _tell(error: Exception) -> None:
        """Log a failure; further ones are not logged until a round succeeds."""
        clause = Database.clause_for(error)
        if clause is None:
            log.failure("Upkeep failed.")
        else:
            log.error("Nothing is tidied up: {why}.", why=clause)


class Upkeep:
    """Rounds of steps, one every second.

    @param reactor: C{IReactorTime}.
    @param steps: see L{Rounds}.
    """

    def __init__(self, reactor: Any, steps: Sequence[Step]) -> None:
        self._rounds = Rounds(steps)
        self._loop = LoopingCall(self._look_after)
        self._loop.clock = reactor
        self._done: Deferred[Any] = succeed(None)

    def start(self) -> None:
        """Start; the first round is in a second."""
        self._done = self._loop.start(INTERVAL, now=False)

    def stop(self) -> Deferred[Any]:
        """Take no more steps; fires when the present one is done."""
        if self._loop.running:
            self._loop.stop()
        return self._done

    @inlineCallbacks
    def _look_after(self) -> Generator[Deferred[bool], bool, None]:
        while self._loop.running and (yield self._rounds.step()):
            pass


class UpkeepByEvents:
    """Rounds of steps without a timer: a round starts every L{ROUND} events, a step at each event.

    @param steps: see L{Rounds}; they answer at once.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._rounds = Rounds(steps)
        self._events = 0
        self._goes_on = False

    def note_event(self) -> None:
        """Note that an event has been processed, and take a step if it is time for one."""
        self._events += 1
        if self._goes_on or self._events % ROUND == 0:
            self._rounds.step().addCallback(self._note)

    def _note(self, goes_on: bool) -> None:
        self._goes_on = goes_on
