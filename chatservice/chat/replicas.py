"""People who are connected to another node of the same chat, as their events tell of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.logger import Logger

from chatservice.chat.dwelling import Passed
from chatservice.chat.envelope import Envelope
from chatservice.chat.formers import Formers
from chatservice.chat.homes import Homes
from chatservice.chat.housing import Housing
from chatservice.chat.refs import Noted
from chatservice.chat.residents import Resident
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.chat.undoing import CHANGES, Undoing
from chatservice.protocol.events import (
    CameBack,
    Event,
    Identified,
    Introduced,
    Joined,
    Left,
    Line,
    Parted,
    Read,
    Renamed,
    Talk,
    WentAway,
)
from chatservice.protocol.names import nick_key
from chatservice.protocol.whereabouts import Adopted, Housed, Lost

log = Logger()


class Replicas:
    """The maker of members for people who are elsewhere; see L{Dweller.is_elsewhere
    <chatservice.chat.dwelling.Dweller>}.

    Everybody finds everybody in the roster and in the rooms. A member who is elsewhere has no
    device here, and changes only as its events pass.

    @param become: has everything that goes by one identity go by another one.
    @param under_way: finds the envelope of an event that is on its way from here.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        roster: Roster,
        rooms: RoomList,
        formers: Formers,
        homes: Homes,
        housing: Housing,
        undoing: Undoing,
        become: Callable[[bytes, bytes], object],
        under_way: Callable[[Event], Envelope | None],
        seconds: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._rooms = rooms
        self._formers = formers
        self._homes = homes
        self._housing = housing
        self._undoing = undoing
        self._become = become
        self._under_way = under_way
        self._seconds = seconds

    def restore(self, residents: Iterable[Resident]) -> None:
        """Take in the people who are at other nodes when this one starts."""
        for each in residents:
            member = self._make(each.nick, each.key, each.identity, each.userhost, each.since)
            member.real_name, member.away = each.real_name, each.away
            member.address = each.address
            member.homes, member.lingers = each.homes, each.lingers
            member.reading.missed = dict(each.seen)
            for stay in each.stays:
                room = self._rooms.put_in(member, stay.room)
                room.admit(member)
                room.since = min(room.since or stay.id, stay.id)

    def take(self, envelope: Envelope) -> None:
        """Apply an event as it passes; find the author of one that somebody is shown.

        Somebody who is connected to several nodes may do several things at once: the order of the
        events decides. What is still on its way from here keeps its effect until it has passed.
        """
        event = envelope.event
        if isinstance(event, Line):
            self._hear(envelope, event)
        elif isinstance(event, Adopted):
            for member in self._housing.adopt(envelope.node, event):
                # That node may have died when it was to turn somebody out.
                member.doubts |= member.rooms.keys()
                self._undoing.put_right(member)
        elif isinstance(event, Identified):
            self._identify(envelope, event)
        elif (subject := self._member(envelope)) is not None:
            self._apply(subject, envelope)

    def _hear(self, envelope: Envelope, line: Line) -> None:
        """Find the author of a line, which changes nothing."""
        author = envelope.author
        if author is None or not (author.homes or self._roster.has(author)):
            author = envelope.author = self._roster.dweller(line.identity)
        if line.mark and envelope.is_foreign and author is not None:
            self._note_request(author, line, envelope)

    def _member(self, envelope: Envelope) -> Member | None:
        """Find the member whom an event is about."""
        event = envelope.event
        is_arrival = isinstance(event, Housed) and event.arrives
        if is_arrival:
            self._formers.end(event.identity)
        member = envelope.author or envelope.subject
        if member is None or not (member.homes or self._roster.has(member)):
            member = self._roster.dweller(event.identity)
        return self._appear(event) if member is None and is_arrival else member

    def _apply(self, member: Member, envelope: Envelope) -> None:
        """Apply an event about a member."""
        event = envelope.event
        if isinstance(event, Housed):
            if event.arrives:
                self._arrive(member, event)
            if envelope.is_foreign:
                member.address = event.address
            self._housing.house(member, envelope.node, event, envelope.device)
        elif isinstance(event, Lost):
            self._housing.lose(member, envelope.node, event)
        else:
            if envelope.author is not None or event.kind:
                envelope.author = member
            self._change(member, envelope)
        if envelope.is_foreign:
            self._note_request(member, event, envelope)
            if isinstance(event, Read) and not (event.to or member.is_elsewhere):
                member.reading.take(event)

    def _arrive(self, member: Member, event: Housed) -> None:
        if member.is_elsewhere:
            member.real_name, member.away = event.real_name, event.away
        else:
            member.passed = Passed(event.nick, event.identity, event.real_name, event.away)

    def _change(self, member: Member, envelope: Envelope) -> None:
        """Apply an event that may change who or where a member is."""
        event = envelope.event
        if not isinstance(event, CHANGES):
            return
        if isinstance(event, Joined):
            self._rooms.known(event.room)
        elif isinstance(event, Left):
            envelope.rooms = self._undoing.rooms_left(member, event)
        member.doubts |= frozenset(event.touched)
        if member.passed is not None:
            member.passed = member.passed.after(event)
        if not member.changes or isinstance(event, Left):
            self._carry_out(member, event)

    def _carry_out(self, member: Member, event: Event) -> None:
        match event:
            case Joined():
                self._rooms.put_in(member, event.room)
            case Parted():
                self._take_out(member, event.touched)
            case Left():
                self._take_out(member, member.rooms)
                self._housing.leave(member)
            case Renamed():
                self._roster.rename(member, event.now, nick_key(event.now))
                member.preferences_changed()
            case WentAway():
                member.away = event.why
            case CameBack():
                member.away = None
            case Introduced(renamed=True):
                member.real_name = event.real_name

    def _note_request(self, member: Member, event: Event, envelope: Envelope) -> None:
        """Remember a request that was carried out elsewhere, if it may be repeated here."""
        if isinstance(event, Talk) and event.mark and not member.is_elsewhere:
            repeat = member.spoken.find(event.mark)
            own = None if repeat is None else self._under_way(repeat.event)
            if own is not None:
                # This is the answer to the device that has made the request here once more.
                envelope.device = own.device
            member.spoken.note(event.mark, Noted(event), self._seconds())

    def _identify(self, envelope: Envelope, event: Identified) -> None:
        former, now = event.former, event.identity
        if event.with_lines and envelope.is_foreign:
            self._become(former, now)
        member, holder = envelope.subject or self._roster.dweller(former), self._roster.dweller(now)
        if member is None or _identity(member) != former:
            return
        if holder is not None and holder is not member and _identity(holder) == now:
            # Its owner has come with it by now, so whoever registered it stays a guest.
            return
        if member.passed is not None:
            member.passed = member.passed.after(event)
        if envelope.is_foreign and member.identity != now:
            self._roster.identify(member, now)
        self._formers.passed(former, now)
        if envelope.is_foreign:
            self._undoing.note_account(member)

    def _appear(self, event: Event) -> Member | None:
        key = nick_key(event.nick)
        if self._roster.get(key) is not None:
            log.error("There are two people called {nick}: one is not shown.", nick=event.nick)
            return None
        return self._make(event.nick, key, event.identity, event.userhost, event.id)

    def bring_back(self, member: Member) -> None:
        """Bring a member back who has left here, but not at other nodes where it is as well."""
        member.account, member.token = None, ""
        self._roster.add(member)
        self._undoing.note_account(member)
        self._undoing.doubt_everywhere(member)
        self._homes.lose(member)
        self._housing.settle(member)

    def _make(self, nick: str, key: str, identity: bytes, userhost: str, since: int) -> Member:
        member = Member(nick, key, "")
        member.is_elsewhere = True
        member.identity, member.userhost = identity, userhost
        member.since = since
        self._roster.add(member)
        self._undoing.note_account(member)
        return member

    def _take_out(self, member: Member, rooms: Iterable[str]) -> None:
        """Take a member out of rooms, whose audience is about to be told."""
        for name in rooms:
            if name in member.rooms:
                room = member.rooms[name]
                room.members.pop(member, None)
                member.forget_room(room)


def _identity(member: Member) -> bytes:
    """Give the identity of a member by the events that have passed."""
    return member.identity if member.passed is None else member.passed.identity
