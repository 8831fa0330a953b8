"""Journals of tests."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from chatservice.acts import OperatorAct
from chatservice.database import Database
from chatservice.events import Event
from chatservice.rows import ACT, PRIVATE, TALK, act_of, private_of, talk_of
from chatservice.storedjournal import DatabaseJournal


class JournalInMemory(DatabaseJournal):
    """A journal in a new database in memory, which answers at once."""

    def __init__(self) -> None:
        database = Database(seconds=Clock().seconds)
        database.open()
        super().__init__(database)
        self.open()


def rows(journal: DatabaseJournal, sql: str, *given: object) -> list[Any]:
    """What a statement finds in the database of a journal."""
    return journal._database.at_start(lambda connection: connection.execute(sql, given).fetchall())


def stored(journal: DatabaseJournal) -> list[Event]:
    """All that was said, in rooms and in private, by id."""
    talk = map(talk_of, rows(journal, f"SELECT {TALK} FROM events"))
    private = map(private_of, rows(journal, f"SELECT {PRIVATE} FROM whispers"))
    return sorted([*talk, *private], key=lambda event: event.id)


def acts(journal: DatabaseJournal) -> list[OperatorAct]:
    """All that operators did, by id."""
    return list(map(act_of, rows(journal, f"SELECT {ACT} FROM acts ORDER BY id")))
