"""News from other nodes, besides who is where: accounts, erasures, and nicknames asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.belongings import Belongings
from chatservice.chat.bindings import Bindings
from chatservice.chat.devices import Devices
from chatservice.chat.envelope import Envelope
from chatservice.chat.homes import Homes
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.people.account import Account
from chatservice.people.accounts import Accounts
from chatservice.protocol.errors import StorageError
from chatservice.protocol.whereabouts import AccountChanged, Erased, NickAsked

log = Logger()

NEWS = NickAsked | AccountChanged | Erased

PATIENCE = 5.0
"""Seconds that another node may take to free a nickname."""

LOOK_EVERY = 0.05
"""Seconds between two looks whether it has."""

AGAIN = 1.0
"""Seconds after which what must be stored, and could not be, is tried again."""

NEW_PASSWORD = "your password was changed: log in again"
GIVEN_UP = "your nickname was given up through another server"


class News:
    """The receiver of such news; it also asks other nodes for nicknames.

    @param reactor: C{IReactorTime}.
    @param rename_to_guest: gives a member a nickname that nobody has.
    @param publish_event: publishes an event that nobody is shown.
    """

    def __init__(
        self,
        reactor: Any,
        roster: Roster,
        accounts: Accounts,
        homes: Homes,
        devices: Devices,
        bindings: Bindings,
        belongings: Belongings,
        rename_to_guest: Callable[[Member], Deferred[Any]],
        publish_event: Callable[[Envelope], object],
    ) -> None:
        self._reactor = reactor
        self._roster = roster
        self._accounts = accounts
        self._homes = homes
        self._devices = devices
        self._bindings = bindings
        self._belongings = belongings
        self._rename_to_guest = rename_to_guest
        self._publish_event = publish_event
        bindings.ask_for = self.ask_for
        accounts.when_not_saved = self._save_again

    def take(self, event: NickAsked | AccountChanged | Erased, is_foreign: bool) -> None:
        """Apply an event as it passes."""
        if isinstance(event, NickAsked):
            self._free(event.key)
        elif isinstance(event, AccountChanged):
            self._change(event, is_foreign)
        elif isinstance(event, Erased) and is_foreign:
            self._belongings.erased(event.identity)

    @inlineCallbacks
    def ask_for(self, holder: Member) -> Generator[Deferred[Any], Any, None]:
        """Have the node of a member rename it, and wait for that, but not for long."""
        key = holder.key
        self.ask_to_free(key)
        end = self._reactor.seconds() + PATIENCE
        while self._roster.get(key) is holder and self._reactor.seconds() < end:
            yield deferLater(self._reactor, LOOK_EVERY, lambda: None)

    def ask_to_free(self, key: str) -> None:
        """Have the node of its holder free a nickname, if it is registered and not the holder's."""
        self._publish_event(Envelope(NickAsked(key=key)))

    def _free(self, key: str) -> None:
        holder, account = self._roster.get(key), self._accounts.named(key)
        if holder is None or account is None or holder.account is account:
            return
        if self._homes.speaks_for(holder):
            self._rename_to_guest(holder).addErrback(_complain)

    def _save_again(self, account: Account) -> None:
        """Store an account a little later, for all nodes must know the same of it."""
        if self._homes.node:
            self._reactor.callLater(AGAIN, self._save, account)

    def _save(self, account: Account) -> None:
        self._accounts.save(account).addErrback(_ignore)

    def _change(self, event: AccountChanged, is_foreign: bool) -> None:
        key, facts = event.account_key, event.facts
        account, is_new = self._accounts.change(key, facts, is_own=not is_foreign)
        member = None if account is None else self._roster.of(account)
        if member is None or account is None or member.is_elsewhere:
            return
        if not is_new or not is_foreign:
            self._bindings.use_settings(member)
            return
        for device in list(member.devices):
            self._devices.close(device, GIVEN_UP if account.is_removed else NEW_PASSWORD)


def _ignore(failure: Failure) -> None:
    failure.trap(StorageError)


def _complain(failure: Any) -> None:
    log.failure("Freeing a nickname failed.", failure)
