"""Proofs that an account is somebody's, and whether they still hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatservice.events import ChatError

if TYPE_CHECKING:
    from chatservice.accounts import Account


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
