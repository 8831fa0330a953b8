"""Registered nicknames in a database: in the next run, and when the disk is full."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from chatservice.people.account import Account
from chatservice.people.accounts import Accounts
from chatservice.people.kept import TOKENS_KEPT
from chatservice.protocol.errors import StorageError
from chatservice.protocol.preferences import Preferences
from tests.databases import DatabaseTestCase
from tests.registered import CAFE, HOME, SECRET, AccountsTestCase, proof_of

if TYPE_CHECKING:
    Base = AccountsTestCase
else:
    Base = object


class StoredContract(Base):
    """Accounts with a database, of whatever kind."""

    database_: Any

    def after_restart(self) -> Accounts:
        """What another run would know."""
        accounts = self.made(self.database_)
        accounts.load()
        return accounts

    def found(self, nick: str = "ada") -> Account:
        account = self.after_restart().named(nick)
        assert account is not None
        return account

    def break_disk(self) -> None:
        """The disk is full from now on."""
        raise NotImplementedError

    def break_code(self) -> None:
        """From now on, there is a bug in the database."""
        raise NotImplementedError

    def mend(self) -> None:
        """The database works again."""
        raise NotImplementedError

    def change(self, account: Account, password: str) -> Deferred[None]:
        return self.accounts.change_password(proof_of(account), password, HOME, lambda: None)

    def fails(self, done: Deferred[Any]) -> None:
        """It fails, for the reason that the disk is full."""
        error = self.failureResultOf(done, StorageError).value
        self.assertEqual(str(error), "the disk is full")

    def test_everything(self) -> None:
        """All that an account knows is known in the next run."""
        account = self.register("Zoë")
        account.preferences = Preferences(time=True, quiet=True)
        account.ignored = {"eve": "Eve"}
        self.successResultOf(self.accounts.save(account))
        self.prove("Zoë", origin=CAFE)
        self.successResultOf(self.accounts.remember(account, "token"))
        found = self.found("Zoë")
        for name in Account.__slots__:
            self.assertEqual(getattr(found, name), getattr(account, name), name)
        self.assertEqual(found.proven_from, [HOME, CAFE])

    def test_token(self) -> None:
        """A token proves the account in the next run."""
        self.successResultOf(self.accounts.remember(self.register(), "token"))
        proven = self.after_restart().proven_by("token")
        self.assertEqual(proven and proven.nick, "ada")

    def test_spent(self) -> None:
        """A token that proves no account any more is known as such in the next run."""
        account = self.register()
        for number in range(TOKENS_KEPT + 2):
            self.successResultOf(self.accounts.remember(account, f"token{number}"))
        self.successResultOf(self.accounts.forget(account, "token5"))
        self.assertEqual(self.spent(), [0, 1, 5])
        self.successResultOf(self.change(account, "something new"))
        self.assertEqual(self.spent(), list(range(TOKENS_KEPT + 2)))

    def test_spent_by_removing(self) -> None:
        """So are those of an account that was removed."""
        account = self.register()
        for number in range(3):
            self.successResultOf(self.accounts.remember(account, f"token{number}"))
        self.successResultOf(self.accounts.remove(account))
        self.assertEqual(self.spent(), [0, 1, 2])

    def test_spent_later(self) -> None:
        """What could not be stored as spent is, with the next change of any account."""
        account, grace = self.register(), self.register("grace")
        self.successResultOf(self.accounts.remember(account, "token0"))
        self.break_disk()
        self.fails(self.accounts.forget(account, "token0"))
        self.mend()
        self.assertEqual(self.spent(), [])
        self.successResultOf(self.accounts.save(grace))
        self.assertEqual(self.spent(), [0])

    def spent(self) -> list[int]:
        """The numbers of the tokens that are spent."""
        later = self.after_restart()
        numbers = range(TOKENS_KEPT + 5)
        return [n for n in numbers if self.successResultOf(later.is_spent(f"token{n}"))]

    def test_forgotten_token(self) -> None:
        """A token that was forgotten proves nothing in the next run."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        self.successResultOf(self.accounts.forget(account, "token"))
        self.assertIsNone(self.after_restart().proven_by("token"))

    def test_same_token_again(self) -> None:
        """A token that was the last to be given is not written again."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        self.break_disk()
        self.successResultOf(self.accounts.remember(account, "token"))

    def test_password(self) -> None:
        """A changed password, and that no token holds, is known in the next run."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        self.successResultOf(self.change(account, "something new"))
        found = self.found()
        self.assertEqual((found.hash, found.tokens), ("plain:something new", []))

    def test_renewed(self) -> None:
        """A renewed hash is known in the next run."""
        account = self.register()
        account.hash = f"old:{SECRET}"
        self.successResultOf(self.accounts.save(account))
        self.passwords.outdated = ("old:",)
        self.prove()
        self.assertEqual(self.found().hash, f"plain:{SECRET}")

    def test_removed(self) -> None:
        """An account that was removed is not there in the next run, whatever still saves it."""
        account = self.register()
        removing = self.accounts.remove(account)
        self.successResultOf(self.accounts.save(account))
        self.successResultOf(removing)
        self.assertIsNone(self.after_restart().named("ada"))
        self.register()
        account.ignored = {"eve": "Eve"}
        self.successResultOf(self.accounts.save(account))
        self.assertEqual(self.found().ignored, {})

    def test_of_one_person_alone(self) -> None:
        """What is done to one account is done to no other."""
        others = [self.register("grace"), self.register("eve")]
        account = self.register()
        self.successResultOf(self.change(account, "something new"))
        self.successResultOf(self.accounts.remove(account))
        for each in others:
            self.assertEqual(self.found(each.nick).hash, f"plain:{SECRET}")

    def test_register_fails(self) -> None:
        """What cannot be stored is not registered, costs no try, and goes through later."""
        self.break_disk()
        for _ in range(10):
            self.fails(self.accounts.register("ada", b"a" * 16, SECRET, HOME))
        self.assertIsNone(self.accounts.named("ada"))
        self.assertIsNone(self.after_restart().named("ada"))
        self.mend()
        self.register()

    def test_remove_fails(self) -> None:
        """An account that cannot be removed stays as it is."""
        account = self.register()
        self.break_disk()
        self.fails(self.accounts.remove(account))
        self.assertIs(self.prove(), account)

    def test_password_fails(self) -> None:
        """A password whose change cannot be stored is not changed, and the tokens hold."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        self.break_disk()
        self.fails(self.change(account, "something new"))
        self.assertIs(self.prove(), account)
        self.assertIs(self.accounts.proven_by("token"), account)

    def test_password_fails_late(self) -> None:
        """A change that fails undoes no later one."""
        account = self.register()
        waiting: list[Deferred[None]] = []
        self.patch(self.accounts, "save", lambda _: waiting.append(Deferred()) or waiting[-1])
        first = self.change(account, "the first new")
        second = self.change(account, "the second new")
        waiting[0].errback(StorageError("the disk is full"))
        waiting[1].callback(None)
        self.fails(first)
        self.successResultOf(second)
        self.assertEqual(account.hash, "plain:the second new")

    def test_proof_goes_through(self) -> None:
        """Who proves an account has it, though the address cannot be stored; that is logged."""
        account = self.register()
        self.break_disk()
        self.assertIs(self.prove(origin=CAFE), account)
        self.assertIn(CAFE, account.proven_from)

    def test_bug(self) -> None:
        """A bug while an account is stored is not taken for a full disk."""
        self.break_code()
        self.failureResultOf(self.accounts.register("ada", b"a", SECRET, HOME), ZeroDivisionError)
        self.mend()
        self.register()
        self.break_code()
        self.failureResultOf(self.accounts.prove("ada", SECRET, CAFE), ZeroDivisionError)


class StoredTests(StoredContract, AccountsTestCase, DatabaseTestCase):
    """Accounts with an SQLite file."""

    def setUp(self) -> None:
        DatabaseTestCase.setUp(self)
        AccountsTestCase.setUp(self)
        self.database_ = self.opened()
        self.accounts = self.made(self.database_)

    def break_disk(self) -> None:
        def full(work: Any) -> Any:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        self.patch(self.database_, "_transact", full)

    def break_code(self) -> None:
        self.patch(self.database_, "_transact", lambda work: 1 / 0)

    def mend(self) -> None:
        del self.database_._transact
