"""What must be true of a cluster of real nodes, and of everything that its people heard."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.cluster_crowd import Crowd
from tests.nodes_real import RealCluster, RealNode
from tests.talkers import Line, ProgramTalker, TextTalker

_MEMBERS = """
    SELECT members.nick, lingers, array_agg(nodes.name) FROM members
    LEFT JOIN nodes ON nodes.id = ANY (homes) AND NOT nodes.is_over
    GROUP BY members.nick, lingers"""
_CLAIMS = "SELECT count(*) FROM names WHERE NOT EXISTS (SELECT FROM members WHERE key = names.key)"
_LOG = "SELECT node, number, data FROM log ORDER BY last"

SHOWN = 5

LOST, DOUBLED, DISORDER = "lost", "doubled", "out of order"
GHOSTS, HOLDERS, OTHER = "ghosts", "second holders", "other faults"
KINDS = (LOST, DOUBLED, DISORDER, GHOSTS, HOLDERS, OTHER)


class Fault(NamedTuple):
    """Something that may never be.

    @ivar kind: one of L{KINDS}.
    @ivar text: a sentence.
    """

    kind: str
    text: str


class Faulty(AssertionError):
    """Faults were found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(fault.text for fault in faults))
        self.faults = faults


def check(crowd: Crowd, cluster: RealCluster) -> None:
    """See that all is right, with everybody silent, and those there who did not go for good.

    @raise Faulty: it is not.
    """
    kept = crowd.fall_silent()
    found = [Fault(DISORDER, fault) for each in crowd.people for fault in each.faults]
    found += _lines_said(crowd, kept)
    for each in crowd.here:
        if isinstance(each, ProgramTalker):
            found += _differences(each, kept)
        elif isinstance(each, TextTalker):
            found += _runs(each, kept)
    found += _moves(crowd)
    found += _presence(crowd, cluster)
    found += _old_lives(cluster)
    for node in cluster.nodes:
        found += _complaints(node)
    if found:
        raise Faulty(found)


def _lines_said(crowd: Crowd, kept: list[Line]) -> Iterable[Fault]:
    times = Counter(line.text for line in kept)
    for text, number in times.items():
        if number > 1:
            yield Fault(DOUBLED, f"{text!r} is kept {number} times")
    for each in crowd.people:
        for text, number in Counter(each.said).items():
            if number > 1:
                yield Fault(DOUBLED, f"{text!r} was acknowledged {number} times")
            if not times[text]:
                yield Fault(LOST, f"{text!r} was acknowledged, and is not kept")
        for text, why in each.refused.items():
            if times[text]:
                yield Fault(OTHER, f"{text!r} was refused ({why}), and is kept")


def _differences(program: ProgramTalker, kept: list[Line]) -> Iterable[Fault]:
    expected = [line for line in kept if line.id > program.since]
    if program.heard == expected:
        return
    missed = sorted(set(expected) - set(program.heard))
    more = sorted(set(program.heard) - set(expected))
    text = f"{program.nick} missed {missed[:SHOWN]}, and alone heard {more[:SHOWN]}"
    yield Fault(LOST if missed or more else DISORDER, text)


def _runs(text: TextTalker, kept: list[Line]) -> Iterable[Fault]:
    others = [line.text for line in kept if line.nick != text.nick]
    places = {line: place for place, line in enumerate(others)}
    for run in filter(None, text.runs):
        unknown = [line for line in run if line not in places]
        twice = [line for line, number in Counter(run).items() if number > 1]
        if unknown:
            yield Fault(LOST, f"{text.nick} alone heard {unknown[:SHOWN]}")
        elif twice:
            yield Fault(DOUBLED, f"{text.nick} heard {twice[:SHOWN]} more than once")
        elif run != others[places[run[0]] : places[run[0]] + len(run)]:
            yield Fault(DISORDER, f"{text.nick} heard others than those after {run[0]!r}")


def _moves(crowd: Crowd) -> Iterable[Fault]:
    """Compare who came and went as all have seen it; a nickname is free when somebody has left."""
    known: dict[int, tuple[str, str]] = {}
    for each in crowd.programs:
        for id, move in each.moves.items():
            if known.setdefault(id, move) != move:
                yield Fault(DISORDER, f"{id} is {move} to {each.nick}, and {known[id]} to others")
    holders: set[str] = set()
    for id, (kind, nick) in sorted(known.items()):
        if kind == "joined" and nick in holders:
            yield Fault(HOLDERS, f"{nick} came ({id}), and was here already")
        (holders.add if kind == "joined" else holders.discard)(nick)


def _presence(crowd: Crowd, cluster: RealCluster) -> Iterable[Fault]:
    names = {node.port: node.name for node in cluster.nodes}
    expected = sorted((each.nick, False, [names[each.port]]) for each in crowd.here)
    members = sorted(cluster.primary.execute(_MEMBERS))
    if members != expected:
        yield Fault(GHOSTS, f"in the engine are {members}, and really {expected}")
    nicks = sorted(nick for nick, _, _ in expected)
    for node in cluster.living:
        listener = next(each for each in crowd.listeners if each.port == node.port)
        answer = cluster.background.run(listener.answer("/who"))
        shown = sorted(person["nick"] for person in answer["who"])
        if shown != nicks:
            kind = HOLDERS if len(shown) > len(set(shown)) else GHOSTS
            yield Fault(kind, f"/who at {node.name} shows {shown}, and really here are {nicks}")
    ((claims,),) = cluster.primary.execute(_CLAIMS)
    if claims:
        yield Fault(GHOSTS, f"{claims} nicknames are claimed by nobody")


def _old_lives(cluster: RealCluster) -> Iterable[Fault]:
    """List nodes whose lines were committed after others had taken over their people."""
    over: set[int] = set()
    for node, number, data in cluster.primary.execute(_LOG):
        if number and node in over:
            yield Fault(OTHER, f"node {node} has appended {data[:200]} after its end")
        over |= {event["former"] for event in json.loads(data) if event["kind"] == "adopted"}


def _complaints(node: RealNode) -> Iterable[Fault]:
    """Find what a node logged that may never happen, from there to the end of its log."""
    found = re.search(r"Traceback|#critical\] (?!The database has lost)", node.log)
    if found:
        yield Fault(OTHER, f"{node.name} logged:\n{node.log[found.start() :]}")
