"""The archive of a cluster, as one node uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.cluster.spelling import spell
from chatservice.protocol.events import Identified
from chatservice.storage.archive import DatabaseArchive
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.identities import Identities

END_AFTER = 60.0
"""Seconds after which a move between identities is ended.

No node commits anything under the former one any more by then.
"""

Move = tuple[bytes, bytes]
"""The former identity, and the one that gets everything."""


class ClusterArchive(DatabaseArchive):
    """All stored events; see L{Archive <chatservice.chat.journal.Archive>}.

    @param up_to: returns the last id that this node has delivered.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        database: Storage,
        up_to: Callable[[], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(database, up_to)
        self._moves = Moves(database, self._identities, seconds)

    def make_ready(self) -> None:
        """Make the index ready; moves may be under way at other nodes, so none is ended here."""
        self._index.open()

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """See L{Archive.become <chatservice.chat.journal.Archive.become>}.

        Other nodes may still commit something under the former identity, so L{end_moves} ends it.
        """
        return super().become(former, now, False)

    def end_moves(self) -> Deferred[bool]:
        """End a move that began a while ago; see L{Moves.step}."""
        return self._moves.step()


class Moves:
    """The ends of moves between identities (storage/identities.py), at one of the nodes.

    @param seconds: a clock that never goes back.
    """

    def __init__(
        self, database: Storage, identities: Identities, seconds: Callable[[], float]
    ) -> None:
        self._database = database
        self._identities = identities
        self._seconds = seconds
        self._seen: dict[Move, float] = {}

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """End one that began a while ago; return whether there may be another."""
        now = self._seconds()
        moves: list[Move] = yield self._database.read(_read)
        self._seen = {move: self._seen.get(move, now) for move in moves}
        for former, to in moves:
            if now - self._seen[former, to] >= END_AFTER:
                # Its node may have ended before it told the others.
                changed = Identified(identity=to, former=former, with_lines=True)
                yield self._database.write(partial(_tell, batch=spell([changed])))
                yield self._identities.move(former, to, last=True)
                return True
        return False


def _tell(connection: Connection, batch: str) -> None:
    connection.execute("SELECT chat_tell(0, ?)", (batch,))


def _read(connection: Connection) -> list[Move]:
    return connection.execute("SELECT former, now FROM moving").fetchall()
