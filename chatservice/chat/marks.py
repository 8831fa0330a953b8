"""How far people have read, as their programs say it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.access import Whom
from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Archive
from chatservice.chat.publisher import Publish
from chatservice.chat.rooms import Device
from chatservice.protocol.events import Read


class Marks:
    """The mover of read markers, and of the marks of conversations with one person.

    Marks are what people's programs say, and only ever move on. That of a room also moves the read
    marker that there is in any case (L{Reading <chatservice.chat.read_markers.Reading>}). A
    conversation with one person is read up to its own mark, which is stored, or up to that of all
    private lines if that is further on. People with accounts keep both.

    @param publish: publishes an event of a member.
    @param last_delivered: finds the id of the last event that has passed.
    """

    def __init__(
        self, journal: Archive, publish: Publish, last_delivered: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._publish = publish
        self._last_delivered = last_delivered

    def note_read(self, by: Device, room: str, id: int, ref: str = "") -> Envelope:
        """Note that a member has read a room up to an id (C{""}: private lines), or further before.

        @param ref: the client's own mark for the request, or empty.
        """
        reading, last = by.member.reading, self._last_delivered()
        reading.move(room, min(id, last))
        reading.note_mark(room, min(id, last))
        upto, mark = reading.marker(room, last), self.of_room(by, room)
        return self._publish(by.member, Read(room=room, upto=upto, ref=ref, mark=mark), by)

    def of_room(self, by: Device, room: str) -> int:
        """Find the id up to which a member has marked a room as read (C{""}: private lines).

        It is 0 where nothing has been marked.
        """
        return by.member.reading.mark(room, self._last_delivered())

    @inlineCallbacks
    def of_person(self, by: Device, whom: Whom) -> Generator[Deferred[Any], Any, int]:
        """Find the id up to which a member has marked the lines with a person as read, or 0.

        Fails with L{StorageError <chatservice.protocol.errors.StorageError>}.
        """
        mark: int = yield self._journal.mark(by.member.identity, whom.identity)
        return max(mark, self.of_room(by, ""))

    @inlineCallbacks
    def note_read_with(
        self, by: Device, whom: Whom, id: int, ref: str = ""
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Note that a member has read the private lines with a person up to an id, or further.

        Fails with L{StorageError <chatservice.protocol.errors.StorageError>}.

        @param ref: see L{note_read}.
        """
        member, id = by.member, min(id, self._last_delivered())
        mark: int = yield self._journal.move_mark(member.identity, whom.identity, whom.nick, id)
        upto = max(mark, self.of_room(by, ""))
        read = Read(
            room="", to=whom.nick, to_identity=whom.identity, upto=upto, ref=ref, mark=upto
        )
        return self._publish(member, read, by)
