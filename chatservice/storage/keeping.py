"""The place where a chat is kept, as the service that runs it sees it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.chat.chat import Chat
from chatservice.chat.clock import WallClock
from chatservice.chat.journal import Journal
from chatservice.people.account import AccountStore
from chatservice.people.accounts import Accounts
from chatservice.protocol.errors import CannotStart, StorageError
from chatservice.protocol.ids import EventIds
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.database import IN_MEMORY, DatabaseError
from chatservice.storage.filewatch import FileWatch
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.maintenance import Upkeep, steps_of
from chatservice.storage.threads import ThreadedDatabase

log = Logger()


class Keeping(Protocol):
    """The place where a chat is kept."""

    @property
    def journal(self) -> Journal:
        """The journal of the chat."""

    @property
    def accounts(self) -> AccountStore:
        """The store of the accounts."""

    def open(self) -> None:
        """Open it, after twistd has forked and given up root.

        @raise CannotStart: that is not possible.
        """

    def begin(self, chat: Chat, accounts: Accounts) -> None:
        """Begin the work for a chat that has been restored."""

    def rest(self) -> Deferred[None]:
        """Do no more work in the background."""

    def close(self) -> Deferred[None]:
        """Store what is left to store, and close it."""


class FileKeeping:
    """An SQLite file, or memory.

    @param reactor: C{IReactorFromThreads} and C{IReactorTime}.
    @param path: see L{ThreadedDatabase}.
    """

    def __init__(self, reactor: Any, path: str, clock: WallClock) -> None:
        self._reactor = reactor
        self._path = path
        self._database = ThreadedDatabase(reactor, path)
        self.journal = DatabaseJournal(self._database, EventIds(clock.time))
        self.accounts = StoredAccounts(self._database)
        self._upkeeps: list[Upkeep] = []

    def open(self) -> None:
        """See L{Keeping.open}."""
        try:
            self._database.open()
        except DatabaseError as error:
            raise CannotStart(str(error)) from None
        self.journal.open()

    def begin(self, chat: Chat, accounts: Accounts) -> None:
        """See L{Keeping.begin}."""
        rules = chat.permissions, chat.ids.now, chat.clock.is_settled
        in_memory = self._path == IN_MEMORY
        steps = steps_of(self._database, self.journal, *rules, in_memory=in_memory)
        watch = FileWatch(self._database, self._path, chat.tell_operators)
        chat.troubles.append(watch.trouble)
        # Apart from the others, which may have much to do.
        self._upkeeps = [Upkeep(self._reactor, steps), Upkeep(self._reactor, [watch.step])]
        for upkeep in self._upkeeps:
            upkeep.start()

    @inlineCallbacks
    def rest(self) -> Generator[Deferred[Any], Any, None]:
        """See L{Keeping.rest}."""
        for upkeep in self._upkeeps:
            yield upkeep.stop()

    @inlineCallbacks
    def close(self) -> Generator[Deferred[Any], Any, None]:
        """See L{Keeping.close}."""
        try:
            yield self.journal.close()
        except StorageError as error:
            log.error("Storing the last id failed, so the next run skips some: {why}.", why=error)
        finally:
            self._database.close()
