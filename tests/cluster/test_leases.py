"""Leases: who lives, who is taken over, and what a clock that is set does to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chatservice.cluster.connection import ClusterConnection
from chatservice.cluster.link import Seat
from tests.cluster.test_entering import EnteringCase
from tests.clustered import at_once


def waiting(connection: ClusterConnection) -> int:
    """Count the sessions that wait for the lock of the log."""
    sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    (row,) = connection.execute(sql).fetchall()
    count: int = row[0]
    return count


class LeaseTests(EnteringCase):
    """Nodes that renew their leases, or do not."""

    def setUp(self) -> None:
        super().setUp()
        self.connection, self.one = self.entered("one")
        self.two, self.dead = (self.entered(name)[1] for name in ("two", "dead"))

    def renew(self, seat: Seat, adopts: bool = True) -> list[int]:
        """Renew the lease of a node, and give the numbers of those that it takes over."""
        given = (seat.node, seat.link, 0, 0, adopts)
        rows = self.connection.execute("SELECT chat_renew(?, ?, ?, ?, ?)", given).fetchall()
        adopted: list[int] = rows[0][0]
        return adopted

    def pass_by(self, seconds: float) -> None:
        """Let time pass, or set the clock ahead or back, which the engine cannot tell apart."""
        self.connection.execute(
            "UPDATE nodes SET renewed = renewed - make_interval(secs => ?), renewals ="
            " ARRAY(SELECT each - make_interval(secs => ?) FROM unnest(renewals) AS each)",
            (seconds, seconds),
        )

    def renew_for(self, seconds: int) -> list[int]:
        """Let two nodes renew their leases, and give the numbers of those that one takes over."""
        adopted = []
        for _ in range(0, seconds, 3):
            self.pass_by(3.0)
            self.assertEqual(self.renew(self.two, adopts=False), [])
            adopted += self.renew(self.one)
        return adopted

    def test_silent(self) -> None:
        """A node that has shown nothing for 15 s is taken over, and not before."""
        self.assertEqual(self.renew_for(12), [])
        self.assertEqual(self.renew_for(6), [self.dead.node])

    def test_just_come(self) -> None:
        """A node that has just come cannot know who is dead."""
        self.pass_by(60.0)
        self.renew(self.two, adopts=False)
        self.assertEqual([self.renew(self.one) for _ in range(3)], [[], [], []])

    def test_clock_set(self) -> None:
        """When the clock is set ahead or back, whoever lives stays; the dead are still found."""
        for seconds in (3600.0, -3600.0):
            self.renew_for(18)
            _, dead = self.entered(f"dead {seconds}")
            self.pass_by(seconds)
            self.assertEqual(self.renew(self.one), [])
            self.assertEqual(self.renew_for(3), [])
            self.assertEqual(self.renew_for(12), [dead.node])
            self.assertEqual(self.renew_for(30), [])


class LateTests(EnteringCase):
    """Nodes that are late."""

    def test_leaving_to_a_late_node(self) -> None:
        """Who stops while the only other node is late hands over to that one."""
        holder, late = self.entered("one")
        _, seat = self.entered("two")
        holder.execute(
            "INSERT INTO members (identity, nick, key, userhost, real_name, since, homes)"
            " VALUES ('a', 'ada', 'ada', '', '', 1, ?)",
            ([seat.node],),
        )
        self.age()
        holder.execute("SELECT chat_leave(?, ?, 0)", (seat.node, seat.link))
        holder.execute("SELECT chat_renew(?, ?, 0, 0, false)", (late.node, late.link))
        rows = holder.execute("SELECT homes, lingers FROM members").fetchall()
        self.assertEqual(rows, [([late.node], True)])

    def test_two_at_once(self) -> None:
        """Of two nodes that take each other for dead at one moment, one takes over the other."""
        seats = [self.entered(name)[1] for name in ("one", "two")]
        self.age()
        self.connected().execute("UPDATE nodes SET renewals = array_fill(clock_timestamp(), '{3}')")
        ask = "SELECT chat_renew(?, ?, 0, 0, true)"
        calls = [(ask, (each.node, each.link)) for each in seats]
        holder, watcher = self.connected(), self.connected()
        with ThreadPoolExecutor() as pool:
            with holder.raw.transaction():
                holder.execute("SELECT chat_lock()")
                answers = pool.submit(at_once, self.url, calls)
                while waiting(watcher) < 2:
                    pass
            adopted = [row[0] for row in answers.result()]
        first, second = (seat.node for seat in seats)
        self.assertIn(adopted, ([[second], None], [None, [first]]))
