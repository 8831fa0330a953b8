"""The record of what was handed to a device, in case its connection is lost before it is sent."""

from __future__ import annotations

from typing import TypeVar

from chatservice.chat.audience import Heard, Hearer
from chatservice.chat.door import Door
from chatservice.chat.read_markers import NO_MARKERS, without

P = TypeVar("P", bound=Heard)


class Receiver(Hearer[P]):
    """A hearer that may be lost before everything is sent that it was given.

    @ivar replay: where its replay begins, if it took another one's place and has not had one yet:
        for each room (C{""}: private lines) the last id that was shown there.
    @ivar unsent: the ids after which lines were handed to it that may not have been sent.
    @ivar moved: those of them that were read markers.
    """

    __slots__ = ("moved", "replay", "unsent")

    def __init__(self, door: Door, current: P | None) -> None:
        super().__init__(door, current)
        self.receive_anew()

    def receive_anew(self) -> None:
        """Forget all that it was given, for it is somebody else's from now on."""
        self.replay = self.unsent = self.moved = NO_MARKERS

    def hand_out(self, room: str, since: int, moved: bool) -> None:
        """Note that lines after an id are on their way to it.

        @param moved: whether the id was the room's read marker, which moves by that.
        """
        self.unsent = {room: since} | self.unsent
        if moved:
            self.moved = {room: since} | self.moved

    def forget_room(self, room: str) -> None:
        """Forget a room that the member has left, so that nothing of it is shown later."""
        self.replay = without(self.replay, room)
        self.unsent = without(self.unsent, room)
        self.moved = without(self.moved, room)

    def replayed(self) -> None:
        """Note that its replay is on its way to it, or is its program's own business."""
        self.replay = NO_MARKERS
