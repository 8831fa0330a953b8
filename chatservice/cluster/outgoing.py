"""The events of a node on their way to the log, in the order in which they go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.chat.journal import InDoubt
from chatservice.cluster.link import Row
from chatservice.cluster.spelling import spell
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch, Event
from chatservice.protocol.stamping import numbered


class Outgoing:
    """The batch that waits, the one that was sent, and events that nobody waits for.

    @ivar number: that of the last batch that is known to be committed.
    @ivar take_back: called with events that were left out; see L{Log.follow
        <chatservice.chat.journal.Log.follow>}.
    """

    def __init__(self) -> None:
        self.number = 0
        self.take_back: Callable[[Batch], None] = lambda batch: None
        # Batches of late: their numbers, and how many lines each had.
        self._lines: deque[tuple[int, int]] = deque(maxlen=10_000)
        self._waiting: _Batch | None = None
        self._put_off: list[Event] = []
        self._sent: _Batch | None = None

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Log.append <chatservice.chat.journal.Log.append>}."""
        self._waiting = _Batch(batch)
        return self._waiting.done

    def pass_on(self, batch: Batch) -> None:
        """See L{Log.pass_on <chatservice.chat.journal.Log.pass_on>}."""
        self._put_off.extend(batch)

    def is_sent(self) -> bool:
        """Tell whether a batch is on its way, of which nothing is known yet."""
        return self._sent is not None

    def is_due(self, pauses: bool) -> bool:
        """Tell whether there is something to send.

        @param pauses: whether events that nobody waits for are held back.
        """
        return self._waiting is not None or bool(self._put_off and not pauses)

    def send(self) -> str:
        """Spell everything that is to be sent, as one batch."""
        self._sent, self._waiting = self._waiting or _nothing(), None
        self._sent.put_off, self._put_off = self._put_off, []
        return spell(self._sent.events)

    def commit(self, row: Row, deliver: Callable[[list[Event]], None]) -> None:
        """Take note that the batch that was sent is committed.

        @param deliver: called with the events that were not left out.
        """
        sent, self._sent = self._sent, None
        assert sent is not None
        self.number = row.number
        events, out = sent.events, set(row.refused)
        self._lines.append((row.number, sum(event.stored for event in events)))
        for id, event in enumerate(events, row.first):
            numbered(event, id, row.time)
        deliver([event for place, event in enumerate(events) if place not in out])
        self.take_back([events[place] for place in row.refused])
        sent.done.callback(None)

    def fail(self, failure: Failure) -> None:
        """Refuse the batch that was sent: the engine did not take it."""
        sent, self._sent = self._sent, None
        assert sent is not None
        if failure.check(StorageError):
            self._put_off = [*sent.put_off, *self._put_off]
        else:
            # It must not fail again and again, and everything else with it.
            self.take_back(sent.put_off)
        sent.done.errback(failure)

    def doubt(self, why: str) -> None:
        """Let nobody wait any longer for the batch that was sent; its outcome comes later."""
        sent = self._sent
        if sent is not None and sent.has_own and not sent.is_in_doubt:
            sent.is_in_doubt = True
            done, sent.done = sent.done, Deferred()
            done.errback(InDoubt(why, sent.done))

    def send_again(self) -> None:
        """Let the batch that was sent go once more: it is not committed."""
        sent, self._sent = self._sent, None
        assert sent is not None
        self._put_off, sent.put_off = [*sent.put_off, *self._put_off], []
        if sent.has_own:
            self._waiting = sent

    def refuse(self, why: str) -> None:
        """Refuse the batch that waits, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.done.errback(StorageError(why))

    def give_up(self, why: str) -> None:
        """Refuse the batch that was sent, which is not committed; what nobody waits for goes on."""
        # What is refused comes back in part, by L{pass_on}: it goes before what came later.
        later, self._put_off = self._put_off, []
        self.send_again()
        self.refuse(why)
        self._put_off += later

    def lines_after(self, number: int) -> int:
        """Count the lines in committed batches after a number."""
        return sum(lines for each, lines in self._lines if each > number)


class _Batch:
    """Events that are to be appended together.

    @ivar put_off: those among them that waited before the others, and are sent with them.
    @ivar done: see L{Log.append <chatservice.chat.journal.Log.append>}.
    @ivar is_in_doubt: whether nobody waits for that any longer.
    """

    def __init__(self, batch: Batch) -> None:
        self.put_off: list[Event] = []
        self._batch = batch
        self.done: Deferred[None] = Deferred()
        self.is_in_doubt = False

    @property
    def has_own(self) -> bool:
        """Whether there are others than those that were put off."""
        return bool(self._batch)

    @property
    def events(self) -> list[Event]:
        """All events, in order."""
        return [*self.put_off, *self._batch]


def _nothing() -> _Batch:
    """Make an empty batch, for whose failure nobody waits."""
    batch = _Batch(())
    batch.done.addErrback(lambda _: None)
    return batch
