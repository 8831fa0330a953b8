"""Claims of nicknames at a node of a cluster."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from chatservice.cluster.claims import ClusterNames
from chatservice.cluster.entering import enter
from chatservice.cluster.link import Seat
from chatservice.cluster.log import ClusterLog
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError
from tests.clustered import ClusterCase, connect_fast, session_of
from tests.engine import skip_without_postgresql

AWAY = StorageError("the database does not answer")


class Log:
    """A log that has passed everything.

    @ivar heads: the ids that were waited for.
    """

    trouble = ""

    def __init__(self) -> None:
        self.heads: list[int] = []

    def caught_up(self, head: int) -> Deferred[None]:
        self.heads.append(head)
        return succeed(None)


class HeldDatabase:
    """A database whose answers a test gives.

    @ivar asked: for each statement the names that are claimed, and those that are given up.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[str]]] = []
        self._answers: list[Deferred[Any]] = []

    def change(
        self, sql: str, node: int, keys: list[str], claims: list[int], released: list[str]
    ) -> Deferred[Any]:
        self.asked.append((keys, released))
        self._answers.append(Deferred())
        return self._answers[-1]

    def answer(self, *taken: int) -> None:
        self._answers.pop(0).callback((list(taken), 7))

    def fail(self, error: Exception = AWAY) -> None:
        self._answers.pop(0).errback(error)


def names_over(database: Any, log: Log, node: int = 1) -> ClusterNames:
    """Make the claims of a node."""
    return ClusterNames(database, cast(ClusterLog, log), Seat(node, 1), lambda: succeed(None))


