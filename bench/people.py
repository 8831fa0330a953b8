"""What it costs that people have two connections each.

A room of 500 people, each of whom has two programs connected, is loaded in turn with a room of
1,000 people who have one each. In both there are 1,000 connections at the JSON door; what one of
them reads is a delivery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from chat_server import fresh_server
from doors import JsonDoor, SharedJsonDoor
from loads import SENDERS, closed_loop, joined, measure, open_loop, quantile
from rounds import Figures, columns
from tables import Row

CONNECTIONS = 1000
LOADS = {"saturated": closed_loop, "lone": open_loop}

ONE_EACH = "1,000, one connection each"
TWO_EACH = "500, two connections each"
DOORS = {TWO_EACH: SharedJsonDoor(CONNECTIONS // 2), ONE_EACH: JsonDoor()}

TARGET = 1.1
"""The most CPU time per delivery that people with two connections may cost, as a multiple of what
those with one cost."""


def two_each(core: int | None, seconds: float, rounds: int) -> list[Row]:
    """Load both rooms in turn, for several rounds; return medians.

    @raise RuntimeError: the server does not let a person have two connections, for instance.
    """
    results: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)
    for _ in range(rounds):
        for load in LOADS:
            for people in DOORS:
                results[load, people].append(_loaded(core, load, people, seconds))
    return [
        _row(load, people, figures, results[load, ONE_EACH])
        for (load, people), figures in results.items()
    ]


def _loaded(core: int | None, load: str, people: str, seconds: float) -> Figures:
    """Load a fresh server, whose lobby has these people."""
    with (
        fresh_server(core) as server,
        joined([server], CONNECTIONS, door=DOORS[people]) as crowd,
    ):
        senders = range(1, 1 + SENDERS)
        span = measure(server, crowd, lambda: LOADS[load](crowd, senders, seconds))
        delays = sorted(crowd.delays)
        crowd.wait_for_quiet()
        return Figures(span.cpu, quantile(delays, 0.5), quantile(delays, 0.99), crowd.missing())


def _row(load: str, people: str, own: Sequence[Figures], single: Sequence[Figures]) -> Row:
    """Make a row of some people's figures, beside those of people with one connection."""
    return {
        "load": load,
        "people": people,
        **columns(own, single),
        "missing": sum(one.missing for one in own),
        "target": f"at most {TARGET}" if people == TWO_EACH else "",
    }
