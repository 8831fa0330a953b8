"""A registered nickname, and the proof that it is somebody's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from zope.interface import Attribute, Interface, implementer

from chatservice.events import ChatError
from chatservice.preferences import Preferences


class IAccount(Interface):
    """What a login through the portal gives."""

    nick: str = Attribute("The nickname, as it was registered.")
    identity: bytes = Attribute(
        "16 bytes under which everything of its owner is kept; no token can stand for them."
    )


@implementer(IAccount)
@dataclass(slots=True, eq=False)
class Account:
    """A nickname that is somebody's.

    @ivar key: of the nickname (L{nick_key}).
    @ivar hash: of the password; empty if only an operator's checker knows it, or if the account
        is there no longer (C{is_removed}).
    @ivar since: when it was made, in microseconds since the epoch.
    @ivar ignored: the nicknames whose lines its owner does not want to see, by key.
    @ivar proven_from: the addresses from which the nickname was proved, newest last.
    @ivar tokens: hashes, in hexadecimal, of tokens that prove the nickname too, newest last.
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


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody has proved an account: by one of its tokens, by its password, or by the word of an
    operator's checker.

    Between the proof and what it is for much may be waited for. Whoever relies on it asks again,
    in the turn in which it counts.

    @ivar account: whose owner it proves.
    @ivar token: the hash, in hexadecimal, of the token that was shown, or empty.
    @ivar hash: of the password that was right, or empty.
    """

    account: Account
    token: str = field(default="", repr=False)
    hash: str = field(default="", repr=False)

    def holds(self) -> bool:
        """Whether it would prove the same now."""
        if self.account.is_removed:
            return False
        if self.token:
            return self.token in self.account.tokens
        return not self.hash or self.hash == self.account.hash

    def check(self) -> None:
        """Raise L{ChatError} if it proves nothing any more."""
        if self.holds():
            return
        if self.token:
            raise ChatError("not-joined", NO_TOKEN)
        nick = self.account.nick
        raise ChatError(
            "wrong-password",
            f"{nick} was given up, or has another password, since you gave the password",
        )


NO_TOKEN = "that token is not good any more: choose a nickname"


class AccountStore(Protocol):
    """The place where accounts are kept, and which tokens are spent.

    Deferreds fail with L{StorageError <chatservice.errors.StorageError>}.
    """

    def load(self) -> list[Account]:
        """Read all accounts; the store has just been opened."""

    def is_spent(self, digest: str) -> Deferred[bool]:
        """Tell whether a token with this hash (L{digest_of}) once proved an account."""

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """Add an account.

        @param former: the identity from which its owner's lines move.
        """

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """Change an account to what it is now; nothing happens if it was removed.

        @param spent: hashes of the tokens that prove it no longer.
        """

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """Remove an account.

        @param spent: see L{update}.
        @param now: the identity to which its owner's lines move.
        """


class NotStored:
    """The store of accounts that last as long as the chat."""

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
