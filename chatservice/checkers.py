"""Who says whether a nickname and a password belong together, for the portal of accounts.py.

An avatar id is the nickname, as it is shown, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.cred.checkers import ICredentialsChecker, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from chatservice.names import check_nick, nick_key
from chatservice.passwords import Passwords

if TYPE_CHECKING:
    from chatservice.accounts import Account, Accounts

AvatarId = bytes | tuple[()]
"""As L{ICredentialsChecker} has it; the empty tuple is nobody, and never comes from here."""

log = Logger()


@implementer(ICredentialsChecker)
class AccountChecker:
    """Knows the passwords of registered nicknames."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, accounts: Accounts, passwords: Passwords) -> None:
        self._accounts = accounts
        self._passwords = passwords

    @inlineCallbacks
    def requestAvatarId(
        self, credentials: IUsernamePassword
    ) -> Generator[Deferred[Any], Any, AvatarId]:
        """See L{ICredentialsChecker}: the nickname. An unknown one takes as long as a known one."""
        password = credentials.password.decode("utf-8", "surrogatepass")
        account = self._accounts.named(credentials.username.decode("utf-8", "surrogatepass"))
        checked = None
        # It may change, or be removed, while it is checked.
        while checked != (hash := "" if account is None else account.hash):
            if not (yield self._passwords.check(hash, password)):
                raise UnauthorizedLogin
            checked = hash
        assert account is not None
        if self._passwords.is_outdated(hash):
            yield self._renew(account, password)
        return account.nick.encode()

    @inlineCallbacks
    def _renew(self, account: Account, password: str) -> Generator[Deferred[Any], Any, None]:
        before = account.hash
        hash = yield self._passwords.hash(password)
        if account.hash == before:
            account.hash = hash
            yield self._accounts.note(account)


@implementer(ICredentialsChecker)
class PluggedIn:
    """An operator's checker, whose word counts for the nickname that it was asked about.

    What goes wrong in it is logged, and is a no.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, checker: ICredentialsChecker) -> None:
        self._checker = checker
        if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
            # The plugin behind --auth=memory: puts text where bytes belong.
            checker.users = {_bytes(name): _bytes(word) for name, word in checker.users.items()}

    @inlineCallbacks
    def requestAvatarId(
        self, credentials: IUsernamePassword
    ) -> Generator[Deferred[Any], Any, AvatarId]:
        """See L{ICredentialsChecker}: the nickname."""
        try:
            avatar_id = yield self._checker.requestAvatarId(credentials)
            return _vouched_for(_bytes(avatar_id), credentials.username)
        except UnauthorizedLogin:
            raise
        except Exception:
            log.failure("A checker failed: {checker}.", checker=self._checker)
            raise UnauthorizedLogin from None


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _vouched_for(avatar_id: bytes, username: bytes) -> bytes:
    """The nickname that a checker's answer stands for.

    @raise ValueError: it cannot be one, or is not the one that was asked about.
    """
    nick = check_nick(avatar_id.decode())
    if nick_key(nick) != nick_key(username.decode()):
        raise ValueError(f"asked about {username!r} it vouched for {avatar_id!r}")
    return nick.encode()


@implementer(ICredentialsChecker)
class InOrder:
    """Asks one checker after the other until one says yes: a portal itself has but one."""

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
