"""The nicknames that members watch: they are told when one comes to be, or goes.

They hear it in its place in the order, with the event that it is a part of (broadcast.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from chatservice.chat.coming import Coming
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import (
    ChatError,
    Joined,
    Left,
    MemberEvent,
    Renamed,
    Resumed,
    Watched,
)
from chatservice.protocol.names import nick_key

WATCHED_MOST = 100
"""The most nicknames that a member watches."""

Watchers = Mapping[str, Collection[Member]]
"""The members who watch a nickname, by its key (L{nick_key})."""

NO_WATCHERS: Watchers = {}


class Sighting(NamedTuple):
    """The coming or going of a watched nickname, as one event tells of it.

    @ivar nick: the nickname.
    @ivar is_here: whether somebody has it from now on, or nobody; C{None} if that is as before.
    @ivar devices: the devices of those who watch it.
    """

    nick: str
    is_here: bool | None
    devices: list[Device]

    def told(self, envelope: Envelope, heard: bool) -> Watched | None:
        """Make the event that tells of it, if somebody came or went.

        @param heard: whether the reader was shown the event itself.
        """
        if self.is_here is None:
            return None
        event = envelope.event
        nick, here = self.nick, self.is_here
        return Watched(id=event.id, time=event.time, nick=nick, here=here, folded=heard)


class Watching:
    """The nicknames that members watch, until they leave.

    @ivar watchers: the members who watch each; empty if nobody watches any.
    """

    def __init__(self) -> None:
        self.watchers: dict[str, set[Member]] = {}
        self._names: dict[Member, dict[str, str]] = {}

    def names(self, member: Member) -> list[str]:
        """List the nicknames that a member watches, as they were written."""
        return list(self._names.get(member, {}).values())

    def begin(self, member: Member, nick: str) -> None:
        """Have a member watch a nickname, or one that looks like it.

        @param nick: a nickname that somebody can have.
        @raise ChatError: C{too-many}.
        """
        key, names = nick_key(nick), self._names.get(member, {})
        if key not in names and len(names) >= WATCHED_MOST:
            sentence = f"you already watch {WATCHED_MOST} nicknames: /unwatch one first"
            raise ChatError("too-many", sentence, "watched")
        self._names[member] = {**names, key: nick}
        self.watchers.setdefault(key, set()).add(member)

    def end(self, member: Member, nick: str) -> bool:
        """Have a member no longer watch a nickname; return whether it did."""
        key, names = nick_key(nick), self._names.get(member, {})
        if names.pop(key, None) is None:
            return False
        self._forget(member, key)
        return True

    def forget(self, member: Member) -> None:
        """Forget what a member watches, who leaves."""
        for key in self._names.pop(member, ()):
            self._forget(member, key)

    def _forget(self, member: Member, key: str) -> None:
        those = self.watchers[key]
        those.remove(member)
        if not those:
            del self.watchers[key]


def sightings(envelope: Envelope, watchers: Watchers) -> list[Sighting]:
    """List the watched nicknames in an event, in the order in which watchers are told of them."""
    found = []
    for nick, is_here in _seen(envelope):
        members = watchers.get(nick_key(nick), ())
        devices = [device for member in members for device in member.devices]
        if devices:
            found.append(Sighting(nick, is_here, devices))
    return found


def _seen(envelope: Envelope) -> list[tuple[str, bool | None]]:
    """List the nicknames in an event, each with whether somebody has it from now on."""
    event, device = envelope.event, envelope.device
    match event:
        case Joined(arrived=True):
            return [(event.nick, True)]
        case Resumed() if device is not None and device.coming is Coming.NEW:
            return [(event.nick, True)]
        case Left():
            return [(event.nick, False)]
        case Renamed() if nick_key(event.nick) != nick_key(event.now):
            return [(event.nick, False), (event.now, True)]
        case MemberEvent():
            return [(event.nick, None)]
    return []
