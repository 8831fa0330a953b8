"""The cost of WebSockets and of TLS.

The same members are played at two doors in turn: JSON in lines and in a WebSocket's messages, text
in plain TCP and over TLS. What each other one costs is a multiple of what the first of its pair
costs in the same round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from certificates import make_certificate
from chat_server import fresh_server
from crowd import Crowd
from doors import Door, JsonDoor, TextDoor, TlsDoor, WebSocketDoor
from loads import SENDERS, WARM_UP, closed_loop, measure, memory_of_joining, open_loop, quantile
from rounds import Figures, columns
from tables import Row

MEMBERS = 1000
LOADS = {"lone": open_loop, "saturated": closed_loop}
PAIRS = ((JsonDoor(), WebSocketDoor()), (TextDoor(), TlsDoor()))

TARGETS = {
    ("WebSocket", "lone"): 1.25,
    ("WebSocket", "saturated"): 1.5,
    ("text over TLS", "lone"): 2,
    ("text over TLS", "saturated"): 2,
}
"""The most CPU time per delivery, as a multiple of the first of the pair, by door and load."""

MEMORY_TARGETS = {"WebSocket": 9, "text over TLS": 25}
"""The most KiB of memory per member."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load showed in one round.

    @ivar memory: KiB of the server's memory per member.
    @ivar busy: the load of the core that plays the members, 0 to 1.
    """

    figures: Figures
    memory: float
    busy: float


def beside(core: int | None, seconds: float, rounds: int) -> list[Row]:
    """Load all doors in turn, for several rounds; return medians.

    @raise RuntimeError: somebody could not join, for instance.
    """
    results: defaultdict[tuple[str, str], list[Loaded]] = defaultdict(list)
    with TemporaryDirectory(prefix="chat-tls-") as folder:
        certificate, key = make_certificate(Path(folder))
        options = ("--tls-cert", str(certificate), "--tls-key", str(key))
        for _ in range(rounds):
            for pair in PAIRS:
                for load in LOADS:
                    for door in pair:
                        results[load, door.name].append(_loaded(core, options, load, door, seconds))
    return [
        _row(load, door.name, results[load, door.name], results[load, pair[0].name])
        for pair in PAIRS
        for load in LOADS
        for door in pair
    ]


def _loaded(
    core: int | None, options: Sequence[str], load: str, door: Door, seconds: float
) -> Loaded:
    """Load a fresh server, everybody in whose lobby uses this door."""
    with fresh_server(core, options) as server:
        crowd = Crowd(server.port, MEMBERS, door=door)
        try:
            memory = memory_of_joining(server, crowd) / (MEMBERS - WARM_UP) / 1024
            senders = range(1, 1 + SENDERS)
            span = measure(server, crowd, lambda: LOADS[load](crowd, senders, seconds))
            delays = sorted(crowd.delays)
            crowd.wait_for_quiet()
            p50, p99 = (quantile(delays, share) for share in (0.5, 0.99))
            return Loaded(Figures(span.cpu, p50, p99, crowd.missing()), memory, span.busy)
        finally:
            crowd.close()


def _row(load: str, door: str, own: Sequence[Loaded], plain: Sequence[Loaded]) -> Row:
    """Make a row of a door's figures, beside those of the first of its pair."""
    most = TARGETS.get((door, load))
    most_memory = MEMORY_TARGETS.get(door)
    kib = [one.memory for one in own]
    return {
        "load": load,
        "door": door,
        **columns([one.figures for one in own], [one.figures for one in plain]),
        "target": "" if most is None else f"at most {most}",
        "KiB/member": round(median(kib), 2),
        "lowest KiB": round(min(kib), 2),
        "highest KiB": round(max(kib), 2),
        "target KiB": "" if most_memory is None else f"at most {most_memory}",
        "members' core": f"{median(one.busy for one in own):.0%}",
        "missing": sum(one.figures.missing for one in own),
    }
