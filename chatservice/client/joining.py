"""How a conversation with the chat begins: hello, until the chat lets one in."""

from abc import abstractmethod
from collections.abc import Callable

from chatservice.client.identity import Identity, Step
from chatservice.client.person import Person
from chatservice.client.places import Places
from chatservice.client.plain import plain
from chatservice.client.state import State
from chatservice.client.wire import Error, Notice, Request, Welcome, decode

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

    def connected(self, send: Callable[[Request], None]) -> None:
        """There is a connection, and *send* puts requests on it."""
        self._send = send
        self._last_words = ""
        if self.state is State.OFFLINE:
            self._greet()

    def prove(self, password: str) -> None:
        """The nickname's password was typed; nothing at all if another nickname is wanted."""
        if self.state is not State.LOCKED:
            return
        if password:
            self._identity.prove(password)
            self._greet_or_wait()
        else:
            self._want_nickname(f"not joined as {self.nick}: choose another nickname")

    @abstractmethod
    def _welcomed(self, welcome: Welcome) -> None:
        """The chat lets one in."""

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
            words = plain(line.decode(errors="replace")).rstrip()
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
                self._person.password_wanted(error)
            case Step.NEVER:
                self._end(error.text, failed=True)

    def _want_nickname(self, sentence: str) -> None:
        self.state = State.ASKING
        self._person.nickname_refused(sentence)

    def _choose(self, nick: str) -> None:
        self._identity.choose(nick)
        self._greet_or_wait()

    def _to_chat(self, request: Request) -> None:
        assert self._send is not None  # nothing is sent in a state without a connection
        self._send(request)

    def _end(self, sentence: str | None, failed: bool = False) -> None:
        self.state = State.GONE
        self._person.gone(sentence, failed)
