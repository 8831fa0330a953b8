"""A TCP relay between a browser and the chat, in which a test cuts and stalls the link.

Chromium's own "offline" does not end a WebSocket that is open. The relay connects to the chat when
the browser speaks, as browsers open connections ahead of need: the chat takes one that is silent
for a person's, greets it, and a browser that then uses it fails to load a file.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.running import HOST, free_port

ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER for a reset (socket(7))."""


class Frames:
    """Counts the WebSocket messages in one direction of a connection (RFC 6455, section 5.2).

    @ivar is_websocket: whether the head of HTTP has passed, and was one of a WebSocket.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self.is_websocket = False

    def take(self, data: bytes) -> list[bytes]:
        """Cut bytes into whole messages; what is no WebSocket passes as it comes."""
        self._waiting += data
        pieces = []
        while size := self._size():
            pieces.append(self._waiting[:size])
            self._waiting = self._waiting[size:]
        return pieces

    def _size(self) -> int:
        if self.is_websocket:
            return self._frame_size()
        # A head this small comes in one piece.
        self.is_websocket = b"upgrade: websocket" in self._waiting.lower()
        if not self.is_websocket:
            return len(self._waiting)
        return self._waiting.index(b"\r\n\r\n") + 4

    def _frame_size(self) -> int:
        data = self._waiting
        if len(data) < 2:
            return 0
        masked, length = data[1] >> 7, data[1] & 127
        head = 2 + 4 * masked + {126: 2, 127: 8}.get(length, 0)
        if length > 125:
            length = int.from_bytes(data[2 : head - 4 * masked], "big")
        size = head + length
        return size if len(data) >= size else 0


class Pair:
    """One connection of the browser and the one to the chat that belongs to it."""

    def __init__(self, relay: Relay, browser: socket.socket) -> None:
        self.relay = relay
        self.browser = browser
        self.chat = socket.socket()
        self.is_websocket = False
        self.messages = 0
        threading.Thread(target=self._begin, daemon=True).start()

    def _begin(self) -> None:
        try:
            if self.browser.recv(1, socket.MSG_PEEK):
                self.chat.connect((HOST, self.relay.target))
        except OSError:
            self.cut()
            return
        threading.Thread(target=self._pump, args=(self.chat, self.browser), daemon=True).start()
        self._pump(self.browser, self.chat)

    def cut(self) -> None:
        """End both connections at once, with a reset."""
        for each in (self.browser, self.chat):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                each.shutdown(socket.SHUT_RD)
            each.close()
        self.relay.forget(self)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        frames = Frames()
        try:
            while data := source.recv(65536):
                for piece in frames.take(data):
                    self.relay.flows.wait()
                    if frames.is_websocket and self.is_websocket:
                        self._pass_message(piece, sink)
                    else:
                        sink.sendall(piece)
                    self.is_websocket = self.is_websocket or frames.is_websocket
        except OSError:
            pass
        self.cut()

    def _pass_message(self, piece: bytes, sink: socket.socket) -> None:
        with self.relay.lock:
            self.messages += 1
            is_last = self.relay.judge(self)
        if is_last == "after":
            sink.sendall(piece)
            # The reset must not overtake the message.
            sink.shutdown(socket.SHUT_WR)
        if is_last:
            raise OSError("cut")
        sink.sendall(piece)


class Relay:
    """A relay that listens on a port of its own.

    @ivar port: the port for the browser.
    @cvar ports: the ports of all relays.
    @ivar judge: tells of each message whether the link is cut there: C{"before"} it passes,
        C{"after"}, or C{""}.
    """

    ports: set[int] = set()

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.ports.add(self.port)
        self.flows = threading.Event()
        self.flows.set()
        self.lock = threading.RLock()
        self.judge: Callable[[Pair], str] = lambda pair: ""
        self.is_closed = False
        self._pairs: list[Pair] = []
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                if self.is_closed:
                    browser.close()
                    continue
                with self.lock:
                    self._pairs.append(Pair(self, browser))

    @property
    def links(self) -> list[Pair]:
        """The WebSockets that are open."""
        with self.lock:
            return [pair for pair in self._pairs if pair.is_websocket]

    def cut(self) -> None:
        """Cut every link."""
        for pair in self.links:
            pair.cut()

    def forget(self, pair: Pair) -> None:
        """Take a pair off that has ended."""
        with self.lock:
            if pair in self._pairs:
                self._pairs.remove(pair)

    def close(self) -> None:
        """End everything."""
        self.is_closed = True
        self.flows.set()
        # Closing alone does not wake the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.lock:
            for pair in list(self._pairs):
                pair.cut()


@contextmanager
def relayed(target: int) -> Iterator[Relay]:
    """Run a relay to a port of the chat while the context lasts."""
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.close()
