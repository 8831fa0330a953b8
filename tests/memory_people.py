"""The people of an engine in memory: who is where, and what events do to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatservice.chat.residents import Resident, Stay
from chatservice.protocol import actions, events
from chatservice.protocol.events import Event
from chatservice.protocol.names import LOBBY, nick_key
from chatservice.protocol.whereabouts import (
    AccountChanged,
    Adopted,
    Erased,
    Housed,
    Lost,
    NickAsked,
)

NOBODYS = (actions.Extended, events.CameAndWent, Adopted, AccountChanged, NickAsked, Erased)
"""Kinds of events that need no author at the node."""


@dataclass
class Person:
    """A row of C{members}, with its rows of C{here}."""

    nick: str
    key: str
    userhost: str
    address: str
    real_name: str
    since: int
    homes: set[int]
    lingers: bool = False
    away: str | None = None
    seen: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, Stay] = field(default_factory=dict)

    def linger_at(self, node: int, seen: dict[str, int]) -> None:
        self.homes, self.lingers, self.seen = {node}, True, seen

    def resident(self, identity: bytes) -> Resident:
        return Resident(
            identity,
            self.nick,
            self.key,
            self.userhost,
            self.address,
            self.real_name,
            self.away,
            self.since,
            frozenset(self.homes),
            self.lingers,
            self.seen if self.lingers else {},
            list(self.rooms.values()),
        )


class MemoryPeople:
    """The people of an engine, their names and what they may do, as C{functions.sql} has them.

    @ivar by_identity: those who are in the chat.
    @ivar names: the nodes that have claimed names.
    @ivar passing: the acts that hold for as long as somebody is in the room.
    """

    def __init__(self) -> None:
        self.by_identity: dict[bytes, Person] = {}
        self.names: dict[str, int] = {}
        self.passing: list[actions.OperatorAct] = []
        self._owners: dict[str, bytes] = {}
        self._former: dict[bytes, bytes] = {}
        self._marks: set[tuple[bytes, bytes]] = set()
        self._were_here: set[bytes] = set()

    def residents(self) -> list[Resident]:
        """List the people who are in the chat."""
        return [person.resident(identity) for identity, person in self.by_identity.items()]

    def take(self, node: int, batch: Iterable[Event]) -> list[int]:
        """Carry out a batch of a node; return the positions of events that are refused."""
        self._were_here.clear()
        return [place for place, event in enumerate(batch) if not self._do(node, event)]

    def hand_over(self, former: int, node: int, cursor: int) -> None:
        """Give the people of a node to another one.

        @param cursor: the id of the last event that the former node has delivered.
        """
        for person in self.by_identity.values():
            if former in person.homes:
                person.homes.discard(former)
                if not person.homes:
                    seen = dict.fromkeys(("", *person.rooms), cursor)
                    person.linger_at(node, person.seen if person.lingers else seen)
        keys = self._keys()
        self.names = {
            key: by for key, by in self.names.items() if by != former or key in keys
        }

    def claim(self, node: int, keys: Sequence[str]) -> bool:
        """Claim names for a node, all or none; return whether they were free."""
        if any(key in self.names for key in keys):
            return False
        self.names.update(dict.fromkeys(keys, node))
        return True

    def release(self, node: int, keys: Sequence[str]) -> None:
        """Give up those of a node's claims under which nobody has come."""
        held = self._keys()
        for key in keys:
            if self.names.get(key) == node and key not in held:
                del self.names[key]

    def _keys(self) -> set[str]:
        return {person.key for person in self.by_identity.values()}

    def _do(self, node: int, event: Event) -> bool:
        """Carry out an event; return whether its author may have done it at that node."""
        if isinstance(event, NOBODYS):
            return True
        if isinstance(event, events.Identified):
            return self._identify(node, event)
        identity = event.identity
        if identity not in self.by_identity and not isinstance(event, Housed):
            identity = self._former.get(identity, identity)
        person = self.by_identity.get(identity)
        if isinstance(event, Housed):
            return self._house(node, event, person)
        if person is None or node not in person.homes:
            is_talk = isinstance(event, events.Spoken | events.Whispered)
            return is_talk and event.identity in self._were_here
        if not self._may(person, identity, event):
            return False
        if isinstance(event, events.Left):
            self._remove(identity)
        elif isinstance(event, Lost):
            self._were_here |= self._known_as(identity)
            person.homes.discard(node)
            if not person.homes:
                person.linger_at(node, dict(event.seen))
        else:
            self._change(person, event)
        return True

    def _may(self, person: Person, identity: bytes, event: Event) -> bool:
        """Whether nothing is in the way of an event, and note a request that may be repeated."""
        match event:
            case events.Left(everywhere=False):
                return len(person.homes) == 1
            case events.Renamed():
                return not self._has_another(nick_key(event.now), person)
            case events.Spoken() | events.Whispered() if event.mark:
                mark = (identity, event.mark)
                is_new = mark not in self._marks
                self._marks.add(mark)
                return is_new
        return True

    def _has_another(self, key: str, person: Person | None) -> bool:
        return any(each.key == key and each is not person for each in self.by_identity.values())

    def _remove(self, identity: bytes) -> None:
        person = self.by_identity.pop(identity)
        self._were_here |= self._known_as(identity)
        self._forget_formers(identity)
        self.names.pop(person.key, None)
        self._end_passing()

    def _known_as(self, identity: bytes) -> set[bytes]:
        return {identity, *(each for each, now in self._former.items() if now == identity)}

    def _forget_formers(self, identity: bytes) -> None:
        """Forget the former identity of somebody."""
        self._former = {each: now for each, now in self._former.items() if now != identity}

    def _change(self, person: Person, event: Event) -> None:
        if isinstance(event, events.Joined):
            is_first = not any(event.room in each.rooms for each in self.by_identity.values())
            runs = is_first and event.room != LOBBY and event.room not in self._owners
            person.rooms.setdefault(event.room, Stay(event.room, event.id, runs))
        elif isinstance(event, events.Parted):
            person.rooms.pop(event.room, None)
            self._end_passing()
        elif isinstance(event, events.Renamed):
            key = nick_key(event.now)
            if key != person.key:
                self.names.pop(person.key, None)
            person.nick, person.key = event.now, key
        elif isinstance(event, events.Introduced):
            if event.renamed:
                person.real_name = event.real_name
        elif isinstance(event, events.WentAway):
            person.away = event.why
        elif isinstance(event, events.CameBack):
            person.away = None
        elif isinstance(event, actions.OperatorAct):
            self._act(event)

    def _act(self, act: actions.OperatorAct) -> None:
        if act.passing:
            self.passing.append(act)
        whom = act.identity if isinstance(act, actions.Founded) else act.target_identity
        if whom not in self.by_identity:
            whom = self._former.get(whom, whom)
        if isinstance(act, actions.Founded):
            self._owners.setdefault(act.room, whom)
        elif isinstance(act, actions.Deopped) and self._owners.get(act.room) == whom:
            del self._owners[act.room]
        person = self.by_identity.get(whom)
        if person is None or act.room not in person.rooms:
            return
        if isinstance(act, actions.Kicked):
            del person.rooms[act.room]
            self._end_passing()
        elif isinstance(act, actions.Founded | actions.Deopped | actions.Banned):
            person.rooms[act.room] = person.rooms[act.room]._replace(runs=False)
        elif isinstance(act, actions.Opped) and act.passing:
            person.rooms[act.room] = person.rooms[act.room]._replace(runs=True)

    def _end_passing(self) -> None:
        rooms = {room for person in self.by_identity.values() for room in person.rooms}
        self.passing = [act for act in self.passing if act.room in rooms]

    def _house(self, node: int, event: Housed, person: Person | None) -> bool:
        if event.arrives:
            if person is not None or self._has_another(event.key, None):
                return False
            self._former.pop(event.identity, None)
            person = self.by_identity[event.identity] = Person(
                event.nick, event.key, event.userhost, "", event.real_name, event.id, set()
            )
            person.away = event.away
        elif person is None:
            return False
        if person.lingers:
            person.homes, person.lingers = set(), False
        person.homes.add(node)
        person.address = event.address
        return True

    def _identify(self, node: int, event: events.Identified) -> bool:
        if event.with_lines:
            self.passing = [act.under(event.former, event.identity) for act in self.passing]
            for room, owner in self._owners.items():
                if owner == event.former:
                    self._owners[room] = event.identity
        person = self.by_identity.get(event.former)
        is_there = person is not None and event.identity not in self.by_identity
        if is_there and (event.with_lines or node in person.homes):
            self.by_identity[event.identity] = self.by_identity.pop(event.former)
            self._forget_formers(event.former)
            self._former[event.former] = event.identity
            self._former.pop(event.identity, None)
            return True
        return event.with_lines
