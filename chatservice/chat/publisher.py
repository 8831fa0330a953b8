"""The path of an event: published, stored in a batch, broadcast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.broadcast import broadcast
from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Log
from chatservice.chat.rooms import Device, Member, Room
from chatservice.chat.watching import NO_WATCHERS, Watchers
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch, Event, Talk

log = Logger()

BATCH = 256
"""The most events in one commit."""

TRIAL = 10.0
"""The seconds after a failed commit until another is tried that nobody needs."""


class Publish(Protocol):
    """A function that publishes a member's event; see L{chatservice.server.ChatFactory.publish}."""

    def __call__(self, member: Member, event: Event, by: Device | None = None) -> Envelope: ...


class Publisher:
    """The queue from authors to hearers, who get events in the order of their ids.

    At most one batch is being appended to the log; events published meanwhile make the next one.
    The log hands back all committed batches, including those of other writers.

    @param rooms: the rooms of the chat, by name.
    @param committed: called with each envelope before its batch is broadcast.
    @param delivered: called with each envelope after its batch was broadcast.
    @param watchers: those who watch somebody.
    @ivar last: the id of the last event that was delivered.
    """

    def __init__(
        self,
        reactor: Any,
        log_: Log,
        rooms: Mapping[str, Room],
        committed: Callable[[Envelope], None],
        delivered: Callable[[Envelope], None],
        watchers: Watchers = NO_WATCHERS,
    ) -> None:
        self._reactor = reactor
        self._log = log_
        log_.follow(self._deliver)
        self._rooms = rooms
        self._committed = committed
        self._delivered = delivered
        self._watchers = watchers
        self.last = 0
        self._published: list[Envelope] = []
        self._appended: deque[Envelope] = deque()
        self._under_way = False
        self._failure = ""
        self._failed = 0.0
        self._idle: list[Deferred[None]] = []
        self._published_so_far = self._through = 0
        self._passing: deque[tuple[int, Deferred[None]]] = deque()

    def publish(self, envelope: Envelope) -> None:
        """Queue an event for the journal: it goes after this turn or after the batch under way."""
        if envelope.author is not None:
            envelope.author.uncommitted += 1
        self._published.append(envelope)
        self._published_so_far += 1
        self._commit_soon()

    def trouble(self) -> str:
        """Tell in a sentence why lines cannot be stored; empty if they can.

        Asked again later, try an empty batch. Otherwise only a line would show that it is over, and
        a balancer that asks keeps away everybody who could say one. Not at once: where a line found
        no room, an empty batch may find some.
        """
        if not self._failure:
            return ""
        if self._reactor.seconds() >= self._failed + TRIAL:
            self._commit_soon()
        return f"lines cannot be stored: {self._failure}"

    def settled(self, member: Member) -> Deferred[None]:
        """Return a Deferred that fires when all of a member's events are delivered or refused."""
        return _fire_when(not member.uncommitted, member.waiting)

    def all_settled(self) -> Deferred[None]:
        """Return a Deferred that fires when no event is under way."""
        return _fire_when(not self._under_way, self._idle)

    def passed(self) -> Deferred[None]:
        """Return a Deferred that fires when all events so far are delivered or refused."""
        done: Deferred[None] = Deferred()
        if self._under_way:
            self._passing.append((self._published_so_far, done))
        else:
            done.callback(None)
        return done

    def _commit_soon(self) -> None:
        """Commit what waits after this turn, or after the batch under way."""
        if not self._under_way:
            self._under_way = True
            self._reactor.callLater(0, self._commit)

    @inlineCallbacks
    def _commit(self) -> Generator[Deferred[None], None, None]:
        batch, self._published = self._published[:BATCH], self._published[BATCH:]
        self._appended.extend(batch)
        try:
            yield self._log.append([envelope.event for envelope in batch])
        except Exception:
            self._deliver(self._refuse(Failure(), batch))
        else:
            self._note_success(batch)
        self._through += len(batch)
        self._commit_next()

    def stop(self) -> None:
        """Stop delivering."""
        self._log.follow(lambda batch: None)

    def _deliver(self, batch: Batch) -> None:
        """Broadcast a committed batch; events appended here come back in the same order."""
        envelopes = []
        for event in batch:
            is_own = self._appended and self._appended[0].event is event
            envelope = self._appended.popleft() if is_own else Envelope(event, is_foreign=True)
            envelopes.append(envelope)
        try:
            self._broadcast(envelopes)
        except Exception:
            log.failure("Broadcasting a batch failed.")

    def _commit_next(self) -> None:
        while self._passing and self._passing[0][0] <= self._through:
            self._passing.popleft()[1].callback(None)
        self._under_way = bool(self._published)
        if self._under_way:
            self._reactor.callLater(0, self._commit_after_reading)
        else:
            idle, self._idle = self._idle, []
            for done in idle:
                done.callback(None)

    def _commit_after_reading(self) -> None:
        """Let the reactor read once more first, so that lines that came meanwhile go along."""
        self._reactor.callLater(0, self._commit)

    def _note_success(self, batch: list[Envelope]) -> None:
        has_shown = not batch or any(envelope.event.stored for envelope in batch)
        if self._failure and has_shown:
            self._failure = ""
            log.info("Lines are stored again.")

    def _refuse(self, failure: Failure, batch: list[Envelope]) -> Batch:
        """Refuse the events that need storing, and return the rest: presence goes on."""
        if failure.check(StorageError):
            why = str(failure.value)
            if not self._failure:
                log.error("Lines are refused, because they cannot be stored: {why}.", why=why)
            self._failure, self._failed = why, self._reactor.seconds()
        else:
            why = "something went wrong in the server"
            log.failure("Storing a batch failed.", failure)
        refused = [envelope for envelope in batch if envelope.event.stored]
        for envelope in refused:
            what = "done" if isinstance(envelope.event, OperatorAct) else "sent"
            _tell_refused(envelope, f"not {what}: {why}")
        self._appended = deque(each for each in batch if not each.event.stored)
        self._come_through(refused)
        return [envelope.event for envelope in self._appended]

    def _broadcast(self, batch: list[Envelope]) -> None:
        try:
            for envelope in batch:
                self._committed(envelope)
            broadcast(batch, self._rooms, self._watchers)
            for envelope in batch:
                self.last = envelope.event.id
                self._delivered(envelope)
        finally:
            self._come_through(batch)

    @staticmethod
    def _come_through(envelopes: Iterable[Envelope]) -> None:
        """Count events as settled, and fire the Deferreds that waited for that."""
        for envelope in envelopes:
            member = envelope.author
            if member is None or envelope.is_foreign:
                continue
            member.uncommitted -= 1
            if not member.uncommitted:
                waiting, member.waiting = member.waiting, []
                for done in waiting:
                    done.callback(None)


def _tell_refused(envelope: Envelope, sentence: str) -> None:
    event, device = envelope.event, envelope.device
    if isinstance(event, Talk) and envelope.author is not None:
        envelope.author.spoken.refuse(event.mark, sentence)
    if device is None:
        return
    try:
        device.door.refuse(event, sentence)
    except Exception:
        nick = device.member.nick
        log.failure("Refusing a line of {nick} failed; dropping that connection.", nick=nick)
        device.door.drop()


def _fire_when(now: bool, waiting: list[Deferred[None]]) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    if now:
        done.callback(None)
    else:
        waiting.append(done)
    return done
