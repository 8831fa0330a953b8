"""Appending to the log of a cluster, as the engine does it."""

from __future__ import annotations

from chatservice.cluster import locks
from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.entering import enter
from chatservice.cluster.schema import opened
from chatservice.cluster.spelling import spell
from chatservice.protocol.events import Said
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed
from tests.clustered import ClusterCase, new_url
from tests.engine import skip_without_postgresql

ADA = b"a" * 16
_APPEND = "SELECT * FROM chat_append(?, ?, ?, ?, ?)"


@skip_without_postgresql
class AppendingTests(ClusterCase):
    """A node, and somebody who is connected to it."""

    def setUp(self) -> None:
        super().setUp()
        url = new_url()
        self.connection, self.other = opened(url), connect(url)
        for each in (self.connection, self.other):
            self.addCleanup(each.raw.close)
        self.seat = enter(self.connection, "one", "").seat
        self.numbers = iter(range(1, 100))
        self.append(Housed(arrives=True, key="ada"))

    def append(self, *events: Housed | Said, link: int = 0, number: int = 0) -> int:
        """Append something of Ada's; return how many rows that gives."""
        batch = spell([signed(event, "ada", ADA, "") for event in events])
        given = (self.seat.node, link or self.seat.link, number or next(self.numbers), 0, batch)
        return len(self.connection.execute(_APPEND, given).fetchall())

    def is_free(self, connection: ClusterConnection) -> bool:
        """Whether nobody holds the lock of the log."""
        row = connection.execute(locks.TRY, (locks.LOG,)).fetchone()
        assert row is not None
        return bool(row[0])

    def test_lock(self) -> None:
        """The lock is held until the commit can be seen: so ids become visible in their order."""
        with self.connection.raw.transaction():
            self.append(Said(room="lobby", text="hi"))
            self.assertFalse(self.is_free(self.other))
        self.assertTrue(self.is_free(self.other))

    def test_link(self) -> None:
        """What comes through an earlier link, or out of its order, is not taken."""
        rows = self.append(Said(room="lobby", text="one"))
        row = self.connection.execute("SELECT * FROM chat_settle(?, ?)", (self.seat.node, 0))
        link = row.fetchone()[0]
        self.assertEqual(self.append(Said(room="lobby", text="late"), number=3), 0)
        self.assertEqual(self.append(Said(room="lobby", text="far"), link=link, number=9), 0)
        self.assertEqual(self.append(Said(room="lobby", text="two"), link=link, number=3), rows + 1)
        found = self.connection.execute("SELECT text FROM events ORDER BY id").fetchall()
        self.assertEqual(found, [("one",), ("two",)])
