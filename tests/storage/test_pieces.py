"""Reading rows a piece at a time."""

from __future__ import annotations

from itertools import islice
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.storage.database import Database
from chatservice.storage.pieces import FIRST, MOST, in_pieces

ROWS = 2500
ONWARD = "SELECT 'x', id FROM numbers WHERE id > ?1 AND id <> ?3 ORDER BY id LIMIT ?2"
BACK = "SELECT id FROM numbers WHERE id < ?1 ORDER BY id DESC LIMIT ?2"


class PiecesTests(SynchronousTestCase):
    """Rows with the ids from 1 on."""

    def setUp(self) -> None:
        database = Database()
        database.open("-- version 1\nCREATE TABLE numbers (id INTEGER PRIMARY KEY)")
        self.connection: Any = database.at_start(lambda connection: connection)
        self.database_ = database
        self.connection.executemany(
            "INSERT INTO numbers VALUES (?)", [(id,) for id in range(1, ROWS + 1)]
        )
        self.limits: list[str] = []
        self.connection.set_trace_callback(lambda sql: self.limits.append(sql.split()[-1]))

    def test_all(self) -> None:
        """Every row is read once, in larger and larger pieces."""
        rows = in_pieces(self.connection, ONWARD, 5, 7, id_at=1)
        self.assertEqual([id for _, id in rows], [6, *range(8, ROWS + 1)])
        sizes = [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, MOST]
        self.assertEqual(self.limits, list(map(str, sizes)))

    def test_no_more_than_is_used(self) -> None:
        """A piece is read when its first row is wanted, and none after a short one."""
        rows = in_pieces(self.connection, BACK, ROWS, first=3)
        self.assertEqual(self.limits, [])
        self.assertEqual([id for (id,) in islice(rows, 3)], [2499, 2498, 2497])
        self.assertEqual(self.limits, ["3"])
        self.assertEqual(list(in_pieces(self.connection, BACK, 3, first=3)), [(2,), (1,)])
        self.assertEqual(self.limits, ["3", "3"])
