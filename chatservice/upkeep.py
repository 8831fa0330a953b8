"""What is done in the background, a little at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatservice.database import Database

log = Logger()

INTERVAL = 1.0
"""Seconds between two looks at whether there is something to do."""

Step = Callable[[], Deferred[bool]]


class Upkeep:
    """Takes steps, one after the other.

    @param reactor: C{IReactorTime}.
    @param steps: each does a little of its work, and gives whether it has more to do.
    """

    def __init__(self, reactor: Any, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._loop = LoopingCall(self._look_after)
        self._loop.clock = reactor
        self._done: Deferred[Any] = succeed(None)
        self._failing = False

    def start(self) -> None:
        """Begin, in a second."""
        self._done = self._loop.start(INTERVAL, now=False)

    def stop(self) -> Deferred[Any]:
        """Take no more steps; fires when the one under way is done."""
        if self._loop.running:
            self._loop.stop()
        return self._done

    @inlineCallbacks
    def _look_after(self) -> Generator[Deferred[bool], bool, None]:
        try:
            for step in self._steps:
                while self._loop.running and (yield step()):
                    pass
        except Exception as error:
            if not self._failing:
                self._tell(error)
            self._failing = True
        else:
            self._failing = False

    @staticmethod
    def _tell(error: Exception) -> None:
        """It goes on, and this is not said again until it has worked in between."""
        clause = Database.clause_for(error)
        if clause is None:
            log.failure("Upkeep failed.")
        else:
            log.error("Nothing is tidied up: {why}.", why=clause)
