"""Attacks over HTTP and WebSockets: frames and requests without end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from peer import Peer, together
from scene import MIB, USUAL, Scene

from attackers import ATTACKER

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

# Masked frames with a key of zeros (RFC 6455, section 5.2).
FIRST_FRAGMENT = b"\x01\x80\0\0\0\0"
EMPTY_FRAGMENT = b"\x00\x80\0\0\0\0"
EMPTY_PING = b"\x89\x80\0\0\0\0"

WRITE = 1 << 16
"""The bytes of each write."""

CONNECTIONS = 30
PAUSE = 0.02

UNLIMITED = ("--rate-limit", "0")


def fragments(scene: Scene) -> None:
    """One WebSocket sends empty fragments of a message that never ends."""
    _flood(scene, 1, UPGRADE + FIRST_FRAGMENT, EMPTY_FRAGMENT)


def pings(scene: Scene) -> None:
    """30 WebSockets from one address send 64 KiB of empty pings in each write."""
    _flood(scene, CONNECTIONS, UPGRADE, EMPTY_PING)


def pings_unlimited(scene: Scene) -> None:
    """One WebSocket sends 64 KiB of empty pings in each write, without a flood limit."""
    _flood(scene, 1, UPGRADE, EMPTY_PING, UNLIMITED)


def requests(scene: Scene) -> None:
    """30 connections from one address send HTTP requests without waiting for answers."""
    _flood(scene, CONNECTIONS, b"", REQUEST)


def requests_unlimited(scene: Scene) -> None:
    """One connection sends HTTP requests without waiting for answers, without a flood limit."""
    _flood(scene, 1, b"", REQUEST, UNLIMITED)


def browsers(scene: Scene) -> None:
    """30 threads at one address open a connection for each HTTP request."""
    server = scene.start()

    def ask(until: float, count: Counter[str]) -> None:
        with suppress(OSError):
            peer = Peer(server.port, ATTACKER, until)
            try:
                peer.send(REQUEST)
                count["answered" if peer.line().startswith(b"HTTP/1.1 200") else "refused"] += 1
            except EOFError:
                count["dropped"] += 1
            finally:
                peer.close()

    with scene.watched(*USUAL) as until:
        count = together(CONNECTIONS, _again_and_again(until, ask))
    told = ", ".join(f"{count[how]:,} {how}" for how in ("answered", "refused", "dropped"))
    scene.measured.told = f"{told} in {scene.seconds:.0f} s"


def _flood(
    scene: Scene, connections: int, first: bytes, piece: bytes, options: Sequence[str] = ()
) -> None:
    """Send one thing again and again over several connections, and read whatever comes."""
    server = scene.start(*options)
    write = piece * (WRITE // len(piece))

    def send(until: float, count: Counter[str]) -> None:
        with suppress(ConnectionError):
            peer = Peer(server.port, ATTACKER, until)
            try:
                peer.send(first)
                while True:
                    count["bytes"] += _send_and_read(peer, write)
            finally:
                peer.close()
        count["dropped"] += 1

    with scene.watched(*USUAL) as until:
        count = together(connections, _again_and_again(until, send))
    told = f"{count['bytes'] / MIB / scene.seconds:.2f} MiB a second taken"
    scene.measured.told = f"{told}, {count['dropped']} times dropped"


def _send_and_read(peer: Peer, data: bytes) -> int:
    """Send as much as is taken at once, and read what has come; return the bytes sent."""
    peer.socket.setblocking(False)
    sent = 0
    with suppress(BlockingIOError):
        sent = peer.socket.send(data)
    with suppress(BlockingIOError):
        if not peer.socket.recv(1 << 18):
            raise ConnectionError("the server has closed")
    if not sent:
        time.sleep(PAUSE / 10)
        if time.monotonic() > peer.until:
            raise TimeoutError
    return sent


def _again_and_again(
    until: float, act: Callable[[float, Counter[str]], None]
) -> Callable[[int, Counter[str]], None]:
    def again(number: int, count: Counter[str]) -> None:
        while time.monotonic() < until:
            act(until, count)
            time.sleep(PAUSE)

    return again
