"""Registered nicknames: another password, tokens, and what happens at the same time."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from chatservice.people import tokens
from chatservice.people.account import Account
from chatservice.people.kept import TOKENS_KEPT
from chatservice.protocol.events import ChatError
from tests.journals import Waiting
from tests.registered import (
    DENIED,
    HOME,
    SECRET,
    STRANGE,
    AccountsTestCase,
    SlowPasswords,
    proof_of,
)


class ChangingTests(AccountsTestCase):
    """Another password, tokens, and the end of an account."""

    def setUp(self) -> None:
        super().setUp()
        self.account = self.register()

    def change(self, password: str) -> Deferred[None]:
        return self.accounts.change_password(proof_of(self.account), password, HOME, lambda: None)

    def remember(self, token: str, account: Account | None = None) -> None:
        self.successResultOf(self.accounts.remember(account or self.account, token))

    def test_password(self) -> None:
        """The new password proves the account, the old one does not."""
        self.successResultOf(self.change("something new"))
        self.assertIs(self.prove(password="something new"), self.account)
        self.assertEqual(self.denied(password=SECRET), "wrong-password")

    def test_password_will_not_do(self) -> None:
        """The new password has to be as good as the first one."""
        self.assertEqual(self.refused(self.change("x"))[0], "usage")
        self.prove()

    def test_token(self) -> None:
        """A token proves the account that it was given to, and others prove none."""
        self.assertIsNone(self.accounts.proven_by("token"))
        self.remember("token")
        self.assertIs(self.accounts.proven_by("token"), self.account)
        self.assertIsNone(self.accounts.proven_by("Token"))

    def test_token_is_not_kept(self) -> None:
        """The account does not know the token itself."""
        self.remember("token")
        self.assertNotIn("token", "".join(self.account.tokens))

    def test_newest_tokens(self) -> None:
        """The newest tokens prove the account; one that is given again is new again."""
        for number in range(TOKENS_KEPT):
            self.remember(f"token{number}")
        self.remember("token0")
        self.remember("one more")
        proving = [n for n in range(TOKENS_KEPT) if self.accounts.proven_by(f"token{n}")]
        self.assertEqual(proving, [0, *range(2, TOKENS_KEPT)])
        self.assertEqual(len(self.account.tokens), TOKENS_KEPT)

    def test_nobody_elses(self) -> None:
        """A token that proves one account will do for nobody else."""
        self.remember("token")
        grace = self.register("grace")
        bearers = [self.accounts.may_bear("token", each) for each in (self.account, grace, None)]
        self.assertEqual(bearers, [True, False, False])
        self.assertFalse(self.accounts.may_bear("", None))

    def test_spent(self) -> None:
        """A token that proved an account once is nobody's, also its own no more."""
        self.remember("token")
        self.successResultOf(self.accounts.forget(self.account, "token"))
        bearers = [self.accounts.may_bear("token", each) for each in (self.account, None)]
        self.assertEqual(bearers, [False, False])
        spent = [self.successResultOf(self.accounts.is_spent(each)) for each in ("token", "new")]
        self.assertEqual(spent, [True, False])

    def test_spent_in_memory(self) -> None:
        """Without a database the newest of them are remembered."""
        self.patch(tokens, "SPENT_KEPT", 3)
        for number in range(TOKENS_KEPT + 5):
            self.remember(f"token{number}")
        spent = [self.successResultOf(self.accounts.is_spent(f"token{n}")) for n in range(6)]
        self.assertEqual(spent, [False, False, True, True, True, False])

    def test_forget(self) -> None:
        """A token that is forgotten proves nothing, and the others do."""
        self.remember("token")
        self.remember("other")
        self.successResultOf(self.accounts.forget(self.account, "token"))
        self.assertIsNone(self.accounts.proven_by("token"))
        self.assertIs(self.accounts.proven_by("other"), self.account)

    def test_password_forgets_tokens(self) -> None:
        """With another password, no token proves the account any more."""
        self.remember("token")
        self.successResultOf(self.change("something new"))
        self.assertIsNone(self.accounts.proven_by("token"))
        self.assertEqual(self.account.tokens, [])

    def test_remove(self) -> None:
        """A nickname that was given up is nobody's, by password or token, and can be had again."""
        self.remember("token")
        self.successResultOf(self.accounts.remove(self.account))
        self.assertIsNone(self.accounts.named("ada"))
        self.assertIsNone(self.accounts.proven_by("token"))
        self.assertEqual(self.denied(password=SECRET), "wrong-password")
        self.assertIsNot(self.register(), self.account)

    def test_removed(self) -> None:
        """To an account that was removed nothing happens, and nothing to its successor."""
        self.successResultOf(self.accounts.remove(self.account))
        successor = self.register()
        self.successResultOf(self.accounts.remove(self.account))
        self.successResultOf(self.accounts.save(self.account))
        self.assertTrue(self.account.is_removed)
        self.assertIs(self.accounts.named("ada"), successor)

    def test_nothing_to_load(self) -> None:
        """Without a database, nothing comes from earlier runs."""
        self.accounts.load()
        self.assertIs(self.accounts.named("ada"), self.account)


