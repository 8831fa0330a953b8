"""The doors of the chat, as the members of a crowd use them: how they connect, and what they say.

A message is C{|<sender> <nanoseconds> <padding>}.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
from abc import ABC, abstractmethod
from contextlib import suppress

TOKEN_LENGTH = 22
"""The shortest that a token may be."""

CONNECT_LIMIT = 10.0
"""The seconds that a connection, or a handshake, may take."""

TRIES = 5
"""How often a handshake is tried: if this process is held up for a moment after it has connected,
the chat greets it as a person who says nothing."""

TEXT_FRAME, PING_FRAME, PONG_FRAME = 0x81, 0x89, 0x8A
"""The first bytes of a text in one frame, of a ping and of a pong (RFC 6455, section 5.2)."""

MASKED = 0x80
IN_TWO_BYTES = 126
"""Instead of a length, if that follows in two bytes."""

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


CAPABILITIES = (
    "message-tags server-time batch labeled-response echo-message account-tag account-notify"
    " away-notify extended-join multi-prefix userhost-in-names invite-notify setname"
    " standard-replies extended-monitor draft/read-marker"
)
"""The capabilities of a member at the IRC door."""


def _masked(first: int, message: bytes) -> bytes:
    """Make a client's frame, given its first byte (RFC 6455, section 5.3)."""
    size = len(message)
    if size < IN_TWO_BYTES:
        head = bytes([first, MASKED | size])
    else:
        head = bytes([first, MASKED | IN_TWO_BYTES]) + size.to_bytes(2, "big")
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(message, "big") ^ key).to_bytes(size, "big")


class Door(ABC):
    """A language, and what carries it.

    @cvar name: what it is called in tables.
    @cvar echo: whether members hear their own lines.
    @cvar ping: what the server sends to members who must answer L{pong}; empty for none.
    @cvar pong: the answer.
    """

    name: str
    echo: bool
    ping = pong = b""

    def connect(self, port: int) -> socket.socket:
        """Connect to the chat on 127.0.0.1."""
        connection = socket.create_connection(("127.0.0.1", port), CONNECT_LIMIT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @abstractmethod
    def hello(self, number: int, room: str) -> bytes:
        """Join the chat and the room."""

    @abstractmethod
    def ready(self, room: str) -> bytes:
        """Return the text that shows that a member has joined."""

    @abstractmethod
    def line(self, room: str, text: str) -> bytes:
        """Say a line."""


class TextDoor(Door):
    """The language of a person at a terminal. A second room is entered beside the lobby."""

    name = "text"
    echo = False

    def hello(self, number: int, room: str) -> bytes:
        nick = _nickname(number)
        return f"{nick}\r\n/join {room}\r\n".encode() if room != "lobby" else f"{nick}\r\n".encode()

    def ready(self, room: str) -> bytes:
        return b"you joined " + (b"lobby" if room == "lobby" else f"#{room}:".encode())

    def line(self, room: str, text: str) -> bytes:
        return f"{text}\r\n".encode()


class TlsDoor(TextDoor):
    """The text door over TLS, whose certificate is not checked."""

    name = "text over TLS"

    def __init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def connect(self, port: int) -> socket.socket:
        for _ in range(TRIES - 1):
            with suppress(ssl.SSLError):
                return self._shake_hands(port)
        return self._shake_hands(port)

    def _shake_hands(self, port: int) -> socket.socket:
        return self._context.wrap_socket(super().connect(port))


class JsonDoor(Door):
    """The language of a program, which also hears its own lines."""

    name = "JSON"
    echo = True

    def hello(self, number: int, room: str) -> bytes:
        return self.spelled({"type": "hello", **self.who(number), "rooms": {room: 0}})

    def who(self, number: int) -> dict[str, object]:
        """Tell who a member is."""
        return {"nick": _nickname(number)}

    def ready(self, room: str) -> bytes:
        return b'{"type":"welcome"'

    def line(self, room: str, text: str) -> bytes:
        return self.spelled({"type": "say", "room": room, "text": text})

    def spelled(self, facts: dict[str, object]) -> bytes:
        """Spell an object."""
        return json.dumps(facts).encode() + b"\n"


class SharedJsonDoor(JsonDoor):
    """The language of programs of people who have two connections each.

    The first half of the members are the client C{a} of every person, the second half the client
    C{b}. By the token, the server knows that both are the same person.
    """

    def __init__(self, people: int) -> None:
        self._people = people

    def who(self, number: int) -> dict[str, object]:
        second, person = divmod(number, self._people)
        nick = _nickname(person)
        return {"nick": nick, "token": nick.rjust(TOKEN_LENGTH, "-"), "client": "ab"[second]}


class WebSocketDoor(JsonDoor):
    """The language of a program, in text messages of a WebSocket (RFC 6455).

    A member does not wait until the WebSocket is open before it sends the first message.
    """

    name = "WebSocket"
    ping = bytes([PING_FRAME, 0])
    pong = _masked(PONG_FRAME, b"")

    def hello(self, number: int, room: str) -> bytes:
        return UPGRADE + super().hello(number, room)

    def spelled(self, facts: dict[str, object]) -> bytes:
        return _masked(TEXT_FRAME, json.dumps(facts).encode())


class IrcDoor(Door):
    """The language of an IRC client with all capabilities, which hears its own lines."""

    name = "IRC"
    echo = True

    def hello(self, number: int, room: str) -> bytes:
        lines = (
            f"CAP REQ :{CAPABILITIES}",
            f"NICK {_nickname(number)}",
            "USER bench 0 * :a member",
            "CAP END",
            f"JOIN #{room}",
        )
        return "".join(f"{line}\r\n" for line in lines).encode()

    def ready(self, room: str) -> bytes:
        return f" #{room} :End of the list of names".encode()

    def line(self, room: str, text: str) -> bytes:
        return f"PRIVMSG #{room} :{text}\r\n".encode()


def _nickname(number: int) -> str:
    """Make the nickname of a member."""
    return f"bench{number}"
