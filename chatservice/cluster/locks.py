"""The advisory locks of a cluster: their numbers, and how they are taken.

Each schema has its own ones, so that two chats may share a database.
"""

LOG = 0
"""Appending to the log; C{functions.sql} takes it."""

UPGRADE = 1
"""The upgrade of the schema."""

UPKEEP = 2
"""The upkeep: one node at a time does it."""

INDEX = 3
"""The index of words: one node at a time changes it."""

_KEY = "current_schema()::regnamespace::oid::bigint * 256 + ?"

TAKE = f"SELECT pg_advisory_xact_lock({_KEY})"
"""Waits for a lock, and takes it until the transaction ends; the parameter is its number."""

TRY = f"SELECT pg_try_advisory_lock({_KEY})"
"""Takes a lock for as long as the session lasts, and tells whether that was possible."""
