"""Journals of tests: at once, slow, failing, held by the test, and shared by several chats."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from chatservice.chat.journal import Page, Wanted
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Batch, Event, EventIds, TopicChanged, numbered
from chatservice.storage.database import Database
from chatservice.storage.journal import DatabaseArchive, DatabaseJournal
from chatservice.storage.rows import ACT, PRIVATE, TALK, act_of, private_of, talk_of


class JournalInMemory(DatabaseJournal):
    """A journal in a new database in memory, which answers at once."""

    def __init__(self) -> None:
        database = Database(seconds=Clock().seconds)
        database.open()
        super().__init__(database)
        self.open()


def rows(journal: DatabaseJournal, sql: str, *given: object) -> list[Any]:
    """What a statement finds in the database of a journal."""
    return journal._database.at_start(lambda connection: connection.execute(sql, given).fetchall())


def stored(journal: DatabaseJournal) -> list[Event]:
    """All that was said, in rooms and in private, by id."""
    talk = map(talk_of, rows(journal, f"SELECT {TALK} FROM events"))
    private = map(private_of, rows(journal, f"SELECT {PRIVATE} FROM whispers"))
    return sorted([*talk, *private], key=lambda event: event.id)


def acts(journal: DatabaseJournal) -> list[OperatorAct]:
    """All that operators did, by id."""
    return list(map(act_of, rows(journal, f"SELECT {ACT} FROM acts ORDER BY id")))


class Waiting:
    """Answers that do not come before the test says so, in whatever order it says.

    @ivar is_slow: whether they wait at all.
    """

    def __init__(self, is_slow: bool = True) -> None:
        self.is_slow = is_slow
        self._unanswered: list[tuple[Deferred[Any], Any]] = []

    def put_off(self, answer: Deferred[Any]) -> Deferred[Any]:
        """Give an answer later, if it is slow now."""
        if not self.is_slow:
            return answer
        later: Deferred[Any] = Deferred()
        answer.addBoth(lambda result: self._unanswered.append((later, result)))
        return later

    def __len__(self) -> int:
        return len(self._unanswered)

    def answer(self, which: int) -> None:
        """Give one of the answers that wait, counted from the oldest."""
        later, result = self._unanswered.pop(which)
        later.callback(result)

    def answer_all(self) -> None:
        """Give every answer that waits by now."""
        for _ in range(len(self)):
            self.answer(0)


def waits(method: Callable[..., Deferred[Any]]) -> Callable[..., Deferred[Any]]:
    """Make a method whose answer is put off."""

    def put_off(self: Any, *args: Any, **facts: Any) -> Deferred[Any]:
        return self.waiting.put_off(method(self, *args, **facts))

    return put_off


class SlowJournal(JournalInMemory):
    """A journal that does what it is asked, and answers when the test says so, while it is slow.

    @param waiting: its answers, which others may share; at first it is not slow if none is given.
    """

    def __init__(self, waiting: Waiting | None = None) -> None:
        super().__init__()
        self.waiting = Waiting(is_slow=False) if waiting is None else waiting

    store, page, missed = map(
        waits, (JournalInMemory.store, JournalInMemory.page, JournalInMemory.missed)
    )
    places, move = map(waits, (JournalInMemory.places, JournalInMemory.move))


class FailingJournal(JournalInMemory):
    """A journal that stores nothing while there is an error.

    @ivar error: the reason; C{None} while it works.
    """

    error: Exception | None = None

    def store(self, batch: Batch) -> Deferred[None]:
        return fail(self.error) if self.error else super().store(batch)


class HeldJournal(JournalInMemory):
    """A journal whose answers the test gives, with whatever result.

    @param pages: whether the test gives the pages too.
    @ivar batches: what was appended, and C{held} the answers that the test must give.
    @ivar asked: the pages that were asked for, each with the answer that the test must give.
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
        """Answer for all that comes, until nothing more comes."""
        clock.advance(0)
        while self.held:
            self.held.pop(0).callback(None)
            clock.advance(0)

    @property
    def held_ids(self) -> list[list[int]]:
        """The ids of each batch."""
        return [[event.id for event in batch] for batch in self.batches]


class SharedLog:
    """One order of what is appended anywhere. Every node is given it, its own as the same objects.

    To the other nodes an event goes as bytes, so nothing that lives in one of them is in it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ids = EventIds(clock.seconds)
        self.nodes: list[SharedJournal] = []

    def append(self, batch: Batch, by: SharedJournal) -> Deferred[None]:
        """Commit a batch, a while later."""
        done: Deferred[None] = Deferred()
        self._clock.callLater(0.01, self._commit, batch, by, done)
        return done

    def _commit(self, batch: Batch, by: SharedJournal, done: Deferred[None]) -> None:
        for event in batch:
            numbered(event, self.ids.next(), self.ids.time)
        wire = pickle.dumps(list(batch))
        for node in self.nodes:
            node.deliver(batch if node is by else pickle.loads(wire))
        done.callback(None)


class SharedJournal(DatabaseArchive):
    """The journal of one node: the shared log, and an archive of its own, which stays empty."""

    def __init__(self, log: SharedLog) -> None:
        database = Database(seconds=Clock().seconds)
        database.open()
        super().__init__(database)
        self.make_ready()
        self._log = log
        self.ids = log.ids
        self.topics: dict[str, TopicChanged] = {}
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
