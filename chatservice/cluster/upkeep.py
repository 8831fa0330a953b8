"""The upkeep of a cluster: most of it is done by one node at a time, whoever has the lock."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.permissions import Permissions
from chatservice.cluster import locks
from chatservice.cluster.archive import ClusterArchive
from chatservice.cluster.database import ClusterDatabase
from chatservice.storage.actlog import ActLog
from chatservice.storage.contract import Connection
from chatservice.storage.maintenance import Step
from chatservice.storage.pruning import Pruning

STEP = 500
"""Rows that one statement deletes."""

# Nodes that have a place are never behind by more than a lease.
_TRIM = f"""
    DELETE FROM log WHERE last IN (
        SELECT last FROM log
        WHERE last < (SELECT last FROM head) - 600000000 ORDER BY last LIMIT {STEP})"""
_FORGET_CLAIMS = """
    DELETE FROM names WHERE node NOT IN (SELECT id FROM nodes WHERE NOT is_over)
    AND NOT EXISTS (SELECT FROM members WHERE members.key = names.key)"""
_FORGET_NODES = """
    DELETE FROM nodes WHERE is_over AND renewed < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM members WHERE nodes.id = ANY (homes))"""


def steps_of(
    database: ClusterDatabase,
    archive: ClusterArchive,
    permissions: Permissions,
    now: Callable[[], int],
    is_settled: Callable[[], bool],
) -> list[Step]:
    """List the steps of a node's upkeep; see L{Upkeep <chatservice.storage.maintenance.Upkeep>}.

    @param now: the time, in microseconds since the epoch.
    @param is_settled: tells whether the clock is reliable.
    """
    pruning = Pruning(
        database, permissions.bounds, now, permissions.bounded, is_settled=is_settled
    )
    actlog = ActLog(database, permissions.holding, now, is_settled)
    trim: Step = partial(database.write_later, _trim)
    shared: list[Step] = [pruning.step, actlog.step, archive.end_moves, archive.index, trim]
    # What this node's own people no longer need is for itself to delete.
    return [archive.tidy_refs, *(by_one(database, step) for step in shared)]


def by_one(database: ClusterDatabase, step: Step) -> Step:
    """Make a step that does something at one of the nodes, and nothing at the others."""

    @inlineCallbacks
    def step_if_held() -> Generator[Deferred[Any], Any, bool]:
        if not (yield database.hold(locks.UPKEEP)):
            return False
        return bool((yield step()))

    return step_if_held


def _trim(connection: Connection) -> bool:
    """Forget what every node has read, and nodes and claims that are over."""
    connection.execute(_FORGET_CLAIMS)
    connection.execute(_FORGET_NODES)
    return connection.execute(_TRIM).rowcount == STEP
