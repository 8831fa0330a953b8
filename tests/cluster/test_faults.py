"""Errors of PostgreSQL, in words."""

from __future__ import annotations

from unittest import TestCase

import psycopg
from psycopg import errors

from chatservice.cluster.faults import clause_for, ends_connection, is_passing

AWAY = "the database does not answer"
BUSY = "the database has too much to do"
# For each error: the clause, whether to try again, and whether with a new connection.
ERRORS: dict[type[psycopg.Error], tuple[str | None, bool, bool]] = {
    psycopg.OperationalError: (AWAY, False, True),
    errors.ConnectionTimeout: (AWAY, False, True),
    errors.AdminShutdown: (AWAY, False, True),
    errors.CannotConnectNow: (AWAY, False, True),
    errors.ConnectionFailure: (AWAY, False, True),
    errors.QueryCanceled: (AWAY, False, False),
    errors.DiskFull: ("the disk is full", False, False),
    errors.OutOfMemory: ("the database is out of memory", False, False),
    errors.TooManyConnections: ("the database has too many connections", False, False),
    errors.ConfigurationLimitExceeded: (BUSY, False, False),
    errors.IoError: ("the disk failed", False, False),
    errors.DataCorrupted: ("the database is damaged", False, False),
    errors.InsufficientPrivilege: ("access is denied", False, False),
    errors.IdleInTransactionSessionTimeout: (AWAY, False, True),
    errors.ReadOnlySqlTransaction: ("the database is read-only", False, True),
    errors.DeadlockDetected: (BUSY, True, False),
    errors.SerializationFailure: (BUSY, True, False),
    errors.LockNotAvailable: (BUSY, True, False),
    errors.UniqueViolation: (None, True, False),
    errors.SyntaxError: (None, False, False),
    errors.InternalError_: (None, False, False),
    psycopg.ProgrammingError: (None, False, False),
    psycopg.DataError: (None, False, False),
}


class FaultTests(TestCase):
    """What an error means."""

    def test_all(self) -> None:
        """Faults of the disk and the link are told apart from bugs."""
        for kind, meaning in ERRORS.items():
            error = kind()
            found = clause_for(error), is_passing(error), ends_connection(error)
            self.assertEqual(found, meaning, kind)