class TogetherTests(SynchronousTestCase):
    """Claims while the engine is being asked."""

    def setUp(self) -> None:
        self.database, self.log = HeldDatabase(), Log()
        self.names = names_over(self.database, self.log)

    def test_together(self) -> None:
        """Claims that come meanwhile go together, and each gets its own answer."""
        first, second, third = (
            self.names.claim(*keys) for keys in (("ada",), ("bob", "@b"), ("eve",))
        )
        self.assertEqual(self.database.asked, [(["ada"], [])])
        self.database.answer()
        self.successResultOf(first)
        self.assertEqual(self.database.asked[1:], [(["bob", "@b", "eve"], [])])
        self.database.answer(0)
        self.assertEqual(self.failureResultOf(second, ChatError).value.code, "nick-taken")
        self.successResultOf(third)
        self.assertEqual(self.log.heads, [7, 7])

    def test_once(self) -> None:
        """Nobody else gets a name here that is claimed here, until it is given up."""
        first = self.names.claim("ada")
        self.failureResultOf(self.names.claim("ada", "@a"), ChatError)
        self.database.answer()
        self.successResultOf(first)
        self.names.release("ada")
        self.names.claim("ada")
        self.database.answer()
        self.assertEqual(self.database.asked, [(["ada"], []), ([], ["ada"]), (["ada"], [])])

    def test_given_up(self) -> None:
        """What somebody here has given up may be claimed when all so far has passed."""
        self.successResultOf(self.names.given_up())
        passed: Deferred[None] = Deferred()
        log = cast(ClusterLog, self.log)
        waiting = ClusterNames(self.database, log, Seat(1, 1), lambda: passed).given_up()
        self.assertNoResult(waiting)
        passed.callback(None)
        self.successResultOf(waiting)

    def test_given_up_and_claimed(self) -> None:
        """A name that is claimed once more is not given up."""
        for key in ("ada", "bob"):
            self.names.claim(key)
            self.database.answer()
        self.names.claim("eve")
        self.names.release("ada", "bob")
        again = self.names.claim("ada")
        self.database.answer()
        self.assertEqual(self.database.asked[-1], (["ada"], ["bob"]))
        self.database.answer()
        self.successResultOf(again)

    def test_taken(self) -> None:
        """A claim that comes to nothing here may be made again."""
        claim = self.names.claim("ada")
        self.database.answer(0)
        self.failureResultOf(claim, ChatError)
        self.names.claim("ada")
        self.assertEqual(self.database.asked, [(["ada"], [])] * 2)

    def test_no_answer(self) -> None:
        """What may have been claimed is given up, with the next claim if need be."""
        claim = self.names.claim("ada")
        self.database.fail()
        self.failureResultOf(claim, StorageError)
        self.assertEqual(self.database.asked[1:], [(["ada"], ["ada"])])
        self.database.fail()
        self.names.claim("bob")
        self.assertEqual(self.database.asked[2:], [(["bob", "ada"], ["ada"])])
        self.database.answer()
        self.names.claim("eve")
        self.assertEqual(self.database.asked[3:], [(["eve"], [])])

    def test_failure(self) -> None:
        """A mistake of ours is logged."""
        claim = self.names.claim("ada")
        self.database.fail(ZeroDivisionError())
        self.failureResultOf(claim, ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_away(self) -> None:
        """If the engine is known to be away, the answer comes at once."""
        self.log.trouble = "the database does not answer"
        self.failureResultOf(self.names.claim("ada"), StorageError)
        self.assertEqual(self.database.asked, [])


@skip_without_postgresql
class EngineTests(ClusterCase):
    """Claims of two nodes over one database."""

    def setUp(self) -> None:
        super().setUp()
        self.log = Log()
        database, connection = self.opened(), connect_fast(self.url)
        self.addCleanup(connection.raw.close)
        self.connection = connection
        self.here, self.there = (
            names_over(database, self.log, enter(connection, name, "{}").seat.node)
            for name in ("here", "there")
        )

    def claimed(self) -> list[tuple[str, int]]:
        """The names that are claimed, and by which node."""
        return self.connection.execute("SELECT * FROM names ORDER BY key").fetchall()

    def test_all_or_none(self) -> None:
        """Of the names of a claim a node gets all or none."""
        self.successResultOf(self.here.claim("ada"))
        self.failureResultOf(self.there.claim("ada", "@a"), ChatError)
        self.assertEqual(self.claimed(), [("ada", 1)])
        self.here.release("ada")
        self.successResultOf(self.there.claim("ada", "@a"))
        self.assertEqual(self.claimed(), [("@a", 2), ("ada", 2)])

    def test_lost_answer(self) -> None:
        """A claim whose answer was lost is made again."""
        self.connection.execute("INSERT INTO names VALUES ('ada', 1)")
        self.successResultOf(self.here.claim("ada"))
        self.assertEqual(self.claimed(), [("ada", 1)])

    def test_late(self) -> None:
        """A claim that is carried out after it was given up leaves nothing behind."""
        late, session = connect_fast(self.url), connect_fast(self.url)
        for each in (late, session):
            self.addCleanup(each.raw.close)
        number, claim = session_of(session), "SELECT chat_claim(1, ?, ?, ?)"
        with ThreadPoolExecutor() as pool:
            with late.raw.transaction():
                late.execute(claim, (["ada"], [0], []))
                done = pool.submit(session.execute, claim, (["ada"], [0], ["ada"]))
                while not self.waits(number):
                    pass
            done.result()
        self.assertEqual(self.claimed(), [])

    def test_at_once(self) -> None:
        """Of three nodes that claim the same thousand names at once, one gets each."""
        enter(self.connection, "yonder", "{}")
        sessions = [connect_fast(self.url) for _ in range(3)]
        for each in sessions:
            self.addCleanup(each.raw.close)

        def claims(place: int) -> set[str]:
            """Claim all names in an order of this node's own, some at a time."""
            choose, node = random.Random(place), place + 1
            left, got = [f"name{number}" for number in range(1000)], set()
            choose.shuffle(left)
            start.wait()
            while left:
                size = choose.randint(1, 20)
                keys, left = left[:size], left[size:]
                given = (node, keys, list(range(len(keys))), [])
                claim = "SELECT v_taken FROM chat_claim(?, ?, ?, ?)"
                ((taken,),) = sessions[place].execute(claim, given).fetchall()
                got.update(key for number, key in enumerate(keys) if number not in taken)
            return got

        start = threading.Barrier(3)
        with ThreadPoolExecutor() as pool:
            got = list(pool.map(claims, range(3)))
        told = sorted((key, place + 1) for place, keys in enumerate(got) for key in keys)
        self.assertEqual(told, self.claimed())
        self.assertEqual(len(told), 1000)
        self.assertTrue(all(got), "one node after the other")

    def waits(self, session: int) -> bool:
        """Whether a session waits for another one."""
        sql = "SELECT cardinality(pg_blocking_pids(?::integer)) > 0"
        (row,) = self.connection.execute(sql, (session,)).fetchall()
        return bool(row[0])

    def test_held(self) -> None:
        """A name that somebody has is neither claimed nor given up."""
        self.connection.execute(
            "INSERT INTO members (identity, nick, key, userhost, real_name, since, homes)"
            " VALUES ('a', 'ada', 'ada', '', '', 1, '{1}')"
        )
        self.connection.execute("INSERT INTO names VALUES ('ada', 1)")
        self.here.release("ada")
        self.failureResultOf(self.here.claim("ada", "@a"), ChatError)
        self.assertEqual(self.claimed(), [("ada", 1)])

    def test_head(self) -> None:
        """A claim waits until everything has passed that was committed before."""
        self.connection.execute("UPDATE head SET last = 12")
        self.successResultOf(self.here.claim("ada"))
        self.assertEqual(self.log.heads, [12])

    def test_catching_up(self) -> None:
        """What is committed by now has passed, if it is asked for; not while the engine is away."""
        self.connection.execute("UPDATE head SET last = 12")
        self.successResultOf(self.here.catch_up())
        self.assertEqual(self.log.heads, [12])
        self.log.trouble = "the database does not answer"
        self.failureResultOf(self.here.catch_up(), StorageError)
