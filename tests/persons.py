"""People at the doors of a chat in memory, one class for each door."""

from __future__ import annotations

import json
import re
from typing import Any

from wsproto.connection import Connection, ConnectionType
from wsproto.events import Event, TextMessage

from chatservice.protocol.wording import clock_time, when
from tests.doubles import Wire

TALK = {"said", "acted", "noticed", "whispered", "topic_changed"}
EVENTS = TALK | {"signalled", "joined", "parted", "left", "renamed"}

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)|(?<=since )\d\d:\d\d|(?<=after )\d\d:\d\d")
"""A time in a sentence of the chat."""

Facts = dict[str, Any]
"""An object at the JSON door."""


class TextPerson:
    """A person at the text door."""

    is_program = False
    joined = "-- you joined lobby"
    """A part of what somebody who has joined sees."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def joins(self, nick: str, password: str = "") -> None:
        """Answer the prompts for a nickname, and for its password if there is one."""
        self.types(nick)
        if password:
            self.types(password)

    def types(self, line: str, ref: str = "") -> None:
        """Type a line; this door has no refs."""
        self.wire.sends(f"{line}\n".encode())

    def sees(self) -> list[str]:
        """Return the lines since the last call; a last line without an end is a prompt."""
        lines = self.shown().split("\r\n")
        return lines if lines[-1] else lines[:-1]

    def shown(self) -> str:
        """Return what came since the last call, as it was spelled."""
        return self.wire.sees()


class JsonPerson:
    """A program at the JSON door, or a person who speaks its protocol by hand.

    @ivar welcome: the last welcome.
    """

    is_program = True
    joined = "'type': 'welcome'"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.welcome: Facts = {}
        self._last_id = 0

    def joins(self, nick: str, password: str = "") -> None:
        """Say hello, with the nickname's password if there is one."""
        self.asks("hello", nick=nick, **({"password": password} if password else {}))

    def asks(self, kind: str, **members: Any) -> None:
        """Send a request."""
        self.sends_object({"type": kind, **members})

    def sends_object(self, value: Any) -> None:
        """Send any JSON value as a line."""
        self.wire.sends(json.dumps(value).encode() + b"\n")

    def types(self, line: str, ref: str = "") -> None:
        """Send a line that a person would type."""
        self.asks("command", line=line, **({"ref": ref} if ref else {}))

    def sees_all(self) -> list[Facts]:
        """Return the objects since the last call, complete."""
        objects = [json.loads(message) for message in self.messages()]
        for facts in objects:
            check_times(facts)
            if facts["type"] == "welcome":
                self.welcome = facts
            elif facts["type"] in EVENTS:
                assert self._last_id < facts["id"] < 2**53, "ids are to grow"
                self._last_id = facts["id"]
        return objects

    def messages(self) -> list[str]:
        """Return the objects since the last call, as they were spelled."""
        lines = self.wire.gets().decode().split("\n")
        assert lines.pop() == "", "a line without its end"
        return [line for line in lines if line.startswith("{")]

    def sees(self) -> list[Facts]:
        """Return the objects since the last call, without their ids."""
        return [without_id(facts) for facts in self.sees_all()]

    def shown(self) -> str:
        """Return what came since the last call, as it was spelled."""
        return "\n".join(self.messages())


UPGRADE = b"\r\n".join(
    (
        b"GET /ws HTTP/1.1",
        b"Host: localhost:59000",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"\r\n",
    )
)
"""A request for a WebSocket, with the key of the example in RFC 6455, section 1.3."""

ACCEPTED = b"".join(
    (
        b"HTTP/1.1 101 \r\n",
        b"Upgrade: websocket\r\n",
        b"Connection: Upgrade\r\n",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    )
)
"""The answer to it."""


class WebPerson(JsonPerson):
    """A program at the WebSocket door, such as the page.

    It does not heed what it hears, and goes on sending after the server has said goodbye.

    @param headers: those of its request, besides the usual ones.
    """

    def __init__(self, wire: Wire, *headers: bytes) -> None:
        super().__init__(wire)
        self._writing = Connection(ConnectionType.CLIENT)
        self._reading = Connection(ConnectionType.CLIENT)
        wire.sends(UPGRADE[:-2] + b"".join(header + b"\r\n" for header in headers) + b"\r\n")
        self._expected = ACCEPTED

    def sends_object(self, value: Any) -> None:
        """Send any JSON value as a message."""
        self.says(TextMessage(json.dumps(value)))

    def says(self, *events: Event) -> None:
        """Send frames, masked as those of every client (RFC 6455, section 5.3)."""
        self.wire.sends(b"".join(map(self._writing.send, events)))

    def events(self) -> list[Event]:
        """Return the frames since the last call, after the answer that opened the WebSocket."""
        data = self.wire.gets()
        if data:
            assert data.startswith(self._expected), data[:200]
            self._reading.receive_data(data.removeprefix(self._expected))
            self._expected = b""
        return list(self._reading.events())

    def messages(self) -> list[str]:
        """Return the text messages since the last call; each is one frame."""
        texts = [event for event in self.events() if isinstance(event, TextMessage)]
        assert all(text.message_finished for text in texts), "a message in several frames"
        return [text.data for text in texts]


def check_times(facts: Facts) -> None:
    """Check that every time in the chat's sentences is also given as a number."""
    sentences = [*facts.get("lines", ()), facts["text"] if facts["type"] == "error" else ""]
    times = facts.get("times", {})
    for spelled in (each for sentence in sentences for each in TIME.findall(sentence)):
        assert spelled in times, (spelled, facts)
        assert spelled in (when(times[spelled]), clock_time(times[spelled])), (spelled, facts)


def without_id(facts: Facts) -> Facts:
    """Remove the members that differ from run to run, or from hearer to hearer."""
    facts = {name: value for name, value in facts.items() if name not in ("id", "own", "next")}
    if "events" in facts:
        facts["events"] = [
            {name: value for name, value in event.items() if name != "own"}
            for event in facts["events"]
        ]
    return facts
