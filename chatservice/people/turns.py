"""Costly work, a little of it at a time, shared fairly among those who ask for it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred

from chatservice.protocol.events import ChatError

T = TypeVar("T")


class _Job(NamedTuple):
    """A piece of work that somebody asked for; C{done} fires with its result."""

    work: Callable[[], Any]
    is_wanted: Callable[[], bool]
    done: Deferred[Any]


class Turns:
    """A fair queue of work: askers are served round robin, however much each has asked for.

    @param at_once: the most pieces of work under way.
    @param waiting: the most pieces of one asker's that may wait.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._most = waiting
        self._waiting: OrderedDict[Hashable, deque[_Job]] = OrderedDict()

    def run(
        self,
        asker: Hashable,
        work: Callable[[], Deferred[T]],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Deferred[T]:
        """Do C{work} when its turn has come, and fire with its result.

        @param asker: in whose turn to do it; usually an address (L{networks.origin_of}).
        @param is_wanted: called when the turn has come; if it says no, the work is not done.
        @raise ChatError: C{busy} if too much of the asker's work waits. The Deferred fails with
            C{closing} if the work was no longer wanted.
        """
        jobs = self._waiting.get(asker, ())
        if len(jobs) >= self._most:
            raise ChatError(
                "busy", "too many requests from your address are waiting: try again later"
            )
        job = _Job(work, is_wanted, Deferred())
        self._waiting.setdefault(asker, deque()).append(job)
        self._serve()
        return job.done

    def _serve(self) -> None:
        while self._free and self._waiting:
            asker, jobs = self._waiting.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                self._waiting[asker] = jobs
            if not job.is_wanted():
                job.done.errback(ChatError("closing", "the request was cancelled"))
                continue
            self._free -= 1
            maybeDeferred(job.work).addBoth(self._finished, job.done)

    def _finished(self, result: Any, done: Deferred[Any]) -> None:
        self._free += 1
        done.callback(result)
        self._serve()
