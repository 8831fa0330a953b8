"""Checkers of nicknames and their passwords, for the portal of accounts.py.

An avatar id is the nickname as it is displayed, in UTF-8.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.cred.checkers import (
    FilePasswordDB,
    ICredentialsChecker,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from chatservice.people.account import Account
from chatservice.people.opaque import forms
from chatservice.people.passwords import Passwords, always, encoded
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import check_nick, nick_key

AvatarId = bytes | tuple[()]
"""As in L{ICredentialsChecker}; the empty tuple means anonymous, which no checker here returns."""

log = Logger()


class Attempt(UsernamePassword):
    """A nickname and a password, as they were typed at a door.

    @param origin: the address; see L{chatservice.people.addresses.origin_of}.
    @param is_wanted: tells whether anybody still waits for the answer.
    @ivar hash: the account's hash that our own checker matched; empty until it does.
    """

    def __init__(
        self,
        username: bytes,
        password: bytes,
        origin: str = "",
        is_wanted: Callable[[], bool] = always,
    ) -> None:
        super().__init__(username, password)
        self.origin = origin
        self.is_wanted = is_wanted
        self.hash = ""


@implementer(ICredentialsChecker)
class AccountChecker:
    """The checker of registered nicknames' own passwords."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self,
        named: Callable[[str], Account | None],
        note: Callable[[Account], Deferred[None]],
        passwords: Passwords,
    ) -> None:
        self._named = named
        self._note = note
        self._passwords = passwords

    @inlineCallbacks
    def requestAvatarId(
        self, credentials: IUsernamePassword
    ) -> Generator[Deferred[Any], Any, AvatarId]:
        """See L{ICredentialsChecker}. An unknown nickname takes as long as a known one."""
        attempt = credentials
        if not isinstance(attempt, Attempt):
            attempt = Attempt(credentials.username, credentials.password)
        password = attempt.password.decode("utf-8", "surrogatepass")
        account = self._named(attempt.username.decode("utf-8", "surrogatepass"))
        right = None
        # The password may change, or the account be removed, during the check.
        while right != (hash := "" if account is None else account.hash):
            asked = attempt.origin, attempt.is_wanted
            if not (yield self._passwords.check(hash, password, *asked)):
                raise UnauthorizedLogin
            assert account is not None
            right = hash
            if self._passwords.is_outdated(hash) and account.hash == hash:
                right = yield self._renewed(account, password, attempt)
        assert account is not None
        attempt.hash = hash
        return account.nick.encode()

    @inlineCallbacks
    def _renewed(
        self, account: Account, password: str, attempt: Attempt
    ) -> Generator[Deferred[Any], Any, str]:
        """Hash the password with today's parameters if possible; return the account's hash."""
        before = account.hash
        try:
            hash: str = yield self._passwords.hash(password, attempt.origin, attempt.is_wanted)
        except ChatError:
            # The password is right, and the next login can renew the hash.
            return before
        if account.hash != before:
            return before
        account.hash = hash
        yield self._note(account)
        return hash


@implementer(ICredentialsChecker)
class PluggedIn:
    """An operator's checker. Its answer counts only for the nickname that it was asked about.

    Its exceptions are logged, and mean no.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, checker: ICredentialsChecker) -> None:
        self._checker = checker
        if type(checker) is FilePasswordDB:
            self._checker = _MarkedFile(
                checker.filename,
                checker.delim,
                checker.ufield,
                checker.pfield,
                checker.caseSensitive,
                checker.hash,
                checker.cache,
            )
        if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
            # The plugin behind --auth=memory: stores text where bytes belong.
            checker.users = {_bytes(name): _bytes(word) for name, word in checker.users.items()}

    @inlineCallbacks
    def requestAvatarId(
        self, credentials: IUsernamePassword
    ) -> Generator[Deferred[Any], Any, AvatarId]:
        """See L{ICredentialsChecker}. The checker may know the password in any of L{forms}, or as
        it was typed.
        """
        typed = credentials.password.decode("utf-8", "surrogatepass")
        for password in dict.fromkeys((*forms(typed), typed)):
            form = UsernamePassword(credentials.username, encoded(password))
            try:
                avatar_id = yield self._checker.requestAvatarId(form)
                return _vouched_for(_bytes(avatar_id), credentials.username)
            except UnauthorizedLogin:
                continue
            except Exception:
                log.failure("A checker failed: {checker}.", checker=self._checker)
        raise UnauthorizedLogin


class _MarkedFile(FilePasswordDB):
    """A file of passwords that may begin with a byte order mark, as some editors write it."""

    def getUser(self, username: bytes) -> tuple[bytes, bytes]:
        try:
            found: tuple[bytes, bytes] = super().getUser(username)
        except KeyError:
            found = username, super().getUser(codecs.BOM_UTF8 + username)[1]
        return found


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _vouched_for(avatar_id: bytes, username: bytes) -> bytes:
    """Return the nickname that a checker's answer stands for.

    @raise ValueError: it is not a valid nickname, or not the one that was asked about.
    """
    nick = check_nick(avatar_id.decode())
    if nick_key(nick) != nick_key(username.decode()):
        raise ValueError(f"asked about {username!r}, it answered with {avatar_id!r}")
    return nick.encode()


@implementer(ICredentialsChecker)
class InOrder:
    """A list of checkers, asked in turn until one says yes: a portal itself has only one."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, checkers: Sequence[PluggedIn | AccountChecker]) -> None:
        self._checkers = checkers

    @inlineCallbacks
    def requestAvatarId(
        self, credentials: IUsernamePassword
    ) -> Generator[Deferred[Any], Any, AvatarId]:
        """See L{ICredentialsChecker}."""
        for checker in self._checkers:
            try:
                avatar_id: AvatarId = yield checker.requestAvatarId(credentials)
                return avatar_id
            except UnauthorizedLogin:
                continue
        raise UnauthorizedLogin
