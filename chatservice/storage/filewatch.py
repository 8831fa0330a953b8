"""Detecting that the database file is taken away while the chat runs, and put back."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from chatservice.storage.database import NOT_IN_PLACE, Database

log = Logger()

TAKEN_AWAY = f"{NOT_IN_PLACE}: lines are refused until it is back"


class FileWatch:
    """A check that the database file is still in its place.

    Nothing is stored while it is not: SQLite would go on writing to a file that is gone.

    @param path: of the file, for the log.
    @param tell_operators: called with a sentence for the operators who are here.
    """

    def __init__(
        self, database: Database, path: str, tell_operators: Callable[[str], object]
    ) -> None:
        self._database = database
        self._path = path
        self._tell_operators = tell_operators
        self._was_in_place = True

    def step(self) -> Deferred[bool]:
        """Check the file, and report changes; see L{chatservice.storage.maintenance.Upkeep}."""
        is_in_place = self._database.is_in_place()
        if is_in_place and not self._was_in_place:
            log.info("The database {path} is back where it was.", path=self._path)
            self._tell_operators("the database file is back: lines are stored again")
        elif self._was_in_place and not is_in_place:
            log.error(
                "{what}: {path}. Nothing is stored until it is back, and lines are refused.",
                what=NOT_IN_PLACE.capitalize(),
                path=self._path,
            )
            self._tell_operators(TAKEN_AWAY)
        self._was_in_place = is_in_place
        return succeed(False)

    def trouble(self) -> str:
        """Tell that the file is not in its place, as far as the last step has found."""
        return "" if self._was_in_place else TAKEN_AWAY
