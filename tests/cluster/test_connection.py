"""SQL of the archive as PostgreSQL takes it, and how a connection is made."""

from __future__ import annotations

from unittest import TestCase

from psycopg import ProgrammingError

from chatservice.cluster.connection import connect, has_password, shown, translated
from tests.clustered import ClusterCase

TRANSLATED = {
    "in_order": ("SELECT ? + ?", "SELECT $1 + $2"),
    "numbered": ("SELECT ?2, ?1, ?2", "SELECT $2, $1, $2"),
    "quoted": ("SELECT '?', 'it''s ?', ?", "SELECT '?', 'it''s ?', $1"),
    "hint": ("SELECT 1 FROM a INDEXED BY a_by_b WHERE b = ?", "SELECT 1 FROM a  WHERE b = $1"),
    "no_index": ("SELECT 1 FROM a NOT INDEXED", "SELECT 1 FROM a "),
    "table": ("SELECT id FROM indexed", "SELECT id FROM indexed"),
}
SHOWN = {
    "postgresql://chat:secret@db.example:6000/chat?sslmode=require": "db.example:6000/chat",
    "postgresql://chat@a:1,b:2/chat": "a:1,b:2/chat",
    "host=a,b port=5 dbname=x password=secret": "a:5,b:5/x",
    "": "/",
}
NO_PLACES = {
    "slash": "postgresql://chat:a/secret@db/chat",
    "slash_after_a_number": "postgresql://chat:12/secret@db/chat",
    "at": "postgresql://chat:a@secret@db/chat",
    "long_port": "postgresql://chat:123456/chat",
    "too_many_ports": "host=a port=1,2 dbname=x",
    "no_url": "chat.sqlite3",
}
"""Addresses that libpq takes for others than they are, or refuses."""


class TranslationTests(TestCase):
    """Statements and URLs."""

    def test_translated(self) -> None:
        """Parameters are numbered, and what only SQLite understands is left out."""
        for name, (given, taken) in TRANSLATED.items():
            self.assertEqual(translated(given), taken, name)

    def test_shown(self) -> None:
        """A URL is shown with its places alone."""
        for given, place in SHOWN.items():
            self.assertEqual(shown(given), f"postgresql://{place}")


    def test_no_places(self) -> None:
        """What is no URL, or has an unescaped password, is not shown."""
        for name, given in NO_PLACES.items():
            with self.assertRaises(ProgrammingError, msg=name):
                shown(given)

    def test_has_password(self) -> None:
        """A URL may have a password in it."""
        self.assertTrue(has_password("postgresql://chat:secret@db/chat"))
        self.assertTrue(has_password("postgresql://chat@db/chat?password=secret"))
        self.assertFalse(has_password("postgresql://chat@db/chat?passfile=secret"))
        self.assertFalse(has_password("chat.sqlite3"))


class ConnectionTests(ClusterCase):
    """A connection."""

    def setting(self, name: str, url: str = "") -> str:
        """The value of a setting in a new session."""
        connection = connect(url or self.url)
        self.addCleanup(connection.raw.close)
        value: str = connection.raw.execute(f"SHOW {name}".encode()).fetchone()[0]
        return value

    def test_settings(self) -> None:
        """The server notices a node that is gone, and never cancels a commit."""
        self.assertEqual(self.setting("idle_in_transaction_session_timeout"), "3s")
        self.assertEqual(self.setting("client_connection_check_interval"), "2s")
        url = f"{self.url}%20-cstatement_timeout%3D1000"
        self.assertEqual(self.setting("statement_timeout", url), "0")

    def test_durable(self) -> None:
        """A commit waits for the disk, whatever the default is; it may wait for more."""
        for default, used in (("off", "on"), ("remote_apply", "remote_apply"), ("on", "on")):
            url = f"{self.url}%20-csynchronous_commit%3D{default}"
            self.assertEqual(self.setting("synchronous_commit", url), used)

    def test_values(self) -> None:
        """Whatever SQLite keeps comes back the same."""
        connection = connect(self.url)
        self.addCleanup(connection.raw.close)
        given = (1, 2**63 - 1, "Grüße '?' \\", b"\0\xff", bytearray(b"x"), None)
        sql = "SELECT ?::bigint, ?::bigint, ?::text, ?::bytea, ?::bytea, ?::text"
        self.assertEqual(connection.execute(sql, given).fetchall(), [given])

    def test_many(self) -> None:
        """The rows that are changed are counted, of all statements and of none."""
        connection = connect(self.url)
        self.addCleanup(connection.raw.close)
        connection.execute("CREATE TABLE lines (text text)")
        insert = "INSERT INTO lines VALUES (?)"
        self.assertEqual(connection.executemany(insert, [("a",), ("b",)]).rowcount, 2)
        self.assertEqual(connection.executemany(insert, []).rowcount, 0)
        self.assertEqual(connection.execute("DELETE FROM lines").rowcount, 2)
