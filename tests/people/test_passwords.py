"""Hashing passwords and checking them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher, extract_parameters
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.opaque import prepared
from chatservice.people.passwords import HASHES, Passwords, encoded, hashes_at_once
from chatservice.protocol.events import ChatError
from tests.databases import HeldPool, InlinePool

SECRET = "correct horse"
HERE, THERE = "192.0.2.1", "198.51.100.9"


class PoolReactor(Clock):
    """A reactor with a thread pool, and a clock that is moved by hand."""

    def __init__(self, pool: InlinePool) -> None:
        super().__init__()
        self._pool = pool

    def getThreadPool(self) -> InlinePool:
        return self._pool

    def callFromThread(self, function: Callable[..., Any], *args: Any) -> None:
        function(*args)


class PasswordsTests(SynchronousTestCase):
    """Passwords, with Argon2 at its cheapest."""

    def setUp(self) -> None:
        self.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.reactor = PoolReactor(InlinePool())
        self.passwords = Passwords(self.reactor, self.hasher, at_once=4)

    def hashed(self, password: str) -> str:
        return self.successResultOf(self.passwords.hash(password, HERE))

    def check(self, hash: str, password: str) -> bool:
        return self.successResultOf(self.passwords.check(hash, password, HERE))

    def test_hash(self) -> None:
        """The hash is Argon2id, and another one each time."""
        hashes = {self.hashed(SECRET) for _ in range(2)}
        self.assertEqual(len(hashes), 2)
        for hash in hashes:
            self.assertRegex(hash, r"^\$argon2id\$v=19\$m=8,t=1,p=1\$")

    def test_check(self) -> None:
        """The hash tells its own password from others."""
        hash = self.hashed(SECRET)
        self.assertEqual((self.check(hash, SECRET), self.check(hash, "wrong")), (True, False))

    def test_composed(self) -> None:
        """A password is the same, however its letters are composed."""
        self.assertTrue(self.check(self.hashed("naïveté"), "nai\u0308vete\u0301"))

    def test_prepared(self) -> None:
        """What looks the same on two keyboards is the same password, and nothing else is."""
        hash = self.hashed("naïve café")
        same = ("nai\u0308ve cafe\u0301", "naïve\u00a0café", "naïve\u3000café", "  naïve café ")
        for typed in same:
            self.assertTrue(self.check(hash, typed), typed)
        for typed in ("naive cafe", "Naïve café", "naïvecafé", "naïve\u200b café"):
            self.assertFalse(self.check(hash, typed), typed)

    def test_before_it_was_prepared(self) -> None:
        """A hash that was made of what was typed is still that of the same password."""
        for old in ("kept\u3000here", "bell\aword", "zero\u200bwidth", "pass\ud800word"):
            self.assertTrue(self.check(self.hasher.hash(encoded(old)), old), repr(old))

    def test_nobodys(self) -> None:
        """What cannot be seen, or controls something, is in nobody's new password."""
        for password in ("", "bell\a", "zero\u200bwidth", "right\u202eleft", "half\ud800"):
            error = self.assertRaises(ValueError, prepared, password)
            self.assertTrue(str(error).startswith("a password must not be empty, or contain"))

    def test_of_nobody(self) -> None:
        """An empty hash has no password."""
        self.assertEqual((self.check("", ""), self.check("", SECRET)), (False, False))

    def test_costs_of_nobody(self) -> None:
        """To find that out costs what any other password costs."""
        real = extract_parameters(self.hashed(SECRET))
        self.assertEqual(extract_parameters(self.passwords._nobodys), real)

    def test_outdated(self) -> None:
        """A hash of other costs is outdated."""
        other = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(SECRET)
        self.assertEqual(
            [self.passwords.is_outdated(hash) for hash in (other, self.hashed(SECRET))],
            [True, False],
        )
        self.assertTrue(self.check(other, SECRET))

    def test_todays_costs(self) -> None:
        """Unless it is said otherwise, the costs are those that RFC 9106 has for little memory."""
        passwords = Passwords(PoolReactor(InlinePool()))
        costs = extract_parameters(passwords._nobodys)
        self.assertEqual((costs.memory_cost, costs.time_cost, costs.parallelism), (65536, 3, 4))

    def test_budget(self) -> None:
        """An address pays for each hash, right or wrong, and gets one back in two seconds."""
        hash = self.hashed(SECRET)
        for number in range(HASHES - 1):
            self.check(hash, SECRET if number % 2 else "wrong")
        for work in (self.passwords.check(hash, SECRET, HERE), self.passwords.hash("x", HERE)):
            refused = self.failureResultOf(work, ChatError).value
            sentence = "too many passwords came from your address: try again in 2 s"
            self.assertEqual((refused.code, refused.sentence), ("too-many-tries", sentence))
        self.reactor.advance(2)
        self.assertTrue(self.check(hash, SECRET))
        self.failureResultOf(self.passwords.check(hash, SECRET, HERE), ChatError)

    def test_budget_of_others(self) -> None:
        """Other addresses pay for themselves; this machine's socket is one of them."""
        for origin in (HERE, "", THERE):
            for _ in range(HASHES):
                self.successResultOf(self.passwords.check("", SECRET, origin))
            self.failureResultOf(self.passwords.check("", SECRET, origin), ChatError)


