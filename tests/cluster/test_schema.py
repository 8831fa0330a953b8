"""The database of a cluster: how it is made, brought up to date, and refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from threading import Barrier

import psycopg

from chatservice.cluster import locks, schema
from chatservice.cluster.connection import connect
from chatservice.cluster.schema import opened
from chatservice.storage.database import DatabaseError
from tests.clustered import ClusterCase, engine, url_of
from tests.engine import ROLE, SUPERUSER, Engine
from tests.running import HOST, free_port

ONE = """
-- version 1
CREATE TABLE chatservice (version integer NOT NULL);
INSERT INTO chatservice VALUES (0);
CREATE TABLE lines (text text NOT NULL);
INSERT INTO lines VALUES ('made by version 1');
"""
TWO = f"""{ONE}
-- version 2
INSERT INTO lines VALUES ('made by version 2');
"""
BROKEN = f"""{ONE}
-- version 2
INSERT INTO lines VALUES ('half of version 2');
INSERT INTO nowhere VALUES (1);
"""


class SchemaCase(ClusterCase):
    """Tests with a schema."""

    def open(self, sections: str | None = None, url: str = "") -> None:
        """Open a database and close it again."""
        opened(url or self.url, sections).raw.close()

    def asked(self, question: str) -> object:
        """Ask for one value in the schema."""
        connection = connect(self.url)
        self.addCleanup(connection.raw.close)
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]

    def lines(self) -> object:
        return self.asked("SELECT array_agg(text ORDER BY text) FROM lines")

    def refusal(self, sections: str | None = None, url: str = "") -> str:
        """The reason for which it is not opened."""
        with self.assertRaises(DatabaseError) as caught:
            self.open(sections, url)
        reason, _, _ = str(caught.exception).rpartition(": cannot use postgresql://")
        return reason


class UpgradeTests(SchemaCase):
    """A schema is made, and brought up to date."""

    def test_marked(self) -> None:
        """A new one goes through all versions, and says which one it is of."""
        self.open()
        sections = files("chatservice.cluster").joinpath("schema.sql").read_text("utf-8")
        self.assertEqual(
            self.asked("SELECT version FROM chatservice"), sections.count("\n-- version ")
        )
        self.assertEqual(self.asked("SELECT length(host_key) FROM secret"), 32)

    def test_upgraded(self) -> None:
        """One of an older version gets what is missing, once, and keeps what it has."""
        self.open(ONE)
        for _ in range(2):
            self.open(TWO)
        self.assertEqual(self.lines(), ["made by version 1", "made by version 2"])
        self.assertEqual(self.asked("SELECT version FROM chatservice"), 2)

    def test_halfway(self) -> None:
        """An upgrade that fails leaves it as it was."""
        self.open(ONE)
        self.assertEqual(self.refusal(BROKEN), 'Relation "nowhere" does not exist')
        self.assertEqual(self.lines(), ["made by version 1"])
        self.assertEqual(self.asked("SELECT version FROM chatservice"), 1)

    def test_at_the_same_time(self) -> None:
        """Of several nodes that start at once, one does it."""
        together = Barrier(4)

        def start(_: int) -> None:
            together.wait()
            self.open(TWO)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, range(4)))
        self.assertEqual(self.lines(), ["made by version 1", "made by version 2"])

    def test_newer(self) -> None:
        """One that is newer is refused."""
        self.open(TWO)
        reason = "The database is of version 2, from a newer chatservice (this one knows 1)"
        self.assertEqual(self.refusal(ONE), reason)

    def test_older_goes_on(self) -> None:
        """A node that is there already goes on when a newer one has brought it up to date."""
        older = opened(self.url, ONE)
        self.addCleanup(older.raw.close)
        self.open(TWO)
        older.execute("INSERT INTO lines VALUES ('by the older one')")
        self.assertIn("by the older one", self.lines())

    def test_two_chats(self) -> None:
        """Two chats in schemas of their own may start at the same time."""
        other = opened(self.url, ONE)
        self.addCleanup(other.raw.close)
        with other.raw.transaction():
            other.execute(locks.TAKE, (locks.UPGRADE,))
            self.setUp()
            self.open(ONE)


class RefusalTests(SchemaCase):
    """Whatever is wrong is said in a sentence."""

    def test_another_program(self) -> None:
        """A schema with tables of another program is refused, and nothing is put there."""
        with connect(self.url).raw as raw:
            raw.execute("CREATE TABLE bookmarks (url text)")
        reason = "The database belongs to another program, with its bookmarks"
        self.assertEqual(self.refusal(), reason)
        self.assertIsNone(self.asked("SELECT to_regclass('chatservice')"))

    def test_extension(self) -> None:
        """What belongs to an extension is nobody's."""
        engine().execute("CREATE DATABASE extended OWNER chat")
        url = url_of("extended")
        with psycopg.connect(url.replace(ROLE, SUPERUSER)) as raw:
            raw.execute("CREATE EXTENSION pg_stat_statements")
            raw.execute("GRANT ALL ON SCHEMA public TO chat")
        self.open(url=url)

    def test_rights(self) -> None:
        """Without the right to make tables nothing goes."""
        engine().execute("CREATE SCHEMA theirs; GRANT USAGE ON SCHEMA theirs TO chat")
        url = f"{engine().url}?options=-csearch_path%3Dtheirs"
        self.assertEqual(self.refusal(url=url), "Permission denied for schema theirs")

    def test_no_schema(self) -> None:
        """Nor without a schema."""
        url = f"{engine().url}?options=-csearch_path%3Dnowhere"
        self.assertEqual(self.refusal(url=url), "The database has no schema that may be used")

    def test_old_server(self) -> None:
        """The server must be new enough."""
        (version,) = engine().execute("SHOW server_version")[0]
        self.patch(schema, "LEAST_VERSION", 990000)
        reason = f"The server is PostgreSQL {version}, and must be 99 or newer"
        self.assertEqual(self.refusal(), reason)

    def test_encoding(self) -> None:
        """The database must have room for any character."""
        engine().execute(
            "CREATE DATABASE latin OWNER chat TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'"
        )
        url = url_of("latin")
        reason = "The encoding of the database is LATIN1, and must be UTF8"
        self.assertEqual(self.refusal(url=url), reason)

    def test_fsync(self) -> None:
        """The server must keep what it has confirmed."""
        with Engine.start(fsync=False) as careless:
            reason = "The server has fsync off, so it may lose everything"
            self.assertEqual(self.refusal(url=careless.url), reason)

    def test_nobody_there(self) -> None:
        """A server that is not there is named, without the password."""
        port = free_port()
        with self.assertRaises(DatabaseError) as caught:
            self.open(url=f"postgresql://chat:secret@{HOST}:{port}/chat")
        sentence = f"Connection refused: cannot use postgresql://{HOST}:{port}/chat"
        self.assertEqual(str(caught.exception), sentence)

    def test_several_servers(self) -> None:
        """Of several servers it is told what is wrong with each, once."""
        there = f"{HOST}:{engine().port}"
        gone = [f"{HOST}:{free_port()}" for _ in range(2)]
        for places in ([there, *gone], [*gone, there]):
            with self.assertRaises(DatabaseError) as caught:
                self.open(url=f"postgresql://chat@{','.join(places)}/nowhere")
            reasons, _, _ = str(caught.exception).partition(": cannot use")
            self.assertEqual(
                sorted(reasons.casefold().split("; ")),
                ["connection refused", 'database "nowhere" does not exist'],
            )

    def test_no_password(self) -> None:
        """What libpq says is told without the name of its function."""

        def connect(url: str) -> None:
            raise psycopg.OperationalError(
                'connection failed: connection to server at "db", port 5432 failed: fe_sendauth: no'
                " password supplied"
            )

        self.patch(schema, "connect", connect)
        self.assertEqual(self.refusal(), "No password supplied")

    def test_no_such_database(self) -> None:
        """What the server says is passed on."""
        url = url_of("nowhere")
        self.assertEqual(self.refusal(url=url), 'Database "nowhere" does not exist')

    def test_silent(self) -> None:
        """A server that does not answer is told like one that stops to do so later."""

        def connect(url: str) -> None:
            raise psycopg.errors.ConnectionTimeout("connection timeout expired")

        self.patch(schema, "connect", connect)
        self.assertEqual(self.refusal(), "The database does not answer")

    def test_no_url(self) -> None:
        """An address that is none is not repeated: it may have a password in it."""
        with self.assertRaises(DatabaseError) as caught:
            self.open(url="postgresql:/chat:secret@db")
        example = "The address of the database must be like postgresql://chat@db.example/chat"
        self.assertEqual(str(caught.exception), example)
