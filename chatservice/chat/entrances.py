"""Entering and leaving rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twisted.internet.defer import Deferred, succeed

from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.room_list import RoomList
from chatservice.chat.room_passwords import RoomPasswords
from chatservice.chat.rooms import ROOMS_PER_MEMBER, Device, Member, Room
from chatservice.chat.roster import Roster
from chatservice.chat.topics import Topics
from chatservice.protocol.events import ChatError, Joined, Parted, Resumed
from chatservice.protocol.sanitize import clean_reason
from chatservice.protocol.wording import spelled


class Entrances:
    """The entry of members into rooms, and their leaving.

    @param publish: publishes an event of a member.
    """

    def __init__(
        self,
        roster: Roster,
        rooms: RoomList,
        topics: Topics,
        permissions: Permissions,
        passwords: RoomPasswords,
        acting: Acting,
        publish: Publish,
    ) -> None:
        self._roster = roster
        self._rooms = rooms
        self._topics = topics
        self._permissions = permissions
        self._passwords = passwords
        self._acting = acting
        self._publish = publish

    def enter_open(self, device: Device, rooms: Iterable[Room], seen: Mapping[str, int]) -> None:
        """Enter those of the rooms that are open to a member who has just joined the chat.

        @param seen: the read markers of rooms that the member did not part the last time.
        """
        refused: list[ChatError] = []
        member = device.member
        for room in rooms:
            try:
                self._check_open(member, room, seen.get(room.name, 0))
            except ChatError as error:
                refused.append(error)
            else:
                self._enter(device, room, arrived=not member.rooms)
        if refused:
            times = {text: time for error in refused for text, time in error.times.items()}
            device.door.notify([error.sentence for error in refused], [], times)
        if not member.rooms:
            # No other event marks the point from which the member hears for itself.
            self._publish(member, Resumed(), device)

    def _check_open(self, member: Member, room: Room, seen: int) -> None:
        self._permissions.check_entry(member, room.name, seen, len(room.members))
        if self._permissions.needs_password(member, room.name, seen):
            named = spelled(room.name)
            sentence = f"{named} has a password: /join {named} PASSWORD"
            raise ChatError("closed", sentence, "room-password")

    def enter(self, by: Device, name: str, password: str) -> Deferred[Envelope | None]:
        """Enter or create a room; if the member is in it already, make it the current one.

        @return: fires with what was published, if anything, or fails with L{ChatError}.
        @raise ChatError: C{too-many} rooms, or the member may not.
        """
        member = by.member
        if name in member.rooms:
            by.turn_to(member.rooms[name])
            return succeed(None)
        if len(member.rooms) >= ROOMS_PER_MEMBER:
            sentence = f"you are in {ROOMS_PER_MEMBER} rooms: /part one first"
            raise ChatError("too-many", sentence, "rooms")
        self._permissions.check_entry(member, name)

        def enter(rooms: list[Room], proved: str) -> Envelope | None:
            # Rights may have changed while the password was checked and the room was read.
            self._permissions.check_entry(member, name, here=len(rooms[0].members))
            self._passwords.check_same(member, name, proved)
            return self._enter(by, rooms[0])

        allowed = self._passwords.check(member, name, password)
        return allowed.addCallback(
            lambda proved: self._rooms.opened([name], lambda rooms: enter(rooms, proved))
        )

    def _enter(self, by: Device, room: Room, arrived: bool = False) -> Envelope | None:
        member = by.member
        if member.is_elsewhere or not self._roster.has(member) or room.name in member.rooms:
            return None
        is_new = not (room.members or room.recent or room.used or room.name in self._topics)
        room = self._rooms.setdefault(room.name, room)
        room.let_in(member)
        for device in member.devices:
            if device is by or device.current is None:
                device.turn_to(room)
        joined = Joined(
            room=room.name,
            arrived=arrived,
            real_name=member.real_name,
            away=member.away,
        )
        envelope = self._publish(member, joined, by)
        if is_new:
            self._acting.found(by, room)
        return envelope

    def part(
        self, member: Member, room: Room, by: Device | None = None, why: str = ""
    ) -> Envelope:
        """Leave a room, even the lobby, and stay in the chat.

        @param by: the device through which the member wishes it, if it does.
        @param why: last words, which people who may not speak there do not have.
        @raise ChatError: C{no-room} if the member is not in it, C{too-long}.
        """
        self._permissions.check_is_in(member, room.name)
        is_silenced = why and not self._permissions.may_speak(member, room.name)
        why = "" if is_silenced else clean_reason(why)
        room.let_go(member)
        member.forget_room(room)
        return self._publish(member, Parted(room=room.name, why=why), by)

    def part_where_banned(self, member: Member) -> None:
        """Leave the rooms from which the member is banned, for example by account or address."""
        for room in member.rooms.values():
            if self._permissions.is_turned_out(member, room.name):
                self.part(member, room)

    def leave_all(self, member: Member) -> tuple[str, ...]:
        """Leave all rooms, on leaving the chat.

        @return: their names.
        """
        names = tuple(member.rooms)
        for room in member.rooms.values():
            room.let_go(member)
        member.be_in({})
        return names
