"""The envelope in which an event travels through this process."""

from __future__ import annotations

from collections.abc import Sequence

from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import Event


class Envelope:
    """An event on its way through this process, and the people and rooms in it that are here.

    An event holds no live object, so that it is the same on the wire, in the journal and anywhere
    else. Everything that only this process knows is on its envelope.

    @ivar event: the fact.
    @ivar author: the member who did it, if anybody did. It decides what is "my own", which a
        nickname, free to change hands, cannot.
    @ivar other: the recipient, or the person it was done to, if here; known when it is stored.
    @ivar roomless: the devices of people in no room, if they are told as well; known when it is
        stored.
    @ivar rooms: the names of the rooms in which it is seen; known when it is stored.
    @ivar is_foreign: whether it was published elsewhere; its author is known when it is stored.
    @ivar device: the device through which the author did it; C{None} if it was done to the author
        as well, such as a nickname that the chat gave.
    """

    __slots__ = ("author", "device", "event", "is_foreign", "other", "roomless", "rooms")

    def __init__(
        self,
        event: Event,
        author: Member | None = None,
        device: Device | None = None,
        is_foreign: bool = False,
    ) -> None:
        self.event = event
        self.author = author
        self.device = device
        self.is_foreign = is_foreign
        self.other: Member | None = None
        self.roomless: Sequence[Device] = ()
        self.rooms = event.touched

    def devices(self) -> list[Device]:
        """List the devices here that are told of it apart from the rooms."""
        parties = [member for member in (self.author, self.other) if member is not None]
        devices = [device for member in parties for device in member.devices]
        return [*devices, *self.roomless] if self.roomless else devices
