"""Hashing passwords and checking them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher, extract_parameters
from twisted.trial.unittest import SynchronousTestCase

from chatservice.passwords import Passwords
from tests.recording import InlinePool

SECRET = "correct horse"


class HeldPool(InlinePool):
    """A thread pool that works when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def callInThreadWithCallback(self, *work: Any) -> None:
        self.waiting.append(lambda: InlinePool.callInThreadWithCallback(self, *work))


class PoolReactor:
    """A reactor with a thread pool."""

    def __init__(self, pool: InlinePool) -> None:
        self._pool = pool

    def getThreadPool(self) -> InlinePool:
        return self._pool

    def callFromThread(self, function: Callable[..., Any], *args: Any) -> None:
        function(*args)


class PasswordsTests(SynchronousTestCase):
    """Passwords, with Argon2 at its cheapest."""

    def setUp(self) -> None:
        self.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.passwords = Passwords(PoolReactor(InlinePool()), self.hasher)

    def hashed(self, password: str) -> str:
        return self.successResultOf(self.passwords.hash(password))

    def check(self, hash: str, password: str) -> bool:
        return self.successResultOf(self.passwords.check(hash, password))

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

    def test_surrogate(self) -> None:
        """Half a surrogate pair is hashed like any other text."""
        self.assertTrue(self.check(self.hashed("pass\ud800word"), "pass\ud800word"))

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

    def test_four_at_once(self) -> None:
        """Four passwords are worked on at the same time, and the next one when one is done."""
        pool = HeldPool()
        passwords = Passwords(PoolReactor(pool), self.hasher)
        answers = [passwords.hash(SECRET) for _ in range(5)]
        answers.append(passwords.check("", SECRET))
        self.assertEqual(len(pool.waiting), 4)
        pool.waiting.pop(0)()
        self.successResultOf(answers[0])
        self.assertEqual(len(pool.waiting), 4)
        while pool.waiting:
            pool.waiting.pop(0)()
        self.assertIs(self.successResultOf(answers[-1]), False)
