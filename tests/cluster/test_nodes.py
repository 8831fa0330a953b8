"""The nodes of a cluster, as each of them finds them in the database."""

from __future__ import annotations

from chatservice.cluster.connection import connect
from chatservice.cluster.entering import enter
from chatservice.cluster.nodes import LOOK_EVERY, Nodes
from chatservice.protocol.release import release
from tests.clustered import ClusterCase

NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
SECOND = 1_000_000


class NodesTests(ClusterCase):
    """Two nodes, of which "one" asks."""

    def setUp(self) -> None:
        super().setUp()
        database = self.opened()
        self.connection = connect(self.url)
        self.addCleanup(self.connection.raw.close)
        self.one, self.two = (
            enter(self.connection, name, "{}").seat.node for name in ("one", "two")
        )
        database.node = self.one
        self.nodes = Nodes(self.reactor, database)

    def change(self, sql: str) -> None:
        """Execute a statement."""
        self.connection.execute(sql)

    def found(self) -> list[tuple[str, bool, int, int, int]]:
        """The nodes that there are, with their figures as whole numbers."""
        found = self.successResultOf(self.nodes.list())
        self.assertEqual({each.version for each in found}, {release()})
        return [
            (each.name, each.is_this, each.members, int(each.lag), int(each.seen)) for each in found
        ]

    def test_figures(self) -> None:
        """Each has its people, and the time since it was heard of."""
        self.change(f"""UPDATE nodes SET members = 7, renewed = renewed - interval '9.5 s'
            WHERE id = {self.two}""")
        self.assertEqual(self.found(), [("one", True, 0, 0, 0), ("two", False, 7, 0, 9)])

    def test_over(self) -> None:
        """Those that have ended are none."""
        self.change(f"UPDATE nodes SET is_over = true WHERE id = {self.one}")
        self.assertEqual(self.found(), [("two", False, 0, 0, 0)])

    def test_lag(self) -> None:
        """What counts is the age of the oldest batch that a node is not known to have delivered."""
        for age in (3600, 30, 20):
            first = f"{NOW} - {age * SECOND + SECOND // 2}"
            self.change(f"INSERT INTO log VALUES ({first} + 9, {first}, 1, 1, '{{}}', NULL, '[]')")
        for node, age in ((self.one, 60), (self.two, 10)):
            self.change(f"UPDATE nodes SET cursor = {NOW} - {age * SECOND} WHERE id = {node}")
        self.assertEqual([lag for *_, lag, _ in self.found()], [30, 0])

    def test_heard(self) -> None:
        """Something was heard everywhere when the last node has told that it has delivered it."""
        self.change("UPDATE nodes SET cursor = 5")
        self.successResultOf(self.nodes.heard(5))
        waiting = self.nodes.heard(6)
        self.change(f"UPDATE nodes SET cursor = 6 WHERE id = {self.one}")
        self.reactor.advance(LOOK_EVERY)
        self.assertNoResult(waiting)
        self.change(f"UPDATE nodes SET cursor = 7 WHERE id = {self.two}")
        self.reactor.advance(LOOK_EVERY)
        self.successResultOf(waiting)
