"""A node's link to an engine in memory, which fails as a test wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.cluster.link import LinkLost, Row, Seat, Settled
from tests.memory_engine import MemoryEngine


class MemoryLink:
    """A node's link to an engine in memory; see L{chatservice.cluster.link.Link}.

    @ivar delay: seconds that each call takes; half of them before it is carried out.
    @ivar is_cut: whether nothing goes through, in either direction, and nothing is told.
    @ivar loses_answers: whether the connection breaks after each append, before its answer.
    """

    def __init__(self, engine: MemoryEngine) -> None:
        self._engine = engine
        self.woken: Callable[[], object] = lambda: None
        self.delay = 0.01
        self.is_cut = self.loses_answers = self.is_frozen = False
        self._under_way: list[Deferred[Any]] = []
        engine.notify.append(self.wake)

    def wake(self) -> None:
        """Notify the node, a little later."""
        if not self.is_cut:
            self._engine.clock.callLater(self.delay, self.woken)

    def connect(self) -> Deferred[None]:
        return self._call(lambda: None)

    def drop(self) -> None:
        under_way, self._under_way = self._under_way, []
        for done in under_way:
            done.errback(LinkLost())

    def call(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Have the engine do something that is not for the log."""
        return self._call(work)

    def _call(self, work: Callable[[], Any], loses: bool = False) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self._under_way.append(done)
        self._engine.clock.callLater(self.delay / 2, self._arrive, work, loses, done)
        return done

    def _arrive(self, work: Callable[[], Any], loses: bool, done: Deferred[Any]) -> None:
        if self.is_cut or done.called:
            return
        try:
            answer = work()
        except Exception:
            answer = Failure()
        if loses:
            self._under_way.remove(done)
            done.errback(LinkLost())
        else:
            self._engine.clock.callLater(self.delay / 2, self._answer, answer, done)

    def _answer(self, answer: Any, done: Deferred[Any]) -> None:
        if not self.is_cut and not done.called:
            self._under_way.remove(done)
            done.callback(answer)

    def append(
        self, seat: Seat, number: int, cursor: int, batch: str
    ) -> Deferred[Sequence[Row]]:
        work = lambda: self._engine.append(seat, number, cursor, batch)  # noqa: E731
        return self._call(work, self.loses_answers)

    def read(self, seat: Seat, cursor: int) -> Deferred[Sequence[Row]]:
        return self._call(lambda: self._engine.read(seat, cursor))

    def settle(self, seat: Seat, cursor: int) -> Deferred[Settled | None]:
        return self._call(lambda: self._engine.settle(seat, cursor))

    def renew(
        self, seat: Seat, cursor: int, members: int, adopts: bool
    ) -> Deferred[Sequence[int] | None]:
        return self._call(lambda: self._engine.renew(seat, cursor, members, adopts))

    def leave(self, seat: Seat, cursor: int) -> Deferred[None]:
        return self._call(lambda: self._engine.leave(seat, cursor))

    def close(self) -> None:
        self.drop()
