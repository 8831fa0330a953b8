"""The path of an event: published, stored in a batch, broadcast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.broadcast import broadcast
from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import InDoubt, Log
from chatservice.chat.rooms import Device, Member, Room
from chatservice.chat.watching import NO_WATCHERS, Watchers
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch, Event, Talk
from chatservice.protocol.stamping import numbered

log = Logger()

TRIAL = 10.0
"""The seconds after a failed commit until another is tried that nobody needs."""


READINGS = 16
"""The most times that the reactor reads once more before a commit.

Under load the lines of many people come shortly one after the other. If they go in few batches,
each commit and each hearer's C{send()} is shared by more of them.
"""


class Publish(Protocol):
    """A function that publishes a member's event; see L{chatservice.server.ChatFactory.publish}."""

    def __call__(self, member: Member, event: Event, by: Device | None = None) -> Envelope: ...


class Effects(Protocol):
    """The effects of events before and after people see them; see L{chatservice.chat.passing}."""

    def committed(self, envelope: Envelope) -> None:
        """Apply a stored event before its batch is broadcast."""

    def delivered(self, envelope: Envelope) -> None:
        """Finish an event whose batch was broadcast."""

    def refused(self, envelope: Envelope) -> None:
        """Undo an event that was not stored, or that the log has refused: its author is elsewhere
        now, or it was carried out elsewhere already.
        """

    def postponed(self, envelope: Envelope) -> None:
        """Note that nobody waits for an event any longer: it may pass much later, or has passed."""


