"""Everything that belongs to an identity, in memory and in the journal: moving and erasing it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.journal import JournalError
from chatservice.refs import Spoken
from chatservice.rooms import Member

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

log = Logger()


class Belongings:
    """Lines, places, roles and sanctions of people, by identity.

    @param chat: the one.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    @inlineCallbacks
    def become(
        self, former: bytes, now: bytes, member: Member
    ) -> Generator[Deferred[Any], Any, None]:
        """Have everything that goes by one identity go by another from now on.

        @param member: who has the former one, or had it.
        """
        for last in (False, True):
            self._rename(former, now, member)
            try:
                yield self._chat.journal.become(former, now, last)
            except JournalError as error:
                log.error("What somebody said is moved at the next start only: {why}.", why=error)
            # What was on its way meanwhile is stored, and holds, under the former identity.
            yield self._chat.passed()
        self._chat.moderation.became(former)

    def _rename(self, former: bytes, now: bytes, member: Member) -> None:
        chat = self._chat
        if member.identity == former:
            member.identity = now
            chat.flood.become(former, now)
        chat.moderation.become(former, now)
        chat.departures.become(former, now)
        chat.rooms.become(former, now)
        chat.topics.become(former, now)

    @inlineCallbacks
    def erase(
        self, identity: bytes, member: Member
    ) -> Generator[Deferred[Any], Any, int]:
        """Forget everything that somebody said, and give back how many lines that were.

        @param member: who wishes it.
        """
        chat = self._chat
        member.forgotten = identity
        count: int = yield chat.journal.forget(identity)
        chat.rooms.forget(identity)
        chat.topics.forget(identity)
        for each in chat.members.values():
            if each.identity == identity:
                each.spoken = Spoken()
        return count
