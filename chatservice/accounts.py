"""Registered nicknames: whose they are, and how that is proved.

All accounts are in memory, and what changes is written through, one row at a time. Who is who is
decided by a L{Portal}: an operator's own checkers are asked first, ours last (checkers.py).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger
from zope.interface import Attribute, Interface, implementer

from chatservice.checkers import AccountChecker, InOrder, PluggedIn
from chatservice.database import Database, StorageError, explain
from chatservice.events import ChatError
from chatservice.names import NICK_INPUT, nick_key
from chatservice.passwords import Passwords, encoded
from chatservice.preferences import Preferences
from chatservice.rooms import identity_of
from chatservice.tries import Tries

if TYPE_CHECKING:
    from chatservice.rooms import Member

PASSWORD_LEAST = 8
PASSWORD_MOST = 256
REGISTRATIONS = 5
"""The most from one address in an hour."""
ADDRESSES_KEPT = 20
TOKENS_KEPT = 10

log = Logger()


class IAccount(Interface):
    """What a login through the portal gives."""

    nick: str = Attribute("The nickname, as it was registered.")
    identity: bytes = Attribute("16 bytes under which everything of its owner is kept.")


@implementer(IAccount)
@dataclass(slots=True, eq=False)
class Account:
    """A nickname that is somebody's.

    @ivar key: of the nickname (L{nick_key}).
    @ivar hash: of the password; empty if only an operator's checker knows it, or if the account
        is there no longer.
    @ivar since: when it was made, in microseconds since the epoch.
    @ivar ignored: the nicknames whose lines its owner does not want to see, by key.
    @ivar proven_from: the addresses from which the nickname was proved, newest last.
    @ivar tokens: hashes, in hexadecimal, of tokens that prove the nickname too, newest last.
    @ivar member: who is logged in to it now.
    """

    key: str
    nick: str
    identity: bytes = field(repr=False)
    hash: str = field(repr=False)
    since: int
    preferences: Preferences = field(default_factory=Preferences)
    ignored: dict[str, str] = field(default_factory=dict)
    proven_from: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list, repr=False)
    member: Member | None = field(default=None, repr=False)


@implementer(IRealm)
class Accounts:
    """All accounts, and the way to get one, to prove it and to lose it.

    What fails because of the disk fails with L{StorageError}.

    @param seconds: a clock that never goes back.
    @param now: the time on the clock of the ids, in microseconds since the epoch.
    @param database: need not be open yet; without one, accounts last as long as the chat.
    @param checkers: an operator's own, for C{IUsernamePassword}, in the order of asking.
    @ivar passwords: as given.
    @ivar portal: gives an L{IAccount} for C{IUsernamePassword}. L{prove} asks it, and limits how
        often that can be done.
    """

    def __init__(
        self,
        passwords: Passwords,
        seconds: Callable[[], float],
        now: Callable[[], int],
        database: Database | None = None,
        checkers: Sequence[ICredentialsChecker] = (),
    ) -> None:
        self.passwords = passwords
        self._now = now
        self._database = database
        self._by_key: dict[str, Account] = {}
        self._by_token: dict[str, Account] = {}
        self._identities: set[bytes] = set()
        self._being_made: set[str | bytes] = set()
        self._proofs = Tries(seconds)
        self._registrations = Tries(seconds, REGISTRATIONS, within=3600.0)
        own = AccountChecker(self, passwords)
        self.portal = Portal(self, [InOrder([*map(PluggedIn, checkers), own])])

    def load(self) -> None:
        """Read all accounts; the database has just been opened."""
        if self._database is not None:
            for account in self._database.at_start(_read):
                self._by_key[account.key] = account
                self._by_token.update(dict.fromkeys(account.tokens, account))
                self._identities.add(account.identity)

    def named(self, nick: str) -> Account | None:
        """The account of a nickname or of one that looks like it; a key will do as well."""
        return self._by_key.get(nick_key(nick))

    def proven_by(self, token: str) -> Account | None:
        """The account that a token was given to; see L{remember}."""
        return self._by_token.get(_digest(token))

    def goes_by(self, identity: bytes) -> bool:
        """Whether it is an account's: then nobody has it who has not proved that account."""
        return identity in self._identities

    @inlineCallbacks
    def register(
        self, nick: str, identity: bytes, password: str, origin: str
    ) -> Generator[Deferred[Any], Any, Account]:
        """Make a nickname somebody's; it counts from when it is stored.

        @param nick: as L{check_nick} returned it.
        @param identity: what its owner goes by already.
        @param origin: see L{chatservice.networks.origin_of}.
        @raise ChatError: the password will not do, the nickname is somebody's or about to be, the
            identity has an account, or too many were registered from there.
        """
        _check_password(password, nick)
        with self._making(nick, identity):
            _check_wait(self._registrations.wait(origin), "nicknames were registered from here")
            self._registrations.count(origin)
            try:
                hash = yield self.passwords.hash(password)
                account = self._new(nick, identity, hash)
                account.proven_from.append(origin)
                yield self._add(account)
            except BaseException:
                self._registrations.give_back(origin)
                raise
        return account

    @inlineCallbacks
    def prove(
        self, nick: str, password: str, origin: str
    ) -> Generator[Deferred[Any], Any, Account]:
        """The account of a nickname, for who knows its password.

        Tries count for the nickname and for the address. From where it was proved before, they
        count for the two together, so that no stranger keeps its owner out.

        @param origin: see L{chatservice.networks.origin_of}.
        @raise ChatError: C{wrong-password}, also if there is no such account; C{too-many-tries}.
        """
        nick = nick[:NICK_INPUT]
        key = nick_key(nick)
        account = self._by_key.get(key)
        tried = [(key, None), (None, origin)]
        if account is not None and origin in account.proven_from:
            tried = [(key, origin)]
        _check_wait(self._proofs.wait(*tried), "passwords were tried")
        # Now, and not when it turns out to be wrong: many may be tried at the same time.
        self._proofs.count(*tried)
        name = nick if account is None else account.nick
        credentials = UsernamePassword(encoded(name), encoded(password))
        proved: Account
        try:
            _, proved, _ = yield self.portal.login(credentials, None, IAccount)
        except UnauthorizedLogin:
            sentence = "that nickname and that password do not belong together"
            raise ChatError("wrong-password", sentence) from None
        self._proofs.give_back(*tried)
        if proved.proven_from[-1:] != [origin]:
            others = _without(proved.proven_from, origin)
            proved.proven_from = [*others, origin][-ADDRESSES_KEPT:]
            yield self.note(proved)
        return proved

    @inlineCallbacks
    def change_password(
        self, account: Account, password: str
    ) -> Generator[Deferred[Any], Any, None]:
        """Give it another password; no token proves it any more.

        @raise ChatError: the password will not do, or an operator's checker decides on it.
        """
        _check_password(password, account.nick)
        hash = yield self.passwords.hash(password)
        self.check_there(account)
        if not account.hash:
            sentence = "your password is kept by whoever runs this chat, and cannot be changed here"
            raise ChatError("not-allowed", sentence)
        before = account.hash, account.tokens
        account.hash = hash
        self._set_tokens(account, [])
        try:
            yield self.save(account)
        except BaseException:
            if account.hash == hash:
                account.hash = before[0]
                self._set_tokens(account, before[1])
            raise

    @inlineCallbacks
    def remember(self, account: Account, token: str) -> Generator[Deferred[Any], Any, None]:
        """Let a token prove the account from now on, and no other account."""
        self.check_there(account)
        digest = _digest(token)
        if account.tokens[-1:] == [digest]:
            return
        former = self._by_token.get(digest, account)
        self._set_tokens(former, _without(former.tokens, digest))
        self._set_tokens(account, [*account.tokens, digest][-TOKENS_KEPT:])
        if former is not account:
            yield self.save(former)
        yield self.save(account)

    def forget(self, account: Account, token: str) -> Deferred[None]:
        """Let a token prove the account no longer."""
        self._set_tokens(account, _without(account.tokens, _digest(token)))
        return self.save(account)

    @inlineCallbacks
    def remove(self, account: Account) -> Generator[Deferred[Any], Any, None]:
        """Let the nickname be nobody's again, once that is stored."""
        yield self._write(_DELETE, {"key": account.key, "identity": account.identity})
        if self._is_there(account):
            del self._by_key[account.key]
            self._identities.discard(account.identity)
        self._set_tokens(account, [])
        account.hash = ""

    def check_there(self, account: Account) -> None:
        """Raise L{ChatError} if the account was removed meanwhile."""
        if not self._is_there(account):
            raise ChatError("not-logged-in", f"{account.nick} is not registered any more")

    def save(self, account: Account) -> Deferred[None]:
        """Store the account as it is now; nothing is done for one that was removed."""
        return self._write(_UPDATE, _row(account)) if self._is_there(account) else succeed(None)

    def note(self, account: Account) -> Deferred[None]:
        """Store it as L{save} does, but let the log, and nobody else, know if that fails."""

        def complain(failure: Any) -> None:
            failure.trap(StorageError)
            log.error("An account is not stored: {why}.", why=failure.value)

        return self.save(account).addErrback(complain)

    @inlineCallbacks
    def requestAvatar(
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: type[Interface]
    ) -> Generator[Deferred[Any], Any, tuple[type[Interface], object, Callable[[], None]]]:
        """See L{IRealm}. Who is vouched for by an operator's checker needs no L{register}."""
        if IAccount not in interfaces:
            raise NotImplementedError("there is nothing but accounts")
        nick = bytes(avatarId).decode()
        account = self.named(nick)
        if account is None:
            account = self._new(nick, secrets.token_bytes(16), hash="")
            with self._making(nick, account.identity):
                yield self._add(account)
        return IAccount, account, lambda: None

    def _new(self, nick: str, identity: bytes, hash: str) -> Account:
        return Account(nick_key(nick), nick, identity, hash, self._now())

    @contextmanager
    def _making(self, nick: str, identity: bytes) -> Iterator[None]:
        """Keep the nickname and the identity for one who is about to have them."""
        key = nick_key(nick)
        holder = self._by_key.get(key)
        if holder is not None:
            raise ChatError("registered", f"{nick} {_taken(nick, holder.nick)}")
        if key in self._being_made:
            raise ChatError("registered", f"{nick} is being registered at this moment")
        if identity in self._being_made or self.goes_by(identity):
            raise ChatError("registered", "you have an account already: /logout first")
        self._being_made |= {key, identity}
        try:
            yield
        finally:
            self._being_made -= {key, identity}

    @inlineCallbacks
    def _add(self, account: Account) -> Generator[Deferred[Any], Any, None]:
        yield self._write(_INSERT, _row(account))
        self._by_key[account.key] = account
        self._identities.add(account.identity)

    def _set_tokens(self, account: Account, digests: list[str]) -> None:
        for digest in account.tokens:
            self._by_token.pop(digest, None)
        account.tokens = digests
        self._by_token.update(dict.fromkeys(digests, account))

    def _is_there(self, account: Account) -> bool:
        return self._by_key.get(account.key) is account

    def _write(self, statement: str, row: dict[str, Any]) -> Deferred[None]:
        if self._database is None:
            return succeed(None)
        done = self._database.write(lambda connection: connection.execute(statement, row))
        return done.addCallbacks(lambda _: None, explain)


