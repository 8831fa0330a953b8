"""The errors of PostgreSQL: in words for people, or as a reason to try again."""

from __future__ import annotations

import psycopg

AWAY = "the database does not answer"

_CLAUSES = {
    "08": AWAY,
    "25006": "the database is read-only",
    "25P03": AWAY,
    "40": "the database has too much to do",
    "42501": "access is denied",
    "53100": "the disk is full",
    "53200": "the database is out of memory",
    "53300": "the database has too many connections",
    "53": "the database has too much to do",
    "55P03": "the database has too much to do",
    "57": AWAY,
    "58": "the disk failed",
    "XX001": "the database is damaged",
    "XX002": "the database is damaged",
}
"""Clauses by SQLSTATE, or by its beginning (PostgreSQL's documentation, appendix A)."""

_PASSING = ("23505", "40", "55P03")
"""Conflicts with what others do at the same moment."""

_ENDS = ("08", "25006", "25P03", "57P")
"""Conditions in which a connection is of no more use: a server that is read-only was replaced, and
one that has waited for us in mid-transaction for too long (25P03) has hung up.
"""


def clause_for(error: psycopg.Error) -> str | None:
    """Describe an error that is the database's or the link's; return C{None} for a bug."""
    code = error.sqlstate
    if code is None:
        return AWAY if isinstance(error, psycopg.OperationalError) else None
    for length in (5, 3, 2):
        if code[:length] in _CLAUSES:
            return _CLAUSES[code[:length]]
    return None


def is_passing(error: psycopg.Error) -> bool:
    """Tell whether the same work may well be done if it is tried again."""
    return error.sqlstate is not None and error.sqlstate.startswith(_PASSING)


def ends_connection(error: psycopg.Error) -> bool:
    """Tell whether a new connection is needed after an error."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(_ENDS)
