"""The loads: the traffic that members make, and what is measured meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from chat_server import ChatServer, fresh_server
from crowd import Crowd
from doors import Door
from tables import Row

SENDERS = 10
WINDOW = 8
"""The most messages of one sender on their way in a closed loop."""

LONE_RATE = 20
"""Lone messages a second, of all senders together."""

WARM_UP = 50
"""Members who join before memory is first measured."""


@contextmanager
def joined(
    servers: Sequence[ChatServer], size: int, rooms: int = 1, door: Door | None = None
) -> Iterator[Crowd]:
    """Have a crowd join one chat at its servers, and close its connections at the end."""
    crowd = Crowd([server.port for server in servers], size, rooms, door)
    try:
        crowd.join()
        crowd.wait_for_quiet()
        yield crowd
    finally:
        crowd.close()


@dataclass(frozen=True, slots=True)
class Span:
    """The resources used and the messages delivered between two moments.

    @ivar busy: the load of the core that plays the members, 0 to 1.
    """

    seconds: float
    server_cpu: float
    heard: int
    busy: float

    @property
    def cpu(self) -> float:
        """The microseconds of server CPU per delivery."""
        return self.server_cpu / max(1, self.heard) * 1e6


def measure(server: ChatServer, crowd: Crowd, load: Callable[[], None]) -> Span:
    """Measure while a load lasts."""
    heard, server_cpu = crowd.heard(), server.cpu_seconds()
    own_cpu, begun = time.process_time(), time.monotonic()
    load()
    seconds = time.monotonic() - begun
    return Span(
        seconds,
        server.cpu_seconds() - server_cpu,
        crowd.heard() - heard,
        (time.process_time() - own_cpu) / seconds,
    )


def closed_loop(crowd: Crowd, senders: range, seconds: float, window: int = WINDOW) -> None:
    """Let each sender say another message when one has come home.

    @param window: the most messages of one sender on their way.
    """
    until = time.monotonic() + seconds
    for sender in senders:
        crowd.say(sender, window)
    while time.monotonic() < until:
        crowd.turn(0.05)
        for sender, count in crowd.came_home():
            crowd.say(sender, count)


def open_loop(crowd: Crowd, senders: range, seconds: float) -> None:
    """Let the senders say one message after the other, evenly in time."""
    begun = time.monotonic()
    for number in range(int(seconds * LONE_RATE)):
        crowd.say(senders[number % len(senders)])
        while (left := begun + (number + 1) / LONE_RATE - time.monotonic()) > 0:
            crowd.turn(left)


def _row(crowd: Crowd, span: Span) -> Row:
    delays = sorted(crowd.delays)
    crowd.wait_for_quiet()
    return {
        "messages/s": round(sum(player.said for player in crowd.players) / span.seconds),
        "deliveries/s": round(span.heard / span.seconds),
        "server us/delivery": round(span.cpu, 3),
        "p50 ms": round(quantile(delays, 0.5), 2),
        "p99 ms": round(quantile(delays, 0.99), 2),
        "members' core": f"{span.busy:.0%}",
        "missing": crowd.missing(),
    }


def quantile(ordered: list[int], share: float) -> float:
    """Find the milliseconds that this share of the delays, 0 to 1, does not exceed."""
    return ordered[int((len(ordered) - 1) * share)] / 1e6 if ordered else 0.0


def saturated(core: int | None, size: int, seconds: float, rooms: int = 1) -> Row:
    """Measure the most traffic that goes through, in one room or in many."""
    senders = range(rooms, rooms + max(SENDERS, rooms))
    with fresh_server(core) as server, joined([server], size, rooms) as crowd:
        span = measure(server, crowd, lambda: closed_loop(crowd, senders, seconds))
        where = "one room" if rooms == 1 else f"{rooms} rooms of {size // rooms}"
        return {"load": f"saturated, {where}", "members": size} | _row(crowd, span)


def lone(core: int | None, size: int, seconds: float) -> Row:
    """Measure one message at a time, with nothing else going on."""
    senders = range(1, 1 + SENDERS)
    with fresh_server(core) as server, joined([server], size) as crowd:
        span = measure(server, crowd, lambda: open_loop(crowd, senders, seconds))
        load = f"lone, {LONE_RATE} a second, one room"
        return {"load": load, "members": size} | _row(crowd, span)


def joining(core: int | None, size: int, door: Door | None = None) -> Row:
    """Measure everybody joining one room, and lone messages there."""
    with fresh_server(core) as server:
        resident, cpu = server.resident_bytes(), server.cpu_seconds()
        crowd = Crowd(server.port, size, door=door)
        try:
            seconds = crowd.join()
            crowd.wait_for_quiet()
            cpu = server.cpu_seconds() - cpu
            resident = server.resident_bytes() - resident
            rounds = [_heard_by_all(crowd) for _ in range(5)]
        finally:
            crowd.close()
        return {
            "members": size,
            "join s": round(seconds, 2),
            "server ms/join": round(cpu / size * 1e3, 3),
            "server KiB/member": round(resident / size / 1024, 2),
            "lone message heard by all, ms": round(median(rounds) * 1e3, 1),
            "missing": crowd.missing(),
        }


def _heard_by_all(crowd: Crowd) -> float:
    """Measure the seconds until everybody else has heard a lone message."""
    begun = time.monotonic()
    wanted = crowd.heard() + len(crowd.players) - (not crowd.door.echo)
    crowd.say(1)
    while crowd.heard() < wanted:
        if time.monotonic() - begun > 30:
            raise RuntimeError("a lone message did not reach everybody within 30 s")
        # Counting the messages takes longer than a turn.
        for _ in range(len(crowd.players) // 64 + 1):
            if not crowd.turn(0.001):
                break
    return time.monotonic() - begun


def memory(core: int | None, size: int, door: Door) -> Row:
    """Measure the memory of a member who has joined and is silent."""
    with fresh_server(core) as server:
        crowd = Crowd(server.port, WARM_UP + size, door=door)
        try:
            used = memory_of_joining(server, crowd)
        finally:
            crowd.close()
        return {
            "door": door.name,
            "members": size,
            "server KiB/member": round(used / size / 1024, 2),
        }


def memory_of_joining(server: ChatServer, crowd: Crowd) -> int:
    """Measure how many bytes more the server takes when all but the first few have joined."""
    crowd.join(WARM_UP)
    crowd.wait_for_quiet()
    before = server.resident_bytes()
    crowd.join()
    crowd.wait_for_quiet()
    return server.resident_bytes() - before
