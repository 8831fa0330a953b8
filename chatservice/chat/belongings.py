"""Everything that belongs to an identity, in memory and in the journal: moving and erasing it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.chat.departures import Departures
from chatservice.chat.envelope import Envelope
from chatservice.chat.formers import Formers
from chatservice.chat.journal import Journal
from chatservice.chat.permissions import Permissions
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.chat.topics import Topics
from chatservice.people.ratelimit import FloodLimit
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Identified
from chatservice.protocol.whereabouts import Erased

log = Logger()


class Belongings:
    """Lines, read markers, roles and sanctions of people, by identity.

    @param passed: returns a Deferred that fires when everything published so far is through.
    @param publish_event: publishes an event whose author is already filled in.
    """

    def __init__(
        self,
        journal: Journal,
        roster: Roster,
        rooms: RoomList,
        topics: Topics,
        permissions: Permissions,
        formers: Formers,
        flood: FloodLimit,
        departures: Departures,
        passed: Callable[[], Deferred[None]],
        publish_event: Callable[[Envelope], object],
    ) -> None:
        self._journal = journal
        self._roster = roster
        self._rooms = rooms
        self._topics = topics
        self._permissions = permissions
        self._formers = formers
        self._flood = flood
        self._departures = departures
        self._passed = passed
        self._publish_event = publish_event

    @inlineCallbacks
    def become(self, former: bytes, now: bytes) -> Generator[Deferred[Any], Any, None]:
        """Have everything that goes by one identity go by another from now on."""
        # Whoever comes under the former identity from now on is somebody else.
        self._roster.become(former, now)
        self._formers.begin(former, now)
        changed = Identified(identity=now, former=former, with_lines=True)
        self._publish_event(Envelope(changed, subject=self._roster.dweller(now)))
        for last in (False, True):
            self._rename(former, now)
            try:
                yield self._journal.become(former, now, last)
            except StorageError as error:
                log.error(
                    "Moving somebody's lines to an account waits for the next start: {why}.",
                    why=error,
                )
            # What was on its way meanwhile is stored, and holds, under the former identity.
            yield self._passed()
        self._formers.settle(former)

    def follow(self, former: bytes, now: bytes) -> None:
        """Do what L{become} does in memory: the node that publishes it does the rest."""
        self._rename(former, now)

    def _rename(self, former: bytes, now: bytes) -> None:
        parts = (self._flood, self._permissions, self._rooms, self._topics, self._departures)
        for part in parts:
            part.become(former, now)
        member = self._roster.dweller(former)
        if member is not None and member.forgotten == former:
            member.forgotten = now

    @inlineCallbacks
    def erase(
        self, identity: bytes, member: Member
    ) -> Generator[Deferred[Any], Any, int]:
        """Forget everything that somebody said, and give back how many lines that were.

        @param member: who wishes it.
        """
        member.forgotten = identity
        count: int = yield self._journal.forget(identity)
        self._publish_event(Envelope(Erased(identity=identity)))
        self.erased(identity)
        return count

    def erased(self, identity: bytes) -> None:
        """Forget what was erased from the journal."""
        self._rooms.forget(identity)
        self._topics.forget(identity)
        self._departures.forget(identity)
        for each in self._roster.values():
            if each.identity == identity:
                each.forget_spoken()
                each.forgotten = identity
