"""The cost of one door beside that of another.

The same members are at two doors: JSON in lines and in a WebSocket's messages, text in plain TCP
and over TLS, or text and IRC. Both have a server of their own, on the same core, and are loaded in
turn. What the second costs is a multiple of what the first costs in the same round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from certificates import make_certificate
from chat_server import ChatServer, fresh_server
from crowd import Crowd
from doors import Door, IrcDoor, JsonDoor, TextDoor, TlsDoor, WebSocketDoor
from loads import SENDERS, WARM_UP, closed_loop, measure, memory_of_joining, open_loop, quantile
from rounds import Figures, columns
from tables import Row

MEMBERS = 1000
LOADS = {"lone": open_loop, "saturated": closed_loop}
PAIRS = {
    "websocket": (JsonDoor(), WebSocketDoor()),
    "tls": (TextDoor(), TlsDoor()),
    "irc": (TextDoor(), IrcDoor()),
}
"""The doors that are compared, by the name of the second."""

TARGETS = {
    ("WebSocket", "lone"): 1.25,
    ("WebSocket", "saturated"): 1.5,
    ("text over TLS", "lone"): 2,
    ("text over TLS", "saturated"): 2,
    ("IRC", "lone"): 1.3,
    ("IRC", "saturated"): 1.3,
}
"""The most CPU time per delivery, as a multiple of the first of the pair, by door and load."""

MEMORY_TARGETS = {"WebSocket": 9, "text over TLS": 25, "IRC": 6}
"""The most KiB of memory per member."""


LONGEST = 15.0
"""The most seconds of a load: meanwhile, nobody at the other door answers the server's pings."""


@dataclass(slots=True)
class Played:
    """A server with everybody at one door of it.

    @ivar memory: KiB of the server's memory per member.
    @ivar figures: those of each round, by load.
    @ivar busy: the load of the core that plays the members, 0 to 1, likewise.
    """

    door: Door
    server: ChatServer
    crowd: Crowd
    memory: float
    figures: defaultdict[str, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    busy: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def play(self, load: str, seconds: float) -> None:
        """Load the server, and note the figures."""
        crowd = self.crowd
        while crowd.turn(0):  # pings that came meanwhile
            pass
        crowd.delays.clear()
        senders = range(1, 1 + SENDERS)
        span = measure(self.server, crowd, lambda: LOADS[load](crowd, senders, seconds))
        delays = sorted(crowd.delays)
        crowd.wait_for_quiet()
        p50, p99 = (quantile(delays, share) for share in (0.5, 0.99))
        self.figures[load].append(Figures(span.cpu, p50, p99, crowd.missing()))
        self.busy[load].append(span.busy)


def beside(
    core: int | None, seconds: float, rounds: int, doors: Sequence[str] = tuple(PAIRS)
) -> list[Row]:
    """Load both doors of each pair in turn, for several rounds; return medians.

    @param doors: the names of the pairs.
    @raise RuntimeError: somebody could not join, for instance.
    """
    with TemporaryDirectory(prefix="chat-tls-") as folder:
        certificate, key = make_certificate(Path(folder))
        options = ("--tls-cert", str(certificate), "--tls-key", str(key))
        return [
            row
            for name in doors
            for row in _pair(core, options, PAIRS[name], min(seconds, LONGEST), rounds)
        ]


def _pair(
    core: int | None, options: Sequence[str], pair: Sequence[Door], seconds: float, rounds: int
) -> list[Row]:
    with ExitStack() as stack:
        doors = [stack.enter_context(_played(core, options, door)) for door in pair]
        for _ in range(rounds):
            for load in LOADS:
                for played in doors:
                    played.play(load, seconds)
    return [_row(load, played, doors[0]) for load in LOADS for played in doors]


@contextmanager
def _played(core: int | None, options: Sequence[str], door: Door) -> Iterator[Played]:
    """Have everybody join a fresh server through this door."""
    with fresh_server(core, options) as server:
        crowd = Crowd(server.port, MEMBERS, door=door)
        try:
            used = memory_of_joining(server, crowd)
            yield Played(door, server, crowd, used / (MEMBERS - WARM_UP) / 1024)
        finally:
            crowd.close()


def _row(load: str, played: Played, plain: Played) -> Row:
    """Make a row of a door's figures, beside those of the first of its pair."""
    name = played.door.name
    most, most_memory = TARGETS.get((name, load)), MEMORY_TARGETS.get(name)
    return {
        "load": load,
        "door": name,
        **columns(played.figures[load], plain.figures[load]),
        "target": "" if most is None else f"at most {most}",
        "KiB/member": round(played.memory, 2),
        "KiB target": "" if most_memory is None else f"at most {most_memory}",
        "members' core": f"{median(played.busy[load]):.0%}",
        "missing": played.figures[load][-1].missing,
    }
