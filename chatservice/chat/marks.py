"""How far people have read, as their programs say it."""

from __future__ import annotations

from collections.abc import Callable

from chatservice.chat.envelope import Envelope
from chatservice.chat.publisher import Publish
from chatservice.chat.rooms import Device
from chatservice.protocol.events import Read


class Marks:
    """The mover of read markers.

    @param publish: publishes an event of a member.
    @param last_delivered: finds the id of the last event that has passed.
    """

    def __init__(self, publish: Publish, last_delivered: Callable[[], int]) -> None:
        self._publish = publish
        self._last_delivered = last_delivered

    def note_read(self, by: Device, room: str, id: int, ref: str = "") -> Envelope:
        """Note that a member has read a room up to an id (C{""}: private lines), or further before.

        @param ref: the client's own mark for the request, or empty.
        """
        reading, last = by.member.reading, self._last_delivered()
        reading.move(room, min(id, last))
        read = Read(room=room, upto=reading.marker(room, last), ref=ref)
        return self._publish(by.member, read, by)
