"""Troubles of a cluster of real nodes, each of which lasts as long as a context; and all rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.cluster_faults import LONG, Rounds
from tests.engine import Engine
from tests.nodes_real import RealCluster, RealNode
from tests.relays import Relay


@contextmanager
def frozen(program: RealNode | Engine) -> Iterator[None]:
    """Freeze a program: its connections stay open, and it answers nothing."""
    program.freeze()
    try:
        yield
    finally:
        program.thaw()


@contextmanager
def silent(link: RealNode | Relay) -> Iterator[None]:
    """Let nothing through a link."""
    link.silence()
    try:
        yield
    finally:
        link.heal()


@contextmanager
def dead(engine: Engine) -> Iterator[None]:
    """Kill an engine, and start it again on the same data."""
    engine.kill()
    try:
        yield
    finally:
        engine.restart()


@contextmanager
def replaced(cluster: RealCluster) -> Iterator[None]:
    """Kill the primary when the standby is behind, and promote that."""
    cluster.link.silence()
    time.sleep(0.5)
    cluster.primary.kill()
    try:
        yield
    finally:
        cluster.promote()


@contextmanager
def dropping(cluster: RealCluster) -> Iterator[None]:
    """Break all links again and again, right before an answer comes."""
    cluster.cut_answers(0.5)
    try:
        yield
    finally:
        cluster.cut_answers(0)


@contextmanager
def killed(node: RealNode) -> Iterator[None]:
    """Kill a node, which stays dead until the round is over."""
    node.server.kill()
    yield


Round = Callable[[Rounds, RealNode, RealNode], float | None]
"""A round in which something befalls one or two nodes, if it concerns some nodes in particular.

It returns the seconds without service, if that was measured.
"""

SINGLE: Mapping[str, Round] = {
    "node killed": lambda r, a, b: r.node_killed(a),
    "node stopped": lambda r, a, b: r.node_stopped(a),
    "primary killed, restarted": lambda r, a, b: r.primary_killed(),
    "primary killed, standby promoted": lambda r, a, b: r.standby_promoted(),
    "primary killed, standby promoted after 7 s": lambda r, a, b: r.standby_promoted(7.0),
    "node frozen for 5 s": lambda r, a, b: r.passing(frozen(a)),
    "node silent for 5 s": lambda r, a, b: r.passing(silent(a)),
    "node silent for 8 s": lambda r, a, b: r.passing(silent(a), seconds=8.0),
    "answers dropped": lambda r, a, b: r.passing(dropping(r.cluster)),
    "engine dead until lines are refused": lambda r, a, b: r.engine_away(dead(r.cluster.primary)),
    "engine frozen until lines are refused": lambda r, a, b: r.engine_away(
        frozen(r.cluster.primary)
    ),
    "engine frozen for 10 s": lambda r, a, b: r.passing(frozen(r.cluster.primary), seconds=10.0),
    "standby silent for 7 s": lambda r, a, b: r.passing(silent(r.cluster.link), seconds=7.0),
}
"""One fault each, which is soon over."""

LASTING: Mapping[str, Round] = {
    "node frozen for 60 s": lambda r, a, b: r.places_lost({a: frozen(a)}, LONG),
    "node silent for 60 s": lambda r, a, b: r.places_lost({a: silent(a)}, LONG),
}

TOGETHER: Mapping[str, Round] = {
    "engine frozen, node killed": lambda r, a, b: r.passing(frozen(r.cluster.primary), killed(a)),
    "engine dead, node killed": lambda r, a, b: r.passing(dead(r.cluster.primary), killed(a)),
    "node silent, primary killed": lambda r, a, b: r.passing(silent(a), dead(r.cluster.primary)),
    "node frozen, standby promoted": lambda r, a, b: r.passing(
        frozen(a), replaced(r.cluster), seconds=2.0
    ),
    "standby silent, node killed": lambda r, a, b: r.passing(silent(r.cluster.link), killed(a)),
    "answers dropped, primary killed": lambda r, a, b: r.passing(
        dropping(r.cluster), dead(r.cluster.primary)
    ),
    "one node frozen, one silent, for 5 s": lambda r, a, b: r.passing(frozen(a), silent(b)),
    "one node frozen, one silent, for long": lambda r, a, b: r.places_lost(
        {a: frozen(a), b: silent(b)}
    ),
}
"""Several faults at once."""

ROUNDS: Mapping[str, Round] = {**SINGLE, **LASTING, **TOGETHER}


def carry_out(name: str, rounds: Rounds, turn: int) -> float | None:
    """Carry out a round, which befalls another node at each turn.

    @return: the seconds without service, if that was measured.
    """
    nodes = rounds.cluster.nodes
    return ROUNDS[name](rounds, nodes[turn % len(nodes)], nodes[(turn + 1) % len(nodes)])
