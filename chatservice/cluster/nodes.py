"""The nodes of a cluster, for its operators."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from chatservice.chat.nodes import NodeState
from chatservice.cluster.database import ClusterDatabase
from chatservice.storage.contract import Connection

_NODES = """
    SELECT name, version, members,
        greatest(0, extract(epoch FROM clock_timestamp()) - (
            SELECT first / 1e6 FROM log WHERE last > cursor ORDER BY last LIMIT 1)),
        greatest(0, extract(epoch FROM clock_timestamp() - renewed)),
        id = ?
    FROM nodes WHERE NOT is_over ORDER BY name, id"""
_HEARD = "SELECT bool_and(cursor >= ?) FROM nodes WHERE NOT is_over"

LOOK_EVERY = 0.25
"""Seconds between two looks whether all nodes have heard something; they tell it every 3 s."""


class Nodes:
    """The nodes that have a place in the cluster; see L{Nodes <chatservice.chat.nodes.Nodes>}.

    @param reactor: C{IReactorTime}.
    @param database: need not be open yet.
    """

    def __init__(self, reactor: Any, database: ClusterDatabase) -> None:
        self._reactor = reactor
        self._database = database

    def list(self) -> Deferred[list[NodeState]]:
        """See L{Nodes.list <chatservice.chat.nodes.Nodes.list>}."""
        return self._database.read(partial(_read, node=self._database.node))

    @inlineCallbacks
    def heard(self, id: int) -> Generator[Deferred[Any], Any, None]:
        """See L{Nodes.heard <chatservice.chat.nodes.Nodes.heard>}.

        A node that does not answer loses its place after a while, and begins anew.
        """
        while not (yield self._database.read(partial(_have_heard, id=id))):
            yield deferLater(self._reactor, LOOK_EVERY, lambda: None)


def _read(connection: Connection, node: int) -> list[NodeState]:
    return [
        NodeState(name, version, members, float(lag), float(seen), is_this)
        for name, version, members, lag, seen, is_this in connection.execute(_NODES, (node,))
    ]


def _have_heard(connection: Connection, id: int) -> bool:
    return bool(connection.execute(_HEARD, (id,)).fetchone()[0])
