"""A crowd of members in one epoll loop, cheap enough not to limit the measurement.

Most members only count the bars in what they read; the probe of each room, and a few others, also
look at the sender and at the time (see L{doors} for what a message is).
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doors import Door, TextDoor

MARK = b"|"
"""What is counted. Frames of a WebSocket are not mistaken for it: in their lengths it would mean
124 or 380 bytes, and nothing that is sent here is so long."""

MESSAGE = re.compile(rb"\|(\d+) (\d+) x")
PADDING = "x" * 40
SAMPLED = 16
"""One member in this many looks at the time of what it hears."""

JOINING_AT_ONCE = 64
JOIN_LIMIT = 300.0
QUIET = 1.0
"""Seconds without a byte after which everything has arrived."""

QUIET_LIMIT = 60.0
EVENTS_AT_ONCE = 128
"""Small, so that the next speaker of a closed loop does not wait until everybody has been read."""


@dataclass(slots=True)
class Player:
    """A member of the crowd.

    @ivar read: called with the bytes read; C{None} while only the bars in them are counted.
    @ivar tail: the beginning of an incomplete message.
    @ivar said: how many messages it sent, and C{heard} how many it received.
    """

    index: int
    room: str
    connection: socket.socket
    read: Callable[[Player, bytes], None] | None
    tail: bytes = b""
    said: int = 0
    heard: int = 0


class Crowd:
    """Members C{0} to C{size - 1}; number C{i} is in room C{i % rooms}.

    The first of each room is its probe: it never speaks, and what it hears has come home.

    @param ports: those of the chat; with several, the members of each room are at all in turn.
    @ivar door: where the members are.
    @ivar delays: nanoseconds from saying to hearing, as the sampled members saw it.
    """

    def __init__(
        self,
        ports: int | Sequence[int],
        size: int,
        rooms: int = 1,
        door: Door | None = None,
    ) -> None:
        self._ports = (ports,) if isinstance(ports, int) else tuple(ports)
        self._size = size
        self._rooms = rooms
        self.door = door or TextDoor()
        self._epoll = select.epoll()
        self._buffer = bytearray(1 << 18)
        self._view = memoryview(self._buffer)
        self._by_descriptor: dict[int, Player] = {}
        self._came_home: Counter[int] = Counter()
        self._joined = 0
        self.players: list[Player] = []
        self.delays: list[int] = []

    def join(self, most: int | None = None) -> float:
        """Have everybody join, a few at a time; return the seconds until all had.

        @param most: join only until so many have, for now.
        @raise RuntimeError: not all of them joined.
        """
        wanted = self._size if most is None else most
        begun = time.monotonic()
        while self._joined < wanted:
            waiting = len(self.players) - self._joined
            for _ in range(min(JOINING_AT_ONCE - waiting, wanted - len(self.players))):
                self._connect()
            self.turn(0.05)
            if time.monotonic() - begun > JOIN_LIMIT:
                raise RuntimeError(
                    f"only {self._joined:,} of {wanted:,} had joined after {JOIN_LIMIT:.0f} s"
                )
        return time.monotonic() - begun

    def _connect(self) -> None:
        index = len(self.players)
        room = f"room{index % self._rooms}" if self._rooms > 1 else "lobby"
        # The next one in the same room is at the next port, and so is the first of the next room.
        place = index // self._rooms + index % self._rooms
        connection = self.door.connect(self._ports[place % len(self._ports)])
        connection.setblocking(False)
        player = Player(index, room, connection, self._read_welcome)
        self.players.append(player)
        self._by_descriptor[connection.fileno()] = player
        self._epoll.register(connection, select.EPOLLIN)
        self._send(player, self.door.hello(index, room))

    def turn(self, timeout: float) -> int:
        """Read what arrives within C{timeout} seconds; return how many members it was for."""
        ready = self._epoll.poll(timeout, EVENTS_AT_ONCE)
        ping = self.door.ping
        for descriptor, _ in ready:
            player = self._by_descriptor[descriptor]
            try:
                size = player.connection.recv_into(self._view)
            except ssl.SSLWantReadError:
                continue  # half a record
            except OSError:
                size = 0
            if not size:
                last = player.tail.decode("utf-8", "replace").strip()
                raise RuntimeError(
                    f"the server closed the connection of member {player.index}: {last}"
                )
            if ping and self._buffer.find(ping, 0, size) >= 0:
                self._send(player, self.door.pong)
            if player.read is None:
                player.heard += self._buffer.count(MARK, 0, size)
            else:
                player.read(player, bytes(self._view[:size]))
        return len(ready)

    def _read_welcome(self, player: Player, data: bytes) -> None:
        player.tail += data
        ready = self.door.ready(player.room)
        if ready in player.tail:
            self._joined += 1
            player.tail = b""
            looks = player.index < self._rooms or player.index % SAMPLED == 0
            player.read = self._read_messages if looks else None
        else:
            player.tail = player.tail[-len(ready) :]

    def _read_messages(self, player: Player, data: bytes) -> None:
        now = time.monotonic_ns()
        data = player.tail + data
        end = 0
        for message in MESSAGE.finditer(data):
            end = message.end()
            player.heard += 1
            self.delays.append(now - int(message[2]))
            if player.index < self._rooms:
                self._came_home[int(message[1])] += 1
        begun = data.find(MARK, end)
        player.tail = data[begun:] if begun >= 0 else b""

    def came_home(self) -> list[tuple[int, int]]:
        """Count the messages that their probe has newly heard, by the member who sent them."""
        home = list(self._came_home.items())
        self._came_home.clear()
        return home

    def say(self, index: int, count: int = 1) -> None:
        """Have a member send this many messages in one go."""
        player = self.players[index]
        text = f"|{index} {time.monotonic_ns()} {PADDING}"
        self._send(player, self.door.line(player.room, text) * count)
        player.said += count

    def _send(self, player: Player, data: bytes) -> None:
        try:
            sent = player.connection.send(data)
        except OSError as error:
            raise RuntimeError(f"member {player.index} could not send: {error}") from error
        if sent < len(data):
            raise RuntimeError(f"the server does not read what member {player.index} sends")

    def wait_for_quiet(self) -> None:
        """Read until nothing has arrived for a second.

        @raise RuntimeError: there was no such second in time.
        """
        deadline = time.monotonic() + QUIET_LIMIT
        while self.turn(QUIET):
            if time.monotonic() > deadline:
                raise RuntimeError(f"there was no silence within {QUIET_LIMIT:.0f} s")

    def heard(self) -> int:
        """Count the messages that all members together have heard."""
        return sum(player.heard for player in self.players)

    def missing(self) -> int:
        """Count the messages that members heard too few or too many."""
        said: Counter[str] = Counter()
        for player in self.players:
            said[player.room] += player.said
        own = 0 if self.door.echo else 1
        return sum(
            abs(said[player.room] - own * player.said - player.heard) for player in self.players
        )

    def close(self) -> None:
        """Close all connections."""
        for player in self.players:
            player.connection.close()
        self._epoll.close()
