"""Who one is to the chat: a nickname, and what proves that it is one's own."""

from collections.abc import Mapping
from enum import Enum, auto

from chatservice.client.requests import Hello
from chatservice.client.wire import Error, Welcome
from chatservice.names import NICK_LENGTH, PASSWORD_LEAST, PASSWORD_TRIES, nick_key
from chatservice.sanitize import seen_of

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
    *is_pipe* when no person types what is said.
    *proving* tells that one was typed, and the chat has not said what it thinks of it. Until the
    welcome what was typed for one is told from nicknames and from talk.
    """

    def __init__(
        self, nick: str, password: str | None = None, is_pipe: bool = False
    ) -> None:
        self.nick = nick
        self._is_pipe = is_pipe
        self._token: str | None = None
        self._known = {nick: password}
        self._password: str | None = None  # goes with the next hello
        self.proving = False
        self._wrong = 0
        self._asked = False
        self._hidden: set[str] = set()  # the keys of what was typed where a password goes

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._token is not None

    def hello(self, rooms: Mapping[str, int]) -> Hello:
        pipe = True if self._is_pipe else None
        return Hello(
            nick=self.nick,
            rooms=rooms,
            token=self._token,
            password=self._password,
            pipe=pipe,
        )

    def welcomed(self, welcome: Welcome) -> None:
        self.renew(welcome.token)
        self._wrong = 0
        self._forget_password()
        self._asked = False
        self._hidden.clear()
        self.become(welcome.nick)

    def renew(self, token: str) -> None:
        """From now on this token proves the nickname, and no earlier one."""
        self._token = token

    def become(self, nick: str) -> None:
        """The chat knows one by this nickname now."""
        self.nick = nick

    def choose(self, nick: str) -> None:
        """Try another nickname."""
        self.nick = nick
        self._forget_password()

    def prove(self, password: str) -> None:
        """Try a password that was typed."""
        self.hide(password)
        self._password = password
        self.proving = True

    def hide(self, text: str) -> None:
        """Remember that this was typed where a password goes, or may have been meant for it."""
        self._hidden.add(_key(text))

    def is_password(self, text: str) -> bool:
        """Whether a text is, or looks like, what was typed for a password."""
        return _key(text) in self._hidden | {_key(known) for known in self._known.values() if known}

    def may_be_password(self, text: str) -> bool:
        """Whether it is as long as a password, and one was asked for a moment ago."""
        return self._asked and len(text) >= PASSWORD_LEAST

    def refused(self, error: Error) -> Step:
        """The chat refused the hello."""
        if step := self._about_password(error.code):
            return step
        if error.code == "nick-taken" and self.joined and len(self.nick) < NICK_LENGTH:
            self.choose(f"{self.nick}_")
            return Step.AGAIN
        if error.code in _OTHER_NICKNAME:
            return Step.NICKNAME
        return Step.NEVER if error.code in _FOR_GOOD or not self.joined else Step.LATER

    def _about_password(self, code: str) -> Step | None:
        """What to do if the refusal is about a password."""
        match code:
            case "wrong-password":
                step = self._was_wrong()
            case "password-needed":
                step = self._is_needed()
            case "too-many-tries":
                self._forget_password()
                step = Step.PASSWORD
            case _:
                return None
        self._asked = self._asked or step is Step.PASSWORD
        return step

    def _was_wrong(self) -> Step:
        self._forget_password()
        if known := self._known.pop(self.nick, None):
            self.hide(known)
        self._wrong += 1
        return Step.NEVER if self._wrong == PASSWORD_TRIES else Step.PASSWORD

    def _is_needed(self) -> Step:
        tried = self._password is not None
        self._forget_password()
        if not tried:
            self._password = self._known.get(self.nick)
        return Step.AGAIN if self._password else Step.PASSWORD

    def _forget_password(self) -> None:
        self._password = None
        self.proving = False


def _key(text: str) -> str:
    """Equal for what looks the same, in capitals or not, and with whatever blanks."""
    return nick_key(seen_of(text))
