"""The beginning of a conversation: nickname, password and token, from hello to welcome."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from enum import Enum, auto

from chatservice.client.commands import command_word
from chatservice.client.requests import Hello, Request
from chatservice.client.view import Places, State, Viewer
from chatservice.client.wire import Error, Notice, Welcome, decode
from chatservice.protocol.names import (
    NICK_LENGTH,
    PASSWORD_LEAST,
    PASSWORD_TRIES,
    check_nick,
    nick_key,
)
from chatservice.protocol.sanitize import seen_of, without_controls

_OTHER_NICKNAME = {"nick-taken", "bad-nick", "registered"}
_FOR_GOOD = {"banned", "taken-over"}


class Step(Enum):
    """The next step after a hello was refused."""

    AGAIN = auto()
    NICKNAME = auto()
    PASSWORD = auto()
    LATER = auto()
    NEVER = auto()


class Identity:
    """A nickname, the token that the chat gave for it, and for a while its password.

    A password that was typed is kept until the welcome, when the token proves as much; until then
    it is told from nicknames and from talk.

    @ivar proving: whether a password was typed that the chat has not judged yet.
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
        """Take the token that proves the nickname from now on."""
        self._token = token

    def become(self, nick: str) -> None:
        """Note the nickname by which the chat knows you now."""
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
        """Tell whether a text is, or looks like, what was typed for a password."""
        return _key(text) in self._hidden | {_key(known) for known in self._known.values() if known}

    def may_be_password(self, text: str) -> bool:
        """Tell whether a text is as long as a password, and one was asked for a moment ago."""
        return self._asked and len(text) >= PASSWORD_LEAST

    def refused(self, error: Error) -> Step:
        """Decide what to do after the chat refused the hello."""
        if step := self._about_password(error.code):
            return step
        if error.code == "nick-taken" and self.joined and len(self.nick) < NICK_LENGTH:
            self.choose(f"{self.nick}_")
            return Step.AGAIN
        if error.code in _OTHER_NICKNAME:
            return Step.NICKNAME
        return Step.NEVER if error.code in _FOR_GOOD or not self.joined else Step.LATER

    def _about_password(self, code: str) -> Step | None:
        """Decide what to do if the refusal is about a password."""
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
    """Make a key that is equal for what looks the same, in whatever case and with whatever blanks.
    """
    return nick_key(seen_of(text))


WANTING = {State.ASKING, State.LOCKED}
"""States in which the person must do something first."""

GREETING = {State.GREETING, State.PROVING}
"""States in which the chat must say something first."""


class Joining:
    """A session as far as the welcome, however often the connection is made anew."""

    def __init__(self, person: Viewer, identity: Identity, places: Places) -> None:
        self.state = State.OFFLINE
        self.places = places
        self._person = person
        self._identity = identity
        self._send: Callable[[Request], None] | None = None
        self._last_words = ""

    @property
    def nick(self) -> str:
        """One's own nickname."""
        return self._identity.nick

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._identity.joined

    @property
    def secretive(self) -> bool:
        """Whether what is typed may be a password, or more of one, and must not be seen."""
        if self.state is State.OFFLINE:
            return self._identity.proving
        return self.state in {State.LOCKED, State.PROVING}

    def connected(self, send: Callable[[Request], None]) -> None:
        """Begin over a connection.

        @param send: puts requests on it.
        """
        self._send = send
        self._last_words = ""
        if self.state is State.OFFLINE:
            self._greet()

    def unanswered_by(self, address: str) -> None:
        """Say that the chat has not been heard from for a while, since the beginning."""
        if self.state in GREETING or self.state is State.OFFLINE:
            self._person.told(f"{address} has not answered yet: still trying")

    def prove(self, password: str) -> None:
        """Take the nickname's password; an empty one means that another nickname is wanted.

        What was typed unseen, when no password is wanted any longer, goes nowhere.
        """
        if self.state is not State.LOCKED:
            self._typed_unseen(password)
        elif password:
            self._identity.prove(password)
            self._greet_or_wait()
        else:
            self._want_nickname(f"not joined as {self.nick}: choose another nickname")

    def _typed_unseen(self, line: str) -> None:
        if not line:
            return
        self._identity.hide(line)
        if not self.secretive:
            self._person.refused(Error("not-sent", "not sent: you could not see what you typed"))

    @abstractmethod
    def _welcomed(self, welcome: Welcome) -> None:
        """Begin: the chat lets you in."""

    @abstractmethod
    def _password_wanted(self, error: Error) -> None:
        """Have the nickname's password asked for."""

    def _greet(self) -> None:
        self.state = State.PROVING if self._identity.proving else State.GREETING
        self._to_chat(self._identity.hello(self.places.shown))

    def _greet_or_wait(self) -> None:
        """Say hello; without a connection, as soon as there is one."""
        self.state = State.OFFLINE
        if self._send is not None:
            self._greet()

    def _greeted(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            words = without_controls(line.decode(errors="replace")).rstrip()
            if words.startswith("-- "):
                self._last_words = words.removeprefix("-- ")
            elif words and not self._last_words:
                self._last_words = "That is not a chat."
            return
        match decode(line):
            case Welcome() as welcome:
                self._welcomed(welcome)
            case Error() as error:
                self._hello_refused(error)
            case Notice(lines=lines):
                for sentence in lines:
                    self._person.told(sentence)

    def _hello_refused(self, error: Error) -> None:
        self._last_words = error.text
        match self._identity.refused(error):
            case Step.AGAIN:
                self._greet()
            case Step.NICKNAME:
                self._want_nickname(error.text)
            case Step.PASSWORD:
                self.state = State.LOCKED
                self._password_wanted(error)
            case Step.NEVER:
                self._end(error.text, failed=True)

    def _want_nickname(self, sentence: str) -> None:
        self.state = State.ASKING
        self._person.nickname_refused(sentence)

    def _choose(self, line: str) -> None:
        """Take a typed nickname, perhaps as C{/nick NAME}, or something that must not become one.
        """
        try:
            nick = self._nickname_in(line)
        except ValueError as refusal:
            self._person.nickname_refused(str(refusal))
        else:
            self._identity.choose(nick)
            self._greet_or_wait()

    def _nickname_in(self, line: str) -> str:
        word, nick = command_word(line), line.strip()
        if word == "/nick":
            nick = line.partition(" ")[2].strip()
        elif word:
            raise ValueError("first choose a nickname")
        if self._identity.is_password(nick):
            raise ValueError("that looks like a password: choose a nickname")
        if not word and self._identity.may_be_password(nick):
            raise ValueError(
                "that may be a password; if it is the nickname that you want, say /nick NAME"
            )
        return check_nick(nick)

    def _to_chat(self, request: Request) -> None:
        assert self._send is not None  # nothing is sent in a state without a connection
        self._send(request)

    def _end(self, sentence: str | None, failed: bool = False) -> None:
        self.state = State.GONE
        self._person.gone(sentence, failed)
