"""The beginning of a session: nickname, password and token, from hello to welcome."""

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

WANTING = {State.ASKING, State.LOCKED}
"""The states in which the person must type something first."""

GREETING = {State.GREETING, State.PROVING}
"""The states in which the chat must answer first."""

_OTHER_NICKNAME = {"nick-taken", "bad-nick", "registered"}
_FOR_GOOD = {"banned", "taken-over"}
_HERE_ALONE = {"closing", "busy", "failed", "not-sent"}
"""The codes of refusals that say nothing about what another server of the chat would answer."""


class Step(Enum):
    """The next step after the chat refused a hello."""

    AGAIN = auto()
    NICKNAME = auto()
    PASSWORD = auto()
    LATER = auto()
    NEVER = auto()


class Identity:
    """A nickname, the token that the chat gave for it, and for a while its password.

    A typed password is kept until the welcome, after which the token proves as much. Until then
    everything typed as a password is remembered, to keep it out of nicknames and talk.

    @ivar proving: whether a password was typed that the chat has neither accepted nor refused.
    """

    def __init__(
        self,
        nick: str,
        password: str | None = None,
        is_pipe: bool = False,
        client: str | None = None,
    ) -> None:
        """Begin without a token.

        @param password: the password of C{nick} from a file or the environment, tried when the
            chat asks for one, and kept until it proves wrong: there may be nobody to ask again.
        @param is_pipe: whether no person types what is said.
        @param client: the name of this run of the program, which the person sees in C{/devices}.
            With it the chat tells a lost connection that is made again from another device.
        """
        self.nick = nick
        self._is_pipe = is_pipe
        self._client = client
        self._token: str | None = None
        self._known = {nick: password}
        self._password: str | None = None  # for the next hello
        self.proving = False
        self._wrong = 0
        self._asked = False
        self._hidden: set[str] = set()  # the keys of what was typed as a password

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._token is not None

    def hello(self, rooms: Mapping[str, int]) -> Hello:
        """Make the hello; C{rooms} gives, for each room, the id up to which it was shown."""
        pipe = True if self._is_pipe else None
        return Hello(
            nick=self.nick,
            rooms=rooms,
            token=self._token,
            client=self._client,
            password=self._password,
            pipe=pipe,
        )

    def welcomed(self, welcome: Welcome) -> None:
        """Take over nickname and token from the welcome, and forget what was typed."""
        self.renew(welcome.token)
        self._wrong = 0
        self._forget_password()
        self._asked = False
        self._hidden.clear()
        self.become(welcome.nick)

    def renew(self, token: str) -> None:
        """Replace the token by one that proves the nickname from now on."""
        self._token = token

    def become(self, nick: str) -> None:
        """Note the nickname that the chat uses now."""
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
        """Remember that this was typed as a password, or may have been meant as one."""
        self._hidden.add(_key(text))

    def is_password(self, text: str) -> bool:
        """Tell whether a text is, or looks like, a password that was given."""
        return _key(text) in self._hidden | {_key(known) for known in self._known.values() if known}

    def may_be_password(self, text: str) -> bool:
        """Tell whether a text is as long as a password, after the chat asked for one."""
        return self._asked and len(text) >= PASSWORD_LEAST

    def refused(self, error: Error, others: bool) -> Step:
        """Choose the next step after the chat refused the hello.

        @param others: whether the chat has other addresses.
        """
        if step := self._about_password(error.code):
            return step
        if error.code == "nick-taken" and self.joined and len(self.nick) < NICK_LENGTH:
            self.choose(f"{self.nick}_")
            return Step.AGAIN
        if error.code in _OTHER_NICKNAME:
            return Step.NICKNAME
        may_change = self.joined or (others and error.code in _HERE_ALONE)
        return Step.LATER if may_change and error.code not in _FOR_GOOD else Step.NEVER

    def _about_password(self, code: str) -> Step | None:
        """Choose the next step if the refusal is about a password."""
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


