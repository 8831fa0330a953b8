"""Limits on attempts in the whole cluster: whoever tries at several nodes has no more of them."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.cluster.database import ClusterDatabase
from chatservice.protocol.errors import StorageError

log = Logger()

_ATTEMPT = "SELECT attempt(?, ?, ?, ?)"
_GIVE_BACK = "SELECT attempt_taken_back(?, ?)"


class ClusterTries:
    """A sliding window for each key, by the clock of the database; see L{Tries
    <chatservice.people.ratelimit.Tries>}.

    @param kind: keeps the keys of this limit apart from those of others.
    @param limit: the most attempts in any span of C{within} seconds.
    """

    def __init__(
        self, database: ClusterDatabase, kind: str, limit: int = 5, within: float = 60.0
    ) -> None:
        self._database = database
        self._kind = kind
        self._limit = limit
        self._within = timedelta(seconds=within)

    def attempt(self, *keys: Hashable) -> Deferred[float]:
        """See L{Tries.attempt <chatservice.people.ratelimit.Tries.attempt>}.

        If the database does not answer, the attempt fails, and may count all the same.
        """
        given = (self._kind, _spelled(keys), self._limit, self._within)
        return self._database.change(_ATTEMPT, *given).addCallback(lambda row: float(row[0]))

    def give_back(self, *keys: Hashable) -> None:
        """See L{Tries.give_back <chatservice.people.ratelimit.Tries.give_back>}."""

        def complain(failure: Failure) -> None:
            failure.trap(StorageError)
            log.warn("An attempt that should not count does: {why}.", why=failure.value)

        self._database.change(_GIVE_BACK, self._kind, _spelled(keys)).addErrback(complain)


def _spelled(keys: tuple[Hashable, ...]) -> list[str]:
    """Write keys as texts: nobody reads them."""
    return [ascii(key) for key in keys]
