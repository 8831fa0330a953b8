"""How a conversation with the chat begins: hello, until the chat lets one in."""

from abc import abstractmethod
from collections.abc import Callable

from chatservice.client.commands import command_word
from chatservice.client.identity import Identity, Step
from chatservice.client.person import Person
from chatservice.client.places import Places
from chatservice.client.requests import Request
from chatservice.client.state import State
from chatservice.client.wire import Error, Notice, Welcome, decode
from chatservice.names import check_nick
from chatservice.sanitize import without_controls

WANTING = {State.ASKING, State.LOCKED}
"""The person has to do something first."""

GREETING = {State.GREETING, State.PROVING}
"""The chat has to say something first."""


class Joining:
    """A session as far as the welcome, however often the connection is made anew."""

    def __init__(self, person: Person, identity: Identity, places: Places) -> None:
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
        """Whether what is typed may be a password, or more of one, and is not to be seen."""
        if self.state is State.OFFLINE:
            return self._identity.proving
        return self.state in {State.LOCKED, State.PROVING}

    def connected(self, send: Callable[[Request], None]) -> None:
        """There is a connection, and *send* puts requests on it."""
        self._send = send
        self._last_words = ""
        if self.state is State.OFFLINE:
            self._greet()

    def unanswered_by(self, address: str) -> None:
        """The chat has not been heard from for a while, since the beginning."""
        if self.state in GREETING or self.state is State.OFFLINE:
            self._person.told(f"{address} has not answered yet: still trying")

    def prove(self, password: str) -> None:
        """The nickname's password was typed; nothing at all if another nickname is wanted.

        What is typed while no password is wanted any more, and was not seen, goes nowhere.
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
        """The chat lets one in."""

    @abstractmethod
    def _password_wanted(self, error: Error) -> None:
        """The chat asks for the nickname's password."""

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
        """A nickname was typed, perhaps as ``/nick NAME``, or something that shall not be one."""
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
