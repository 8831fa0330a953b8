"""The people of a cluster of real nodes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

from tests.nodes_real import RealCluster, RealNode
from tests.running import PATIENCE
from tests.talkers import LOBBY, Line, ProgramTalker, Talker, TextTalker

_KEPT = "SELECT id, nick, text FROM events WHERE kind = 'said' AND room = %s ORDER BY id"


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
        logged = self._logged()
        for each in self.people:
            each.said = [text for text in each.said if text in texts]
            if isinstance(each, ProgramTalker):
                each.heard = [line for line in each.heard if line in kept]
                each.moves = {id: move for id, move in each.moves.items() if id in logged}
            elif isinstance(each, TextTalker):
                each.runs = [[text for text in run if text in texts] for run in each.runs]
        return len(lost)

    def _logged(self) -> set[int]:
        """List the ids of all events that the log still has."""
        rows = self._cluster.primary.execute("SELECT first, last FROM log")
        return {id for first, last in rows for id in range(first, last + 1)}

    def left(self, after: int) -> Counter[str]:
        """Count how often people were seen leaving, after an id."""
        seen = {id: nick for each in self.programs for id, (kind, nick) in each.moves.items()
                if kind == "left" and id > after}
        return Counter(seen.values())

    def time_pauses(self) -> None:
        """Begin to measure for how long somebody hears nothing."""
        self._cluster.background.call(lambda: [each.time_pauses() for each in self.programs])

    def longest_pause(self) -> float:
        """Find the longest time, in seconds, for which somebody who is here has heard nothing."""
        return max(each.longest_pause for each in self.programs if not each.is_over)

    def close(self) -> None:
        """Let everybody go."""
        for each in self.here:
            each.is_over = True
        for life in self._lives:
            if life.done():
                life.result()
