"""The schema of a cluster's database: checking whose it is, and bringing it up to date."""

from __future__ import annotations

import re
from importlib.resources import files

import psycopg

from chatservice.cluster import locks
from chatservice.cluster.connection import ClusterConnection, at_start, connect, shown
from chatservice.cluster.faults import AWAY
from chatservice.storage.database import DatabaseError

LEAST_VERSION = 150000
"""The oldest server, as libpq writes its version."""

MARK = "chatservice"
"""The table that marks a schema as ours."""

_SCHEMA = "SELECT current_schema()"
# A look at pg_class sees what another node has made a moment ago; to_regclass may remember.
_IS_OURS = f"""
    SELECT EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relname = '{MARK}')"""
# Tables, views and the like, but those of extensions.
_FOREIGN = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')
    AND NOT EXISTS (
        SELECT 1 FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname LIMIT 1"""
_CUT = "server closed the connection unexpectedly"
_ONE_OF_SEVERAL = "- host:"
_BEFORE_REASON = re.compile(
    r"^(?:- host: .*?, hostaddr: '[^']*': )?(?:.*failed: )?(?:FATAL: +|ERROR: +|fe_sendauth: )?"
)
"""The prefixes of an error message of psycopg or PostgreSQL, before the reason itself."""


def opened(url: str, schema: str | None = None) -> ClusterConnection:
    """Connect to the database, and bring its schema up to date.

    @param schema: SQL in sections, each under a line C{-- version N}, in place of the chat's own
        one and its functions.
    @raise DatabaseError: it cannot be used.
    """
    functions = _text("functions.sql") if schema is None else ""
    schema = schema or _text("schema.sql")
    try:
        name = shown(url)
    except psycopg.ProgrammingError as error:
        # What libpq says of it may have its password in it.
        example = "postgresql://chat@db.example/chat"
        raise DatabaseError(f"The address of the database must be like {example}") from error
    try:
        connection = connect(url)
        try:
            with at_start(connection):
                check_server(connection)
            upgrade(connection, schema, functions)
        except BaseException:
            connection.raw.close()
            raise
    except (psycopg.Error, DatabaseError) as error:
        raise DatabaseError.because(error, _reason(error), f"cannot use {name}") from error
    return connection


def _reason(error: Exception) -> str:
    """Find the reason in what psycopg or PostgreSQL says."""
    first, *others = str(error).splitlines()
    if isinstance(error, psycopg.errors.ConnectionTimeout) or _CUT in first:
        return AWAY
    # If there are several servers, the first line is about the last one of them.
    lines = [line for line in others if line.startswith(_ONE_OF_SEVERAL)] or [first]
    reasons = [_BEFORE_REASON.sub("", line) for line in lines]
    return "; ".join(dict.fromkeys(reasons))


def check_server(connection: ClusterConnection) -> None:
    """Check that the server keeps what it is given.

    @raise DatabaseError: it does not, or is too old.
    """
    info = connection.raw.info
    if info.server_version < LEAST_VERSION:
        version = info.parameter_status("server_version")
        least = LEAST_VERSION // 10000
        raise DatabaseError(f"the server is PostgreSQL {version}, and must be {least} or newer")
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(f"the encoding of the database is {encoding}, and must be UTF8")
    if connection.value("SELECT current_setting('fsync')") == "off":
        raise DatabaseError("the server has fsync off, so it may lose everything")


def upgrade(connection: ClusterConnection, schema: str, functions: str = "") -> None:
    """Run the sections of the schema that the database does not have yet, in one transaction.

    @param functions: SQL that is run whenever there are any.
    @raise DatabaseError: the database is not ours, or newer.
    """
    sections = re.split(r"^-- version (\d+)$", schema, flags=re.MULTILINE)[1:]
    newest = int(sections[-2])
    with at_start(connection), connection.raw.transaction():
        if _version(connection) == newest:
            return
    # What is missing may take long, and has no time limit.
    with connection.raw.transaction():
        version = _version(connection)
        if version > newest:
            raise DatabaseError(
                f"the database is of version {version}, from a newer chatservice (this one knows"
                f" {newest})"
            )
        for number, sql in zip(map(int, sections[::2]), sections[1::2], strict=True):
            if number > version:
                connection.raw.execute(sql.encode())
                connection.execute(f"UPDATE {MARK} SET version = ?", (number,))
        if version < newest and functions:
            connection.raw.execute(functions.encode())


def _text(name: str) -> str:
    return files("chatservice.cluster").joinpath(name).read_text("utf-8")


def _version(connection: ClusterConnection) -> int:
    """Find the version of the schema; 0 if there is nothing in it yet.

    Only one of several nodes that start does this at a time, until its transaction ends.
    """
    connection.execute(locks.TAKE, (locks.UPGRADE,))
    if connection.value(_SCHEMA) is None:
        raise DatabaseError("the database has no schema that may be used")
    if connection.value(_IS_OURS):
        version: int = connection.value(f"SELECT version FROM {MARK}")
        return version
    foreign = connection.execute(_FOREIGN).fetchone()
    if foreign is not None:
        raise DatabaseError(f"the database belongs to another program, with its {foreign[0]}")
    return 0
