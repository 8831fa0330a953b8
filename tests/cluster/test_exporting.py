"""The way from a cluster back to the file of a single chat."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from runpy import run_path
from typing import Any

import psycopg

from chatservice.cluster import exporting
from chatservice.cluster.connection import connect, shown
from chatservice.cluster.entering import begin_above
from chatservice.cluster.exporting import USAGE, main
from chatservice.cluster.importing import TABLES
from chatservice.storage.database import Database
from tests.cluster.test_importing import ImportCase

COPIED = (*TABLES, "moving")


class ExportTests(ImportCase):
    """A cluster with something in every table, which was filled from one file."""

    def setUp(self) -> None:
        super().setUp()
        self.back = str(self.folder / "back.sqlite3")
        self.printed = StringIO()

    def filled(self) -> None:
        """Fill the cluster."""
        self.fill()
        self.copy(begin_above=begin_above)
        cluster = connect(self.url)
        self.addCleanup(cluster.raw.close)
        cluster.execute("INSERT INTO moving VALUES (?, ?)", (b"former", b"now"))

    def contents(self, path: str) -> dict[str, list[Any]]:
        """The rows of a file, by table."""
        file = sqlite3.connect(path)
        rows = {
            table: sorted(file.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in (*COPIED, "ids")
        }
        file.close()
        return rows

    def export(self, *arguments: str) -> str:
        """Run the program; gives the sentence with which it fails, if it does."""
        try:
            with redirect_stdout(self.printed):
                main(arguments or (self.url, self.back))
        except SystemExit as error:
            return str(error)
        return ""

    def test_all(self) -> None:
        """Every row comes back as it was, and new ids will be above all of the cluster's."""
        self.filled()
        self.patch(exporting, "PIECE", 3)
        self.assertEqual(self.export(), "")
        came, went = self.contents(self.back), self.contents(self.path)
        self.assertEqual(came.pop("moving"), [(b"former", b"now")])
        # PostgreSQL keeps no NUL, and who was there has left.
        for table in ("events", "places"):
            self.assertEqual(
                came.pop(table),
                sorted((tuple(row) for row in self.rows(table)), key=repr),
                table,
            )
        self.assertEqual(came, {table: went[table] for table in came})
        self.assertEqual(self.printed.getvalue().splitlines()[0], "events: 4 rows")

    def test_opened(self) -> None:
        """A chat can use the file."""
        self.filled()
        self.export()
        database = Database(self.back)
        database.open()
        database.close()
        names = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(names, ["back.sqlite3", "chat.sqlite3"])

    def test_there_already(self) -> None:
        """A file that exists is left alone."""
        Path(self.back).write_text("dear diary")
        self.assertEqual(self.export(), f"The file exists already: cannot write {self.back}")
        self.assertEqual(Path(self.back).read_text(), "dear diary")

    def test_no_folder(self) -> None:
        """A folder must exist."""
        path = str(self.folder / "no" / "back.sqlite3")
        self.assertEqual(
            self.export(self.url, path), f"No such file or directory: cannot write {path}"
        )

    def test_no_cluster(self) -> None:
        """The cluster must exist."""
        sentence = "The address of the database must be like postgresql://chat@db.example/chat"
        self.assertEqual(self.export("chat", self.back), sentence)

    def failing_with(self, error: Exception) -> str:
        """The sentence that an error becomes; nothing is left of the file."""

        def fail(*_: object) -> int:
            raise error

        self.patch(exporting, "_copy", fail)
        sentence = self.export()
        self.assertEqual(list(self.folder.iterdir()), [])
        return sentence

    def test_disk(self) -> None:
        """A full disk is told of."""
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        self.assertEqual(
            self.failing_with(error), f"The disk is full: cannot write {self.back}"
        )

    def test_lost(self) -> None:
        """A cluster that is lost is told of."""
        error = psycopg.OperationalError("server closed the connection")
        sentence = f"The database does not answer: cannot use {shown(self.url)}"
        self.assertEqual(self.failing_with(error), sentence)

    def test_bug(self) -> None:
        """A bug is a traceback."""
        for error in (psycopg.ProgrammingError("at or near"), sqlite3.ProgrammingError("near")):
            with self.assertRaises(type(error)):
                self.failing_with(error)

    def test_usage(self) -> None:
        """It takes a URL and a file, on the command line."""
        self.patch(sys, "argv", ["exporting.py", "chat"])
        with self.assertRaisesRegex(SystemExit, USAGE):
            run_path(exporting.__file__, run_name="__main__")
