"""A WebSocket client for tests: synchronous, over a socket, like C{Program} in running.py."""

from __future__ import annotations

import json
import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import Opcode

from tests.running import HOST, PATIENCE, Speaker

LOST = 1006
"""The code of a connection that ended without a closing handshake (RFC 6455, section 7.1.5)."""

NO_CODE = 1005
"""The code of a closing handshake that gave none."""

MASK = b"mask"
Headers = Iterable[tuple[str, str]]


class Refused(Exception):
    """The HTTP response to somebody who gets no WebSocket.

    @ivar headers: by name, in lower case.
    """

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.headers = headers
        self.body = body


class WebSocket(Speaker):
    """A connection to the JSON door over WebSocket, as a page makes one.

    @param headers: further headers, such as C{("Origin", "http://localhost")}.
    @param context: for a connection over TLS.
    @param host: the value of the header C{Host}; without it, the host and C{port}.
    @param source: the address to connect from.
    @ivar headers: those of the server's answer, by name in lower case.
    @ivar code: the code with which the server closed (C{LOST}, C{NO_CODE} or its own); C{None} as
        long as it did not.
    @ivar reason: the reason that came with the code.
    @ivar heard: all messages so far.
    @raise Refused: the server answers with something else than 101.
    @raise EOFError: the server closes without an answer.
    """

    def __init__(
        self,
        port: int,
        path: str = "/ws",
        headers: Headers = (),
        context: ssl.SSLContext | None = None,
        host: str = "",
        source: str = "",
    ) -> None:
        self.code: int | None = None
        self.reason = ""
        self.heard: list[str] = []
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: Iterator[Event] = iter(())
        self.socket = connected(port, context, source)
        try:
            self._shake_hands(Request(host or f"{HOST}:{port}", path, extra_headers=_raw(headers)))
        except BaseException:
            self.close()
            raise

    def _shake_hands(self, request: Request) -> None:
        self._send(request)
        answer = self.event()
        if isinstance(answer, RejectConnection):
            raise Refused(answer.status_code, _by_name(answer.headers), self._body())
        assert isinstance(answer, AcceptConnection), answer
        self.headers = _by_name(answer.extra_headers)

    def _body(self) -> bytes:
        """Read the body of a response; one without a length ends with the connection."""
        body = b""
        with suppress(EOFError):
            while isinstance(part := self.event(), RejectData) and not part.body_finished:
                body += part.data
        return body

    # Sending.

    def send(self, *objects: dict[str, Any]) -> None:
        """Send objects, each as a message."""
        for facts in objects:
            self.send_text(json.dumps(facts))

    def send_text(self, text: str) -> None:
        """Send any text as a message."""
        self._send(TextMessage(text))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes without change, such as those of L{frame}."""
        self.socket.sendall(data)

    def _send(self, event: Event) -> None:
        self.send_bytes(self._protocol.send(event))

    # Receiving.

    def event(self) -> Event:
        """Read the next event, also of pings and of parts of messages; answer a ping or a close.

        @raise EOFError: the server has ended the connection.
        """
        while (event := next(self._events, None)) is None:
            self._receive()
            self._events = self._protocol.events()
        if isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            # The library says in the same way that the server broke the protocol.
            assert self._protocol.state is not ConnectionState.OPEN, event.reason
            self.code, self.reason = event.code, event.reason or ""
            if self._protocol.state is ConnectionState.REMOTE_CLOSING:
                self._answer(event)
        return event

    def _answer(self, event: CloseConnection) -> None:
        # The server need not wait for it.
        with suppress(OSError):
            self._send(event.response())

    def _receive(self) -> None:
        last = self.heard[-1:] or [""]
        try:
            data = self.socket.recv(256 * 1024)
        except TimeoutError:
            raise AssertionError(f"nothing came after {last[0][:200]!r}") from None
        except OSError:
            data = b""
        if not data:
            if self.code is None:
                self.code = LOST
            raise EOFError(f"closed with {self.code} {self.reason!r} after {last[0][:200]!r}")
        if self.code is None:
            self._protocol.receive_data(data)

    def line(self) -> str:
        """Read the next message, of text alone.

        @raise EOFError: the server has closed.
        """
        parts = []
        while self.code is None:
            event = self.event()
            if isinstance(event, Message):
                assert isinstance(event, TextMessage), event
                parts.append(event.data)
                if event.message_finished:
                    self.heard.append("".join(parts))
                    return self.heard[-1]
        raise EOFError(f"closed with {self.code} {self.reason!r}")

    def to_the_end(self) -> list[dict[str, Any]]:
        """Read all remaining objects until the server ends the connection, and hang up."""
        left = []
        with suppress(EOFError):
            while True:
                left.append(self.fact())
        with suppress(EOFError):
            while True:
                self._receive()
        self.close()
        return left

    # Ending.

    def leave(self, code: int = 1000, reason: str = "") -> list[dict[str, Any]]:
        """Close as a page does, and read to the end; C{code} is then the server's answer."""
        self._send(CloseConnection(code, reason))
        return self.to_the_end()

    def close(self) -> None:
        """Hang up, without a closing handshake."""
        self.socket.close()


def frame(
    opcode: Opcode,
    payload: bytes = b"",
    final: bool = True,
    mask: bytes = MASK,
    reserved: int = 0,
    length: int | None = None,
) -> bytes:
    """Make the bytes of one frame (RFC 6455, section 5.2), valid or not.

    @param mask: four bytes; none for a frame without a mask, as only servers may send it.
    @param reserved: the three reserved bits, as a number.
    @param length: the length to claim, if it is not that of the payload.
    """
    size = len(payload) if length is None else length
    first = final << 7 | reserved << 4 | opcode
    masked = bool(mask) << 7
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    if mask:
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return head + mask + payload


def connected(port: int, context: ssl.SSLContext | None = None, source: str = "") -> socket.socket:
    """Connect to a port of this machine, over TLS if there is a context."""
    plain = socket.create_connection((HOST, port), PATIENCE, (source, 0) if source else None)
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def trusting_anybody() -> ssl.SSLContext:
    """Make a context for TLS that takes any certificate, such as one that signed itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in headers}
