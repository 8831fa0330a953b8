"""A chat that needs only a reactor, and makes its other parts itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from chatservice.chat.chat import Chat
from chatservice.chat.clock import WallClock
from chatservice.chat.journal import Journal
from chatservice.config.settings import Settings
from chatservice.people.account import NOT_STORED
from chatservice.people.accounts import Accounts
from chatservice.people.passwords import Passwords
from chatservice.protocol.ids import EventIds
from chatservice.storage.maintenance import MemoryJournal


class Standalone(Chat):
    """A chat with a default for every part but the reactor.

    @param journal: without one, history is kept in memory, and so are accounts by default.
    """

    def __init__(
        self,
        reactor: Any,
        journal: Journal | None = None,
        settings: Settings | None = None,
        accounts: Accounts | None = None,
        clock: WallClock | None = None,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        settings, clock = settings or Settings(), clock or WallClock()
        memory = None
        if journal is None:
            journal = memory = MemoryJournal(reactor.seconds, EventIds(clock.time))
        if accounts is None:
            store = NOT_STORED if memory is None else memory.accounts
            accounts = Accounts(Passwords(reactor), reactor.seconds, journal.ids.now, store)
        super().__init__(reactor, journal, settings, accounts, clock, new_token)
        if memory is not None:
            memory.keep_tidy(self.permissions, clock.is_settled)
