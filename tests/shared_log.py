"""A log in memory that several chats share, as nodes do, in one process."""

from __future__ import annotations

import pickle
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatservice.acts import OperatorAct
from chatservice.database import Database
from chatservice.events import Batch, EventIds, TopicChanged, numbered
from chatservice.storedjournal import DatabaseArchive


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
        """See L{chatservice.journal.Log.recall}: there were no earlier runs."""

    def follow(self, deliver: Callable[[Batch], None]) -> None:
        """See L{chatservice.journal.Log.follow}."""
        self.deliver = deliver

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{chatservice.journal.Log.append}."""
        return self._log.append(batch, self)
