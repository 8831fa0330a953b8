"""The people of a cluster of real nodes, and what must be true of all that they heard."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from tests.nodes_real import RealCluster, RealNode
from tests.running import PATIENCE
from tests.talkers import LOBBY, Line, ProgramTalker, Talker, TextTalker

_KEPT = "SELECT id, nick, text FROM events WHERE kind = 'said' AND room = %s ORDER BY id"
_MEMBERS = """
    SELECT members.nick, lingers, array_agg(nodes.name) FROM members
    LEFT JOIN nodes ON nodes.id = ANY (homes) AND NOT nodes.is_over
    GROUP BY members.nick, lingers"""
_CLAIMS = "SELECT count(*) FROM names WHERE NOT EXISTS (SELECT FROM members WHERE key = names.key)"

SHOWN = 5


class Crowd:
    """People at all nodes, most of them programs.

    @ivar people: everybody who is or was here.
    @ivar listeners: those who never talk, one for each node.
    """

    def __init__(self, cluster: RealCluster, programs: int = 2, texts: int = 1) -> None:
        self._cluster = cluster
        self.people: list[Talker] = []
        self.listeners: list[ProgramTalker] = []
        self._lives: list[Future[None]] = []
        for place, node in enumerate(cluster.nodes):
            for number in range(programs):
                self.come(ProgramTalker(f"{node.name}{number}", cluster.ports, place))
            self.listeners.append(ProgramTalker(f"{node.name}listener", cluster.ports, place))
            self.listeners[-1].talks = False
            self.come(self.listeners[-1])
            for number in range(texts):
                self.come(TextTalker(f"{node.name}t{number}", cluster.ports, place))

    def come(self, talker: Talker) -> None:
        """Let somebody come."""
        self.people.append(talker)
        self._lives.append(self._cluster.background.begin(talker.live()))

    @property
    def here(self) -> list[Talker]:
        """Everybody who did not go for good."""
        return [each for each in self.people if not each.is_over]

    @property
    def programs(self) -> list[ProgramTalker]:
        """The programs among them."""
        return [each for each in self.people if isinstance(each, ProgramTalker)]

    def at(self, node: RealNode) -> list[Talker]:
        """Those who are at a node."""
        return [each for each in self.here if each.port == node.port]

    def wait_until(
        self, condition: Callable[[], bool], otherwise: str, seconds: float = PATIENCE
    ) -> None:
        """Wait for something that these people do or hear."""

        async def wait() -> bool:
            end = time.monotonic() + seconds
            while not condition():
                if time.monotonic() > end:
                    return False
                await asyncio.sleep(0.02)
            return True

        assert self._cluster.background.begin(wait()).result(), otherwise

    def fall_silent(self) -> list[Line]:
        """Let everybody stop talking, and wait until all have heard everything that is kept.

        @return: that.
        """
        for each in self.people:
            each.talks = False
        self.wait_until(
            lambda: all(each.is_quiet for each in self.here),
            "some never heard what became of their lines",
        )
        kept = self.kept()
        last = kept[-1].id if kept else 0
        self.wait_until(
            lambda: all(each.last >= last for each in self.programs if not each.is_over),
            "some do not hear any longer",
        )
        return kept

    def talk(self) -> None:
        """Let everybody talk."""
        for each in self.here:
            each.talks = each not in self.listeners

    def kept(self) -> list[Line]:
        """Read what is kept of the lobby."""
        return [Line(*row) for row in self._cluster.primary.execute(_KEPT, LOBBY)]

    def forget_lost(self) -> int:
        """Have everybody forget what is not kept any longer; return how many lines that are."""
        kept = set(self.fall_silent())
        texts = {line.text for line in kept}
        lost = {line for each in self.programs for line in each.heard} - kept
        ids = Counter(line.id for line in kept | lost)
        assert max(ids.values()) == 1, "two lines have the same id"
        for each in self.people:
            each.said = [text for text in each.said if text in texts]
            if isinstance(each, ProgramTalker):
                each.heard = [line for line in each.heard if line in kept]
            elif isinstance(each, TextTalker):
                each.runs = [[text for text in run if text in texts] for run in each.runs]
        return len(lost)

    def left(self, after: int) -> Counter[str]:
        """Count how often people were seen leaving, after an id."""
        seen = {id: nick for each in self.programs for id, (kind, nick) in each.moves.items()
                if kind == "left" and id > after}
        return Counter(seen.values())

    def close(self) -> None:
        """Let everybody go."""
        for each in self.here:
            each.is_over = True
        for life in self._lives:
            if life.done():
                life.result()


def faults(crowd: Crowd, cluster: RealCluster) -> list[str]:
    """List what is wrong; everybody is silent, and who is not there for good is there."""
    kept = crowd.fall_silent()
    found = [fault for each in crowd.people for fault in each.faults]
    found += _lines_said(crowd, kept)
    for each in crowd.here:
        if isinstance(each, ProgramTalker):
            found += _differences(each, kept)
        elif isinstance(each, TextTalker):
            found += _runs(each, kept)
    found += _moves(crowd)
    found += _presence(crowd, cluster)
    return found


def _lines_said(crowd: Crowd, kept: list[Line]) -> Iterable[str]:
    times = Counter(line.text for line in kept)
    for text, number in times.items():
        if number > 1:
            yield f"{text!r} is kept {number} times"
    for each in crowd.people:
        for text, number in Counter(each.said).items():
            if number > 1 or not times[text]:
                yield f"{text!r} was acknowledged {number} times, and is kept {times[text]} times"
        for text, why in each.refused.items():
            if times[text]:
                yield f"{text!r} was refused ({why}), and is kept"


def _differences(program: ProgramTalker, kept: list[Line]) -> Iterable[str]:
    expected = [line for line in kept if line.id > program.since]
    if program.heard == expected:
        return
    missed = sorted(set(expected) - set(program.heard))
    more = sorted(set(program.heard) - set(expected))
    yield f"{program.nick} missed {missed[:SHOWN]}, and alone heard {more[:SHOWN]}"


def _runs(text: TextTalker, kept: list[Line]) -> Iterable[str]:
    others = [line.text for line in kept if line.nick != text.nick]
    places = {line: place for place, line in enumerate(others)}
    for run in filter(None, text.runs):
        unknown = [line for line in run if line not in places]
        if unknown:
            yield f"{text.nick} alone heard {unknown[:SHOWN]}"
            continue
        first = places[run[0]]
        if run != others[first : first + len(run)]:
            yield f"{text.nick} heard the lines after {run[0]!r} in another order"


def _moves(crowd: Crowd) -> Iterable[str]:
    known: dict[int, tuple[str, str]] = {}
    for each in crowd.programs:
        for id, move in each.moves.items():
            if known.setdefault(id, move) != move:
                yield f"{id} is {move} to {each.nick}, and {known[id]} to others"


def _presence(crowd: Crowd, cluster: RealCluster) -> Iterable[str]:
    names = {node.port: node.name for node in cluster.nodes}
    expected = sorted((each.nick, False, [names[each.port]]) for each in crowd.here)
    members = sorted(cluster.primary.execute(_MEMBERS))
    if members != expected:
        yield f"in the engine are {members}, and really {expected}"
    nicks = sorted(nick for nick, _, _ in expected)
    for node in cluster.living:
        listener = next(each for each in crowd.listeners if each.port == node.port)
        answer = cluster.background.run(listener.answer("/who"))
        shown = sorted(person["nick"] for person in answer["who"])
        if shown != nicks:
            yield f"/who at {node.name} shows {shown}, and really here are {nicks}"
    ((claims,),) = cluster.primary.execute(_CLAIMS)
    if claims:
        yield f"{claims} nicknames are claimed by nobody"
