"""Passwords: hashed and checked, off the reactor."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool

HASHES_AT_ONCE = 4

LOOKED_AT = 1024
"""Characters of a password that count: more than anybody's has."""


class Passwords:
    """Hashes passwords (Argon2id, RFC 9106) in the reactor's threads, a few at once.

    @param reactor: C{IReactorThreads}.
    """

    def __init__(self, reactor: Any, hasher: PasswordHasher | None = None) -> None:
        self._reactor = reactor
        self._hasher = hasher or PasswordHasher()
        self._turn = DeferredSemaphore(HASHES_AT_ONCE)
        self._nobodys = _hash_of_nothing(self._hasher)

    def hash(self, password: str) -> Deferred[str]:
        """What is kept of a password."""
        return self._in_thread(self._hasher.hash, _composed(password))

    def check(self, hash: str, password: str) -> Deferred[bool]:
        """Whether the password is the one of which the hash was made.

        An empty hash is that of no password, and to find that out takes as long.
        """
        return self._in_thread(self._verify, hash or self._nobodys, _composed(password))

    def is_outdated(self, hash: str) -> bool:
        """Whether the hash was made with other parameters than are in use now."""
        return self._hasher.check_needs_rehash(hash)

    def _verify(self, hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(hash, password)
        except VerifyMismatchError:
            return False

    def _in_thread(self, work: Callable[..., Any], *args: Any) -> Deferred[Any]:
        pool = self._reactor.getThreadPool()
        return self._turn.run(deferToThreadPool, self._reactor, pool, work, *args)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash as C{hasher} makes them, of which nobody knows a password."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def _composed(password: str) -> bytes:
    """The same bytes on whatever keyboard it was typed: NFC (RFC 8265, section 4.2.2)."""
    # To compose marks takes time quadratic in them (UAX #15, D108).
    return encoded(unicodedata.normalize("NFC", password[:LOOKED_AT]))


def encoded(text: str) -> bytes:
    """UTF-8, and of a lone surrogate, which JSON can carry, what it would be in UTF-8."""
    return text.encode("utf-8", "surrogatepass")
