"""The log of a cluster, as one node takes part in it; see L{Log <chatservice.chat.journal.Log>}.

Batches go to the engine one after the other, and come back with everything that other nodes have
committed meanwhile, in the one order. When the connection breaks, the log opens another one, and
first settles whether the batch that was on its way is in: until then nothing is read or sent.
What needs the engine waits for it L{PATIENCE} seconds, and is then refused. Leaves and the like
wait as long as it takes, and so does whatever may be committed already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.journal import Deliver
from chatservice.cluster.faults import AWAY
from chatservice.cluster.link import ROWS, Link, LinkLost, Promises, Row, Seat, Settled
from chatservice.cluster.outgoing import Outgoing
from chatservice.cluster.spelling import read
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch
from chatservice.protocol.ids import EventIds

log = Logger()

T = TypeVar("T")

BATCH = 1024
"""The most events in one commit: each costs the engine and all nodes something by itself."""

PATIENCE = 3.0
"""Seconds that lines wait for an engine that does not answer."""

NO_ANSWER = 5.0
"""Seconds without an answer after which a connection is given up."""

LEASE = 15.0
"""Seconds after which a node that does not renew its lease has lost its place: C{chat_silent} and
C{chat_expired} in C{functions.sql} go by the same number, and by L{RENEW_EVERY}.
"""

RENEW_EVERY = 3.0
"""Seconds between two renewals of the lease."""

LOOK_EVERY = 1.0
"""Seconds after which to read even if nothing has woken the log."""

TRY_EVERY = 0.5
"""Seconds between two attempts to reach the engine."""


class ClusterLog:
    """One node's part in the log.

    @param reactor: C{IReactorTime}.
    @param members: counts the people who are connected to this node.
    @param lost_place: called when other nodes have taken over everybody here, with a sentence.
    @ivar cursor: the id up to which everything has passed.
    @ivar is_heard: tells whether what is said in a room concerns anybody here.
    @ivar trouble: why nothing can be stored at the moment; empty if it can.
    @ivar promised: called with the promises of the server after each new connection.
    """

    most = BATCH

    def __init__(
        self,
        reactor: Any,
        ids: EventIds,
        members: Callable[[], int],
        lost_place: Callable[[str], object],
    ) -> None:
        self._reactor = reactor
        self.ids = ids
        self.cursor = 0
        self._link: Link
        self._seat: Seat
        self._members = members
        self._lost_place = lost_place
        self._deliver: Deliver = lambda batch, node=0: None
        self.trouble = ""
        self.is_heard: Callable[[str], bool] = lambda room: True
        self.promised: Callable[[Promises], object] = lambda promises: None
        self._outgoing = Outgoing()
        self._pauses = False
        self._is_busy = self._is_over = False
        self._is_connected = True
        self._held_since = reactor.seconds()
        self._has_more = self._must_renew = True
        self._catching_up: list[tuple[int, Deferred[None]]] = []
        self._timers: list[LoopingCall] = []
        # Since when the engine has owed an answer, and the end of the patience with it.
        self._owes_since = 0.0
        self._patience: Any = None
        # They fire when nothing is under way any more, once this is over.
        self._rested: list[Deferred[None]] = []

    def begin(self, link: Link, seat: Seat, cursor: int) -> None:
        """Begin to take part.

        @param seat: the place of this node; its link's number changes.
        @param cursor: the id up to which everything is known already.
        """
        self._link, self._seat, self.cursor = link, seat, cursor
        self.ids.start_above(cursor)
        link.woken = self._wake
        self._timers = [
            _every(self._reactor, LOOK_EVERY, self._wake),
            _every(self._reactor, RENEW_EVERY, self._renew_soon),
        ]

    # What the chat asks.

    def follow(self, deliver: Deliver, take_back: Callable[[Batch], None]) -> None:
        """See L{Log.follow <chatservice.chat.journal.Log.follow>}."""
        self._deliver, self._outgoing.take_back = deliver, take_back

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Log.append <chatservice.chat.journal.Log.append>}."""
        if not batch and not self.trouble:
            return succeed(None)
        done = self._outgoing.append(batch)
        if self.trouble:
            self._outgoing.refuse(self.trouble)
        self._go_on()
        return done

    def pass_on(self, batch: Batch) -> None:
        """See L{Log.pass_on <chatservice.chat.journal.Log.pass_on>}."""
        self._outgoing.pass_on(batch)
        self._go_on()

    def caught_up(self, head: int) -> Deferred[None]:
        """Wait until everything up to an id has passed; fails if the engine does not answer."""
        done: Deferred[None] = Deferred()
        if self.cursor >= head:
            done.callback(None)
        elif self.trouble:
            done.errback(StorageError(AWAY))
        else:
            self._catching_up.append((head, done))
            self._wake()
        return done

    def stop(self) -> Deferred[None]:
        """Hand over everybody to another node, and take no more part."""
        self._end()
        rested: Deferred[None] = Deferred()
        self._rested.append(rested)
        self._tell_rested()
        left = rested.addCallback(lambda _: self._link.leave(self._seat, self.cursor))
        return self._within(NO_ANSWER, left).addErrback(_ignore)

    def _tell_rested(self) -> None:
        if self._is_over and not self._is_busy:
            waiting, self._rested = self._rested, []
            for rested in waiting:
                rested.callback(None)

    # One call after the other.

    def _go_on(self) -> None:
        if self._is_busy or self._is_over or not self._is_connected:
            self._tell_rested()
        elif self._must_renew:
            self._must_renew = False
            self._call(self._renew(), self._renewed)
        elif not self._outgoing.is_sent() and self._outgoing.is_due(self._pauses):
            self._send()
        elif self._has_more or self._outgoing.is_sent():
            self._has_more = False
            self._call(self._link.read(self._seat, self.cursor), self._read)

    def _call(self, call: Deferred[Any], take: Callable[[Any], object]) -> None:
        self._is_busy = True
        self._expect_answer()

        def answered(answer: Any) -> None:
            try:
                if not self._is_over:
                    self._answered(answer, take)
            finally:
                self._is_busy = False
            self._go_on()

        self._within(NO_ANSWER, call).addBoth(answered)

    def _answered(self, answer: Any, take: Callable[[Any], object]) -> None:
        """Take an answer; what passes may ask for more, which is read after the rest of this."""
        if isinstance(answer, Failure) and answer.check(LinkLost):
            self._lose_link()
            return
        self._stop_waiting()
        if isinstance(answer, Failure):
            self._fail(answer)
        else:
            take(answer)

    def _within(self, seconds: float, call: Deferred[T]) -> Deferred[T]:
        """Give up the connection if a call is not answered in time."""
        impatient = self._reactor.callLater(seconds, self._link.drop)

        def stop(answer: Any) -> Any:
            if impatient.active():
                impatient.cancel()
            return answer

        return call.addBoth(stop)

    def _send(self) -> None:
        def append() -> Deferred[Sequence[Row]]:
            batch = self._outgoing.send()
            return self._link.append(self._seat, self._outgoing.number + 1, self.cursor, batch)

        self._call(maybeDeferred(append), self._appended)

    def _appended(self, rows: Sequence[Row]) -> None:
        if rows:
            self._read(rows)
        else:
            self._lose_link()

    def _read(self, rows: Sequence[Row]) -> None:
        if len(rows) == ROWS:
            self._has_more = True
        for row in rows:
            self._take(row)
        waiting, self._catching_up = self._catching_up, []
        for head, done in waiting:
            if head <= self.cursor:
                done.callback(None)
            else:
                self._catching_up.append((head, done))

    def _take(self, row: Row) -> None:
        self.cursor = row.last
        self.ids.start_above(row.last)
        if row.node == self._seat.node and row.number:
            self._outgoing.commit(row, lambda events: self._deliver(events, row.node))
        else:
            assert row.data is not None
            events = read(row.data, row.first, row.time, row.refused, self.is_heard)
            self._deliver(events, row.node)

    def _fail(self, failure: Failure) -> None:
        """Refuse the batch that the engine did not take, if it was one."""
        if not self._outgoing.is_sent():
            self._note_trouble(failure)
            return
        self._pauses = True
        self._reactor.callLater(TRY_EVERY, self._pause_no_more)
        self._outgoing.fail(failure)

    def _note_trouble(self, failure: Failure) -> None:
        if not failure.check(StorageError):
            log.failure("Reading the log failed.", failure)
        elif not self.trouble:
            self.trouble = str(failure.value)
            log.error("The log cannot go on: {why}.", why=self.trouble)

    def _recover(self) -> None:
        if self.trouble:
            self.trouble = ""
            log.info("The database answers again.")

    def _pause_no_more(self) -> None:
        self._pauses = False
        self._go_on()

    # The lease.

    def _renew(self) -> Deferred[Sequence[int] | None]:
        adopts = self._reactor.seconds() - self._held_since >= LEASE
        return self._link.renew(self._seat, self.cursor, self._members(), adopts)

    def _renewed(self, adopted: Sequence[int] | None) -> None:
        self._recover()
        if adopted is None:
            self._lose_link()
        for node in adopted or ():
            log.info("Node {node} is gone: its people are waited for here.", node=node)

    def _renew_soon(self) -> None:
        self._must_renew = True
        self._go_on()

    def _wake(self) -> None:
        self._has_more = True
        self._go_on()

    # An engine that does not answer.

    def _expect_answer(self) -> None:
        """Begin to lose patience, unless that has begun."""
        if self._patience is None:
            self._owes_since = self._reactor.seconds()
            self._patience = self._reactor.callLater(PATIENCE, self._lose_patience)

    def _stop_waiting(self) -> None:
        patience, self._patience = self._patience, None
        if patience.active():
            patience.cancel()
        else:
            self._recover()

    def _lose_patience(self) -> None:
        """Refuse what has waited for too long, unless it may be committed already."""
        if self._is_over:
            return
        self.trouble = AWAY
        log.error("The database does not answer: lines are refused until it does.")
        waiting, self._catching_up = self._catching_up, []
        for _, caught_up in waiting:
            caught_up.errback(StorageError(AWAY))
        self._outgoing.refuse(AWAY)
        self._outgoing.doubt(AWAY)

    # A lost connection, or one that counts no more: an earlier attempt to settle may be carried out
    # after the one that was answered, if the engine was slow. Settling tells who has the place.

    def _lose_link(self) -> None:
        self._expect_answer()
        self._is_connected = False
        self._connect()

    def _connect(self) -> None:
        if not self._is_over:
            connected = self._within(NO_ANSWER, self._link.connect())
            connected.addCallbacks(self._connected, self._try_again)

    def _connected(self, _: None) -> None:
        settled = self._within(NO_ANSWER, self._link.settle(self._seat, self.cursor))
        settled.addCallbacks(self._settle, self._try_again)

    def _try_again(self, failure: Failure) -> None:
        if not failure.check(LinkLost, StorageError):
            log.failure("Reaching the database failed.", failure)
        self._reactor.callLater(TRY_EVERY, self._connect)

    def _settle(self, settled: Settled | None) -> None:
        if self._is_over:
            return
        if settled is None:
            self._lose_place()
            return
        self._seat.link = settled.link
        self.promised(settled.promises)
        if settled.number < self._outgoing.number or not settled.is_whole:
            self._note_loss(settled.number)
            return
        self._is_connected = True
        self._held_since = self._reactor.seconds()
        self._stop_waiting()
        if self._outgoing.is_sent() and settled.number == self._outgoing.number:
            if self._reactor.seconds() - self._owes_since >= PATIENCE:
                self._outgoing.give_up(AWAY)
            else:
                self._outgoing.send_again()
        self._wake()

    def _note_loss(self, number: int) -> None:
        if number < self._outgoing.number:
            log.critical(
                "The database has lost what it had acknowledged: {lines} lines of this node, in its"
                " batches from {number} on.",
                lines=self._outgoing.lines_after(number),
                number=number + 1,
            )
        else:
            log.critical("The database has lost what it had acknowledged to other nodes.")
        self._lose_place()

    def _lose_place(self) -> None:
        self._end()
        self._lost_place("this server was cut off from the others for too long: come back")

    def _end(self) -> None:
        self._is_over = True
        timers, self._timers = self._timers, []
        for timer in timers:
            timer.stop()


def _every(reactor: Any, seconds: float, work: Callable[[], object]) -> LoopingCall:
    loop = LoopingCall(work)
    loop.clock = reactor
    loop.start(seconds, now=False)
    return loop


def _ignore(failure: Failure) -> None:
    failure.trap(LinkLost, StorageError)
