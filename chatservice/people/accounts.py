"""Registered nicknames: who owns them, and how owners prove it.

A L{Portal} decides who is who: it asks an operator's own checkers first, ours last (checkers.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from zope.interface import Interface, implementer

from chatservice.people.account import (
    NOT_STORED,
    Account,
    AccountStore,
    IAccount,
    Proof,
)
from chatservice.people.checkers import AccountChecker, Attempt, InOrder, PluggedIn
from chatservice.people.kept import TOKENS_KEPT, KeptAccounts, without
from chatservice.people.opaque import prepared_anew
from chatservice.people.passwords import Passwords, always, encoded
from chatservice.people.ratelimit import Limit, Tries
from chatservice.people.tokens import digest_of
from chatservice.protocol.counts import counted
from chatservice.protocol.events import ChatError, FailedProof
from chatservice.protocol.names import NICK_INPUT, PASSWORD_LEAST, nick_key

REGISTRATIONS = 5
"""The most registrations from one address in an hour."""
ADDRESSES_KEPT = 20


@implementer(IRealm)
class Accounts(KeptAccounts):
    """All accounts: registering, proving and removing them.

    Anything that fails because of the disk fails with L{StorageError}.

    @param seconds: a clock that never goes back.
    @param now: the time on the clock of the ids, in microseconds since the epoch.
    @param store: keeps the accounts; by default nothing does, and they last as long as the chat.
    @param checkers: an operator's own, for C{IUsernamePassword}, in the order of asking.
    @param least: the fewest characters of a new password.
    @ivar passwords: as given, as is C{least}.
    @ivar portal: gives an L{IAccount} for C{IUsernamePassword}. L{prove} asks it, and limits how
        often that can be done.
    """

    def __init__(
        self,
        passwords: Passwords,
        seconds: Callable[[], float],
        now: Callable[[], int],
        store: AccountStore = NOT_STORED,
        checkers: Sequence[ICredentialsChecker] = (),
        least: int = PASSWORD_LEAST,
    ) -> None:
        super().__init__(store)
        self.passwords = passwords
        self.least = least
        self._now = now
        self._has_checkers = bool(checkers)
        self._proofs: Limit = Tries(seconds)
        self._registrations: Limit = Tries(seconds, REGISTRATIONS, within=3600.0)
        own = AccountChecker(self.named, self.note, passwords)
        self.portal = Portal(self, [InOrder([*map(PluggedIn, checkers), own])])

    def limit(self, proofs: Limit, registrations: Limit) -> None:
        """Let other limits than its own count passwords that are tried, and registrations."""
        self._proofs, self._registrations = proofs, registrations

    @inlineCallbacks
    def register(
        self,
        nick: str,
        former: bytes,
        password: str,
        origin: str,
        is_wanted: Callable[[], bool] = always,
    ) -> Generator[Deferred[Any], Any, Account]:
        """Register a nickname; the account exists once it is stored.

        The account has an identity of its own, which gets its owner's lines.

        @param nick: as L{check_nick} returned it.
        @param former: the owner's identity until now.
        @param origin: see L{chatservice.people.addresses.origin_of}.
        @param is_wanted: see L{Passwords}.
        @raise ChatError: C{usage} (the password); C{registered} (the nickname is taken, or the
            identity has an account); C{too-many-tries}; see also L{Passwords}.
        """
        password = self._checked(password, nick)
        with self._making(nick, former):
            wait = yield maybeDeferred(self._registrations.attempt, origin)
            _check_wait(wait, "nicknames were registered from here")
            try:
                hash = yield self.passwords.hash(password, origin, is_wanted)
                account = self._new(nick, hash)
                account.proven_from.append(origin)
                yield self._add(account, former)
            except BaseException:
                self._registrations.give_back(origin)
                raise
        return account

    @inlineCallbacks
    def prove(
        self, nick: str, password: str, origin: str, is_wanted: Callable[[], bool] = always
    ) -> Generator[Deferred[Any], Any, Proof]:
        """Prove the ownership of a nickname by its password.

        Attempts count for the nickname and for the address. From an address that proved it before
        they count for the pair alone, so that no stranger can lock its owner out.

        @param origin: see L{chatservice.people.addresses.origin_of}.
        @param is_wanted: see L{Passwords}.
        @raise ChatError: C{wrong-password}, also for an unknown nickname; C{too-many-tries};
            C{busy}; C{closing}.
        """
        nick = nick[:NICK_INPUT]
        key = nick_key(nick)
        account = self._by_key.get(key)
        tried = [(key, None), (None, origin)]
        if account is not None and origin in account.proven_from:
            tried = [(key, origin)]
        wait = yield maybeDeferred(self._proofs.attempt, *tried)
        _check_wait(wait, "passwords were tried")
        name = nick if account is None else account.nick
        attempt = Attempt(encoded(name), encoded(password), origin, is_wanted)
        proved: Account
        try:
            if self._has_checkers:
                # Their work may cost as much as our own hashing.
                self.passwords.pay(origin)
            _, proved, _ = yield self.portal.login(attempt, None, IAccount)
        except UnauthorizedLogin:
            sentence = "wrong nickname or password"
            # An unknown nickname may be somebody's password: keep it out of the log.
            whose = "" if account is None else account.nick
            raise FailedProof("wrong-password", sentence, whose) from None
        except ChatError:
            self._proofs.give_back(*tried)
            raise
        self._proofs.give_back(*tried)
        proof = Proof(proved, hash=attempt.hash)
        if proved.proven_from[-1:] != [origin]:
            others = without(proved.proven_from, origin)
            proved.proven_from = [*others, origin][-ADDRESSES_KEPT:]
            yield self.note(proved)
        return proof

    @inlineCallbacks
    def change_password(
        self,
        proof: Proof,
        password: str,
        origin: str,
        new_token: Callable[[], str | None],
        is_wanted: Callable[[], bool] = always,
    ) -> Generator[Deferred[Any], Any, None]:
        """Change an account's password; its previous tokens no longer prove it.

        @param new_token: called when the password changes; returns its new token, if any.
        @param origin: see L{chatservice.people.addresses.origin_of}.
        @param is_wanted: see L{Passwords}.
        @raise ChatError: C{usage} for an unsuitable password; C{not-allowed} if an operator's
            checker keeps it; see also L{Proof.check} and L{Passwords}.
        """
        account = proof.account
        password = self._checked(password, account.nick)
        if not account.hash:
            sentence = "your password cannot be changed here: ask the people who run this chat"
            raise ChatError("not-allowed", sentence, "kept-elsewhere")
        hash = yield self.passwords.hash(password, origin, is_wanted)
        proof.check()
        before, tokens = account.hash, account.tokens
        account.hash = hash
        token = new_token()
        self._tokens.give(account, [] if token is None else [digest_of(token)])
        try:
            yield self.save(account)
        except BaseException:
            if account.hash == hash:
                account.hash = before
                self._tokens.give(account, [*tokens, *account.tokens][-TOKENS_KEPT:])
            raise

    @inlineCallbacks
    def requestAvatar(
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: type[Interface]
    ) -> Generator[Deferred[Any], Any, tuple[type[Interface], object, Callable[[], None]]]:
        """See L{IRealm}. People known to an operator's checker need no L{register}."""
        if IAccount not in interfaces:
            raise NotImplementedError("only accounts can be asked for")
        nick = bytes(avatarId).decode()
        account = self.named(nick)
        if account is None:
            account = self._new(nick, hash="")
            with self._making(nick, account.identity):
                yield self._add(account)
        return IAccount, account, lambda: None

    def _new(self, nick: str, hash: str) -> Account:
        return Account(nick_key(nick), nick, secrets.token_bytes(16), hash, self._now())

    @contextmanager
    def _making(self, nick: str, identity: bytes) -> Iterator[None]:
        """Reserve a nickname and an identity for an account that is being made."""
        key = nick_key(nick)
        holder = self._by_key.get(key)
        if holder is not None:
            raise registered(nick, holder.nick)
        if key in self._being_made:
            raise ChatError("registered", f"{nick} is being registered right now: try again")
        if identity in self._being_made or self.goes_by(identity):
            raise has_account()
        self._being_made |= {key, identity}
        try:
            yield
        finally:
            self._being_made -= {key, identity}

    @inlineCallbacks
    def _add(
        self, account: Account, former: bytes | None = None
    ) -> Generator[Deferred[Any], Any, None]:
        try:
            yield self._store.add(account, former)
        except BaseException:
            # It may be stored all the same, and this node may have heard of that already.
            if account.key in self._made:
                self._put_in(self._made[account.key])
            raise
        else:
            self._put_in(account)
        finally:
            self._made.pop(account.key, None)

    def _checked(self, password: str, nick: str) -> str:
        """Prepare and check a new password.

        @raise ChatError: C{usage}.
        """
        try:
            password = prepared_anew(password)
        except ValueError as error:
            raise ChatError("usage", str(error)) from None
        if len(password) < self.least:
            least = counted(self.least, "character", "characters")
            raise ChatError("usage", f"a password must have at least {least}")
        if password.casefold() == nick.casefold():
            raise ChatError("usage", "your password must not be your nickname: choose another")
        return password


def _check_wait(seconds: float, what: str) -> None:
    if seconds > 0:
        wait = counted(ceil(seconds), "second", "seconds")
        raise ChatError("too-many-tries", f"too many {what}: try again in {wait}")


def registered(nick: str, holder: str) -> ChatError:
    """Make the error for a nickname that cannot be registered.

    @param holder: the one that is registered.
    """
    if nick.casefold() == holder.casefold():
        return ChatError("registered", f"{nick} is registered already")
    return ChatError("registered", f"{nick} looks too much like {holder}, which is registered")


def has_account() -> ChatError:
    """Make the error for somebody who has an account and registers another one."""
    return ChatError("registered", "you already have an account: /logout first", "has-account")