class AtOnceTests(AccountsTestCase):
    """What happens while a password is hashed or checked."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting = Waiting()
        self.accounts.passwords = self.passwords = SlowPasswords(self.waiting)
        self.accounts = self.made()

    def answer(self) -> None:
        """Answer all that was asked, and what is asked thereupon."""
        while len(self.waiting):
            self.waiting.answer(0)

    def begin(self, nick: str, identity: bytes) -> Deferred[Account]:
        return self.accounts.register(nick, identity, SECRET, HOME)

    def registered(self) -> Account:
        done = self.begin("ada", b"a" * 16)
        self.answer()
        return self.successResultOf(done)

    def test_same_nickname(self) -> None:
        """Of two who register look-alikes at the same time, the first one has it."""
        first = self.begin("paypal", b"1" * 16)
        code, sentence = self.refused(self.begin("pаypal", b"2" * 16))
        self.assertEqual(code, "registered")
        self.assertIn("being registered", sentence)
        self.answer()
        self.assertEqual(self.successResultOf(first).nick, "paypal")

    def test_same_identity(self) -> None:
        """One person who registers two nicknames at the same time has the first one."""
        first = self.begin("ada", b"1" * 16)
        self.assertEqual(self.refused(self.begin("grace", b"1" * 16))[0], "registered")
        self.answer()
        self.successResultOf(first)

    def test_many_proofs(self) -> None:
        """Trying many passwords at the same time gets one no further than one after the other."""
        self.registered()
        tries = [self.accounts.prove("ada", f"guess{n}", STRANGE) for n in range(50)]
        self.assertEqual(len(self.waiting), 5)
        self.answer()
        codes = [self.refused(each)[0] for each in tries]
        self.assertEqual((codes.count("wrong-password"), codes.count("too-many-tries")), (5, 45))

    def test_removed_while_proving(self) -> None:
        """An account that is removed while it is proved is like one that never was."""
        account = self.registered()
        proof = self.accounts.prove("ada", SECRET, HOME)
        self.successResultOf(self.accounts.remove(account))
        self.answer()
        self.assertEqual(self.refused(proof), ("wrong-password", DENIED))

    def test_changed_while_proving(self) -> None:
        """A password that is changed while it is checked proves nothing."""
        account = self.registered()
        proof = self.accounts.prove("ada", SECRET, HOME)
        account.hash = "plain:another one"
        self.answer()
        self.assertEqual(self.refused(proof)[0], "wrong-password")

    def test_registered_while_proving(self) -> None:
        """A nickname that is registered while somebody tries it is not proved by that."""
        proof = self.accounts.prove("ada", SECRET, HOME)
        self.registered()
        self.assertEqual(self.refused(proof)[0], "wrong-password")

    def test_removed_while_changing(self) -> None:
        """An account that is removed while its password is hashed gets no other one."""
        account = self.registered()
        proof = proof_of(account)
        change = self.accounts.change_password(proof, "something new", HOME, lambda: None)
        self.successResultOf(self.accounts.remove(account))
        self.answer()
        sentence = "ada has just been given up, or its password was changed: try again"
        self.assertEqual(self.refused(change), ("wrong-password", sentence))
        self.assertEqual(account.hash, "")

    def test_renewed_in_the_meantime(self) -> None:
        """A password that is changed while its hash is renewed stays so, and is the one asked."""
        account = self.registered()
        account.hash = f"old:{SECRET}"
        self.passwords.outdated = ("old:",)
        proof = self.accounts.prove("ada", SECRET, HOME)
        self.waiting.answer(0)
        account.hash = "plain:another one"
        self.answer()
        self.assertEqual(self.refused(proof), ("wrong-password", DENIED))
        self.assertEqual(account.hash, "plain:another one")

    def test_renewed_twice(self) -> None:
        """Two who prove it at the same time, when its hash is old, have both proved it."""
        account = self.registered()
        account.hash = f"old:{SECRET}"
        self.passwords.outdated = ("old:",)
        proofs = [self.accounts.prove("ada", SECRET, HOME) for _ in range(2)]
        self.answer()
        for each in proofs:
            self.assertTrue(self.successResultOf(each).holds())
        self.assertEqual(account.hash, f"plain:{SECRET}")

    def test_not_renewed(self) -> None:
        """A right password is right, also when there is no renewing its hash at the moment."""
        account = self.registered()
        account.hash = f"old:{SECRET}"
        self.passwords.outdated = ("old:",)
        proof = self.accounts.prove("ada", SECRET, HOME)
        self.patch(self.passwords, "hash", lambda *_: fail(ChatError("busy", "later")))
        self.answer()
        self.assertTrue(self.successResultOf(proof).holds())
