"""Limits on attempts in the whole cluster, by the clock of the database."""

from __future__ import annotations

from twisted.internet.defer import fail
from twisted.logger import capturedLogs, formatEvent

from chatservice.cluster.tries import _ATTEMPT, ClusterTries
from chatservice.protocol.errors import StorageError
from tests.clustered import ClusterCase, at_once, connect_fast

PASS = """
    UPDATE tries SET until = until - make_interval(secs => ?1),
        times = ARRAY(SELECT one - make_interval(secs => ?1) FROM unnest(times) AS one)"""


class TriesTests(ClusterCase):
    """Three tries in a hundred seconds, at two nodes."""

    def setUp(self) -> None:
        super().setUp()
        self.databases = [self.opened(), self.opened()]
        self.here, self.there = (
            ClusterTries(database, "tests", 3, 100) for database in self.databases
        )

    def pass_(self, seconds: int) -> None:
        """Let time go by."""
        connection = connect_fast(self.url)
        connection.execute(PASS, (seconds,))
        connection.raw.close()

    def count(self) -> int:
        """How many keys are remembered."""
        connection = connect_fast(self.url)
        row = connection.execute("SELECT count(*) FROM tries").fetchone()
        assert row is not None
        connection.raw.close()
        count: int = row[0]
        return count

    def attempt(self, tries: ClusterTries, *keys: object) -> int:
        """Attempt something; gives the seconds to wait, rounded."""
        return round(self.successResultOf(tries.attempt(*keys)))

    def test_at_the_limit(self) -> None:
        """So many may be made, wherever; then one waits until the first is old enough."""
        waits = [self.attempt(tries, "ada") for tries in (self.here, self.there, self.here)]
        self.pass_(30)
        waits += [self.attempt(self.there, "ada"), self.attempt(self.here, "bob")]
        self.assertEqual(waits, [0, 0, 0, 70, 0])

    def test_sliding(self) -> None:
        """In no span of that length are there more than the limit."""
        for seconds in (20, 10, 70):
            self.assertEqual(self.attempt(self.here, "ada"), 0)
            self.pass_(seconds)
        self.assertEqual(self.attempt(self.here, "ada"), 0)
        self.assertEqual(self.attempt(self.here, "ada"), 20)

    def test_for_all_or_none(self) -> None:
        """An attempt counts for all of its keys, or for none if it is one too many for any."""
        for _ in range(3):
            self.attempt(self.here, "ada")
        self.assertEqual(self.attempt(self.here, "bob", "ada"), 100)
        waits = [self.attempt(self.here, "bob", "eve") for _ in range(4)]
        self.assertEqual(waits, [0, 0, 0, 100])

    def test_give_back(self) -> None:
        """An attempt that is given back does not count, and the ones before it do."""
        for _ in range(3):
            self.attempt(self.here, "ada", "bob")
        self.there.give_back("bob", "ada", "nobody")
        waits = [self.attempt(self.here, "bob", "ada") for _ in range(2)]
        self.assertEqual(waits, [0, 100])

    def test_give_back_nothing(self) -> None:
        """There may be nothing left to give back."""
        self.attempt(self.here, "ada")
        for _ in range(2):
            self.here.give_back("ada")
        waits = [self.attempt(self.here, "ada") for _ in range(4)]
        self.assertEqual(waits, [0, 0, 0, 100])

    def test_kinds(self) -> None:
        """What is limited elsewhere is counted apart, and so is any other key."""
        keys = [("ada", None), (None, "ada"), "ada", "('ada', None)", "nul \0, \ud800"]
        for key in keys:
            self.assertEqual([self.attempt(self.here, key) for _ in range(4)], [0, 0, 0, 100])
        others = ClusterTries(self.databases[0], "others", 3, 100)
        self.assertEqual(self.attempt(others, "ada"), 0)

    def test_at_once(self) -> None:
        """Of many at the same moment, no more count."""
        calls = [(_ATTEMPT, ("tests", keys, 3, self.here._within)) for keys in (["a", "b"], ["b"])]
        waits = [wait for (wait,) in at_once(self.url, calls * 5)]
        self.assertEqual(sorted(map(bool, waits)), [False] * 3 + [True] * 7)

    def test_clock_set_back(self) -> None:
        """If the clock of the database was set back, nobody waits for it."""
        for _ in range(3):
            self.attempt(self.here, "ada")
        self.pass_(-1000)
        self.assertEqual(self.attempt(self.here, "ada"), 0)

    def test_forgotten(self) -> None:
        """What was not tried for so long is deleted in passing, and what was refused too."""
        for number in range(15):
            self.attempt(self.here, f"guest{number}")
        for _ in range(4):
            self.attempt(self.here, "ada", "bob")
        self.pass_(101)
        self.attempt(self.here, "eve")
        self.assertEqual(self.count(), 1)

    def test_no_answer(self) -> None:
        """If the database does not answer, an attempt fails; one that stays counted is logged."""
        away = StorageError("the database does not answer")
        self.patch(self.databases[0], "change", lambda *_: fail(away))
        self.failureResultOf(self.here.attempt("ada"), StorageError)
        with capturedLogs() as logged:
            self.here.give_back("ada")
        (entry,) = logged
        sentence = "An attempt that should not count does: the database does not answer."
        self.assertEqual(formatEvent(entry), sentence)