def _check_password(password: str, nick: str) -> None:
    if len(password) < PASSWORD_LEAST:
        raise ChatError("usage", f"a password has at least {PASSWORD_LEAST} characters")
    if len(password) > PASSWORD_MOST:
        raise ChatError("usage", f"a password has at most {PASSWORD_MOST} characters")
    if password.casefold() == nick.casefold():
        raise ChatError("usage", "your nickname is what anybody would try first: choose another")


def _check_wait(seconds: float, what: str) -> None:
    if seconds > 0:
        wait = ceil(seconds)
        raise ChatError("too-many-tries", f"too many {what}: try again in {wait} seconds")


def _taken(nick: str, holder: str) -> str:
    if nick.casefold() == holder.casefold():
        return "is registered already"
    return f"looks too much like {holder}, which is registered"


def _digest(token: str) -> str:
    return identity_of(token).hex()


def _without(kept: list[str], gone: str) -> list[str]:
    return [each for each in kept if each != gone]


_SELECT = """
    SELECT key, nick, identity, hash, since, preferences, ignored, proven_from, tokens
    FROM accounts"""
_INSERT = """
    INSERT INTO accounts VALUES (:key, :nick, :identity, :hash, :since, :preferences, :ignored,
        :proven_from, :tokens)"""
_UPDATE = """
    UPDATE accounts SET hash = :hash, preferences = :preferences, ignored = :ignored,
        proven_from = :proven_from, tokens = :tokens
    WHERE key = :key AND identity = :identity"""
_DELETE = "DELETE FROM accounts WHERE key = :key AND identity = :identity"


def _row(account: Account) -> dict[str, Any]:
    return {
        "key": account.key,
        "nick": account.nick,
        "identity": account.identity,
        "hash": account.hash,
        "since": account.since,
        "preferences": json.dumps(account.preferences.those_set()),
        "ignored": json.dumps(account.ignored),
        "proven_from": json.dumps(account.proven_from),
        "tokens": json.dumps(account.tokens),
    }


def _read(connection: sqlite3.Connection) -> list[Account]:
    return [
        Account(
            key,
            nick,
            identity,
            hash,
            since,
            Preferences(**json.loads(preferences)),
            *map(json.loads, lists),
        )
        for key, nick, identity, hash, since, preferences, *lists in connection.execute(_SELECT)
    ]
