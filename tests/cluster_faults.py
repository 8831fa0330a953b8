"""Everything that may befall a cluster of real nodes while people talk, and what they notice of it.

Each round ends with all that L{faults} checks.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from tests.cluster_crowd import Crowd, faults
from tests.nodes_real import RealCluster, RealNode
from tests.talkers import ProgramTalker, Talker

LEASE_AND_LINGER = 45.0
"""Seconds within which people are seen leaving whose node is gone."""

AWAY = "the database does not answer"
CUT_OFF = "this server was cut off from the others for too long: come back"
SAYS_AWAY = "The database does not answer: lines are refused until it does."
SAYS_BACK = "The database answers again."
SAYS_ANEW = "This node has begun anew."

_LOST = re.compile(r"has lost what it had acknowledged: (\d+) lines")
_LOG = "SELECT node, number, data FROM log ORDER BY last"
_HOMES = "SELECT nick FROM members, nodes WHERE nodes.id = ANY (homes) AND nodes.name = %s"


class Rounds:
    """Rounds of faults in one cluster."""

    def __init__(self, cluster: RealCluster, crowd: Crowd) -> None:
        self._cluster = cluster
        self._crowd = crowd
        self._number = 0

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
        node.restart()
        self.check()

    def node_stopped(self, node: RealNode) -> None:
        """Stop a node in order; all but one of its people go to other nodes."""
        leaver = self._leaver(node)
        start = self._begin()
        leaver.is_over = True
        node.server.stop()
        assert not self._cluster.primary.execute(_HOMES, node.name)
        self._hear_more()
        self._see_leaving([leaver], start)
        node.restart()
        self.check()

    def primary_killed(self) -> None:
        """Kill the primary, and start it again on the same data."""
        start = self._begin()
        self._cluster.primary.kill()
        self._cluster.primary.restart()
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def standby_promoted(self, seconds: float = 0.5) -> None:
        """Kill the primary when the standby is behind, and promote that.

        @param seconds: the time for which the standby was cut off before; commits wait for it.
        """
        start = self._begin()
        self._cluster.link.silence()
        time.sleep(seconds)
        self._cluster.primary.kill()
        self._cluster.promote()
        self._hear_more()
        self._cluster.renew_standby()
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def standby_silent(self, seconds: float = 7.0) -> None:
        """Let nothing through between the standby and the primary for some time."""
        start = self._begin()
        self._cluster.link.silence()
        time.sleep(seconds)
        self._cluster.link.heal()
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def node_frozen(self, node: RealNode, seconds: float = 5.0) -> None:
        """Freeze a node, for less than a lease."""
        start = self._begin()
        node.freeze()
        time.sleep(seconds)
        node.thaw()
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def node_frozen_for_long(self, node: RealNode) -> None:
        """Freeze a node for longer than its lease."""
        self._lose_place(node, node.freeze, node.thaw)

    def node_silent(self, node: RealNode, seconds: float = 5.0) -> None:
        """Let nothing through between a node and the engine, for less than a lease."""
        start = self._begin()
        node.silence()
        time.sleep(seconds)
        node.heal()
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def node_silent_for_long(self, node: RealNode) -> None:
        """Let nothing through between a node and the engine, for longer than its lease."""
        self._lose_place(node, node.silence, node.heal)

    def answers_dropped(self, seconds: float = 5.0) -> None:
        """Break all links again and again, right before an answer comes."""
        start = self._begin()
        for node in self._cluster.nodes:
            node.cut_answers(0.5)
        time.sleep(seconds)
        for node in self._cluster.nodes:
            node.cut_answers(0)
        self._hear_more()
        self._see_leaving([], start)
        self.check()

    def engine_away(self, freezes: bool) -> None:
        """Have the engine be away until lines are refused, and come back.

        @param freezes: whether it falls silent; otherwise it is killed.
        """
        leaver = self._leaver(self._cluster.nodes[0])
        start = self._begin()
        logs = [node.log for node in self._cluster.nodes]
        primary = self._cluster.primary
        refused = {each.nick: len(each.refused) for each in self._crowd.here}
        if freezes:
            primary.freeze()
        else:
            primary.kill()
        self._crowd.wait_until(
            lambda: all(len(each.refused) > refused[each.nick] for each in self._talkative()),
            "lines are not refused",
        )
        self._check_refusals(refused)
        self._check_who()
        newcomer = ProgramTalker(f"n{self._number}", self._cluster.ports)
        self._crowd.come(newcomer)
        self._crowd.wait_until(lambda: f"not done: {AWAY}" in newcomer.told, "nobody is refused")
        self._cluster.background.call(self._quit, leaver)
        if freezes:
            primary.thaw()
        else:
            primary.restart()
        self._hear_more()
        self._see_leaving([leaver], start)
        self._cluster.background.call(self._quit, newcomer)
        self._see_leaving([leaver, newcomer], start)
        for node, before in zip(self._cluster.nodes, logs, strict=True):
            since = node.log.removeprefix(before)
            assert since.count(SAYS_AWAY) == since.count(SAYS_BACK) == 1, since
        self.check()

    def lines_lost(self, late: RealNode | None = None) -> None:
        """Promote a standby that lacks lines which were acknowledged, for no commit waited for it.

        All nodes notice it, and begin anew.

        @param late: a node that comes back to the engine when the others have gone on already, and
            had none of those lines itself.
        """
        self._cluster.primary.wait_for_no_standby()
        self._begin()
        before = {node: node.log for node in self._cluster.nodes}
        listening = self._crowd.at(late) if late else []
        for each in listening:
            each.talks = False
        self._crowd.wait_until(lambda: all(each.is_quiet for each in listening), "no answer")
        self._cluster.link.silence()
        self._hear_more()
        if late:
            late.silence()
        self._cluster.primary.kill()
        self._cluster.promote()
        self._see_anew({node: log for node, log in before.items() if node is not late})
        if late:
            self._hear_more(but=listening)
            late.heal()
        self._see_anew(before)
        self._crowd.talk()
        self._hear_more()
        self._cluster.renew_standby()
        lost = self._crowd.forget_lost()
        since = [node.log[len(log) :] for node, log in before.items()]
        noted = [int(each) for log in since for each in _LOST.findall(log)]
        assert sum(noted) == lost > 0, (noted, lost)
        self.check()

    def _see_anew(self, before: Mapping[RealNode, str]) -> None:
        """Wait until all of some nodes have begun anew; C{before} has their logs before that."""
        self._crowd.wait_until(
            lambda: all(SAYS_ANEW in node.log[len(log) :] for node, log in before.items()),
            "not all began anew",
        )

    # What they have in common.

    def _begin(self) -> int:
        """Let everybody talk; return the last id so far."""
        self._number += 1
        self._crowd.talk()
        self._hear_more()
        return self._crowd.kept()[-1].id

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
        place = self._cluster.nodes.index(node)
        leaver = ProgramTalker(f"l{self._number}", self._cluster.ports, place)
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
        other = ProgramTalker(leaver.nick, [node.port for node in self._cluster.living])
        self._crowd.come(other)
        self._crowd.wait_until(lambda: other.is_in, "a nickname is not free")
        self._cluster.background.call(self._quit, other)
        self._see_leaving([other], start)

    def _bring_home(self) -> None:
        """Have everybody go back to the node where they were at first."""
        self._crowd.talk()
        for place, node in enumerate(self._cluster.nodes):
            for each in self._crowd.here:
                if each.nick.startswith(node.name) and each.port != node.port:
                    self._cluster.background.call(each.move, place)
        self._hear_more()

    def _lose_place(
        self, node: RealNode, begin: Callable[[], None], end: Callable[[], None]
    ) -> None:
        """Have a node lose its place, with all its people but one, who goes to another."""
        start = self._begin()
        mover, *stayers = self._crowd.at(node)
        others = [each for each in self._cluster.nodes if each is not node]
        logs = {each: each.log for each in others}
        anew = node.log.count(SAYS_ANEW)
        begin()
        self._cluster.background.call(mover.move, self._cluster.nodes.index(others[0]))
        self._see_leaving(stayers, start)
        adopted = [each.log.removeprefix(before).count("is gone") for each, before in logs.items()]
        assert sum(adopted) == 1, adopted
        end()
        self._crowd.wait_until(lambda: node.log.count(SAYS_ANEW) > anew, "it did not begin anew")
        self._hear_more()
        for each in stayers:
            assert CUT_OFF in each.told, each.told
        self._see_leaving(stayers, start)
        self.check()

    def _check_refusals(self, before: dict[str, int]) -> None:
        for each in self._crowd.here:
            for why in list(each.refused.values())[before[each.nick]:]:
                assert why == f"not sent: {AWAY}", why

    def _check_who(self) -> None:
        for node in self._cluster.nodes:
            listener = next(each for each in self._crowd.listeners if each.port == node.port)
            answer = self._cluster.background.run(listener.answer("/who"))
            assert len(answer["who"]) == len(self._crowd.here)

    def check(self) -> None:
        """Check all that must be true after each round."""
        self._bring_home()
        found = faults(self._crowd, self._cluster)
        found += self._old_lives()
        found += filter(None, map(_complaints, self._cluster.nodes))
        assert not found, "\n".join(found)

    def _old_lives(self) -> Iterable[str]:
        """List nodes whose lines were committed after others had taken over their people."""
        over: set[int] = set()
        for node, number, data in self._cluster.primary.execute(_LOG):
            if number and node in over:
                yield f"node {node} has appended {data[:200]} after its end"
            over |= {event["former"] for event in json.loads(data) if event["kind"] == "adopted"}


def _complaints(node: RealNode) -> str:
    """Find what a node logged that may never happen, from there to the end of its log."""
    found = re.search(r"Traceback|#critical\] (?!The database has lost)", node.log)
    return f"{node.name} logged:\n{node.log[found.start() :]}" if found else ""
