"""How nodes enter a cluster, and why they do not."""

from __future__ import annotations

from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.entering import begin_above, check, enter
from chatservice.cluster.link import Seat
from chatservice.cluster.schema import opened
from chatservice.storage.database import DatabaseError
from tests.clustered import ClusterCase

TAKEN = "A node called one is running: give this one another name with --node"


class EnteringCase(ClusterCase):
    """Nodes of a new cluster."""

    def setUp(self) -> None:
        super().setUp()
        opened(self.url).raw.close()

    def connected(self) -> ClusterConnection:
        """Connect until the test ends."""
        connection = connect(self.url)
        self.addCleanup(connection.raw.close)
        return connection

    def entered(self, name: str) -> tuple[ClusterConnection, Seat]:
        """Let a node enter; gives the connection that holds its name, and its place."""
        connection = self.connected()
        return connection, enter(connection, name, "{}").seat

    def refusal(self, name: str = "one") -> str:
        """The reason for which a node may not enter, by asking and by trying."""
        reasons = []
        with self.assertRaises(DatabaseError) as caught:
            check(self.connected(), name)
        reasons.append(str(caught.exception))
        with self.assertRaises(DatabaseError) as caught:
            enter(self.connected(), name, "{}")
        self.assertEqual([str(caught.exception)], reasons)
        return reasons[0]

    def nodes(self) -> list[tuple[str, bool]]:
        """The nodes that have a row, and whether they are over."""
        rows = self.connected().execute("SELECT name, is_over FROM nodes ORDER BY id")
        return rows.fetchall()

    def age(self) -> None:
        """Let the leases of all nodes expire."""
        self.connected().execute("UPDATE nodes SET renewed = renewed - interval '16 s'")


class EnteringTests(EnteringCase):
    """Nodes that come one after the other."""

    def test_name(self) -> None:
        """A name belongs to one node while that runs, and to the next one afterwards."""
        holder, _ = self.entered("one")
        self.assertEqual(self.refusal(), TAKEN)
        check(self.connected(), "two")
        holder.execute("SELECT pg_advisory_unlock_all()")
        check(self.connected(), "one")
        self.entered("one")
        self.assertEqual(self.nodes(), [("one", True), ("one", False)])

    def test_check(self) -> None:
        """Who only asks takes no place, and leaves the name free for the other who enters."""
        asking = self.connected()
        check(asking, "one")
        self.assertEqual(self.nodes(), [])
        _, seat = self.entered("one")
        self.connected().execute("SELECT chat_leave(?, ?, 0)", (seat.node, seat.link))
        self.entered("one")

    def test_silent(self) -> None:
        """A name whose session the server still holds is free when the lease has expired."""
        self.entered("one")
        self.age()
        check(self.connected(), "one")
        self.entered("one")

    def test_reconnected(self) -> None:
        """A node whose connection was lost and made again holds its name as before."""
        holder, seat = self.entered("one")
        holder.execute("SELECT pg_advisory_unlock_all()")
        again = self.connected()
        renewed = (seat.node, seat.link, 0, 0, False)
        again.execute("SELECT chat_renew(?, ?, ?, ?, ?)", renewed)
        self.assertEqual(self.refusal(), TAKEN)

    def test_rules(self) -> None:
        """All that run at a time have the table of characters that look alike of the first one."""
        self.entered("one")
        check(self.connected(), "two")
        self.connected().execute("UPDATE chatservice SET names = 'others'")
        self.assertEqual(
            self.refusal("two"),
            "The other nodes have another table of characters that look alike: run the same"
            " version everywhere",
        )
        self.connected().execute("UPDATE nodes SET is_over = true")
        check(self.connected(), "two")


class FillingTests(EnteringCase):
    """A cluster that is filled before any node has entered."""

    def begin_above(self, id: int) -> None:
        connection = self.connected()
        with connection.raw.transaction():
            begin_above(connection, id)

    def head(self) -> int:
        (row,) = self.connected().execute("SELECT last FROM head").fetchall()
        head: int = row[0]
        return head

    def test_ids(self) -> None:
        """Ids begin above those that were filled in, and never fall."""
        for id in (100, 50):
            self.begin_above(id)
            self.assertEqual(self.head(), 100)

    def test_running(self) -> None:
        """A node that is running would not know of it."""
        self.entered("one")
        before = self.head()
        sentence = "^The node one is running: stop all nodes before you --import$"
        with self.assertRaisesRegex(DatabaseError, sentence):
            self.begin_above(2**60)
        self.assertEqual(self.head(), before)
        self.age()
        self.begin_above(2**60)
        self.assertEqual(self.head(), 2**60)
