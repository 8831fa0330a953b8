"""Registration: from the first line of a client to a L{JoinRequest}.

C{CAP}, C{PASS}, C{AUTHENTICATE}, C{NICK} and C{USER} come in any order; when all is there, the
client joins. If it may not, it stays, and may try another nickname or prove its own.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure

from chatservice.doors.irc.client import IrcClient
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import check_nick
from chatservice.sessions.joining import JoinRequest

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

NEEDS_PROOF = ("registered", "password-needed")

HOW_TO_PROVE = (
    "if {nick} is yours, log in with SASL, or send /quote PASS PASSWORD or "
    "/msg NickServ IDENTIFY PASSWORD; otherwise choose another nickname with /nick NAME"
)


class RegisteringClient(IrcClient):
    """A client that registers."""

    __slots__ = ("_password", "_real_name", "_user")

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self._password = self._user = self._real_name = ""

    def take_nick(self, nick: str) -> None:
        """Take the nickname that the client wants.

        @raise ChatError: C{bad-nick}.
        """
        try:
            self.asked_nick = self._wanted = check_nick(nick)
        except ValueError as error:
            raise ChatError("bad-nick", str(error)) from error
        self.go_on()

    def take_user(self, user: str, real_name: str) -> None:
        """Take the user name and the real name."""
        self._user, self._real_name = user, real_name
        self.go_on()

    def take_password(self, password: str) -> None:
        """Take a password, which may be C{account:password}."""
        self._password = password
        self.proved()

    def proved(self) -> None:
        """Join, if all is there, with the nickname that may have been refused without a proof."""
        self.asked_nick = self.asked_nick or self._wanted
        self.go_on()

    def go_on(self) -> None:
        """Join, if all is there."""
        if self.asked_nick and self._user and not self.negotiation.is_open:
            self._register()

    @inlineCallbacks
    def _register(self) -> Generator[Deferred[Any], Any, None]:
        self.hold()
        try:
            if self._password and self.proof is None:
                password, self._password = self._password, ""
                yield self._prove_by(password)
            self.join(
                JoinRequest(
                    self.asked_nick,
                    at_first=(),
                    proof=self.proof,
                    user=self._user,
                    real_name=self._real_name,
                )
            )
        except Exception:
            self.complain(Failure())
        finally:
            self.release()

    def _prove_by(self, password: str) -> Deferred[None]:
        """Prove the account that a password names, or the one of the nickname."""
        accounts = self.chat.accounts
        name, colon, rest = password.partition(":")
        if colon and accounts.named(name) is not None:
            return self.prove(name, rest)
        return self.prove(self.asked_nick, password)

    @inlineCallbacks
    def prove(self, name: str, password: str) -> Generator[Deferred[Any], Any, None]:
        """Prove an account.

        @raise ChatError: C{wrong-password}, C{too-many-tries} or C{busy}, in the Deferred.
        """
        accounts, origin = self.chat.accounts, self.peer.origin
        self.proof = yield accounts.prove(name, password, origin, self.is_still_wanted)

    def arrived(self, request: JoinRequest) -> None:
        """See L{Session.arrived}; what was needed only until then is forgotten."""
        super().arrived(request)
        self._user = self._real_name = self.asked_nick = ""

    def refused(self, error: ChatError) -> str:
        """Wait for another nickname, or for a proof; return a hint, or an empty text."""
        if self._verb == "AUTHENTICATE":
            return ""
        wanted = self.asked_nick or self._wanted
        if error.code in ("bad-nick", "nick-taken", *NEEDS_PROOF, "wrong-password"):
            self.asked_nick = ""
        return HOW_TO_PROVE.format(nick=wanted) if error.code in NEEDS_PROOF else ""
