"""Registered nicknames as they are kept: all in memory, and written through, one row at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.people.account import Account, AccountStore, Proof, account_of
from chatservice.people.tokens import Tokens, digest_of
from chatservice.protocol.errors import StorageError
from chatservice.protocol.names import nick_key

TOKENS_KEPT = 10

CHANGING = ("hash", "preferences", "ignored", "proven_from")
"""The fields of an account that may change, besides its tokens."""

log = Logger()


class KeptAccounts:
    """The accounts, by nickname, identity and token.

    Anything that fails because of the disk fails with L{StorageError}.

    @param store: keeps the accounts.
    @ivar when_not_saved: called with an account whose present state could not be stored.
    """

    def __init__(self, store: AccountStore) -> None:
        self._store = store
        self._by_key: dict[str, Account] = {}
        self._by_identity: dict[bytes, Account] = {}
        self._tokens = Tokens()
        self._being_made: set[str | bytes] = set()
        self.when_not_saved: Callable[[Account], object] = lambda account: None
        # Those that this node is making, and of which it has heard already that they are stored.
        self._made: dict[str, Account] = {}
        self._being_saved: Counter[Account] = Counter()
        # As other nodes have stored them, while this one is storing them as well.
        self._changed: dict[Account, Account] = {}

    def load(self) -> None:
        """Read all accounts; called right after the store was opened."""
        for account in self._store.load():
            self._put_in(account)

    def _put_in(self, account: Account) -> None:
        self._by_key[account.key] = account
        self._tokens.load(account)
        self._by_identity[account.identity] = account

    def named(self, nick: str) -> Account | None:
        """Find the account of a nickname, or of one that looks like it; a key works as well."""
        return self._by_key.get(nick_key(nick))

    def of(self, identity: bytes) -> Account | None:
        """Find the account that goes by an identity."""
        return self._by_identity.get(identity)

    def proven_by(self, token: str) -> Account | None:
        """Find the account that a token proves; see L{remember}."""
        return self._tokens.owner(token)

    def proof_by(self, token: str) -> Proof | None:
        """Make a proof of a token; C{None} if it proves no account."""
        account = self.proven_by(token)
        return None if account is None else Proof(account, token=digest_of(token))

    def is_spent(self, token: str) -> Deferred[bool]:
        """Tell whether a token once proved an account and no longer does."""
        if self._tokens.was_spent_lately(token):
            return succeed(True)
        return self._store.is_spent(digest_of(token))

    def may_bear(self, token: str, account: Account | None) -> bool:
        """Tell whether the owner of C{account}, or a guest if it is C{None}, may use a token.

        This knows only the tokens that were spent lately; L{is_spent} knows all.
        """
        is_fresh = token != "" and not self._tokens.was_spent_lately(token)
        return is_fresh and self.proven_by(token) in (None, account)

    def goes_by(self, identity: bytes) -> bool:
        """Tell whether an identity is an account's: nobody gets it without proving that account."""
        return identity in self._by_identity

    def remember(self, account: Account, token: str) -> Deferred[None]:
        """Let a token prove the account from now on. It must not belong to anybody else."""
        digest = digest_of(token)
        if account.tokens[-1:] == [digest]:
            return succeed(None)
        self._tokens.give(account, [*without(account.tokens, digest), digest][-TOKENS_KEPT:])
        return self.save(account)

    def forget(self, account: Account, token: str) -> Deferred[None]:
        """Spend a token: from now on it proves neither the account nor anything else."""
        self._tokens.give(account, without(account.tokens, digest_of(token)))
        return self.save(account)

    @inlineCallbacks
    def remove(
        self, account: Account, now: bytes | None = None
    ) -> Generator[Deferred[Any], Any, None]:
        """Remove an account; its nickname is free once that is stored.

        @param now: the owner's identity afterwards.
        """
        spent = list(account.tokens)
        yield self._store.remove(account, spent, now)
        self._take_out(account)

    def _take_out(self, account: Account) -> None:
        if self._is_there(account):
            del self._by_key[account.key]
            del self._by_identity[account.identity]
        self._changed.pop(account, None)
        spent = list(account.tokens)
        account.is_removed = True
        account.hash = ""
        self._tokens.give(account, [])
        self._tokens.stored(spent)

    def save(self, account: Account) -> Deferred[None]:
        """Store the present state of an account; do nothing if it was removed."""
        if not self._is_there(account):
            return succeed(None)
        spent, hash = list(self._tokens.not_stored), account.hash
        self._being_saved[account] += 1

        def saved(result: Any) -> Any:
            self._being_saved[account] -= 1
            if not self._being_saved[account]:
                del self._being_saved[account]
                self._take_up(account)
            if isinstance(result, Failure):
                self.when_not_saved(account)
            else:
                account.stored_hash = hash
            return result

        update = self._store.update(account, spent).addBoth(saved)
        return update.addCallback(lambda _: self._tokens.stored(spent))

    def note(self, account: Account) -> Deferred[None]:
        """Store an account as L{save} does; a failure goes to the log and nowhere else."""

        def complain(failure: Any) -> None:
            failure.trap(StorageError)
            log.error("Storing an account failed: {why}.", why=failure.value)

        return self.save(account).addErrback(complain)

    def change(self, key: str, facts: str, is_own: bool = False) -> tuple[Account | None, bool]:
        """Take up a change of an account that a node of a cluster has stored, in their order.

        What this node is storing just now comes after it.

        @param facts: see L{chatservice.people.account.facts_of}; empty if it was removed.
        @param is_own: whether it was this node.
        @return: the account, which may have been removed, and whether its password changed.
        """
        account, changed = self._by_key.get(key), account_of(facts) if facts else None
        if account is not None and (changed is None or account.identity != changed.identity):
            self._take_out(account)
            if changed is None:
                return account, True
        elif account is not None and changed is not None:
            is_new = changed.hash != account.stored_hash
            account.stored_hash = changed.hash
            self._changed[account] = changed
            self._take_up(account)
            return account, is_new
        if changed is not None and is_own and key in self._being_made:
            self._made[key] = changed
        elif changed is not None:
            self._put_in(changed)
        return changed, False

    def _take_up(self, account: Account) -> None:
        """Take up what was stored last, unless this node is storing something else just now."""
        if account not in self._changed or self._being_saved[account]:
            return
        changed = self._changed.pop(account)
        gone = [digest for digest in account.tokens if digest not in changed.tokens]
        for name in CHANGING:
            setattr(account, name, getattr(changed, name))
        self._tokens.give(account, changed.tokens)
        self._tokens.stored(gone)

    def _is_there(self, account: Account) -> bool:
        return self._by_key.get(account.key) is account


def without(kept: list[str], gone: str) -> list[str]:
    """Leave a string out of a list."""
    return [each for each in kept if each != gone]
