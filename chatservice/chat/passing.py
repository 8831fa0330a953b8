"""The effects of an event: before and after its batch is broadcast, or when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from chatservice.chat.acting import Acting
from chatservice.chat.audit import Audit
from chatservice.chat.departures import Departures
from chatservice.chat.devices import Devices
from chatservice.chat.envelope import Envelope
from chatservice.chat.folding import Folding
from chatservice.chat.homes import Homes
from chatservice.chat.housing import Housing
from chatservice.chat.ignoring import away_shown
from chatservice.chat.news import AGAIN, NEWS, News
from chatservice.chat.permissions import Permissions
from chatservice.chat.replicas import Replicas
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Device, Member
from chatservice.chat.roster import Roster
from chatservice.chat.topics import Topics
from chatservice.chat.undoing import Undoing
from chatservice.protocol.actions import Banned, Extended, Founded, Kicked, OperatorAct
from chatservice.protocol.events import (
    Joined,
    Left,
    Line,
    Parted,
    Resumed,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.signals import Signalled
from chatservice.protocol.whereabouts import Housed

MOVES = (Joined, Parted, Left)

LEAVING_LATER = "goodbye: the others will hear that you left when the database answers again"


class Leave(Protocol):
    """A function that has a member leave; see L{chatservice.server.ChatFactory.leave}."""

    def __call__(self, member: Member, why: str, goodbye: bool, folded: bool) -> object: ...


class Passing:
    """The part of a chat that events pass through.

    @param reactor: C{IReactorTime}.
    @param publish_event: publishes an event whose author is already filled in.
    """

    def __init__(
        self,
        reactor: Any,
        homes: Homes,
        housing: Housing,
        undoing: Undoing,
        replicas: Replicas,
        news: News,
        roster: Roster,
        rooms: RoomList,
        topics: Topics,
        permissions: Permissions,
        acting: Acting,
        audit: Audit,
        folding: Folding,
        departures: Departures,
        devices: Devices,
        leave: Leave,
        publish_event: Callable[[Envelope], object],
    ) -> None:
        self._reactor = reactor
        self._homes = homes
        self._housing = housing
        self._undoing = undoing
        self._replicas = replicas
        self._news = news
        self._roster = roster
        self._rooms = rooms
        self._topics = topics
        self._permissions = permissions
        self._acting = acting
        self._audit = audit
        self._folding = folding
        self._departures = departures
        self._devices = devices
        self._leave = leave
        self._publish_event = publish_event

    def committed(self, envelope: Envelope) -> None:
        """Apply a stored event before its broadcast: it holds for newcomers in its batch too."""
        if self._homes.node:
            self._replicas.take(envelope)
        event, author = envelope.event, envelope.author
        # Most events are lines, which change nothing.
        if isinstance(event, Line):
            return
        if isinstance(event, MOVES):
            self._permissions.moved(event, envelope.rooms)
            self._folding.take(event)
        if isinstance(event, Joined):
            self._topics.touch(event.room)
        if isinstance(event, Joined | Resumed) and author is not None:
            self._come(envelope, author)
        elif isinstance(event, TopicChanged):
            self._topics.take(event, author)
        elif isinstance(event, NEWS):
            self._news.take(event, envelope.node != self._homes.node)
        elif isinstance(event, Whispered | Signalled):
            envelope.other = self._roster.find(event.to_identity, event.id)
        elif isinstance(event, OperatorAct):
            self._act(envelope, event)

    def _come(self, envelope: Envelope, author: Member) -> None:
        event = envelope.event
        name = event.room if isinstance(event, Joined) else ""
        if author.devices or not envelope.is_foreign:
            author.come(event.id, name)
        room = self._rooms.get(name)
        if room is not None:
            room.since = room.since or self._permissions.founded(name) or event.when

    def _act(self, envelope: Envelope, act: OperatorAct) -> None:
        self._permissions.apply(act)
        self._acting.address(envelope)
        self._acting.follow_late(act)
        self._audit.acted(act)
        if isinstance(act, Founded) and act.room in self._rooms:
            self._rooms[act.room].founder = None
            self._rooms[act.room].since = self._permissions.founded(act.room)
        elif isinstance(act, Kicked) and envelope.other is not None:
            envelope.other.doubts |= {act.room} if act.room else frozenset(envelope.rooms)

    def delivered(self, envelope: Envelope) -> None:
        """Finish an event that was broadcast: apply what nobody sees."""
        event, member = envelope.event, envelope.author
        if isinstance(event, Line):
            return
        match event:
            case Left():
                self._departures.note(event)
                if member is not None:
                    self._roster.gone(member, event.identity)
                    self._devices.end_all(member, envelope.device, envelope.is_foreign)
            case Whispered() if envelope.device is not None and member is not envelope.other:
                _tell_if_unread(event, envelope.other, envelope.device)
            case Kicked(room="") if envelope.other is not None:
                why = f"kicked by {event.nick}"
                self._leave(envelope.other, why, goodbye=False, folded=True)
            case Banned() if envelope.is_foreign:
                self._devices.turn_out(event)
            case Kicked():
                self._rooms.forget_if_over(event.room)
        if isinstance(event, Left | Parted) and member is not None:
            self._depart(envelope)
        if self._homes.node:
            self._undoing.settle(envelope)

    def _depart(self, envelope: Envelope) -> None:
        """Count somebody's leaving of rooms as done."""
        if envelope.signer is not None:
            for name in envelope.event.touched:
                self._rooms[name].departing.remove(envelope.signer)
        for name in envelope.rooms:
            self._rooms.forget_if_over(name)

    def postponed(self, envelope: Envelope) -> None:
        """Tell whoever says goodbye that this may take a while."""
        event, member = envelope.event, envelope.author
        if isinstance(event, Left) and event.goodbye and member is not None:
            member.tell([LEAVING_LATER])

    def refused(self, envelope: Envelope) -> None:
        """Undo an event that was refused: its author has left, or is at other nodes."""
        if not self._homes.node:
            return
        event, member = envelope.event, envelope.author
        if isinstance(event, Left | Parted):
            self._depart(envelope)
        if isinstance(event, Left) and member is not None:
            self._devices.end_all(member, envelope.device)
            self._roster.gone(member, event.identity)
            if member.homes:
                self._replicas.bring_back(member)
            else:
                self._undoing.take_out(member)
        elif isinstance(event, Housed) and envelope.device and envelope.subject:
            self._housing.turn_away(envelope.device, envelope.subject)
        elif isinstance(event, Extended):
            # It is in force here already, and must be everywhere.
            self._reactor.callLater(AGAIN, self._publish_event, Envelope(event))
        self._undoing.settle(envelope)


def _tell_if_unread(event: Whispered, recipient: Member | None, by: Device) -> None:
    away = None if recipient is None else away_shown(recipient, by.member.ignored)
    if recipient is None or away is not None:
        by.door.unread_now(event, away)