class TurnsTests(SynchronousTestCase):
    """Hashing with threads that are busy."""

    def setUp(self) -> None:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.pool = HeldPool()
        self.passwords = Passwords(PoolReactor(self.pool), hasher, at_once=4)

    def test_four_at_once(self) -> None:
        """Four passwords are worked on at the same time, and the next one when one is done."""
        answers = [self.passwords.hash(SECRET, HERE) for _ in range(5)]
        last = self.passwords.check("", SECRET, HERE)
        self.assertEqual(len(self.pool.waiting), 4)
        self.pool.waiting.pop(0)()
        self.successResultOf(answers[0])
        self.assertEqual(len(self.pool.waiting), 4)
        self.finish()
        self.assertIs(self.successResultOf(last), False)

    def test_in_turn(self) -> None:
        """However many one address asks for, another one is next."""
        many = [self.passwords.check("", SECRET, HERE) for _ in range(HASHES)]
        honest = self.passwords.check("", SECRET, THERE)
        for _ in range(6):
            self.pool.waiting.pop(0)()
        self.assertIs(self.successResultOf(honest), False)
        self.assertNoResult(many[-1])
        self.finish()

    def test_gone(self) -> None:
        """Nothing is hashed for who has gone by then."""
        answers = [self.passwords.hash(SECRET, HERE) for _ in range(4)]
        gone: Deferred[Any] = self.passwords.hash(SECRET, THERE, lambda: False)
        self.finish()
        self.assertEqual(self.failureResultOf(gone, ChatError).value.code, "closing")
        self.assertEqual(self.worked, len(answers))

    def finish(self) -> None:
        """All threads do what they were given.

        @ivar worked: how many pieces of work that was.
        """
        self.worked = 0
        while self.pool.waiting:
            self.pool.waiting.pop(0)()
            self.worked += 1


class AtOnceTests(SynchronousTestCase):
    """How many hashes there are at the same time."""

    def test_cores(self) -> None:
        """Half as many as there are cores, and from one to four."""
        for cores, most in ((1, 1), (2, 1), (3, 1), (4, 2), (7, 3), (64, 4)):
            self.patch(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
            self.assertEqual(hashes_at_once(), most)

    def test_elsewhere(self) -> None:
        """Where it is not known which cores may be used, all are counted, or one."""
        self.patch(sys, "platform", "darwin")
        for cores, most in ((None, 1), (8, 4)):
            self.patch(os, "cpu_count", lambda cores=cores: cores)
            self.assertEqual(hashes_at_once(), most)
