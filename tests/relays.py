"""Links between programs that can fall silent, and break at the worst moment.

Somebody who connects to a L{Relay} talks to another server, as through a network in between.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress

from tests.background import Background
from tests.networks import Network
from tests.running import HOST, free_port

RESET = struct.pack("ii", 1, 0)
"""The value of C{SO_LINGER} with which closing a socket resets its connection."""


class Relay:
    """A port that leads to another one, for any number of connections.

    @param network: at whose other end it is, if it is at none of this machine's own addresses.
    @ivar host: the address of its port.
    @ivar port: the number of its own.
    @ivar target: the number of the port that new connections are led to.
    """

    def __init__(
        self, background: Background, target: int, network: Network | None = None
    ) -> None:
        self.port = free_port()
        self.host = network.host if network else HOST
        self._background = background
        self.target = target
        self._is_open: asyncio.Event
        self._cut_every = 0.0
        self._links: set[_Link] = set()
        listening = (network.listen if network else _listen)(self.port)
        background.run(self._serve(listening))

    async def _serve(self, listening: socket.socket) -> None:
        self._is_open = asyncio.Event()
        self._is_open.set()
        await asyncio.start_server(self._connected, sock=listening)

    def lead_to(self, target: int) -> None:
        """Lead new connections to another port."""
        self._background.call(setattr, self, "target", target)

    def silence(self) -> None:
        """Let nothing through any more, in either direction, without a word to anybody."""
        self._background.call(lambda: self._is_open.clear())

    def heal(self) -> None:
        """Let everything through again, what was held back first."""
        self._background.call(lambda: self._is_open.set())

    def cut_answers(self, every: float) -> None:
        """From now on, drop an answer of each connection now and then, and reset the connection.

        @param every: the seconds for which a connection lasts; 0 for no end.
        """
        self._background.call(setattr, self, "_cut_every", every)

    def reset(self) -> None:
        """Reset all connections."""
        self._background.call(lambda: [link.reset() for link in list(self._links)])

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        link = _Link(writer)
        self._links.add(link)
        try:
            await self._is_open.wait()
            there, to = await asyncio.open_connection(HOST, self.target)
            link.server = to
            await asyncio.gather(
                self._pump(link, reader, to), self._pump(link, there, writer, answers=True)
            )
        except (OSError, asyncio.CancelledError):
            link.reset()
        finally:
            self._links.discard(link)
            link.close()

    async def _pump(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: bool = False,
    ) -> None:
        while data := await reader.read(256 * 1024):
            await self._is_open.wait()
            age = time.monotonic() - link.began
            if answers and link.is_asked and 0 < self._cut_every < age:
                link.reset()
                return
            link.is_asked = not answers
            writer.write(data)
            await writer.drain()
        await self._is_open.wait()
        with suppress(OSError):
            writer.write_eof()


def _listen(port: int) -> socket.socket:
    return socket.create_server((HOST, port))


class _Link:
    """One connection through a relay.

    @ivar is_asked: whether the client was the last to say something.
    """

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.server: asyncio.StreamWriter | None = None
        self.began = time.monotonic()
        self.is_asked = False

    def reset(self) -> None:
        """Break it in both directions."""
        for writer in filter(None, (self.client, self.server)):
            reset(writer)

    def close(self) -> None:
        """Close it on both sides."""
        for writer in filter(None, (self.client, self.server)):
            writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection, so that the other side is told that it is lost."""
    transport = writer.transport
    if not transport.is_closing():
        found: socket.socket = transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()
