"""A registered nickname, and the proof that somebody owns it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from zope.interface import Attribute, Interface, implementer

from chatservice.protocol.events import ChatError
from chatservice.protocol.preferences import Preferences


class IAccount(Interface):
    """The avatar that a login through the portal returns."""

    nick: str = Attribute("The nickname, as it was registered.")
    identity: bytes = Attribute(
        "16 bytes under which everything of its owner is kept; no token can stand for them."
    )


@implementer(IAccount)
@dataclass(slots=True, eq=False)
class Account:
    """A registered nickname.

    @ivar key: the key of the nickname (L{nick_key}).
    @ivar hash: the password's hash; empty if an operator's checker keeps it, or C{is_removed}.
    @ivar since: the time of registration, in microseconds since the epoch.
    @ivar ignored: the nicknames that the owner ignores, by key.
    @ivar proven_from: the addresses from which the nickname was proved, newest last.
    @ivar tokens: hashes, in hexadecimal, of tokens that also prove the nickname, newest last.
    @ivar stored_hash: the C{hash} as it was last stored, by whatever node of a cluster.
    """

    key: str
    nick: str
    identity: bytes = field(repr=False)
    hash: str = field(repr=False)
    since: int
    preferences: Preferences = field(default_factory=Preferences)
    ignored: dict[str, str] = field(default_factory=dict)
    proven_from: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list, repr=False)
    is_removed: bool = False
    stored_hash: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.stored_hash = self.hash


def facts_of(account: Account) -> str:
    """Spell an account as a JSON object, for the nodes of a cluster; see L{account_of}."""
    facts = {each.name: getattr(account, each.name) for each in fields(Account)}
    facts |= {"identity": account.identity.hex(), "preferences": account.preferences.those_set()}
    del facts["is_removed"], facts["stored_hash"]
    return json.dumps(facts)


def account_of(facts: str) -> Account:
    """Read an account that L{facts_of} spelled."""
    read = json.loads(facts)
    read |= {
        "identity": bytes.fromhex(read["identity"]),
        "preferences": Preferences(**read["preferences"]),
    }
    return Account(**read)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that somebody owns an account: by a token, a password, or an operator's checker.

    The account may change in the meantime: check the proof again in the turn in which it is used.

    @ivar account: the account that is proved.
    @ivar token: the hash, in hexadecimal, of the token that was presented, or empty.
    @ivar hash: the hash of the password that was given, or empty.
    """

    account: Account
    token: str = field(default="", repr=False)
    hash: str = field(default="", repr=False)

    def holds(self) -> bool:
        """Tell whether this would still prove the account now."""
        if self.account.is_removed:
            return False
        if self.token:
            return self.token in self.account.tokens
        return not self.hash or self.hash == self.account.hash

    def check(self) -> None:
        """Check that the proof still holds.

        @raise ChatError: C{not-joined} for a token, C{wrong-password} for a password.
        """
        if self.holds():
            return
        if self.token:
            raise ChatError("not-joined", NO_TOKEN)
        nick = self.account.nick
        raise ChatError(
            "wrong-password",
            f"{nick} has just been given up, or its password was changed: try again",
        )


NO_TOKEN = "that token is no longer valid: choose a nickname"


class AccountStore(Protocol):
    """The storage of accounts and of spent tokens.

    Deferreds fail with L{StorageError <chatservice.protocol.errors.StorageError>}.
    """

    def load(self) -> list[Account]:
        """Read all accounts; called right after the store was opened."""

    def is_spent(self, digest: str) -> Deferred[bool]:
        """Tell whether the token with this hash (L{digest_of}) once proved an account and is spent.
        """

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """Add an account; fails with L{ChatError} (C{registered}) if another node was faster.

        @param former: the identity whose lines become the account's.
        """

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """Store the present state of an account; do nothing if it was removed.

        @param spent: hashes of the tokens that no longer prove it.
        """

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """Remove an account.

        @param spent: see L{update}.
        @param now: the identity that gets its owner's lines.
        """


class NotStored:
    """A store that keeps nothing: the accounts last as long as the chat."""

    def load(self) -> list[Account]:
        """See L{AccountStore.load}."""
        return []

    def is_spent(self, digest: str) -> Deferred[bool]:
        """See L{AccountStore.is_spent}."""
        return succeed(False)

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """See L{AccountStore.add}."""
        return succeed(None)

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """See L{AccountStore.update}."""
        return succeed(None)

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """See L{AccountStore.remove}."""
        return succeed(None)


NOT_STORED = NotStored()
