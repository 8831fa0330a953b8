"""A chat that is kept in the database of a cluster, as one of its nodes."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.chat.chat import Chat
from chatservice.chat.clock import WallClock
from chatservice.cluster.accounts import ClusterAccounts
from chatservice.cluster.claims import ClusterNames
from chatservice.cluster.connection import ClusterConnection, at_start, connect
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.entering import Entered, begin_above, check, check_idle, enter
from chatservice.cluster.faults import clause_for
from chatservice.cluster.importing import check_import, import_file
from chatservice.cluster.journal import ClusterJournal
from chatservice.cluster.link import Promises
from chatservice.cluster.nodes import Nodes
from chatservice.cluster.postgres import PostgresLink, make_ready
from chatservice.cluster.schema import opened
from chatservice.cluster.tries import ClusterTries
from chatservice.cluster.upkeep import steps_of
from chatservice.people.accounts import REGISTRATIONS, Accounts
from chatservice.protocol.errors import CannotStart
from chatservice.protocol.ids import EventIds
from chatservice.storage.database import DatabaseError
from chatservice.storage.maintenance import Upkeep

log = Logger()

CLOCK_OFF = 1.0
"""Seconds by which the clock of a node may differ from the engine's without a warning."""


def try_out(url: str, name: str, source: str | None) -> None:
    """Check that a node can be opened, and bring the schema up to date.

    @param name: of the node.
    @param source: the file to import before, if there is one.
    @raise CannotStart: it cannot.
    """
    with _telling():
        connection = opened(url)
        try:
            with at_start(connection):
                check(connection, name)
                if source is not None:
                    check_idle(connection)
            if source is not None:
                check_import(source, connection, url)
        finally:
            connection.raw.close()


@contextmanager
def _telling() -> Iterator[None]:
    """Turn an error of the database's into a sentence for the operator.

    @raise CannotStart: there was one.
    """
    try:
        yield
    except DatabaseError as error:
        raise CannotStart(str(error)) from None
    except psycopg.Error as error:
        raise CannotStart(str(DatabaseError.because(error, clause_for(error)))) from None


class ClusterKeeping:
    """The database of a cluster; see L{Keeping <chatservice.storage.keeping.Keeping>}.

    @param url: of the engine.
    @param name: of this node.
    @param options: those that all nodes should have in common, as text.
    @param lost_place: called when other nodes have taken over everybody here, with a sentence.
    @param source: a file that is imported when this is opened; C{None} for none.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        name: str,
        options: str,
        clock: WallClock,
        lost_place: Callable[[str], object],
        source: str | None = None,
    ) -> None:
        self._reactor = reactor
        self._url = url
        self._name = name
        self._options = options
        self._clock = clock
        self._source = source
        self._chat: Chat | None = None
        self._database = ClusterDatabase(reactor, url)
        ids = EventIds(clock.time)
        self.journal = ClusterJournal(reactor, self._database, ids, self._members, lost_place)
        self.journal.promised = self._tell_promises
        self.accounts = ClusterAccounts(self._database)
        self._upkeep: Upkeep | None = None
        self._link: PostgresLink | None = None
        self._connection: ClusterConnection | None = None
        self._entered: Entered
        self._promises = Promises()

    def _members(self) -> int:
        """Count the people who are connected to this node."""
        people = () if self._chat is None else self._chat.roster.values()
        return sum(bool(member.devices) for member in people)

    def open(self) -> None:
        """See L{Keeping.open <chatservice.storage.keeping.Keeping.open>}."""
        try:
            with _telling():
                if self._source is not None:
                    import_file(self._source, self._url, _tell_import, begin_above)
                self._database.open()
                self._enter()
        except BaseException:
            # Its threads would keep the process from ending.
            self._database.close()
            raise
        self._tell()

    def _enter(self) -> None:
        self._connection = connect(self._url, make_ready)
        with at_start(self._connection):
            self._entered = enter(self._connection, self._name, self._options)
        self._database.node = self._entered.seat.node
        self.accounts.known = self._entered.snapshot.accounts
        self.journal.open(self._entered)

    def _tell(self) -> None:
        """Log what an operator should know about the cluster."""
        entered = self._entered
        log.info(
            "This node is {name}, number {node} in the cluster. The others: {others}.",
            name=self._name,
            node=entered.seat.node,
            others=", ".join(sorted(entered.options)) or "none",
        )
        self._tell_promises(entered.promises)
        off = self._clock.time() - entered.time
        if abs(off) > CLOCK_OFF:
            log.warn(
                "The clock of this machine is {off:.1f} s {way} the database's.",
                off=abs(off),
                way="ahead of" if off > 0 else "behind",
            )
        for name, others in entered.options.items():
            differing = _differing(self._options, others)
            if differing:
                log.warn(
                    "The node {name} has other options than this one: {differing}.",
                    name=name,
                    differing=", ".join(differing),
                )

    def _tell_promises(self, promises: Promises) -> None:
        """Log once what a server does not promise, which may be another one than before."""
        before, self._promises = self._promises, promises
        if before.flushes and not promises.flushes:
            log.critical("The database has fsync off: it may lose everything with its machine.")
        if before.is_synchronous and not promises.is_synchronous:
            log.warn(
                "The database has no synchronous standby: what anyone saw is lost with its disk"
                " (synchronous_standby_names)."
            )

    def begin(self, chat: Chat, accounts: Accounts) -> None:
        """See L{Keeping.begin <chatservice.storage.keeping.Keeping.begin>}."""
        self._chat = chat
        seat = self._entered.seat
        self.journal.is_heard = chat.rooms.is_heard
        chat.names = ClusterNames(self._database, self.journal, seat, chat.passed)
        chat.nodes = Nodes(self._reactor, self._database)
        chat.troubles.append(lambda: self.journal.trouble)
        accounts.limit(
            ClusterTries(self._database, "proof"),
            ClusterTries(self._database, "registration", REGISTRATIONS, 3600.0),
        )
        chat.room_passwords.limit(ClusterTries(self._database, "room"))
        assert self._connection is not None
        self._link = PostgresLink(self._reactor, self._url, self._connection)
        self.journal.begin(self._link, seat, self._entered.snapshot.cursor)
        chat.housing.begin(seat.node)
        rules = chat.permissions, chat.ids.now, chat.clock.is_settled
        steps = steps_of(self._database, self.journal, *rules)
        self._upkeep = Upkeep(self._reactor, steps)
        self._upkeep.start()

    @inlineCallbacks
    def rest(self) -> Generator[Deferred[Any], Any, None]:
        """See L{Keeping.rest <chatservice.storage.keeping.Keeping.rest>}."""
        if self._upkeep is not None:
            yield self._upkeep.stop()

    @inlineCallbacks
    def close(self) -> Generator[Deferred[Any], Any, None]:
        """See L{Keeping.close <chatservice.storage.keeping.Keeping.close>}."""
        if self._link is not None:
            yield self.journal.stop()
            self._link.close()
        elif self._connection is not None:
            self._connection.raw.close()
        self._database.close()


def _tell_import(line: str) -> None:
    log.info("{line}", line=line)


def _differing(options: str, others: str) -> list[str]:
    """List the options, by name, in which two nodes differ; each knows its own."""
    ours, theirs = json.loads(options), json.loads(others)
    return [name for name in ours if name in theirs and ours[name] != theirs[name]]
