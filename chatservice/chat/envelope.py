"""The envelope in which an event travels through this process."""

from __future__ import annotations

from collections.abc import Sequence

from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import Event

NO_DEVICES: Sequence[Device] = ()


class Envelope:
    """An event on its way through this process, and the people and rooms in it that are here.

    An event holds no live object, so that it is the same on the wire, in the journal and anywhere
    else. Everything that only this process knows is on its envelope.

    @ivar event: the fact.
    @ivar author: the member who did it, if anybody did. It decides what is "my own", which a
        nickname, free to change hands, cannot.
    @ivar signer: the author that published it here, who may meanwhile have left and come anew.
    @ivar subject: the member whom an event is about that nobody is shown.
    @ivar other: the recipient, or the person it was done to, if here; known when it is stored.
    @ivar roomless: the devices of people in no room, if they are told as well; known when it is
        stored.
    @ivar rooms: the names of the rooms in which it is seen; known when it is stored.
    @ivar node: the number of the node that published it; 0 on one machine.
    @ivar is_foreign: whether it was published elsewhere; its author is known when it is stored.
    @ivar device: the device through which the author did it; C{None} if it was done to the author
        as well, such as a nickname that the chat gave.
    """

    __slots__ = (
        *("author", "device", "event", "is_foreign", "node", "other", "roomless", "rooms"),
        *("signer", "subject"),
    )

    def __init__(
        self,
        event: Event,
        author: Member | None = None,
        device: Device | None = None,
        is_foreign: bool = False,
        subject: Member | None = None,
    ) -> None:
        self.event = event
        self.author = self.signer = author
        self.device = device
        self.is_foreign = is_foreign
        self.subject = subject
        self.node = 0
        self.other: Member | None = None
        self.roomless: Sequence[Device] = ()
        self.rooms = event.touched

    @property
    def is_void(self) -> bool:
        """Whether it cannot be, because the coming of its author to the chat was refused."""
        member = self.signer or self.subject
        return member is not None and member.is_void

    def devices(self) -> Sequence[Device]:
        """List the devices here that are told of it apart from the rooms."""
        author = NO_DEVICES if self.author is None else self.author.devices
        if self.other is None and not self.roomless:
            return author
        other = NO_DEVICES if self.other is None else self.other.devices
        return [*author, *other, *self.roomless]