class Publisher:
    """The queue from authors to hearers, who get events in the order of their ids.

    At most one batch is being appended to the log; events published meanwhile make the next one.
    The log hands back all committed batches, including those of other writers.

    @param rooms: the rooms of the chat, by name.
    @param answered: answers a request that the log has refused, if it was carried out elsewhere,
        and tells whether it does.
    @param watchers: those who watch somebody.
    @ivar effects: the effects of events; they must be set before anything is published.
    @ivar last: the id of the last event that was delivered.
    """

    effects: Effects

    def __init__(
        self,
        reactor: Any,
        log_: Log,
        rooms: Mapping[str, Room],
        answered: Callable[[Envelope], bool] = lambda envelope: False,
        watchers: Watchers = NO_WATCHERS,
    ) -> None:
        self._reactor = reactor
        self._log = log_
        self._most = log_.most
        log_.follow(self._deliver, self._take_back)
        self._rooms = rooms
        self._answered = answered
        self._watchers = watchers
        self.last = 0
        self._published: list[Envelope] = []
        # By the id of the event's object, which the log gives back.
        self._appended: dict[int, Envelope] = {}
        self._put_off: set[int] = set()
        self._under_way = False
        self._has_void = False
        self._failure = ""
        self._trial: IDelayedCall | None = None
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
        """Tell in a sentence why lines cannot be stored; empty if they can."""
        return f"lines cannot be stored: {self._failure}" if self._failure else ""

    def _try_later(self) -> None:
        """Try an empty batch in a while, and again and again, until lines can be stored.

        Otherwise only a line would show that, and a balancer keeps away everybody who could say
        one. Not at once: where a line found no room, an empty batch may find some.
        """
        if self._trial is None:
            self._trial = self._reactor.callLater(TRIAL, self._try)

    def _try(self) -> None:
        self._trial = None
        self._commit_soon()

    def show_here(self, event: Event) -> None:
        """Show people here something that every node tells its own people, and no log has."""
        self._broadcast([Envelope(numbered(event, self.last, None))])

    def under_way(self, event: Event) -> Envelope | None:
        """Find the envelope of an event that was published here, until it has passed."""
        waiting = (envelope for envelope in self._published if envelope.event is event)
        return self._appended.get(id(event)) or next(waiting, None)

    def settled(self, member: Member) -> Deferred[None]:
        """Return a Deferred that fires when all of a member's events are delivered or refused."""
        done: Deferred[None] = Deferred()
        if member.uncommitted:
            member.waiting += (done,)
        else:
            done.callback(None)
        return done

    def all_settled(self) -> Deferred[None]:
        """Return a Deferred that fires when no event is under way."""
        done: Deferred[None] = Deferred()
        if self._under_way:
            self._idle.append(done)
        else:
            done.callback(None)
        return done

    def passed(self) -> Deferred[None]:
        """Return a Deferred that fires when all events so far are delivered or refused."""
        done: Deferred[None] = Deferred()
        if self._under_way or self._put_off:
            self._passing.append((self._published_so_far, done))
        else:
            done.callback(None)
        return done

    def _commit_soon(self) -> None:
        """Commit what waits after this turn, or after the batch under way."""
        if not self._under_way:
            self._under_way = True
            self._read_more()

    def _read_more(self, left: int = READINGS) -> None:
        """Let the reactor read once more, so that lines that come meanwhile go along."""
        self._reactor.callLater(0, self._commit_after_reading, len(self._published), left)

    def _commit_after_reading(self, before: int, left: int) -> None:
        """Commit, unless that reading has brought lines and another one may bring more."""
        if left and before < len(self._published) < self._most:
            self._read_more(left - 1)
        else:
            self._commit()

    @inlineCallbacks
    def _commit(self) -> Generator[Deferred[None], None, None]:
        batch, self._published = self._published[: self._most], self._published[self._most :]
        void: list[Envelope] = []
        if self._has_void:
            void = [envelope for envelope in batch if envelope.is_void]
            batch = [envelope for envelope in batch if not envelope.is_void]
        self._appended.update((id(envelope.event), envelope) for envelope in batch)
        try:
            yield self._log.append([envelope.event for envelope in batch])
        except InDoubt as doubt:
            self._put_off.update(id(envelope.event) for envelope in batch)
            self._postpone(batch)
            doubt.outcome.addCallback(self._note_success, batch)
            doubt.outcome.addErrback(self._fail, batch)
        except Exception:
            self._fail(Failure(), batch)
        else:
            self._note_success(None, batch)
        self._take_out(void)
        self._through += len(batch) + len(void)
        self._commit_next()

    def _fail(self, failure: Failure, batch: list[Envelope]) -> None:
        rest = self._refuse(failure, batch)
        self._put_off.update(id(envelope.event) for envelope in rest)
        self._log.pass_on([envelope.event for envelope in rest])
        self._postpone(rest)

    def _postpone(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            self.effects.postponed(envelope)

    def stop(self) -> None:
        """Stop delivering."""
        self._stop_trying()
        self._log.follow(lambda batch, node=0: None, lambda batch: None)

    def _stop_trying(self) -> None:
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.cancel()

    def _deliver(self, batch: Batch, node: int = 0) -> None:
        """Broadcast a committed batch; events appended here come back as the same objects."""
        envelopes = []
        for event in batch:
            envelope = self._appended.pop(id(event), None) or Envelope(event, is_foreign=True)
            envelope.node = node
            envelopes.append(envelope)
        try:
            self._broadcast(envelopes)
        except Exception:
            log.failure("Broadcasting a batch failed.")

    def _tell_passed(self) -> None:
        while self._passing and self._passing[0][0] <= self._through and not self._put_off:
            self._passing.popleft()[1].callback(None)

    def _commit_next(self) -> None:
        self._tell_passed()
        self._under_way = bool(self._published)
        if self._under_way:
            # What is readable by now is known only in the next turn.
            self._reactor.callLater(0, self._read_more)
        else:
            self._has_void = False
            idle, self._idle = self._idle, []
            for done in idle:
                done.callback(None)

    def _note_success(self, _: None, batch: list[Envelope]) -> None:
        if not self._failure:
            return
        if batch and not any(envelope.event.stored for envelope in batch):
            # That shows nothing, and may have gone in place of a trial.
            self._try_later()
        else:
            self._failure = ""
            self._stop_trying()
            log.info("Lines are stored again.")

    def _refuse(self, failure: Failure, batch: list[Envelope]) -> list[Envelope]:
        """Refuse the events that need storing, and return the rest: presence goes on."""
        if failure.check(StorageError):
            why = str(failure.value)
            if not self._failure:
                log.error("Lines are refused, because they cannot be stored: {why}.", why=why)
            self._failure = why
            self._try_later()
        else:
            why = "something went wrong in the server"
            log.failure("Storing a batch failed.", failure)
        refused = [envelope for envelope in batch if envelope.event.stored]
        for envelope in refused:
            _tell_refused(envelope, f"not {_done(envelope)}: {why}")
        self._take_out(refused)
        presence = [envelope for envelope in batch if not envelope.event.stored]
        if self._has_void:
            self._take_out([envelope for envelope in presence if envelope.is_void])
            presence = [envelope for envelope in presence if not envelope.is_void]
        return presence

    def _take_out(self, refused: list[Envelope]) -> None:
        """Undo events that do not pass."""
        for envelope in refused:
            self._appended.pop(id(envelope.event), None)
            self.effects.refused(envelope)
            self._has_void = self._has_void or envelope.is_void
        self._come_through(refused)

    def _take_back(self, refused: Batch) -> None:
        """Take back events that the log has refused."""
        envelopes = [self._appended[id(event)] for event in refused]
        for envelope in envelopes:
            if not self._answered(envelope):
                _tell_refused(envelope, f"not {_done(envelope)}: you have left")
        self._take_out(envelopes)

    def _broadcast(self, batch: list[Envelope]) -> None:
        try:
            for envelope in batch:
                self.effects.committed(envelope)
            broadcast(batch, self._rooms, self._watchers)
            for envelope in batch:
                self.last = envelope.event.id
                self.effects.delivered(envelope)
        finally:
            self._come_through(batch)

    def _come_through(self, envelopes: list[Envelope]) -> None:
        """Count events as settled, and fire the Deferreds that waited for that."""
        if self._put_off:
            self._put_off.difference_update(id(envelope.event) for envelope in envelopes)
        for envelope in envelopes:
            member = envelope.signer
            if member is None:
                continue
            member.uncommitted -= 1
            if not member.uncommitted:
                waiting, member.waiting = member.waiting, ()
                for done in waiting:
                    done.callback(None)
        self._tell_passed()


def _done(envelope: Envelope) -> str:
    return "done" if isinstance(envelope.event, OperatorAct) else "sent"


def _tell_refused(envelope: Envelope, sentence: str) -> None:
    event, device = envelope.event, envelope.device
    if not event.stored or not event.kind:
        return
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
