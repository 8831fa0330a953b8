"""Tokens: which account each proves, and which are spent.

A spent token never becomes anybody's again: its hash is kept, so that no guest can use it either.
Here a token is known by its hash in hexadecimal (L{digest_of}).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from chatservice.people.account import Account
from chatservice.people.identity import identity_of

SPENT_KEPT = 10_000
"""The most spent tokens in memory, the latest ones; the database has all of them."""


def digest_of(token: str) -> str:
    """Hash a token, as it is stored."""
    return identity_of(token).hex()


class Tokens:
    """The tokens of all accounts.

    @ivar not_stored: spent tokens that the database does not know as spent yet.
    """

    def __init__(self) -> None:
        self._owners: dict[str, Account] = {}
        self._spent: OrderedDict[str, None] = OrderedDict()
        self.not_stored: set[str] = set()

    def owner(self, token: str) -> Account | None:
        """Find the account that a token proves."""
        return self._owners.get(digest_of(token))

    def load(self, account: Account) -> None:
        """Add the tokens of an account that was read from the database."""
        self._owners.update(dict.fromkeys(account.tokens, account))

    def give(self, account: Account, digests: list[str]) -> None:
        """Replace the tokens that prove an account; those that are not in the new list are spent.
        """
        gone = [digest for digest in account.tokens if digest not in digests]
        for digest in gone:
            # At another node it may have become the token of another account meanwhile.
            if self._owners.get(digest) is account:
                del self._owners[digest]
            self._spent[digest] = None
        for digest in digests:
            # When a change could not be stored, the tokens that it spent are valid again.
            self._spent.pop(digest, None)
        while len(self._spent) > SPENT_KEPT:
            self._spent.popitem(last=False)
        self.not_stored.update(gone)
        self.not_stored.difference_update(digests)
        account.tokens = digests
        self._owners.update(dict.fromkeys(digests, account))

    def stored(self, digests: Collection[str]) -> None:
        """Note that these tokens are stored as spent."""
        self.not_stored.difference_update(digests)

    def was_spent_lately(self, token: str) -> bool:
        """Tell whether a token is among the latest spent ones."""
        return digest_of(token) in self._spent
