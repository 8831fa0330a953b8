"""Nodes over PostgreSQL, on this machine: one to three servers, an engine, and their members.

There are two cores. Where people talk as much as they can, the nodes, the engine and the members
share both: the lines a second are what this machine can do in all. Everything else is measured with
the nodes on one core, and the engine and the members on the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import engines
import processes
from chat_server import ChatServer, fresh_server
from crowd import Crowd
from doors import JsonDoor
from engines import Appender
from loads import closed_loop, joined, open_loop, quantile
from rounds import Results
from tables import Row

from chatservice.protocol.counts import counted
from tests.cluster_faults import begun
from tests.engine import Engine

MOST_NODES = 3

ROOMS, MEMBERS_OF_A_ROOM = 200, 5
MEMBERS_AT_A_NODE = 12
UNDER_WAY = 1600
"""The lines under way in a closed loop, of all senders together."""

LONE = 17
"""The members when lone lines are measured. The first and the last listen, at the same node; those
with odd numbers speak, at the other one."""

LONE_TURNS = 2
JOINING = 3000
REPLICAS, PEOPLE_OF_A_ROOM = 20_000, 50
PEOPLE = 2 * ROOMS
"""The people of a node that others only hear."""

BATCHES = 64, 256
"""The lines of each of its batches: nodes have more at once, the busier all of them are."""

RATE = 20_000
"""Its lines a second."""


@contextmanager
def nodes(engine: Engine, count: int, core: int | None) -> Iterator[list[ChatServer]]:
    """Run nodes of one chat."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                fresh_server(core, ("--cluster", engine.url, "--node", f"node{number}"))
            )
            for number in range(count)
        ]


@dataclass(frozen=True, slots=True)
class Used:
    """The CPU seconds that were used while something was done.

    @ivar nodes: by all nodes together.
    """

    seconds: float
    nodes: float
    engine: float


def used_by(engine: Engine, servers: Sequence[ChatServer], work: Callable[[], object]) -> Used:
    """Measure what a piece of work takes."""

    def now() -> tuple[float, float, float]:
        at_nodes = sum(server.cpu_seconds() for server in servers)
        return time.monotonic(), at_nodes, engines.cpu_seconds(engine)

    before = now()
    work()
    return Used(*(after - each for each, after in zip(before, now(), strict=True)))


