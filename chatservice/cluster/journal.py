"""The journal of a node: its part in the log, and the archive that all nodes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chatservice.chat.residents import Resident
from chatservice.cluster.archive import ClusterArchive
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.entering import Entered
from chatservice.cluster.log import ClusterLog
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import TopicChanged
from chatservice.protocol.ids import EventIds


class ClusterJournal(ClusterLog, ClusterArchive):
    """The events of a chat, in the database of its cluster.

    @param members: counts the people who are connected to this node.
    @param lost_place: see L{ClusterLog}.
    """

    def __init__(
        self,
        reactor: Any,
        database: ClusterDatabase,
        ids: EventIds,
        members: Callable[[], int],
        lost_place: Callable[[str], object],
    ) -> None:
        ClusterLog.__init__(self, reactor, ids, members, lost_place)
        # No page is ahead of what has passed here.
        ClusterArchive.__init__(self, database, lambda: self.cursor)
        self.topics: dict[str, TopicChanged] = {}
        self.residents: Sequence[Resident] = ()
        self.moves: Sequence[tuple[bytes, bytes]] = ()
        self.host_key = b""
        self._acts: Sequence[OperatorAct] = ()
        self._passing: Sequence[OperatorAct] = ()

    def open(self, entered: Entered) -> None:
        """Take in what the cluster knew when this node entered it."""
        snapshot = entered.snapshot
        self.make_ready()
        self.cursor = self.floor = snapshot.cursor
        self.topics, self.host_key = snapshot.topics, snapshot.host_key
        self.residents, self.moves = snapshot.residents, snapshot.moves
        self._acts, self._passing = snapshot.acts, snapshot.passing

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{Log.recall <chatservice.chat.journal.Log.recall>}."""
        for act in self._acts:
            take(act)
        self._acts = ()

    def recall_passing(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{Log.recall_passing <chatservice.chat.journal.Log.recall_passing>}."""
        for act in self._passing:
            take(act)
        self._passing = ()
