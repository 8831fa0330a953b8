"""The entering of a node: a place in the cluster, and everything that the others know already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any

from chatservice.chat.dwelling import homes_at
from chatservice.chat.residents import Resident, Stay
from chatservice.cluster.connection import ClusterConnection
from chatservice.cluster.link import Promises, Seat
from chatservice.cluster.spelling import read
from chatservice.people.account import Account
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import TopicChanged
from chatservice.protocol.release import release
from chatservice.storage.accounts import read_accounts
from chatservice.storage.actlog import acts
from chatservice.storage.database import DatabaseError
from chatservice.storage.journal import read_host_key, read_topics

_LOCK_NAME = "SELECT pg_try_advisory_lock(chat_name_key(?))"
_UNLOCK_NAME = "SELECT pg_advisory_unlock(chat_name_key(?))"
_IS_RUNNING = "SELECT chat_is_running(?)"
_RUNNING = """
    SELECT name FROM nodes WHERE NOT is_over AND id NOT IN (SELECT * FROM chat_expired())
    ORDER BY name LIMIT 1"""
_LOCK = "SELECT chat_lock()"
_FIND_OWNERS = "SELECT chat_find_owners()"
_BEGIN_ABOVE = "UPDATE head SET last = greatest(last, ?)"
_RULES = "SELECT chat_rules(?)"
_PRESENT_RULES = """
    SELECT CASE WHEN chat_is_idle() THEN ?1 ELSE coalesce(names, ?1) END FROM chatservice"""
_OTHERS = "SELECT name, options FROM nodes WHERE NOT is_over AND id <> ? ORDER BY name"
_PROMISES = "SELECT * FROM chat_promises()"
_TIME = "SELECT extract(epoch FROM clock_timestamp())"
_ENTER = "SELECT * FROM chat_enter(?, ?, ?, ?)"
_HEAD = "SELECT last FROM head"
_MEMBERS = """
    SELECT identity, nick, key, userhost, address, real_name, away, since, homes, lingers, seen,
        lost_at
    FROM members"""
_MOVES = "SELECT former, now FROM moving"
_STAYS = "SELECT identity, room, id, runs FROM here ORDER BY identity, id"
_PASSING = 'SELECT id, "time", data FROM passing_acts ORDER BY id'


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the chat at one moment, from which a node follows the log.

    @ivar cursor: the last id in it.
    @ivar moves: those between identities that are under way, each from the former one.
    @ivar acts: the acts that matter, and C{passing} those that end with people's stays.
    """

    cursor: int
    residents: list[Resident]
    acts: list[OperatorAct]
    passing: list[OperatorAct]
    topics: dict[str, TopicChanged]
    accounts: list[Account]
    host_key: bytes
    moves: list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Entered:
    """A node that has just entered.

    @ivar time: the engine's, in seconds since the epoch.
    @ivar options: those of the other nodes, by their names, as they gave them.
    """

    seat: Seat
    snapshot: Snapshot
    promises: Promises
    time: float
    options: dict[str, str]


def check(connection: ClusterConnection, name: str) -> None:
    """Check that a node of this name could enter now, and change nothing.

    @raise DatabaseError: see L{enter}.
    """
    _check_rules(connection, _PRESENT_RULES)
    is_sole = connection.value(_LOCK_NAME, name)
    if is_sole:
        connection.value(_UNLOCK_NAME, name)
    elif connection.value(_IS_RUNNING, name):
        raise _is_running(name)


def check_idle(connection: ClusterConnection) -> None:
    """Check that no node is running.

    @raise DatabaseError: one is.
    """
    row = connection.execute(_RUNNING).fetchone()
    if row is not None:
        raise DatabaseError(f"The node {row[0]} is running: stop all nodes before you --import")


def begin_above(connection: ClusterConnection, id: int) -> None:
    """Have all ids be greater than one, at the end of the transaction that fills a cluster.

    @raise DatabaseError: a node is running, and does not know what was filled in.
    """
    connection.execute(_LOCK)
    check_idle(connection)
    connection.execute(_BEGIN_ABOVE, (id,))
    connection.execute(_FIND_OWNERS)


def enter(connection: ClusterConnection, name: str, options: str) -> Entered:
    """Take a place in the cluster, and read what the other nodes know.

    @param connection: the one that the log will use. It holds the name.
    @param options: those that all nodes should have in common, as text.
    @raise DatabaseError: another node has that name, or tells nicknames apart in another way.
    """
    _check_rules(connection, _RULES)
    seat = _take_seat(connection, name, options)
    return Entered(
        seat=seat,
        snapshot=snapshot(connection),
        promises=Promises(*connection.execute(_PROMISES).fetchall()[0]),
        time=float(connection.value(_TIME)),
        options=dict(connection.execute(_OTHERS, (seat.node,)).fetchall()),
    )


def _check_rules(connection: ClusterConnection, question: str) -> None:
    """Check that all nodes take the same nicknames for ones that look alike."""
    table = files("chatservice.protocol").joinpath("confusables.txt").read_bytes()
    rules = hashlib.sha256(table).hexdigest()
    if connection.value(question, rules) != rules:
        raise DatabaseError(
            "The other nodes have another table of characters that look alike: run the same"
            " version everywhere"
        )


def _take_seat(connection: ClusterConnection, name: str, options: str) -> Seat:
    is_sole = connection.value(_LOCK_NAME, name)
    row = connection.execute(_ENTER, (name, release(), options, is_sole)).fetchone()
    if row is None:
        raise _is_running(name)
    return Seat(*row)


def _is_running(name: str) -> DatabaseError:
    return DatabaseError(
        f"A node called {name} is running: give this one another name with --node"
    )


def snapshot(connection: ClusterConnection) -> Snapshot:
    """Read everything as it is at one moment."""
    with connection.at_one_moment():
        return Snapshot(
            cursor=connection.value(_HEAD),
            residents=_residents(connection),
            acts=list(acts(connection)),
            passing=_passing(connection),
            topics=read_topics(connection),
            accounts=read_accounts(connection),
            host_key=read_host_key(connection),
            moves=connection.execute(_MOVES).fetchall(),
        )


def _residents(connection: ClusterConnection) -> list[Resident]:
    stays = {
        identity: [Stay(*row[1:]) for row in rows]
        for identity, rows in groupby(connection.execute(_STAYS), itemgetter(0))
    }
    return [
        _resident(row, stays.get(row[0], [])) for row in connection.execute(_MEMBERS).fetchall()
    ]


def _resident(row: tuple[Any, ...], stays: list[Stay]) -> Resident:
    identity, nick, key, userhost, address, real_name, away, *rest = row
    since, homes, lingers, seen, lost_at = rest
    last_seen: Iterable[tuple[str, int]] = json.loads(seen) if seen else ()
    if lost_at is not None:
        last_seen = ((room, lost_at) for room in ("", *(stay.room for stay in stays)))
    return Resident(
        identity=identity,
        nick=nick,
        key=key,
        userhost=userhost,
        address=address,
        real_name=real_name,
        away=away,
        since=since,
        homes=homes_at(*sorted(homes)),
        lingers=lingers,
        seen=dict(last_seen),
        stays=stays,
    )


def _passing(connection: ClusterConnection) -> list[OperatorAct]:
    found = []
    for id, time, data in connection.execute(_PASSING):
        found += [each for each in read(f"[{data}]", id, time) if isinstance(each, OperatorAct)]
    return found
