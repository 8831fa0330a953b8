"""Several devices of one person, each a run of the client, at one chat in memory."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from chatservice.client.joining import Identity
from chatservice.client.pipe import Pipe
from chatservice.client.requests import Request, encode
from chatservice.client.session import Session
from chatservice.client.show import Transcript
from chatservice.client.view import State, Viewer
from tests.client.test_pipe import Standard
from tests.conversation import NOON, ConversationCase
from tests.doubles import Wire

PASSWORD = "correct-horse"
TIME = re.compile(r"\d\d:\d\d ")


class Run:
    """A run of the client on a device, which is not connected yet.

    @ivar complaints: what it wrote to standard error.
    @ivar wire: the connection, if there is one.
    """

    def __init__(
        self, case: AlongsideCase, identity: Identity, client: str, rooms: Sequence[str]
    ) -> None:
        self.complaints: list[str] = []
        self.wire: Wire | None = None
        self._case = case
        self._identity = identity
        self._rooms = rooms
        self._refs = (f"{client}-{number}" for number in itertools.count(1))

    def begin(self, typed: bool, lines: Sequence[str]) -> None:
        """Begin to show things, and connect.

        @param typed: whether a person types the lines; otherwise a program pipes them in.
        @param lines: those that come before there is a connection.
        """
        clock: Any = self._case.clock
        self.front = Pipe(
            self._make_session,
            20 if typed else 0,
            Transcript(NOON.timestamp),
            clock,
            lambda: None,
            typed=typed,
            commands=typed,
            complain=self.complaints.append,
        )
        self._standard: Any = Standard()
        self.front.makeConnection(self._standard)
        self.session = self.front.session
        self.types(*lines)
        self.connect()

    def _make_session(self, person: Viewer, recent: int) -> Session:
        return Session(person, self._identity, self._rooms, self._refs, recent)

    def connect(self) -> None:
        """Make a new connection, whether or not the chat knows that a former one is lost."""
        if self.wire is not None:
            self.session.disconnected()
        self.wire = self._case.connect()
        self.session.connected(self._send)
        self._case.go_on()

    def _send(self, request: Request) -> None:
        assert self.wire is not None
        self.wire.sends(encode(request))

    def hear(self) -> bool:
        """Take what the chat has sent, and the end of the connection; tell if there was any."""
        wire = self.wire
        if wire is None:
            return False
        *lines, rest = wire.gets().split(b"\n")
        assert rest == b"", "a line without its end"
        for line in lines:
            self.session.line_received(line)
        if wire.lost is not None:
            self.wire = None
            self.session.disconnected()
        return bool(lines) or self.wire is None

    def types(self, *lines: str) -> None:
        """Type lines, and have everybody hear what comes of them."""
        for line in lines:
            self.front.dataReceived(f"{line}\n".encode())
            self._case.go_on()

    def sees(self) -> list[str]:
        """List what was shown since the last call, without its times."""
        shown = self._standard.value().decode().splitlines()
        self._standard.clear()
        return [TIME.sub("", line, count=1) for line in shown]

    @property
    def current(self) -> str:
        """The room that typed lines go to."""
        return self.session.places.current

    @property
    def is_over(self) -> bool:
        """Whether the client has ended."""
        return self.session.state is State.GONE


class AlongsideCase(ConversationCase):
    """Tests with the phone of ada, who is registered, and with bob; both are in the lobby."""

    def setUp(self) -> None:
        super().setUp()
        self.runs: list[Run] = []
        self.bob = self.at_text("bob")
        self.phone = self.device("phone-1", password=None, rooms=["lobby"])
        self.phone.types(f"/register {PASSWORD}")
        self.forget()

    def device(
        self,
        client: str,
        nick: str = "ada",
        password: str | None = PASSWORD,
        rooms: Sequence[str] = (),
        typed: bool = True,
        lines: Sequence[str] = (),
    ) -> Run:
        """Begin a run of the client, which knows the password; see L{Run.begin}."""
        identity = Identity(nick, password, client=client)
        run = Run(self, identity, client, rooms)
        self.runs.append(run)
        run.begin(typed, lines)
        return run

    def laptop(self, **more: Any) -> Run:
        """Begin a second run, and forget what was shown until then."""
        run = self.device("laptop-1", **more)
        self.forget()
        return run

    def forget(self) -> None:
        """Forget what everybody was shown."""
        self.bob.sees()
        for run in self.runs:
            run.sees()

    def go_on(self) -> None:
        """Have every device hear what there is to hear, until there is nothing more."""
        while any(run.hear() for run in self.runs):
            pass

    def bob_types(self, *lines: str) -> None:
        """Have bob type lines, and everybody hear them."""
        for line in lines:
            self.bob.types(line)
        self.go_on()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.go_on()
