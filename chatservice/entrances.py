"""How somebody who is in the chat enters its rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed

from chatservice.events import ChatError, Joined, Resumed
from chatservice.rooms import ROOMS_PER_MEMBER, Member, Room
from chatservice.text import spelled

if TYPE_CHECKING:
    from chatservice.server import ChatFactory


class Entrances:
    """Lets members into rooms.

    @param chat: the one.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    def enter_open(self, member: Member, rooms: Iterable[Room], seen: Mapping[str, int]) -> None:
        """Enter those of the rooms that are open to the member, who has just come to the chat.

        @param seen: see L{ChatFactory.join}.
        """
        chat = self._chat
        refused = []
        for room in rooms:
            try:
                self._check_open(member, room.name, seen.get(room.name, 0))
            except ChatError as error:
                refused.append(error.sentence)
            else:
                self._enter(member, room, arrived=not member.rooms)
        if refused:
            member.door.notify(refused, [])
        if not member.rooms:
            # Nothing else would tell when the member hears by itself.
            chat.publish(member, Resumed, door=member.door)
            member.since = member.fence = chat.ids.last

    def _check_open(self, member: Member, room: str, seen: int) -> None:
        moderation = self._chat.moderation
        moderation.check_entry(member, room, seen)
        if moderation.needs_password(member, room, seen):
            raise ChatError("closed", f"{spelled(room)} has a password: /join it with that")

    def enter(self, member: Member, name: str, password: str) -> Deferred[None]:
        """See L{ChatFactory.enter}."""
        chat = self._chat
        if name in member.rooms:
            member.current = member.rooms[name]
            return succeed(None)
        if len(member.rooms) >= ROOMS_PER_MEMBER:
            raise ChatError("too-many", f"you are in {ROOMS_PER_MEMBER} rooms: /part one first")
        chat.moderation.check_entry(member, name)

        def enter(rooms: list[Room], proved: str) -> None:
            # Much may have happened while the password was checked and the room was read.
            chat.moderation.check_entry(member, name)
            chat.room_passwords.check_same(member, name, proved)
            self._enter(member, rooms[0])

        allowed = chat.room_passwords.check(member, name, password)
        return allowed.addCallback(
            lambda proved: chat.rooms.opened([name], lambda rooms: enter(rooms, proved))
        )

    def _enter(self, member: Member, room: Room, arrived: bool = False) -> None:
        chat = self._chat
        if not chat.is_here(member) or room.name in member.rooms:
            return
        is_new = not (room.members or room.recent or room.used or room.name in chat.topics)
        room = chat.rooms.setdefault(room.name, room)
        room.members.add(member)
        chat.topics.touch(room.name)
        member.rooms[room.name] = member.current = room
        folded = chat.folding.note([room.name], came=True)
        chat.publish(member, Joined, room=room.name, arrived=arrived, folded=folded)
        if arrived:
            member.since = member.fence = chat.ids.last
        if is_new:
            chat.operators.found(member, room)
