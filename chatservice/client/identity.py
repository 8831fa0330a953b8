"""Who one is to the chat: a nickname, and what proves that it is one's own."""

from collections.abc import Mapping
from enum import Enum, auto

from chatservice.client.wire import Error, Hello, Welcome
from chatservice.names import NICK_LENGTH

TRIES = 3
"""The wrong passwords after which the chat closes the connection."""

_OTHER_NICKNAME = {"nick-taken", "bad-nick", "registered"}
_FOR_GOOD = {"banned", "taken-over"}


class Step(Enum):
    """What to do after a hello was refused."""

    AGAIN = auto()
    NICKNAME = auto()
    PASSWORD = auto()
    LATER = auto()
    NEVER = auto()


class Identity:
    """A nickname, the token that the chat gave for it, and for a while its password.

    *password* is what a file or the environment says is that of *nick*, and is tried once the
    chat asks for one. As nobody may be there to be asked again, it is kept until it proves to be
    wrong. One that was typed is kept until the welcome: from then on the token proves as much.
    *proving* tells that one was typed, and the chat has not said what it thinks of it.
    """

    def __init__(self, nick: str, password: str | None = None) -> None:
        self.nick = nick
        self._own_names = {nick}
        self._token: str | None = None
        self._known = {nick: password}
        self._password: str | None = None  # goes with the next hello
        self.proving = False
        self._wrong = 0

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._token is not None

    def is_own(self, nick: str) -> bool:
        """Whether it is, or once was, one's own nickname."""
        return nick in self._own_names

    def hello(self, rooms: Mapping[str, int]) -> Hello:
        return Hello(nick=self.nick, rooms=rooms, token=self._token, password=self._password)

    def welcomed(self, welcome: Welcome) -> None:
        self.renew(welcome.token)
        self._wrong = 0
        self._forget_password()
        self.become(welcome.nick)

    def renew(self, token: str) -> None:
        """From now on this token proves the nickname, and no earlier one."""
        self._token = token

    def become(self, nick: str) -> None:
        """The chat knows one by this nickname now."""
        self.nick = nick
        self._own_names.add(nick)

    def choose(self, nick: str) -> None:
        """Try another nickname."""
        self.nick = nick
        self._forget_password()

    def prove(self, password: str) -> None:
        """Try a password that was typed."""
        self._password = password
        self.proving = True

    def refused(self, error: Error) -> Step:
        """The chat refused the hello."""
        if error.code == "wrong-password":
            return self._was_wrong()
        if error.code == "password-needed":
            return self._is_needed()
        if error.code == "too-many-tries":
            self._forget_password()
            return Step.PASSWORD
        if error.code == "nick-taken" and self.joined and len(self.nick) < NICK_LENGTH:
            self.choose(f"{self.nick}_")
            return Step.AGAIN
        if error.code in _OTHER_NICKNAME:
            return Step.NICKNAME
        return Step.NEVER if error.code in _FOR_GOOD or not self.joined else Step.LATER

    def _was_wrong(self) -> Step:
        self._forget_password()
        self._known.pop(self.nick, None)
        self._wrong += 1
        return Step.NEVER if self._wrong == TRIES else Step.PASSWORD

    def _is_needed(self) -> Step:
        tried = self._password is not None
        self._forget_password()
        if not tried:
            self._password = self._known.get(self.nick)
        return Step.AGAIN if self._password else Step.PASSWORD

    def _forget_password(self) -> None:
        self._password = None
        self.proving = False
