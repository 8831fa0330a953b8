"""The common setup of tests for accounts."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.account import NOT_STORED, Account, NotStored, Proof
from chatservice.people.accounts import Accounts
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import PASSWORD_LEAST
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.database import Database
from tests.doubles import PlainPasswords
from tests.journals import Waiting, waits

NOW = 1_763_712_000_000_000
HOME, CAFE, STRANGE = "192.0.2.1", "192.0.2.2", "198.51.100.9"
SECRET = "correct horse"
DENIED = "wrong nickname or password"


def proof_of(account: Account) -> Proof:
    """Make a proof by the account's present password."""
    return Proof(account, hash=account.hash)


class SlowPasswords(PlainPasswords):
    """Password hashing that is slow."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.waiting = waiting

    hash, check = waits(PlainPasswords.hash), waits(PlainPasswords.check)


class SlowStore(NotStored):
    """A store of accounts on a slow disk."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting

    add, update, remove = map(waits, (NotStored.add, NotStored.update, NotStored.remove))


class AccountsTestCase(SynchronousTestCase):
    """Tests with accounts in memory, and a clock that the test moves."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.passwords = PlainPasswords()
        self.accounts = self.made()

    def made(
        self, database: Database | None = None, checkers: Any = (), least: int = PASSWORD_LEAST
    ) -> Accounts:
        store = NOT_STORED if database is None else StoredAccounts(database)
        return Accounts(self.passwords, self.clock.seconds, lambda: NOW, store, checkers, least)

    def register(self, nick: str = "ada", origin: str = HOME, password: str = SECRET) -> Account:
        done = self.accounts.register(nick, nick.encode().ljust(16), password, origin)
        return self.successResultOf(done)

    def prove(self, nick: str = "ada", password: str = SECRET, origin: str = HOME) -> Account:
        return self.successResultOf(self.accounts.prove(nick, password, origin)).account

    def refused(self, done: Deferred[Any]) -> tuple[str, str]:
        """Return the code and the sentence of a refusal."""
        error = self.failureResultOf(done, ChatError).value
        return error.code, error.sentence

    def denied(self, nick: str = "ada", password: str = "wrong", origin: str = HOME) -> str:
        """Return the code with which a proof is refused."""
        return self.refused(self.accounts.prove(nick, password, origin))[0]
