"""Passwords that an operator keeps elsewhere: checkers of twisted.cred, as --auth makes them."""

from __future__ import annotations

import hashlib
from typing import Any

from twisted.cred.checkers import (
    ANONYMOUS,
    FilePasswordDB,
    ICredentialsChecker,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import makeChecker
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer
from zope.interface.verify import verifyObject

from chatservice.people.account import Account, IAccount, NotStored
from chatservice.people.checkers import AccountChecker, InOrder, PluggedIn
from chatservice.protocol.errors import StorageError
from tests.databases import DatabaseTestCase
from tests.registered import CAFE, HOME, SECRET, AccountsTestCase, proof_of

THEIRS = "file secret"


@implementer(ICredentialsChecker)
class Scripted:
    """A checker that answers what it is told to.

    @ivar asked: the nicknames and passwords it was asked about.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, bytes]] = []

    def requestAvatarId(self, credentials: Any) -> Any:
        self.asked.append((credentials.username, credentials.password))
        return self.answer() if callable(self.answer) else self.answer


class AuthTestCase(AccountsTestCase, DatabaseTestCase):
    """Accounts in a database, and checkers before them."""

    def setUp(self) -> None:
        DatabaseTestCase.setUp(self)
        AccountsTestCase.setUp(self)
        self.database_ = self.opened()

    def plug_in(self, *checkers: Any) -> None:
        self.accounts = self.made(self.database_, checkers)
        self.accounts.load()

    def file(self, text: str = f"ada:{THEIRS}\nЖанна:{THEIRS}\n") -> str:
        """The path of a file with passwords."""
        path = self.folder / "passwords"
        path.write_text(text, "utf-8")
        return str(path)


class TwistedCheckersTests(AuthTestCase):
    """What Twisted comes with."""

    def test_marked_file(self) -> None:
        """A file may begin with a byte order mark."""
        self.vouches(FilePasswordDB(self.file(f"\ufeffada:{THEIRS}\n")))

    def test_typed_otherwise(self) -> None:
        """What is typed on another keyboard is the same password, however the file has it."""
        pairs = ("caf\u00e9 noir", "cafe\u0301\u00a0noir"), ("cafe\u0301", "cafe\u0301")
        for kept, typed in pairs:
            self.vouches(FilePasswordDB(self.file(f"ada:{kept}\n")), password=typed)

    def vouches(self, checker: Any, nick: str = "ada", password: str = THEIRS) -> None:
        """The checker lets the right password in, and no other nickname or password."""
        self.plug_in(checker)
        account = self.prove(nick, password)
        self.assertEqual((account.nick, account.hash), (nick, ""))
        self.assertEqual(self.denied(nick, "wrong"), "wrong-password")
        self.assertEqual(self.denied("nobody", password), "wrong-password")

    def test_file(self) -> None:
        """A file with a nickname and a password on each line."""
        self.vouches(FilePasswordDB(self.file()))

    def test_hashed_file(self) -> None:
        """A file with hashes of the passwords."""

        def hashed(username: bytes, password: bytes, stored: bytes) -> bytes:
            return hashlib.sha256(password).hexdigest().encode()

        digest = hashlib.sha256(THEIRS.encode()).hexdigest()
        self.vouches(FilePasswordDB(self.file(f"ada:{digest}\n"), hash=hashed))

    def test_any_script(self) -> None:
        """A file in UTF-8 with nicknames of any script."""
        self.vouches(FilePasswordDB(self.file()), "Жанна")

    def test_memory(self) -> None:
        """Nicknames and passwords in memory."""
        self.vouches(InMemoryUsernamePasswordDatabaseDontUse(ada=THEIRS.encode()))

    def test_auth_file(self) -> None:
        """C{--auth file:PATH}."""
        self.vouches(makeChecker(f"file:{self.file()}"))

    def test_auth_memory(self) -> None:
        """C{--auth memory:NICK:PASSWORD}."""
        self.vouches(makeChecker(f"memory:ada:{THEIRS}:bob:other"))

    def test_auth_memory_any_script(self) -> None:
        """C{--auth memory} with nicknames of any script."""
        self.vouches(makeChecker(f"memory:Жанна:{THEIRS}"), "Жанна")

    def test_added_later(self) -> None:
        """A nickname that is added to the memory later counts as well."""
        checker = makeChecker("memory:ada:secret")
        self.plug_in(checker)
        checker.addUser(b"bob", THEIRS.encode())
        self.assertEqual(self.prove("bob", THEIRS).nick, "bob")

    def test_file_without_case(self) -> None:
        """A file that minds no case gives the nickname as it has it."""
        self.plug_in(FilePasswordDB(self.file(), caseSensitive=False))
        self.assertEqual(self.prove("Ada", THEIRS).nick, "ada")

    def test_missing_file(self) -> None:
        """A file that is not there lets nobody in, and accounts of ours go on."""
        self.plug_in(FilePasswordDB(str(self.folder / "missing")))
        account = self.register("grace")
        self.assertIs(self.prove("grace"), account)
        self.assertEqual(self.denied("ada", THEIRS), "wrong-password")


class VouchedForTests(AuthTestCase):
    """The account of somebody whom an operator's checker vouched for."""

    def setUp(self) -> None:
        super().setUp()
        self.plug_in(FilePasswordDB(self.file()))

    def test_made(self) -> None:
        """It is made when its owner comes for the first time, and is the same from then on."""
        self.assertIsNone(self.accounts.named("ada"))
        account = self.prove(password=THEIRS)
        self.assertIs(self.accounts.named("ada"), account)
        self.assertIs(self.prove(password=THEIRS), account)

    def test_identity(self) -> None:
        """It has an identity of its own."""
        identities = {self.prove(nick, THEIRS).identity for nick in ("ada", "Жанна")}
        self.assertEqual([len(identity) for identity in identities], [16, 16])

    def test_stored(self) -> None:
        """It is there in the next run, and proved by the checker alone."""
        account = self.prove(password=THEIRS)
        self.plug_in(FilePasswordDB(self.file()))
        found = self.prove(password=THEIRS)
        self.assertEqual((found.identity, found.proven_from), (account.identity, [HOME]))
        self.plug_in()
        self.assertEqual(self.denied(password=THEIRS), "wrong-password")
        self.assertEqual(self.denied(password=""), "wrong-password")

    def test_spelling(self) -> None:
        """Once it is made, it is proved under whatever looks like it."""
        account = self.prove(password=THEIRS)
        self.assertIs(self.prove("ADA", THEIRS), account)

    def test_not_stored(self) -> None:
        """If it cannot be stored, nobody gets it, and the next time it can be had."""
        self.accounts._store = store = NotStored()
        store.add = lambda *_: fail(StorageError("the disk is full"))
        self.failureResultOf(self.accounts.prove("ada", THEIRS, HOME), StorageError)
        self.assertIsNone(self.accounts.named("ada"))
        del store.add
        self.prove(password=THEIRS)

    def test_password_elsewhere(self) -> None:
        """Its password is not changed here."""
        account = self.prove(password=THEIRS)
        code, sentence = self.refused(self.change(account))
        self.assertEqual((code, account.hash), ("not-allowed", ""))
        self.assertIn("the people who run this chat", sentence)

    def change(self, account: Account) -> Deferred[None]:
        proof = proof_of(account)
        return self.accounts.change_password(proof, "something new", HOME, lambda: None)

    def test_first_at_the_same_time(self) -> None:
        """Two who come for the first time at the same time get one account between them."""
        waiting: list[Deferred[None]] = []
        self.accounts._store = store = NotStored()
        store.add = store.update = lambda *_: waiting.append(Deferred()) or waiting[-1]
        first = self.accounts.prove("ada", THEIRS, HOME)
        self.assertEqual(self.denied(password=THEIRS, origin=CAFE), "registered")
        waiting.pop().callback(None)
        waiting.pop().callback(None)
        proof = self.successResultOf(first)
        self.assertIs(proof.account, self.accounts.named("ada"))
        self.assertTrue(proof.holds())
        del store.add, store.update
        self.successResultOf(self.accounts.remove(proof.account))
        self.assertFalse(proof.holds())

    def test_own_password_too(self) -> None:
        """A nickname that was registered here has both passwords, and stays one account."""
        account = self.register()
        self.assertIs(self.prove(password=SECRET), account)
        self.assertIs(self.prove(password=THEIRS), account)
        self.assertEqual(account.hash, f"plain:{SECRET}")

    def test_their_password_is_not_ours(self) -> None:
        """What an operator's checker knows does not get into our own hash."""
        account = self.register()
        account.hash = f"old:{SECRET}"
        self.passwords.outdated = ("old:",)
        self.prove(password=THEIRS)
        self.assertEqual(account.hash, f"old:{SECRET}")

    def test_tries(self) -> None:
        """Tries count for an operator's checker as well."""
        for _ in range(5):
            self.denied()
        self.assertEqual(self.denied(password=THEIRS), "too-many-tries")


class OddCheckersTests(AuthTestCase):
    """Checkers that are not like Twisted's."""

    def test_text(self) -> None:
        """A checker may answer with text, later or at once."""
        for answer in ("ada", succeed("ada"), succeed(b"ada")):
            self.plug_in(Scripted(answer))
            self.assertEqual(self.prove(password="any").nick, "ada")

    def test_bytes(self) -> None:
        """A checker is asked with UTF-8."""
        checker = Scripted(lambda: fail(UnauthorizedLogin()))
        self.plug_in(checker)
        self.denied("Жанна", "пароль")
        self.assertEqual(checker.asked, [("Жанна".encode(), "пароль".encode())])

    def test_in_order(self) -> None:
        """Checkers are asked one after the other until one vouches; ours is the last."""
        no = Scripted(lambda: fail(UnauthorizedLogin()))
        yes, never = Scripted(b"ada"), Scripted(b"ada")
        self.plug_in(no, yes, never)
        self.prove(password="any")
        self.assertEqual([len(each.asked) for each in (no, yes, never)], [1, 1, 0])
        self.assertEqual(self.passwords.checks, 0)

    def test_no_is_no_last_word(self) -> None:
        """A no of one is no hindrance for the next, and all of them make it wrong."""
        no = Scripted(lambda: fail(UnauthorizedLogin()))
        self.plug_in(no, no)
        self.register()
        self.prove()
        self.assertEqual(self.denied(), "wrong-password")
        self.assertEqual(len(no.asked), 4)

    def failing(self, answer: Any) -> None:
        """A checker with this answer is logged and passed over."""
        self.plug_in(Scripted(answer))
        account = self.accounts.named("ada") or self.register()
        self.assertIs(self.prove(), account)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_failing_later(self) -> None:
        """A checker that fails in its own way is logged and counts as a no."""
        self.failing(lambda: fail(ConnectionError("no directory")))

    def test_failing_at_once(self) -> None:
        """So is one that raises."""
        self.failing(lambda: 1 / 0)

    def test_no_nickname(self) -> None:
        """So is one that vouches for what can be nobody's nickname, or is not text."""
        for answer in (b"ada love", b"\xff", b"server", ANONYMOUS, None):
            self.failing(answer)

    def test_somebody_else(self) -> None:
        """So is one that vouches for somebody else than it was asked about."""
        self.failing(b"grace")
        self.assertIsNone(self.accounts.named("grace"))

    def test_nothing_to_vouch_for(self) -> None:
        """A nickname that can be nobody's gets no account, whoever vouches for it."""
        self.plug_in(Scripted(b"ada love"))
        self.assertEqual(self.denied("ada love"), "wrong-password")
        self.flushLoggedErrors(ValueError)


class PortalTests(AuthTestCase):
    """The portal, for whoever has another kind of door."""

    def test_login(self) -> None:
        """It gives the account for a nickname and a password."""
        self.plug_in()
        account = self.register()
        login = self.accounts.portal.login(
            UsernamePassword(b"ada", SECRET.encode()), None, IAccount
        )
        interface, avatar, logout = self.successResultOf(login)
        self.assertEqual((interface, avatar), (IAccount, account))
        self.assertIsNone(logout())

    def test_nothing_but_accounts(self) -> None:
        """It has nothing else to give."""
        self.plug_in()
        self.register()
        credentials = UsernamePassword(b"ada", SECRET.encode())
        login = self.accounts.portal.login(credentials, None, ICredentialsChecker)
        self.failureResultOf(login, NotImplementedError)

    def test_interfaces(self) -> None:
        """Everything is what twisted.cred takes it for."""
        self.plug_in()
        checker = AccountChecker(self.accounts.named, self.accounts.note, self.passwords)
        for each in (checker, PluggedIn(checker), InOrder([checker])):
            self.assertTrue(verifyObject(ICredentialsChecker, each))
        self.assertTrue(verifyObject(IAccount, self.register()))
        self.assertEqual(self.accounts.portal.listCredentialsInterfaces(), [IUsernamePassword])
