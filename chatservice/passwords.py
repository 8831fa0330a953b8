"""Passwords: hashed and checked, off the reactor."""

from __future__ import annotations

import os
import secrets
import sys
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import ceil
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool

from chatservice.events import ChatError
from chatservice.opaque import forms, prepared
from chatservice.ratelimit import Allowances
from chatservice.turns import Turns

AT_ONCE = 4
"""The most hashes at the same time. Each takes four threads and 64 MB by itself."""

HASHES = 30
"""The most hashes at a time of one address, whatever comes of them."""

HASHES_A_SECOND = 0.5
"""How many of them come back in a second."""


def hashes_at_once() -> int:
    """How many hashes there may be at the same time, so that everybody else has a core too."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(AT_ONCE, cores // 2))


def always() -> bool:
    """Somebody waits for it in any case."""
    return True


class Passwords:
    """Hashes passwords (Argon2id, RFC 9106) in the reactor's threads, a few at once.

    Each hash, made or checked, right or wrong, is paid for by the address that asks for it, and
    addresses are served in turn. C{origin} is that address (L{chatservice.networks.origin_of}),
    and C{is_wanted} tells whether anybody still waits when its turn has come. What is refused
    fails with L{ChatError}: C{too-many-tries}, C{busy}, or C{closing} if nobody waits.

    @param reactor: C{IReactorThreads} and C{IReactorTime}.
    @param at_once: how many hashes at the same time; by default L{hashes_at_once}.
    """

    def __init__(
        self, reactor: Any, hasher: PasswordHasher | None = None, at_once: int | None = None
    ) -> None:
        self._reactor = reactor
        self._hasher = hasher or PasswordHasher()
        self._budget = Allowances(reactor.seconds, HASHES_A_SECOND, HASHES)
        self._turns = Turns(at_once or hashes_at_once(), waiting=HASHES)
        self._nobodys = _hash_of_nothing(self._hasher)

    def hash(
        self, password: str, origin: str, is_wanted: Callable[[], bool] = always
    ) -> Deferred[str]:
        """What is kept of a password, which L{prepared} takes."""
        return self._in_turn(origin, is_wanted, self._hasher.hash, encoded(prepared(password)))

    def check(
        self, hash: str, password: str, origin: str, is_wanted: Callable[[], bool] = always
    ) -> Deferred[bool]:
        """Whether the password is the one of which the hash was made.

        An empty hash is that of no password, and to find that out takes as long.
        """
        hash = hash or self._nobodys
        return self._in_turn(origin, is_wanted, self._verify, hash, forms(password))

    def pay(self, origin: str) -> None:
        """Take the price of one hash from an address.

        @raise ChatError: it has used up what it may.
        """
        wait = self._budget.wait(origin)
        if wait:
            raise ChatError(
                "too-many-tries",
                f"too many passwords came from your address: try again in {ceil(wait)} s",
            )
        self._budget.spend(origin)

    def is_outdated(self, hash: str) -> bool:
        """Whether the hash was made with other parameters than are in use now."""
        return self._hasher.check_needs_rehash(hash)

    def _verify(self, hash: str, passwords: list[str]) -> bool:
        for password in passwords:
            with suppress(VerifyMismatchError):
                return self._hasher.verify(hash, encoded(password))
        return False

    def _in_turn(
        self, origin: str, is_wanted: Callable[[], bool], work: Callable[..., Any], *args: Any
    ) -> Deferred[Any]:
        pool = self._reactor.getThreadPool()
        in_thread = partial(deferToThreadPool, self._reactor, pool, work, *args)
        try:
            self.pay(origin)
            return self._turns.run(origin, in_thread, is_wanted)
        except ChatError as error:
            return fail(error)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash as C{hasher} makes them, of which nobody knows a password."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def encoded(text: str) -> bytes:
    """UTF-8, and of a lone surrogate, which JSON can carry, what it would be in UTF-8."""
    return text.encode("utf-8", "surrogatepass")
