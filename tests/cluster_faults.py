"""Whatever may befall a cluster of real nodes while people talk, and what they notice of it.

Each round ends with all that L{tests.cluster_checks.check} asks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.cluster_checks import check
from tests.cluster_crowd import Crowd
from tests.nodes_real import RealCluster, RealNode
from tests.talkers import ProgramTalker, Talker

OPTIONS = ("--rate-limit", "0", "--linger", "4")

LEASE_AND_LINGER = 45.0
"""Seconds within which people are seen leaving whose node is gone."""

SHORT, LONG = 5.0, 60.0
"""Seconds that are less than a lease, and far more."""

AWAY = "the database does not answer"
CUT_OFF = "this server was cut off from the others for too long: come back"
SAYS_AWAY = "The database does not answer: lines are refused until it does."
SAYS_BACK = "The database answers again."
SAYS_ANEW = "This node has begun anew."

_LOST = re.compile(r"has lost what it had acknowledged: (\d+) lines")
_HOMES = "SELECT nick FROM members, nodes WHERE nodes.id = ANY (homes) AND nodes.name = %s"

Trouble = AbstractContextManager[None]
"""A trouble that lasts as long as the context; see L{tests.cluster_troubles}."""


class Rounds:
    """Rounds of faults in one cluster.

    @ivar cluster: that cluster.
    """

    def __init__(self, cluster: RealCluster, crowd: Crowd) -> None:
        self.cluster = cluster
        self._crowd = crowd
        self._number = 0

    @property
    def lines(self) -> int:
        """The number of lines that were said so far."""
        return len(self._crowd.kept())

    # The rounds.

    def node_killed(self, node: RealNode) -> None:
        """Kill a node; all but one of its people go to other nodes."""
        leaver = self._leaver(node)
        start = self._begin()
        leaver.is_over = True
        node.server.kill()
        self._hear_more()
        self._see_leaving([leaver], start)
        self._take_name_of(leaver)
        self._end()

    def node_stopped(self, node: RealNode) -> None:
        """Stop a node in order; all but one of its people go to other nodes."""
        leaver = self._leaver(node)
        start = self._begin()
        leaver.is_over = True
        node.server.stop()
        assert not self.cluster.primary.execute(_HOMES, node.name)
        self._hear_more()
        self._see_leaving([leaver], start)
        self._end()

    def primary_killed(self) -> float:
        """Kill the primary, and start it again on the same data.

        @return: the most seconds for which somebody heard nothing.
        """
        start = self._begin()
        self._crowd.time_pauses()
        self.cluster.primary.kill()
        self.cluster.primary.restart()
        return self._go_on(start)

    def standby_promoted(self, seconds: float = 0.5) -> float:
        """Kill the primary when the standby is behind, and promote that.

        @param seconds: the time for which the standby was cut off before; commits wait for it.
        @return: the most seconds for which somebody heard nothing from the death on.
        """
        start = self._begin()
        self.cluster.link.silence()
        time.sleep(seconds)
        self._crowd.time_pauses()
        self.cluster.primary.kill()
        self.cluster.promote()
        return self._go_on(start)

    def passing(self, *troubles: Trouble, seconds: float = SHORT) -> None:
        """Have troubles that are over before a lease is: nobody is seen leaving."""
        start = self._begin()
        with ExitStack() as stack:
            for each in troubles:
                stack.enter_context(each)
            time.sleep(seconds)
        self._go_on(start)

    def places_lost(self, troubles: Mapping[RealNode, Trouble], seconds: float = 0.0) -> None:
        """Have troubles that last until nodes have lost their places.

        One of the people of each goes to another node meanwhile, and is not seen leaving.

        @param seconds: how long they last at least.
        """
        start = self._begin()
        end = time.monotonic() + seconds
        others = [node for node in self.cluster.nodes if node not in troubles]
        movers, stayers = [], []
        for node in troubles:
            mover, *rest = self._crowd.at(node)
            movers.append(mover)
            stayers += rest
        logs = {node: node.log for node in self.cluster.nodes}
        with ExitStack() as stack:
            for trouble in troubles.values():
                stack.enter_context(trouble)
            for mover in movers:
                place = self.cluster.nodes.index(others[0])
                self.cluster.background.call(mover.move, place)
            self._see_leaving(stayers, start)
            adopted = sum(_since(logs[node], node).count("is gone") for node in others)
            assert adopted == len(troubles), adopted
            time.sleep(max(0.0, end - time.monotonic()))
        self._see_anew({node: logs[node] for node in troubles})
        self._hear_more()
        for each in stayers:
            assert CUT_OFF in each.told, each.told
        self._see_leaving(stayers, start)
        self._end()

    def engine_away(self, trouble: Trouble) -> None:
        """Have the engine be away until lines are refused, and come back."""
        leaver = self._leaver(self.cluster.nodes[0])
        start = self._begin()
        logs = [node.log for node in self.cluster.nodes]
        refused = {each.nick: len(each.refused) for each in self._crowd.here}
        with trouble:
            self._crowd.wait_until(
                lambda: all(len(each.refused) > refused[each.nick] for each in self._talkative()),
                "lines are not refused",
            )
            self._check_refusals(refused)
            self._check_who()
            newcomer = ProgramTalker(f"n{self._number}", self.cluster.ports)
            self._crowd.come(newcomer)
            self._crowd.wait_until(
                lambda: f"not done: {AWAY}" in newcomer.told, "nobody is refused"
            )
            self.cluster.background.call(self._quit, leaver)
        self._hear_more()
        self._see_leaving([leaver], start)
        self.cluster.background.call(self._quit, newcomer)
        self._see_leaving([leaver, newcomer], start)
        for node, before in zip(self.cluster.nodes, logs, strict=True):
            since = _since(before, node)
            assert since.count(SAYS_AWAY) == since.count(SAYS_BACK) == 1, since
        self._end()

    def lines_lost(self, late: RealNode | None = None) -> None:
        """Promote a standby that lacks lines which were acknowledged, for no commit waited for it.

        All nodes notice it, and begin anew.

        @param late: a node that comes back to the engine when the others have gone on already, and
            had none of those lines itself.
        """
        self.cluster.primary.wait_for_no_standby()
        self._begin()
        before = {node: node.log for node in self.cluster.nodes}
        listening = self._crowd.at(late) if late else []
        for each in listening:
            each.talks = False
        self._crowd.wait_until(lambda: all(each.is_quiet for each in listening), "no answer")
        self.cluster.link.silence()
        self._hear_more()
        if late:
            late.silence()
        self.cluster.primary.kill()
        self.cluster.promote()
        self._see_anew({node: log for node, log in before.items() if node is not late})
        if late:
            self._hear_more(but=listening)
            late.heal()
        self._see_anew(before)
        self._crowd.talk()
        self._hear_more()
        lost = self._crowd.forget_lost()
        since = [_since(log, node) for node, log in before.items()]
        noted = [int(each) for log in since for each in _LOST.findall(log)]
        assert sum(noted) == lost > 0, (noted, lost)
        self._end()

    def _see_anew(self, before: Mapping[RealNode, str]) -> None:
        """Wait until all of some nodes have begun anew; C{before} has their logs before that."""
        self._crowd.wait_until(
            lambda: all(SAYS_ANEW in _since(log, node) for node, log in before.items()),
            "not all began anew",
        )

    # What they have in common.

    def _begin(self) -> int:
        """Let everybody talk; return the last id so far."""
        self._number += 1
        self._crowd.talk()
        self._hear_more()
        return self._crowd.kept()[-1].id

    def _go_on(self, start: int) -> float:
        """End a round in which nobody left; return the longest pause in what people heard."""
        self._hear_more()
        pause = self._crowd.longest_pause()
        self._see_leaving([], start)
        self._end()
        return pause

    def _end(self) -> None:
        """Bring everything back to where it was at first, and check all that must be true."""
        if self.cluster.standby is self.cluster.primary:
            self.cluster.renew_standby()
        for node in self.cluster.nodes:
            if not node.is_running:
                node.restart()
        self._bring_home()
        check(self._crowd, self.cluster)

    def _hear_more(self, lines: int = 50, but: Collection[Talker] = ()) -> None:
        """Wait until everybody is here, and has heard some more lines, but for some people."""
        people = [each for each in self._crowd.here if each not in but]
        self._crowd.wait_until(lambda: all(each.is_in for each in people), "not all came back")
        before = {each: len(each.heard) for each in self._programs() if each in people}
        self._crowd.wait_until(
            lambda: all(len(each.heard) >= heard + lines for each, heard in before.items()),
            "nothing more is heard",
        )

    def _programs(self) -> list[ProgramTalker]:
        return [each for each in self._crowd.programs if not each.is_over]

    def _talkative(self) -> list[ProgramTalker]:
        return [each for each in self._programs() if each not in self._crowd.listeners]

    def _leaver(self, node: RealNode) -> ProgramTalker:
        """Have one more person come to a node, who will not come back."""
        place = self.cluster.nodes.index(node)
        leaver = ProgramTalker(f"l{self._number}", self.cluster.ports, place)
        self._crowd.come(leaver)
        self._crowd.wait_until(lambda: leaver.is_in, "somebody could not come")
        return leaver

    @staticmethod
    def _quit(talker: ProgramTalker) -> None:
        talker.is_over = True
        talker.ask("command", line="/quit")

    def _see_leaving(self, people: Iterable[Talker], after: int) -> None:
        """Wait until some people were seen leaving, each once, and nobody else."""
        nicks = {each.nick: 1 for each in people}
        self._crowd.wait_until(
            lambda: self._crowd.left(after).keys() >= nicks.keys(),
            "somebody was never seen leaving",
            LEASE_AND_LINGER,
        )
        assert self._crowd.left(after) == nicks, (self._crowd.left(after), nicks)

    def _take_name_of(self, leaver: Talker) -> None:
        """Have somebody else come under the nickname of somebody who has left."""
        start = self._crowd.kept()[-1].id
        other = ProgramTalker(leaver.nick, [node.port for node in self.cluster.living])
        self._crowd.come(other)
        self._crowd.wait_until(lambda: other.is_in, "a nickname is not free")
        self.cluster.background.call(self._quit, other)
        self._see_leaving([other], start)

    def _bring_home(self) -> None:
        """Have everybody go back to the node where they were at first."""
        self._crowd.talk()
        for place, node in enumerate(self.cluster.nodes):
            for each in self._crowd.here:
                if each.nick.startswith(node.name) and each.port != node.port:
                    self.cluster.background.call(each.move, place)
        self._hear_more()

    def _check_refusals(self, before: dict[str, int]) -> None:
        for each in self._crowd.here:
            for why in list(each.refused.values())[before[each.nick]:]:
                assert why == f"not sent: {AWAY}", why

    def _check_who(self) -> None:
        for node in self.cluster.nodes:
            listener = next(each for each in self._crowd.listeners if each.port == node.port)
            answer = self.cluster.background.run(listener.answer("/who"))
            assert len(answer["who"]) == len(self._crowd.here)


def _since(before: str, node: RealNode) -> str:
    """Read what a node has logged since its log was C{before}."""
    return node.log[len(before) :]


@contextmanager
def begun(directory: Path, synchronous: bool = True) -> Iterator[Rounds]:
    """Run a cluster with people at all nodes."""
    with ExitStack() as stack:
        cluster = RealCluster(directory, *OPTIONS, synchronous=synchronous)
        stack.callback(cluster.close)
        crowd = Crowd(cluster)
        stack.callback(crowd.close)
        crowd.wait_until(lambda: all(each.is_in for each in crowd.people), "not everybody came")
        yield Rounds(cluster, crowd)
