"""Which tokens prove which account, and which did once and are spent.

What a token stood for is never anybody's again: a spent one is kept, as a hash, so that it cannot
be a guest's either. What is kept of a token here is its hash in hexadecimal (L{digest_of}).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from chatservice.account import Account
from chatservice.identity import identity_of

SPENT_KEPT = 10_000
"""The tokens that are in memory of those that were spent last; the database has all."""


def digest_of(token: str) -> str:
    """The stored facts about a token."""
    return identity_of(token).hex()


class Tokens:
    """The tokens of all accounts.

    @ivar not_stored: those that are spent, and not yet in the database as such.
    """

    def __init__(self) -> None:
        self._owners: dict[str, Account] = {}
        self._spent: OrderedDict[str, None] = OrderedDict()
        self.not_stored: set[str] = set()

    def owner(self, token: str) -> Account | None:
        """The account that a token proves."""
        return self._owners.get(digest_of(token))

    def load(self, account: Account) -> None:
        """Those of an account that was read from the database."""
        self._owners.update(dict.fromkeys(account.tokens, account))

    def give(self, account: Account, digests: list[str]) -> None:
        """Let these prove an account; those that did so until now, and are not among them, are
        spent.
        """
        gone = [digest for digest in account.tokens if digest not in digests]
        for digest in gone:
            del self._owners[digest]
            self._spent[digest] = None
        for digest in digests:
            # When a change could not be stored, what it spent is good again.
            self._spent.pop(digest, None)
        while len(self._spent) > SPENT_KEPT:
            self._spent.popitem(last=False)
        self.not_stored.update(gone)
        self.not_stored.difference_update(digests)
        account.tokens = digests
        self._owners.update(dict.fromkeys(digests, account))

    def stored(self, digests: Collection[str]) -> None:
        """It is in the database that these are spent."""
        self.not_stored.difference_update(digests)

    def was_spent_lately(self, token: str) -> bool:
        """Whether a token is among those that were spent last."""
        return digest_of(token) in self._spent
