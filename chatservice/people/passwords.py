"""Hashing and checking passwords in threads."""

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

from chatservice.people.opaque import forms, prepared
from chatservice.people.ratelimit import Allowances
from chatservice.people.turns import Turns
from chatservice.protocol.events import ChatError

AT_ONCE = 4
"""The most hashes at the same time. Each takes four threads and 64 MB."""

HASHES = 30
"""The burst of hashes that one address may ask for, whatever their results."""

HASHES_A_SECOND = 0.5
"""The rate at which an address regains them."""


def hashes_at_once() -> int:
    """Compute how many hashes may run at the same time and leave cores for everybody else."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(AT_ONCE, cores // 2))


def always() -> bool:
    """Say yes: somebody waits in any case."""
    return True


class Passwords:
    """A hasher of passwords (Argon2id, RFC 9106) that runs a few at once in the reactor's threads.

    Each hash, made or checked, right or wrong, is charged to the address that asks for it, and
    addresses are served in turn. C{origin} is that address
    (L{chatservice.people.addresses.origin_of}), and C{is_wanted}, called when its turn comes, tells
    whether anybody still waits. A refused request fails with L{ChatError}: C{too-many-tries},
    C{busy}, or C{closing} if nobody waits.

    @param reactor: C{IReactorThreads} and C{IReactorTime}.
    @param at_once: the most hashes at the same time; by default L{hashes_at_once}.
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
        """Prepare (L{prepared}) and hash a password."""
        return self._in_turn(origin, is_wanted, self._hasher.hash, encoded(prepared(password)))

    def check(
        self, hash: str, password: str, origin: str, is_wanted: Callable[[], bool] = always
    ) -> Deferred[bool]:
        """Tell whether a hash was made of this password.

        An empty hash matches no password, and takes as long to check.
        """
        hash = hash or self._nobodys
        return self._in_turn(origin, is_wanted, self._verify, hash, forms(password))

    def pay(self, origin: str) -> None:
        """Charge one hash to an address.

        @raise ChatError: C{too-many-tries}.
        """
        wait = self._budget.wait(origin)
        if wait:
            raise ChatError(
                "too-many-tries",
                f"too many passwords came from your address: try again in {ceil(wait)} s",
            )
        self._budget.spend(origin)

    def is_outdated(self, hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
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
    """Make a random hash in the format of C{hasher}, for which nobody knows a password."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def encoded(text: str) -> bytes:
    """Encode as UTF-8, lone surrogates included, which JSON can carry."""
    return text.encode("utf-8", "surrogatepass")
