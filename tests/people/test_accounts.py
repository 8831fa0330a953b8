"""Registered nicknames: made, proved, changed and lost."""

from __future__ import annotations

from typing import Any

from chatservice.people.account import Proof
from chatservice.people.accounts import ADDRESSES_KEPT
from chatservice.protocol import names
from chatservice.protocol.names import check_nick
from tests.registered import CAFE, DENIED, HOME, NOW, SECRET, STRANGE, AccountsTestCase


class RegisteringTests(AccountsTestCase):
    """register."""

    def attempt(self, nick: str, identity: bytes = b"x" * 16, password: str = SECRET) -> Any:
        return self.accounts.register(nick, identity, password, HOME)

    def test_registered(self) -> None:
        """An account keeps the nickname, the time and the address, and has its own identity."""
        account = self.register("Ada")
        facts = (account.key, account.nick, account.since, account.proven_from)
        self.assertEqual(facts, ("ada", "Ada", NOW, [HOME]))
        self.assertEqual(len(account.identity), 16)
        self.assertNotEqual(account.identity, b"Ada".ljust(16))
        self.assertIs(self.accounts.named("Ada"), account)

    def test_secret(self) -> None:
        """Nothing that proves an account is shown when it is printed."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        shown = repr(account)
        for secret in (account.hash, account.tokens[0], repr(account.identity)):
            self.assertNotIn(secret, shown)

    def test_passwords(self) -> None:
        """A password that is short, endless or the nickname itself is refused with a sentence."""
        for password, word in [
            ("1234567", "at least 8"),
            ("x" * 1025, "at most 1,024"),
            ("\U0001f600" * 1024 + "x", "at most 1,024"),
            ("Ada-LOVELACE", "your nickname"),
        ]:
            code, sentence = self.refused(self.attempt("ada-lovelace", password=password))
            self.assertEqual(code, "usage")
            self.assertIn(word, sentence)
        self.assertIsNone(self.accounts.named("ada-lovelace"))

    def test_longest_password(self) -> None:
        """The shortest password will do, and the longest of the widest characters."""
        self.register("bob", password="12345678")
        self.register(password="\U0001f600" * 1024)
        self.prove(password="\U0001f600" * 1024)

    def test_least(self) -> None:
        """An operator chooses how short a password may be; those that exist stay valid."""
        self.accounts = self.made(least=3)
        refused = self.refused(self.attempt("ada", password="12"))
        self.assertEqual(refused, ("usage", "a password must have at least 3 characters"))
        account = self.register(password="123")
        self.accounts.least = 4
        self.assertIs(self.prove(password="123"), account)
        changed = self.accounts.change_password(
            Proof(account), "456", HOME, lambda: None
        )
        self.assertIn("at least 4", self.refused(changed)[1])

    def test_least_of_all(self) -> None:
        """A password of one character will do if the operator says so, and an empty one never."""
        self.accounts = self.made(least=1)
        self.register(password="1")
        self.assertEqual(self.refused(self.attempt("bob", password=" "))[0], "usage")

    def test_taken(self) -> None:
        """A nickname that is registered, in whatever case, is refused."""
        self.register()
        refused = self.refused(self.attempt("ADA"))
        self.assertEqual(refused, ("registered", "ADA is registered already"))

    def test_look_alike(self) -> None:
        """So is one that looks like it."""
        self.register("paypal")
        refused = self.refused(self.attempt("pаypal"))
        sentence = "pаypal looks too much like paypal, which is registered"
        self.assertEqual(refused, ("registered", sentence))

    def test_one_account_each(self) -> None:
        """An identity that has an account gets no other one."""
        account = self.register()
        code, sentence = self.refused(self.attempt("grace", account.identity))
        self.assertEqual(code, "registered")
        self.assertIn("/logout", sentence)

    def test_hourly(self) -> None:
        """From one address five nicknames are registered in an hour, and more from elsewhere."""
        for number in range(5):
            self.register(f"guest{number}")
            self.clock.advance(60)
        refused = self.refused(self.attempt("guest5"))
        sentence = "too many nicknames were registered from here: try again in 3,300 seconds"
        self.assertEqual(refused, ("too-many-tries", sentence))
        self.register("guest6", CAFE)
        self.clock.advance(3299)
        self.assertIn("try again in 1 second", self.refused(self.attempt("guest5"))[1])
        self.clock.advance(1)
        self.register("guest5")


class SubstitutionTests(AccountsTestCase):
    """Nicknames made to look like registered ones."""

    REGISTERED = ("paypal", "Oleg", "modern", "bill", "Harrison", "Фёдор", "Αλέξης", "grace")
    WANTED = 1000

    def look_alikes(self, nick: str) -> list[str]:
        """Nicknames of which one or two characters are others that look the same."""
        folded = nick.casefold()
        same: dict[str, list[str]] = {}
        for source, target in names._LOOKS_LIKE.items():
            same.setdefault(target, []).append(chr(source))
            for skeleton in (char for char in folded if names.nick_key(char) == target):
                same.setdefault(skeleton, []).append(chr(source))
        once = [
            folded.replace(part, other, 1)
            for part, others in sorted(same.items())
            if part in folded
            for other in others
        ]
        last = [(part, others[-1]) for part, others in sorted(same.items()) if part in folded]
        return once + [text.replace(part, other) for text in once for part, other in last]

    def admitted(self) -> list[tuple[str, str]]:
        """The look-alikes that are nicknames at all, each with what it looks like."""
        found = []
        for nick in self.REGISTERED:
            for text in dict.fromkeys(self.look_alikes(nick)):
                try:
                    found.append((check_nick(text), nick))
                except ValueError:
                    continue
        return found

    def test_none_admitted(self) -> None:
        """Of a thousand look-alikes that are nicknames, every one is a registered name."""
        for nick in self.REGISTERED:
            self.register(nick, origin=nick)
        tried = self.admitted()
        self.assertGreaterEqual(len({nick for nick, _ in tried}), self.WANTED)
        for text, nick in tried:
            self.assertIs(self.accounts.named(text), self.accounts.named(nick), ascii(text))
            done = self.accounts.register(text, b"eve", SECRET, STRANGE)
            self.assertEqual(self.refused(done)[0], "registered")


class ProvingTests(AccountsTestCase):
    """prove."""

    def test_proved(self) -> None:
        """Whoever knows the password gets the account, by any spelling of the nickname."""
        account = self.register("paypal")
        for nick in ("paypal", "PAYPAL", "pаypal"):
            self.assertIs(self.prove(nick), account)

    def test_wrong_or_unknown(self) -> None:
        """A wrong password and an unknown nickname cost and say the same."""
        self.register()
        refusals = []
        for nick in ("ada", "nobody"):
            self.passwords.checks = 0
            refusal = self.refused(self.accounts.prove(nick, "wrong", HOME))
            refusals.append((refusal, self.passwords.checks))
        self.assertEqual(refusals, [(("wrong-password", DENIED), 1)] * 2)

    def test_nothing_for_nobody(self) -> None:
        """An empty password is no password, of whomever."""
        self.register()
        self.assertEqual(self.denied(password=""), "wrong-password")
        self.assertEqual(self.denied("nobody", password=""), "wrong-password")

    def test_odd_text(self) -> None:
        """Half a surrogate pair, which JSON can carry, is as wrong as any other text."""
        self.register()
        self.assertEqual(self.denied("\ud800", "\udfff"), "wrong-password")

    def test_limit_of_a_nickname(self) -> None:
        """A nickname is tried five times in a minute, from wherever, whether it exists or not."""
        self.register()
        for nick in ("ada", "nobody"):
            for number in range(5):
                self.assertEqual(self.denied(nick, origin=f"{nick}{number}"), "wrong-password")
            refused = self.refused(self.accounts.prove(nick, SECRET, STRANGE))
            sentence = "too many passwords were tried: try again in 60 seconds"
            self.assertEqual(refused, ("too-many-tries", sentence))
        self.clock.advance(60)
        self.prove(origin=STRANGE)

    def test_limit_of_an_address(self) -> None:
        """An address tries five times in a minute, whatever nickname; this machine is one too."""
        for origin in (STRANGE, ""):
            for number in range(5):
                self.assertEqual(self.denied(f"{origin}x{number}", origin=origin), "wrong-password")
            self.assertEqual(self.denied("other", origin=origin), "too-many-tries")

    def test_not_checked(self) -> None:
        """Nothing is checked that was tried too often, right or wrong."""
        for _ in range(5):
            self.denied(origin=STRANGE)
        self.passwords.checks = 0
        self.denied(origin=STRANGE)
        self.assertEqual(self.passwords.checks, 0)

    def test_owner_not_locked_out(self) -> None:
        """Strangers, and neighbours trying other nicknames, do not keep an owner out."""
        account = self.register()
        for number in range(20):
            self.denied(origin=f"stranger{number}")
            self.denied(f"neighbour{number}", origin=HOME)
        self.assertIs(self.prove(), account)
        self.assertEqual(self.denied(password=SECRET, origin=CAFE), "too-many-tries")

    def test_limit_at_home(self) -> None:
        """From where the owner has been, too, five wrong passwords are the most."""
        self.register()
        for _ in range(5):
            self.assertEqual(self.denied(), "wrong-password")
        self.assertEqual(self.denied(password=SECRET), "too-many-tries")

    def test_right_ones_are_free(self) -> None:
        """A right password counts as no try, and makes up for no wrong one."""
        self.register()
        for _ in range(10):
            self.prove(origin=HOME)
        for number in range(4):
            self.denied(f"guess{number}", origin=CAFE)
        self.prove(origin=CAFE)
        self.denied("guess5", origin=CAFE)
        self.assertEqual(self.denied("guess6", origin=CAFE), "too-many-tries")

    def test_addresses(self) -> None:
        """The addresses of the last proofs are known, the newest last."""
        account = self.register()
        for number in range(ADDRESSES_KEPT):
            self.prove(origin=f"10.0.0.{number}")
            self.prove(origin=HOME)
        self.assertEqual(len(account.proven_from), ADDRESSES_KEPT)
        self.assertEqual(account.proven_from[-2:], [f"10.0.0.{ADDRESSES_KEPT - 1}", HOME])
        self.assertIn("10.0.0.1", account.proven_from)
        self.assertNotIn("10.0.0.0", account.proven_from)

    def test_renewed(self) -> None:
        """A hash made with other parameters than today's is made anew when it is proved."""
        account = self.register()
        account.hash = f"old:{SECRET}"
        self.passwords.outdated = ("old:",)
        self.denied()
        self.assertEqual(account.hash, f"old:{SECRET}")
        self.prove()
        self.assertEqual(account.hash, f"plain:{SECRET}")