class Bench:
    """The measurements of one round.

    @param core: the nodes' one; C{None} if all share the only one.
    @param own_core: that of the engine and of the members.
    """

    def __init__(
        self, core: int | None, own_core: int | None, seconds: float, results: Results
    ) -> None:
        self._core = core
        self._own_core = own_core
        self._seconds = seconds
        self._note = results.note

    def talk(self, count: int, rooms: int) -> None:
        """Have people at all nodes talk as much as they can."""
        of_a_room = MEMBERS_OF_A_ROOM if rooms > 1 else count * MEMBERS_AT_A_NODE
        where = f"{rooms} rooms of {of_a_room}" if rooms > 1 else f"one room of {of_a_room}"
        senders = range(rooms, 2 * rooms if rooms > 1 else of_a_room)
        with (
            processes.on_all_cores(),
            engines.engine(None) as engine,
            nodes(engine, count, None) as servers,
            joined(servers, rooms * of_a_room, rooms) as crowd,
        ):
            heard = crowd.heard()
            load = partial(closed_loop, crowd, senders, self._seconds, UNDER_WAY // len(senders))
            used = used_by(engine, servers, load)
            lines = (crowd.heard() - heard) / (of_a_room - 1)
            crowd.wait_for_quiet()
        what = f"{where}, {counted(count, 'node', 'nodes')}"
        target = "at least 20,000" if count == MOST_NODES else ""
        self._note(f"lines/s, {what}", lines / used.seconds, target, crowd.missing())
        at_a_node = used.nodes / count / lines * 1e6
        self._note(f"  us of each node for anybody's line, {what}", at_a_node)
        self._note(f"  us of the engine for a line, {what}", used.engine / lines * 1e6)

    def lone(self) -> None:
        """Compare lone lines from one node to another with lone lines on one machine."""
        delays: dict[str, list[int]] = {"to another node": [], "on one machine, SQLite": []}
        with (
            engines.engine(self._own_core) as engine,
            nodes(engine, 2, self._core) as servers,
            fresh_server(self._core) as single,
            joined(servers, LONE) as apart,
            joined([single], LONE) as together,
        ):
            for _ in range(LONE_TURNS):
                for crowd, found in zip((apart, together), delays.values(), strict=True):
                    crowd.delays.clear()
                    open_loop(crowd, range(1, LONE, 2), self._seconds)
                    crowd.wait_for_quiet()
                    found += crowd.delays
        for where, found in delays.items():
            found.sort()
            self._note(f"a lone line {where}, p50 ms", quantile(found, 0.5))
            self._note(f"a lone line {where}, p99 ms", quantile(found, 0.99))
        there, here = (quantile(found, 0.5) for found in delays.values())
        self._note("  the difference, p50 ms", there - here, "at most 3")

    def listen(self, is_heard: bool, size: int) -> None:
        """Have one node listen to what another one appends, while nobody talks at it.

        @param size: the lines of each batch.
        """
        rooms = 1 if is_heard else ROOMS
        with (
            engines.engine(self._own_core) as engine,
            Appender(engine.url, rooms) as appender,
            nodes(engine, 1, self._core) as servers,
            joined(servers, 1, door=JsonDoor()) as crowd,
        ):
            appender.bring(PEOPLE)
            batches = [appender.lines(first, size) for first in range(0, PEOPLE, size)]
            servers[0].wait_until_idle()
            count = int(self._seconds * RATE / size)

            def load() -> None:
                begun = time.monotonic()
                for number in range(count):
                    appender.append_spelled(batches[number % len(batches)])
                    crowd.turn(max(0.0, begun + number * size / RATE - time.monotonic()))
                servers[0].wait_until_idle()

            used = used_by(engine, servers, load)
            crowd.wait_for_quiet()
            lines = count * size
            missing = lines - crowd.heard() if is_heard else 0
        what = "in the one room of somebody here" if is_heard else "in rooms where nobody here is"
        what = f"us of a node for a line from another one, in batches of {size}, {what}"
        self._note(what, used.nodes / lines * 1e6, "at most 8", missing)

    def join(self, count: int) -> None:
        """Have people join rooms at all nodes."""
        with (
            engines.engine(self._own_core) as engine,
            nodes(engine, count, self._core) as servers,
        ):
            ports = [server.port for server in servers]
            crowd = Crowd(ports, JOINING, JOINING // MEMBERS_OF_A_ROOM, JsonDoor())
            try:
                used = used_by(engine, servers, crowd.join)
            finally:
                crowd.close()
        what = f"rooms of {MEMBERS_OF_A_ROOM}, {counted(count, 'node', 'nodes')}"
        self._note(f"joins/s, {what}", JOINING / used.seconds)
        self._note(f"  us of all nodes for a join, {what}", used.nodes / JOINING * 1e6)
        self._note(f"  us of the engine for a join, {what}", used.engine / JOINING * 1e6)

    def replicate(self) -> None:
        """Let people come to another node, and see what memory that takes here."""
        with (
            engines.engine(self._own_core) as engine,
            Appender(engine.url, REPLICAS // PEOPLE_OF_A_ROOM) as appender,
            nodes(engine, 1, self._core) as servers,
        ):
            (server,) = servers
            appender.bring(PEOPLE)
            server.wait_until_idle()
            before, cpu = server.resident_bytes(), server.cpu_seconds()
            appender.bring(REPLICAS)
            server.wait_until_idle()
            grown, cpu = server.resident_bytes() - before, server.cpu_seconds() - cpu
        memory = grown / REPLICAS / 1024
        self._note("KiB of a node for somebody at another one", memory, "at most 1")
        self._note("us of a node for somebody who joins at another one", cpu / REPLICAS * 1e6)

    def interrupt(self) -> None:
        """Kill the primary of a cluster with a standby, and see for how long nobody is heard."""
        what = "s without service when the primary is killed"
        with (
            processes.on_all_cores(),
            TemporaryDirectory(prefix="chat-bench-") as folder,
            begun(Path(folder)) as rounds,
        ):
            try:
                self._note(f"{what} and started again", rounds.primary_killed())
                self._note(f"{what}, and its standby promoted", rounds.standby_promoted())
            except AssertionError as error:
                raise RuntimeError(f"in a cluster whose primary was killed: {error}") from error


def cluster(core: int | None, own_core: int | None, seconds: float, rounds: int) -> list[Row]:
    """Measure everything, in several rounds; return what was measured, with its range.

    @raise RuntimeError: a message did not arrive in time, for instance.
    """
    results = Results()
    bench = Bench(core, own_core, seconds, results)
    for _ in range(rounds):
        for rooms in (ROOMS, 1):
            for count in range(1, MOST_NODES + 1):
                bench.talk(count, rooms)
        bench.lone()
        for is_heard in (False, True):
            for size in BATCHES:
                bench.listen(is_heard, size)
        for count in (1, MOST_NODES):
            bench.join(count)
        bench.replicate()
        bench.interrupt()
    return results.rows()
