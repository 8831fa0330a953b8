"""What the log tells when a node has entered its cluster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from twisted.logger import LogLevel, capturedLogs, formatEvent

from chatservice.chat.clock import WallClock
from chatservice.cluster import connection, entering, keeping
from chatservice.cluster.connection import connect
from chatservice.cluster.keeping import ClusterKeeping, try_out
from chatservice.cluster.link import Promises
from chatservice.cluster.schema import opened
from chatservice.config.settings import shared_by_nodes
from chatservice.config.table import OPTIONS
from chatservice.protocol.errors import CannotStart
from chatservice.storage.database import DatabaseError
from chatservice.storage.journal import CEILING_AHEAD
from tests.cluster.test_database import SLEEP
from tests.cluster.test_importing import ImportCase
from tests.cluster.test_link import NOWHERE
from tests.clustered import ClusterCase, new_url

UNSAFE = (
    "The database has no synchronous standby: what anyone saw is lost with its disk"
    " (synchronous_standby_names)."
)

CARELESS = "The database has fsync off: it may lose everything with its machine."


class KeepingTests(ClusterCase):
    """Nodes that enter."""

    def setUp(self) -> None:
        super().setUp()
        self.is_synchronous(True)

    def is_synchronous(self, promised: bool) -> None:
        self.patch(entering, "_PROMISES", f"SELECT true, {promised}")

    def opened_as(self, name: str, ahead: float = 0.0, **options: Any) -> list[str]:
        """Open a node until the test ends; gives what the log tells.

        @param ahead: seconds by which its clock is.
        @param options: those that differ from the defaults.
        """
        defaults = {row.name: row.default for row in OPTIONS}
        shared = shared_by_nodes({**defaults, "operator": [], **options})
        clock = WallClock(lambda: time.time() + ahead)
        node = ClusterKeeping(self.reactor, self.url, name, shared, clock, self.fail)
        with capturedLogs() as events:
            node.open()
        self.addCleanup(node.close)
        self.addCleanup(node.rest)
        return [str(formatEvent(event)) for event in events]

    def test_nothing_wrong(self) -> None:
        """It tells which node this is, and which others there are."""
        try_out(self.url, "one", None)
        one = "This node is one, number 1 in the cluster. The others: none."
        self.assertEqual(self.opened_as("one"), [one])
        self.opened_as("three")
        two = "This node is two, number 3 in the cluster. The others: one, three."
        self.assertEqual(self.opened_as("two"), [two])

    def test_no_standby(self) -> None:
        """A database without a synchronous standby is warned of once."""
        self.is_synchronous(False)
        self.assertEqual(self.opened_as("one")[1:], [UNSAFE])

    def test_other_promises(self) -> None:
        """If another server has taken over that promises less, that is told once."""
        node = ClusterKeeping(self.reactor, self.url, "one", "{}", WallClock(), self.fail)
        with capturedLogs() as events:
            for promises in ((True, True), (False, False), (False, False), (True, True)):
                node.journal.promised(Promises(*promises))
        self.assertEqual(
            [(event["log_level"], formatEvent(event)) for event in events],
            [(LogLevel.critical, CARELESS), (LogLevel.warn, UNSAFE)],
        )

    def test_clock(self) -> None:
        """A clock that is more than a second off is warned of."""
        self.assertEqual(self.opened_as("one", 0.5)[1:], [])
        for name, ahead, way in (("two", 90.0, "ahead of"), ("three", -3600.0, "behind")):
            (warning,) = self.opened_as(name, ahead)[1:]
            self.assertRegex(
                warning, rf"^The clock of this machine is [0-9]+\.[0-9] s {way} the database's\.$"
            )

    def test_options(self) -> None:
        """Other options than those of another node are named."""
        self.opened_as("one", operator=["ada", "eve"], keep=30)
        self.opened_as("two", operator=["eve", "ada"], keep=40, linger=10)
        self.assertEqual(
            self.opened_as("three", operator=["eve", "ada"], keep=40)[1:],
            [
                "The node one has other options than this one: keep.",
                "The node two has other options than this one: linger.",
            ],
        )

    def test_options_of_another_version(self) -> None:
        """Options that only one of two versions has are not compared."""
        self.patch(keeping, "enter", lambda *given: entering.enter(*given[:2], '{"new": 1}'))
        self.opened_as("one")
        self.patch(keeping, "enter", entering.enter)
        self.assertEqual(self.opened_as("two")[1:], [])


class ImportTests(ImportCase):
    """Nodes that begin with what a file has."""

    def setUp(self) -> None:
        super().setUp()
        self.fill()

    def test_once(self) -> None:
        """All is there when the node enters, and the log tells of it; it happens once."""
        try_out(self.url, "one", self.path)
        clock = WallClock()
        node = ClusterKeeping(self.reactor, self.url, "one", "{}", clock, self.fail, self.path)
        with capturedLogs() as events:
            node.open()
        self.addCleanup(node._database.close)
        self.addCleanup(node._connection.raw.close)
        self.assertEqual(formatEvent(events[0]), "events: 4 rows")
        self.assertEqual([account.nick for account in node.accounts.load()], ["Ada"])
        self.assertGreater(node.journal.cursor, CEILING_AHEAD)
        error = self.assertRaises(CannotStart, try_out, self.url, "two", self.path)
        sentence = "The node one is running: stop all nodes before you --import"
        self.assertEqual(str(error), sentence)

    def test_not_empty(self) -> None:
        """A cluster that has something already is left as it is."""
        self.copy()
        error = self.assertRaises(CannotStart, try_out, self.url, "one", self.path)
        self.assertIn("The cluster is not empty", str(error))


def threads() -> set[threading.Thread]:
    """The threads that wait for work."""
    return {each for each in threading.enumerate() if not isinstance(each, threading.Timer)}


class SilentTests(ClusterCase):
    """Databases that fall silent while a node starts."""

    def setUp(self) -> None:
        super().setUp()
        opened(self.url).raw.close()
        self.patch(connection, "START_SECONDS", 0.1)

    def held(self, table: str) -> None:
        """Let nobody read a table until the test ends."""
        holder = connect(self.url)
        self.addCleanup(holder.raw.close)
        holder.raw.execute(f"BEGIN; LOCK TABLE {table}".encode())

    def is_told(self, start: Callable[..., object], *given: Any) -> None:
        error = self.assertRaises((CannotStart, DatabaseError), start, *given)
        self.assertIn("The database does not answer", str(error))

    def node(self) -> ClusterKeeping:
        return ClusterKeeping(self.reactor, self.url, "one", "{}", WallClock(), self.fail)

    def test_tried_out(self) -> None:
        """It is told before anything else is done, and while it is asked whether the node may."""
        self.patch(keeping, "check", lambda connection, name: connection.execute(SLEEP))
        self.is_told(try_out, self.url, "one", None)
        self.held("chatservice")
        self.is_told(try_out, self.url, "one", None)

    def test_entering(self) -> None:
        """So it is while the node reads what the others know; its threads end, so the process can.

        Another attempt succeeds.
        """
        self.held("moving")
        node, before = self.node(), threads()
        self.is_told(node.open)
        self.assertEqual(threads(), before)
        self.successResultOf(node.close())
        self.doCleanups()
        node = self.node()
        node.open()
        self.successResultOf(node.close())

    def test_beginning(self) -> None:
        """And while it reads what it begins with."""
        database = self.opened()
        self.is_told(database.at_start, lambda connection: connection.execute(SLEEP))


class FailingTests(ClusterCase):
    """Nodes that do not."""

    def fails(self, error: Exception) -> Exception:
        """What comes of an error when a start is tried out."""

        def check(*_: object) -> None:
            raise error

        self.patch(keeping, "check", check)
        return self.assertRaises((CannotStart, psycopg.Error), try_out, new_url(), "one", None)

    def test_lost(self) -> None:
        """A database that is lost meanwhile is told in a sentence."""
        told = self.fails(psycopg.OperationalError("server closed the connection"))
        self.assertIsInstance(told, CannotStart)
        self.assertEqual(str(told), "The database does not answer")

    def test_given_up(self) -> None:
        """A node that could not be opened is closed like any other."""
        node = ClusterKeeping(self.reactor, NOWHERE, "one", "{}", WallClock(), self.fail)
        self.assertRaises(CannotStart, node.open)
        self.successResultOf(node.rest())
        self.successResultOf(node.close())

    def test_bug(self) -> None:
        """A bug is none of the operator's."""
        bug = psycopg.errors.SyntaxError("at or near")
        self.assertIs(self.fails(bug), bug)
