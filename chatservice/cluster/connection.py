"""A connection to PostgreSQL, as the archive uses one.

See L{chatservice.storage.contract}. Whoever needs more of psycopg has it as C{raw}.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from itertools import count
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper

# Whatever goes wrong is told by whoever asked.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

CONNECT_SECONDS = 2
"""Seconds after which the next of several servers is tried; psycopg tries for 2 at least."""

PREPARE_SECONDS = 5.0
"""Seconds that a server has to make a new connection ready."""

START_SECONDS = 30.0
"""Seconds that it has for each thing that a node needs to start."""

_LINK = {
    "connect_timeout": CONNECT_SECONDS,
    # A machine that is gone says nothing: be sure of it within about 5 seconds.
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "target_session_attrs": "read-write",
    "application_name": "chatservice",
    "client_encoding": "UTF8",
}
"""Parameters of a connection, unless its URL says otherwise."""

_SETTINGS = {
    # The same the other way: what a node holds that is gone must be free soon.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "idle_in_transaction_session_timeout": "3000",
    # A commit that waits for a standby and is cancelled shows rows that the standby may not have.
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}
"""Settings of a session, if the server knows them."""

_SET = """
    SELECT set_config(name, wanted, false)
    FROM unnest($1::text[], $2::text[]) AS settings (name, wanted) JOIN pg_settings USING (name)
    UNION ALL
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'"""
_PORT = re.compile(r"[0-9]{0,5}")
# What we gave up while it waited for a lock must not pile up: a commit that waits for a standby
# holds its locks for as long as that is away.
_CHECK_CLIENT = "SET client_connection_check_interval = '2s'"
_TOKENS = re.compile(r"'[^']*'|\?(?P<number>\d*)|(?P<hint>\bINDEXED BY \w+|\bNOT INDEXED\b)")


@cache
def translated(sql: str) -> str:
    """Translate SQL of the archive: parameters become C{$1}, and hints to SQLite are left out."""
    numbers = count(1)

    def translate(match: re.Match[str]) -> str:
        if match["hint"] is not None:
            return ""
        if match["number"] is None:
            return match[0]
        return f"${match['number'] or next(numbers)}"

    return _TOKENS.sub(translate, sql)


class ClusterConnection:
    """A connection to PostgreSQL; see L{Connection <chatservice.storage.contract.Connection>}.

    @ivar raw: the connection itself, in C{autocommit}.
    @ivar held: the numbers of the locks that its session holds; see L{hold}.
    @ivar before_each: called before each statement.
    @ivar limit: the C{statement_timeout} of its session, in seconds; 0 for none.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self.held: set[int] = set()
        self.limit = 0.0
        self.before_each: Callable[[], object] = lambda: None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Execute a statement."""
        self.before_each()
        return self.raw.cursor(binary=True).execute(translated(sql).encode(), parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> psycopg.Cursor[Any]:
        """Execute a statement once for each row of parameters, all in one round trip."""
        self.before_each()
        cursor = self.raw.cursor()
        cursor.executemany(translated(sql).encode(), parameters)
        return cursor

    def value(self, sql: str, *parameters: Any) -> Any:
        """Execute a statement that always gives a row, and return its first column."""
        row = self.execute(sql, parameters).fetchone()
        assert row is not None
        return row[0]

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Have everything that is read meanwhile be as it is at one moment."""
        with self.raw.transaction():
            self.raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield


def connect(
    url: str, prepare: Callable[[ClusterConnection], object] = lambda connection: None
) -> ClusterConnection:
    """Connect to the server, or to the one of several that can be written.

    @param prepare: makes the connection ready for use; it has L{PREPARE_SECONDS} for that.
    @raise psycopg.Error: that is not possible.
    """
    given = conninfo_to_dict(url)
    link: dict[str, Any] = _LINK | given
    raw = psycopg.connect(**link, autocommit=True, cursor_factory=psycopg.RawCursor)
    # One type for all of them, or a statement would be prepared once for each size of a number.
    raw.adapters.register_dumper(int, Int8BinaryDumper)
    connection = ClusterConnection(raw)
    with _cut_after(PREPARE_SECONDS, raw):
        raw.execute(_SET, [list(_SETTINGS), list(_SETTINGS.values())])
        with suppress(psycopg.errors.InvalidParameterValue):  # a server on Windows cannot do it
            raw.execute(_CHECK_CLIENT)
        prepare(connection)
    return connection


def at_start(connection: ClusterConnection) -> AbstractContextManager[None]:
    """Cut a connection off if its server falls silent in what is done at a start meanwhile."""
    return _cut_after(START_SECONDS, connection.raw)


@contextmanager
def _cut_after(seconds: float, raw: psycopg.Connection[Any]) -> Iterator[None]:
    """Cut a connection off if what is done meanwhile takes longer; close it if that fails."""
    own = socket.socket(fileno=os.dup(raw.fileno()))
    timer = threading.Timer(seconds, cut, [own])
    timer.start()
    try:
        yield
    except BaseException:
        raw.close()
        raise
    finally:
        timer.cancel()
        own.close()


def cut(connected: socket.socket) -> None:
    """Cut a connection off, whatever anybody is waiting for; nothing is cancelled in the server.

    @param connected: a descriptor that stays open for as long as this may be called, or else
        another connection could have it by then.
    """
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def has_password(url: str) -> bool:
    """Tell whether a URL has a password in it."""
    try:
        return bool(conninfo_to_dict(url).get("password"))
    except psycopg.ProgrammingError:
        return False


def shown(url: str) -> str:
    """Write a URL without its password and options.

    @raise psycopg.ProgrammingError: it is not valid; or its password has characters that must be
        escaped, so that libpq may take a part of the password for the host.
    """
    given = conninfo_to_dict(url)
    hosts = str(given.get("host", "")).split(",")
    ports = str(given.get("port", "")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    name = f"{','.join(hosts)}/{given.get('dbname', '')}"
    if "@" in name or len(ports) != len(hosts) or not all(map(_PORT.fullmatch, ports)):
        raise psycopg.ProgrammingError("there is no such place")
    places = [f"{host}:{port}".rstrip(":") for host, port in zip(hosts, ports, strict=True)]
    return f"postgresql://{','.join(places)}/{given.get('dbname', '')}"