class Joining:
    """The part of a session that ends with the welcome, repeated for each new connection.

    @ivar is_turned_away: whether the chat refused the hello on this connection, and has another
        address at which to say it.
    """

    def __init__(self, person: Viewer, identity: Identity, places: Places) -> None:
        self.is_turned_away = False
        self.state = State.OFFLINE
        self.places = places
        self._person = person
        self._identity = identity
        self._send: Callable[[Request], None] | None = None
        self._address = ""
        self._last_words = ""

    @property
    def nick(self) -> str:
        """Your own nickname."""
        return self._identity.nick

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._identity.joined

    @property
    def secretive(self) -> bool:
        """Whether typed text may be a password, or part of one, and must not be visible."""
        if self.state is State.OFFLINE:
            return self._identity.proving
        return self.state in {State.LOCKED, State.PROVING}

    def connected(self, send: Callable[[Request], None], address: str = "") -> None:
        """Say hello on a new connection, to which C{send} writes requests.

        @param address: where it leads to, if the chat has several addresses.
        """
        self._send = send
        self._address = address
        self._last_words = ""
        self.is_turned_away = False
        if self.state is State.OFFLINE:
            self._greet()

    def unanswered_by(self, address: str) -> None:
        """Tell the person that the chat has been silent since the beginning."""
        if self.state in GREETING or self.state is State.OFFLINE:
            self._person.told(f"{address} has not answered yet: still trying")

    def not_here(self, why: str) -> None:
        """Tell the person why an attempt failed that is not the last."""
        self._person.told(why)

    def prove(self, password: str) -> None:
        """Take the nickname's password, as typed; empty to choose another nickname.

        Text typed unseen after the password was no longer wanted is not sent.
        """
        if self.state is not State.LOCKED:
            self._typed_unseen(password)
        elif password:
            self._identity.prove(password)
            self._greet_or_wait()
        else:
            self._want_nickname(f"you did not join as {self.nick}: choose another nickname")

    def _typed_unseen(self, line: str) -> None:
        if not line:
            return
        self._identity.hide(line)
        if not self.secretive:
            self._person.refused(Error("not-sent", "not sent: you could not see what you typed"))

    @abstractmethod
    def _welcomed(self, welcome: Welcome) -> None:
        """Take the chat's welcome."""

    @abstractmethod
    def _password_wanted(self, error: Error) -> None:
        """Ask the person for the nickname's password, as the chat wants it."""

    def _greet(self) -> None:
        self.state = State.PROVING if self._identity.proving else State.GREETING
        self._to_chat(self._identity.hello(self.places.shown))

    def _greet_or_wait(self) -> None:
        """Say hello, at once or as soon as there is a connection."""
        self.state = State.OFFLINE
        if self._send is not None:
            self._greet()

    def _greeted(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            words = without_controls(line.decode(errors="replace")).rstrip()
            if words.startswith("-- "):
                self._last_words = words.removeprefix("-- ")
            elif words and not self._last_words:
                self._last_words = "That is not a chat server."
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
        match self._identity.refused(error, others=self._address != ""):
            case Step.AGAIN:
                self._greet()
            case Step.NICKNAME:
                self._want_nickname(error.text)
            case Step.PASSWORD:
                self.state = State.LOCKED
                self._password_wanted(error)
            case Step.NEVER:
                self._end(error.text, failed=True)
            case Step.LATER:
                self.is_turned_away = self._address != ""

    def _want_nickname(self, sentence: str) -> None:
        self.state = State.ASKING
        self._person.nickname_refused(sentence)

    def _choose(self, line: str) -> None:
        """Try a typed line as a nickname, perhaps as C{/nick NAME}."""
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

    def _why_lost(self) -> str:
        """Tell why a connection ended on which the chat was not joined."""
        if not self._address:
            return self._last_words or "The chat closed the connection."
        words = self._last_words or "the connection ended before you had joined"
        return f"{self._address}: {words}"

    def _to_chat(self, request: Request) -> None:
        assert self._send is not None  # nothing is sent in a state without a connection
        self._send(request)

    def _end(self, sentence: str | None, failed: bool = False) -> None:
        self.state = State.GONE
        self._person.gone(sentence, failed)


def _key(text: str) -> str:
    """Map texts that look the same to one key, whatever their case and spaces."""
    return nick_key(seen_of(text))
