"""Journals for tests: immediate, slow, failing, held by the test, and shared by several chats."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from chatservice.chat.journal import Page, Wanted
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Batch, Event, TopicChanged
from chatservice.protocol.ids import EventIds
from chatservice.protocol.stamping import numbered
from chatservice.storage.database import Database
from chatservice.storage.journal import DatabaseArchive, DatabaseJournal
from chatservice.storage.rows import ACT, PRIVATE, TALK, acts_of, private_of, talk_of


class JournalInMemory(DatabaseJournal):
    """A journal in a new database in memory, which answers at once."""

    def __init__(self) -> None:
        database = Database(seconds=Clock().seconds)
        database.open()
        super().__init__(database)
        self.open()


def rows(journal: DatabaseJournal, sql: str, *given: object) -> list[Any]:
    """Return the rows that a statement finds in the database of a journal."""
    return journal._database.at_start(lambda connection: connection.execute(sql, given).fetchall())


def stored(journal: DatabaseJournal) -> list[Event]:
    """List everything that was said, in rooms and in private, by id."""
    talk = map(talk_of, rows(journal, f"SELECT {TALK} FROM events"))
    private = map(private_of, rows(journal, f"SELECT {PRIVATE} FROM whispers"))
    return sorted([*talk, *private], key=lambda event: event.id)


def acts(journal: DatabaseJournal) -> list[OperatorAct]:
    """List everything that operators did, by id."""
    return list(acts_of(rows(journal, f"SELECT {ACT} FROM acts ORDER BY id")))


class Waiting:
    """Answers that wait until the test releases them, in any order.

    @ivar is_slow: whether answers wait at all.
    """

    def __init__(self, is_slow: bool = True) -> None:
        self.is_slow = is_slow
        self._unanswered: list[tuple[Deferred[Any], Any]] = []

    def put_off(self, answer: Deferred[Any]) -> Deferred[Any]:
        """Put an answer off, if answers are slow now."""
        if not self.is_slow:
            return answer
        later: Deferred[Any] = Deferred()
        answer.addBoth(lambda result: self._unanswered.append((later, result)))
        return later

    def __len__(self) -> int:
        return len(self._unanswered)

    def answer(self, which: int) -> None:
        """Release one of the waiting answers, counted from the oldest."""
        later, result = self._unanswered.pop(which)
        later.callback(result)

    def answer_all(self) -> None:
        """Release every answer that is waiting now."""
        for _ in range(len(self)):
            self.answer(0)


def waits(method: Callable[..., Deferred[Any]]) -> Callable[..., Deferred[Any]]:
    """Make a method that puts its answer off."""

    def put_off(self: Any, *args: Any, **facts: Any) -> Deferred[Any]:
        return self.waiting.put_off(method(self, *args, **facts))

    return put_off


class SlowJournal(JournalInMemory):
    """A journal that works at once but, while it is slow, answers when the test says so.

    @param waiting: its answers, which others may share; without it, the journal is not slow yet.
    """

    def __init__(self, waiting: Waiting | None = None) -> None:
        super().__init__()
        self.waiting = Waiting(is_slow=False) if waiting is None else waiting

    store, page, missed = map(
        waits, (JournalInMemory.store, JournalInMemory.page, JournalInMemory.missed)
    )
    places, move = map(waits, (JournalInMemory.places, JournalInMemory.move))


class FailingJournal(JournalInMemory):
    """A journal that stores nothing while it has an error.

    @ivar error: the reason for the failure; C{None} while the journal works.
    """

    error: Exception | None = None

    def store(self, batch: Batch) -> Deferred[None]:
        return fail(self.error) if self.error else super().store(batch)


class HeldJournal(JournalInMemory):
    """A journal whose answers come from the test, with any result.

    @param pages: whether the pages come from the test too.
    @ivar batches: the batches appended; C{held} are the answers that the test must give.
    @ivar asked: the pages requested, each with the answer that the test must give.
    """

    def __init__(self, pages: bool = False) -> None:
        super().__init__()
        self.batches: list[list[Event]] = []
        self.held: list[Deferred[None]] = []
        self.asked: list[tuple[Wanted, Deferred[Page]]] = []
        self._holds_pages = pages

    def store(self, batch: Batch) -> Deferred[None]:
        super().store(batch)
        self.batches.append(list(batch))
        self.held.append(Deferred())
        return self.held[-1]

    def page(self, wanted: Wanted) -> Deferred[Page]:
        if not self._holds_pages:
            return super().page(wanted)
        self.asked.append((wanted, Deferred()))
        return self.asked[-1][1]

    def release(self, clock: Clock) -> None:
        """Answer every batch, until no more come."""
        clock.advance(0)
        while self.held:
            self.held.pop(0).callback(None)
            clock.advance(0)

    @property
    def held_ids(self) -> list[list[int]]:
        """The ids of each batch."""
        return [[event.id for event in batch] for batch in self.batches]


class SharedLog:
    """The one order of the events of all nodes. Every node gets them, its own as the same objects.

    Other nodes get an event as bytes, so that it carries no object that lives in another node.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ids = EventIds(clock.seconds)
        self.nodes: list[SharedJournal] = []
        self.committed: list[Callable[[Event], object]] = []

    def caught_up(self, node: SharedJournal) -> Deferred[None]:
        """Wait until a node has read everything that is committed by now."""
        return succeed(None)

    def append(self, batch: Batch, by: SharedJournal) -> Deferred[None]:
        """Commit a batch a little later."""
        done: Deferred[None] = Deferred()
        self._clock.callLater(0.01, self._commit, batch, by, done)
        return done

    def _commit(self, batch: Batch, by: SharedJournal, done: Deferred[None]) -> None:
        for event in batch:
            numbered(event, self.ids.next(), self.ids.time)
            for take in self.committed:
                take(event)
        wire = pickle.dumps(list(batch))
        for node in self.nodes:
            if node is by:
                self.hand_out(node, batch, lambda: done.callback(None))
            else:
                self.hand_out(node, pickle.loads(wire), lambda: None)

    def hand_out(
        self, node: SharedJournal, batch: Batch, told: Callable[[], object]
    ) -> None:
        """Give a node a batch, and call C{told} when it has taken it."""
        node.deliver(batch)
        told()


class SharedJournal(DatabaseArchive):
    """The journal of one node: the shared log, and the node's own archive, which stays empty."""

    def __init__(self, log: SharedLog) -> None:
        database = Database(seconds=Clock().seconds)
        database.open()
        super().__init__(database)
        self.make_ready()
        self._log = log
        self.ids = log.ids
        self.topics: dict[str, TopicChanged] = {}
        self.host_key = b"a key of tests"
        self.deliver: Callable[[Batch], None] = lambda batch: None
        log.nodes.append(self)

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{chatservice.chat.journal.Log.recall}: there were no earlier runs."""

    def follow(self, deliver: Callable[[Batch], None]) -> None:
        """See L{chatservice.chat.journal.Log.follow}."""
        self.deliver = deliver

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{chatservice.chat.journal.Log.append}."""
        return self._log.append(batch, self)
