"""An engine in memory, which does what the SQL of the cluster does, and fails as a test wishes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatservice.chat.residents import Resident, Stay
from chatservice.cluster.link import LinkLost, Row, Seat, Settled
from chatservice.cluster.log import LEASE
from chatservice.cluster.spelling import read, spell
from chatservice.people.account import account_of, facts_of
from chatservice.people.accounts import has_account, registered
from chatservice.protocol.actions import (
    Banned,
    Deopped,
    Extended,
    Founded,
    Kicked,
    OperatorAct,
    Opped,
)
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import (
    CameAndWent,
    CameBack,
    Event,
    Identified,
    Introduced,
    Joined,
    Left,
    Parted,
    Renamed,
    Spoken,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.protocol.ids import EventIds
from chatservice.protocol.names import LOBBY, nick_key
from chatservice.protocol.whereabouts import (
    AccountChanged,
    Adopted,
    Erased,
    Housed,
    Lost,
    NickAsked,
)
from chatservice.storage.database import Database
from chatservice.storage.identities import Identities
from chatservice.storage.journal import read_topics
from chatservice.storage.rows import is_written, store

MOVED_AFTER = 20.0
"""Seconds after which a move between identities is ended."""

NOBODYS = (Extended, CameAndWent, Adopted, AccountChanged, NickAsked, Erased)
"""Kinds of events that need no author at the node."""


@dataclass
class Person:
    """A row of C{members}, with its rows of C{here}."""

    nick: str
    key: str
    userhost: str
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
            self.real_name,
            self.away,
            self.since,
            frozenset(self.homes),
            self.lingers,
            self.seen if self.lingers else {},
            list(self.rooms.values()),
        )


@dataclass
class NodeRow:
    """A row of C{nodes}."""

    name: str
    renewed: float
    link: int = 1
    number: int = 0
    cursor: int = 0
    is_over: bool = False


class MemoryEngine:
    """The engine of several nodes.

    @ivar error: what every append fails with; C{None} while there is room on the disk.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ids = EventIds(clock.seconds)
        self.rows: list[Row] = []
        self.nodes: dict[int, NodeRow] = {}
        self.people: dict[bytes, Person] = {}
        self.names: dict[str, int] = {}
        self.accounts: dict[str, str] = {}
        self.spent: set[str] = set()
        self.moves: dict[bytes, bytes] = {}
        self.owners: dict[str, bytes] = {}
        self.former: dict[bytes, bytes] = {}
        self.passing: list[OperatorAct] = []
        self.marks: set[tuple[bytes, bytes]] = set()
        self.links: list[MemoryLink] = []
        self.error: StorageError | None = None
        self.database = Database(seconds=clock.seconds)
        self.database.open()

    @property
    def head(self) -> int:
        """The id of the last event."""
        return self.rows[-1].last if self.rows else 0

    def enter(self, name: str) -> Seat:
        """Let a node take part."""
        number = len(self.nodes) + 1
        self.nodes[number] = NodeRow(name, self.clock.seconds(), cursor=self.head)
        id = self.ids.next()
        self.rows.append(Row(id, id, number, 0, (), None, "[]"))
        return Seat(number, 1)

    def residents(self) -> list[Resident]:
        """List the people who are in the chat."""
        return [person.resident(identity) for identity, person in self.people.items()]

    def topics(self) -> dict[str, TopicChanged]:
        """Find the topics of all rooms."""
        return read_topics(self.database._writer)

    def _holds(self, seat: Seat) -> bool:
        node = self.nodes[seat.node]
        return node.link == seat.link and not node.is_over

    def append(self, seat: Seat, number: int, cursor: int, batch: str) -> list[Row]:
        """See L{chatservice.cluster.link.Link.append}."""
        node = self.nodes[seat.node]
        if not self._holds(seat) or node.number != number - 1:
            return []
        if self.error is not None:
            raise self.error
        node.number, node.renewed = number, self.clock.seconds()
        self._put(seat.node, number, batch)
        return self.read(seat, cursor)

    def _put(self, node: int, number: int, batch: str) -> None:
        count = len(json.loads(batch))
        first = self.ids.next()
        self.ids.last = last = first + count - 1
        events = read(batch, first, self.ids.time)
        self._were_here: set[bytes] = set()
        refused = [place for place, event in enumerate(events) if not self._do(node, event)]
        kept = [event for place, event in enumerate(events) if place not in refused]
        connection = self.database._writer
        store(connection, [event for event in kept if _is_kept(event)])
        self.rows.append(Row(last, first, node, number, refused, self.ids.time, batch))
        for link in self.links:
            link.wake()

    def _do(self, node: int, event: Event) -> bool:
        """Carry out an event; return whether its author may have done it at that node."""
        if isinstance(event, NOBODYS):
            return True
        if isinstance(event, Identified):
            return self._identify(node, event)
        identity = event.identity
        if identity not in self.people and not isinstance(event, Housed):
            identity = self.former.get(identity, identity)
        person = self.people.get(identity)
        if isinstance(event, Housed):
            return self._house(node, event, person)
        if person is None or node not in person.homes:
            return isinstance(event, Spoken | Whispered) and event.identity in self._were_here
        if not self._may(person, identity, event):
            return False
        if isinstance(event, Left):
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
            case Left(everywhere=False):
                return len(person.homes) == 1
            case Renamed():
                return not self._has_another(nick_key(event.now), person)
            case Spoken() | Whispered() if event.mark:
                mark = (identity, event.mark)
                is_new = mark not in self.marks
                self.marks.add(mark)
                return is_new
        return True

    def _has_another(self, key: str, person: Person | None) -> bool:
        return any(each.key == key and each is not person for each in self.people.values())

    def _remove(self, identity: bytes) -> None:
        person = self.people.pop(identity)
        self._were_here |= self._known_as(identity)
        self._forget_formers(identity)
        self.names.pop(person.key, None)
        self._end_passing()

    def _known_as(self, identity: bytes) -> set[bytes]:
        return {identity, *(each for each, now in self.former.items() if now == identity)}

    def _forget_formers(self, identity: bytes) -> None:
        """Forget the former identity of somebody."""
        self.former = {each: now for each, now in self.former.items() if now != identity}

    def _change(self, person: Person, event: Event) -> None:
        if isinstance(event, Joined):
            is_first = not any(event.room in each.rooms for each in self.people.values())
            runs = is_first and event.room != LOBBY and event.room not in self.owners
            person.rooms.setdefault(event.room, Stay(event.room, event.id, runs))
        elif isinstance(event, Parted):
            person.rooms.pop(event.room, None)
            self._end_passing()
        elif isinstance(event, Renamed):
            key = nick_key(event.now)
            if key != person.key:
                self.names.pop(person.key, None)
            person.nick, person.key = event.now, key
        elif isinstance(event, Introduced):
            if event.renamed:
                person.real_name = event.real_name
        elif isinstance(event, WentAway):
            person.away = event.why
        elif isinstance(event, CameBack):
            person.away = None
        elif isinstance(event, OperatorAct):
            self._act(event)

    def _act(self, act: OperatorAct) -> None:
        if act.passing:
            self.passing.append(act)
        if isinstance(act, Founded):
            self.owners.setdefault(act.room, act.identity)
        elif isinstance(act, Deopped) and self.owners.get(act.room) == act.target_identity:
            del self.owners[act.room]
        whom = act.identity if isinstance(act, Founded) else act.target_identity
        person = self.people.get(whom)
        if person is None or act.room not in person.rooms:
            return
        if isinstance(act, Kicked):
            del person.rooms[act.room]
            self._end_passing()
        elif isinstance(act, Founded | Deopped | Banned):
            person.rooms[act.room] = person.rooms[act.room]._replace(runs=False)
        elif isinstance(act, Opped) and act.passing:
            person.rooms[act.room] = person.rooms[act.room]._replace(runs=True)

    def _end_passing(self) -> None:
        rooms = {room for person in self.people.values() for room in person.rooms}
        self.passing = [act for act in self.passing if act.room in rooms]

    def _house(self, node: int, event: Housed, person: Person | None) -> bool:
        if event.arrives:
            if person is not None or self._has_another(event.key, None):
                return False
            self.former.pop(event.identity, None)
            self.people[event.identity] = Person(
                event.nick, event.key, event.userhost, event.real_name, event.id, {node}
            )
            self.people[event.identity].away = event.away
        elif person is None:
            return False
        elif person.lingers:
            person.homes, person.lingers = {node}, False
        else:
            person.homes.add(node)
        return True

    def _identify(self, node: int, event: Identified) -> bool:
        if event.with_lines:
            self.passing = [act.under(event.former, event.identity) for act in self.passing]
            for room, owner in self.owners.items():
                if owner == event.former:
                    self.owners[room] = event.identity
        person = self.people.get(event.former)
        is_there = person is not None and event.identity not in self.people
        if is_there and (event.with_lines or node in person.homes):
            self.people[event.identity] = self.people.pop(event.former)
            self._forget_formers(event.former)
            self.former[event.former] = event.identity
            self.former.pop(event.identity, None)
            return True
        return event.with_lines

    def read(self, seat: Seat, cursor: int) -> list[Row]:
        """See L{chatservice.cluster.link.Link.read}."""
        return [
            row._replace(data=None) if row.node == seat.node and row.number else row
            for row in self.rows
            if row.last > cursor
        ]

    def settle(self, seat: Seat, cursor: int) -> Settled | None:
        """See L{chatservice.cluster.link.Link.settle}."""
        node = self.nodes[seat.node]
        if node.is_over:
            return None
        node.link += 1
        node.renewed = self.clock.seconds()
        is_whole = any(row.last == cursor for row in self.rows)
        self.ids.start_above(cursor)
        return Settled(node.link, node.number, is_whole)

    def renew(
        self, seat: Seat, cursor: int, members: int, adopts: bool
    ) -> list[int] | None:
        """See L{chatservice.cluster.link.Link.renew}."""
        if not self._holds(seat):
            return None
        node, now = self.nodes[seat.node], self.clock.seconds()
        node.renewed, node.cursor = now, cursor
        expired = [
            number
            for number, each in self.nodes.items()
            if not each.is_over and each.renewed < now - LEASE
        ]
        if not adopts:
            return []
        for number in expired:
            self.hand_over(number, seat.node)
        return expired

    def leave(self, seat: Seat) -> None:
        """See L{chatservice.cluster.link.Link.leave}."""
        if not self._holds(seat):
            return
        self.nodes[seat.node].is_over = True
        living = [number for number, each in self.nodes.items() if not each.is_over]
        if living:
            self.hand_over(seat.node, living[0])

    def hand_over(self, former: int, node: int) -> None:
        """Give the people of a node to another one."""
        gone = self.nodes[former]
        gone.is_over = True
        gone.link += 1
        for person in self.people.values():
            if former in person.homes:
                person.homes.discard(former)
                if not person.homes:
                    seen = dict.fromkeys(("", *person.rooms), gone.cursor)
                    person.linger_at(node, person.seen if person.lingers else seen)
        keys = {person.key for person in self.people.values()}
        self.names = {
            key: by for key, by in self.names.items() if by != former or key in keys
        }
        self._put(node, 0, spell([Adopted(former=former, upto=gone.cursor)]))

    def claim(self, seat: Seat, keys: Sequence[str]) -> int | None:
        """Claim names for a node, all or none; return the head of the log, or C{None}."""
        if not self._holds(seat):
            raise StorageError("others have taken over this node's place")
        if any(key in self.names for key in keys):
            return None
        self.names.update(dict.fromkeys(keys, seat.node))
        return self.head

    def release(self, seat: Seat, keys: Sequence[str]) -> None:
        """Give up those of a node's claims under which nobody has come."""
        held = {person.key for person in self.people.values()}
        for key in keys:
            if self.names.get(key) == seat.node and key not in held:
                del self.names[key]

    def add_account(self, seat: Seat, facts: str, former: bytes | None) -> None:
        """Add an account, and let all nodes know."""
        account = account_of(facts)
        if account.key in self.accounts:
            raise registered(account.nick, account_of(self.accounts[account.key]).nick)
        if former is not None and self.moves.get(former, account.identity) != account.identity:
            raise has_account()
        if former is not None:
            self._move(former, account.identity)
        self._save(seat.node, account.key, facts)

    def save_account(self, seat: Seat, facts: str, spent: list[str], known_hash: str) -> None:
        """Store an account, if it is still there, and tokens that no longer prove it.

        A password that was changed elsewhere meanwhile is kept.

        @param known_hash: what the node takes for the stored hash.
        """
        self.spent.update(spent)
        account = account_of(facts)
        stored = account_of(self.accounts.get(account.key) or facts)
        if stored.identity == account.identity and account.key in self.accounts:
            if account.hash == known_hash != stored.hash:
                account.hash, account.tokens = stored.hash, stored.tokens
            elif stored.hash == account.hash:
                kept = [each for each in stored.tokens if each not in account.tokens]
                tokens = [*kept, *account.tokens]
                account.tokens = [each for each in tokens if each not in self.spent][-10:]
            self.accounts[account.key] = facts_of(account)
        self._save(seat.node, account.key, self.accounts.get(account.key, ""))

    def remove_account(
        self, seat: Seat, facts: str, spent: list[str], now: bytes | None
    ) -> None:
        """Remove an account; its lines become another identity's, if there is one."""
        self.spent.update(spent)
        account = account_of(facts)
        stored = self.accounts.get(account.key)
        if stored and account_of(stored).identity == account.identity:
            del self.accounts[account.key]
            if now is not None:
                self._move(account.identity, now)
        self._save(seat.node, account.key, self.accounts.get(account.key, ""))

    def _move(self, former: bytes, now: bytes) -> None:
        """Note that everything of an identity is to be moved to another one."""
        self.moves[former] = now
        self.clock.callLater(MOVED_AFTER, self._end_move, former, now)

    def _end_move(self, former: bytes, now: bytes) -> None:
        """End a move, whose node may be gone: see to it that all nodes know of it."""
        self._put(0, 0, spell([Identified(identity=now, former=former, with_lines=True)]))
        Identities(self.database).move(former, now, last=True)
        del self.moves[former]

    def _save(self, node: int, key: str, facts: str) -> None:
        if facts:
            self.accounts[key] = facts
        self._put(node, 0, spell([AccountChanged(account_key=key, facts=facts)]))


class MemoryLink:
    """A node's link to an engine in memory; see L{chatservice.cluster.link.Link}.

    @ivar delay: seconds that each call takes; half of them before it is carried out.
    @ivar is_cut: whether nothing goes through, in either direction, and nothing is told.
    @ivar loses_answers: whether the connection breaks after each append, before its answer.
    """

    def __init__(self, engine: MemoryEngine) -> None:
        self._engine = engine
        self.woken: Callable[[], object] = lambda: None
        self.delay = 0.01
        self.is_cut = self.loses_answers = self.is_frozen = False
        self._under_way: list[Deferred[Any]] = []
        engine.links.append(self)

    def wake(self) -> None:
        """Notify the node, a little later."""
        if not self.is_cut:
            self._engine.clock.callLater(self.delay, self.woken)

    def connect(self) -> Deferred[None]:
        return self._call(lambda: None)

    def drop(self) -> None:
        under_way, self._under_way = self._under_way, []
        for done in under_way:
            done.errback(LinkLost())

    def call(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Have the engine do something that is not for the log."""
        return self._call(work)

    def _call(self, work: Callable[[], Any], loses: bool = False) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self._under_way.append(done)
        self._engine.clock.callLater(self.delay / 2, self._arrive, work, loses, done)
        return done

    def _arrive(self, work: Callable[[], Any], loses: bool, done: Deferred[Any]) -> None:
        if self.is_cut or done.called:
            return
        try:
            answer = work()
        except Exception:
            answer = Failure()
        if loses:
            self._under_way.remove(done)
            done.errback(LinkLost())
        else:
            self._engine.clock.callLater(self.delay / 2, self._answer, answer, done)

    def _answer(self, answer: Any, done: Deferred[Any]) -> None:
        if not self.is_cut and not done.called:
            self._under_way.remove(done)
            done.callback(answer)

    def append(
        self, seat: Seat, number: int, cursor: int, batch: str
    ) -> Deferred[Sequence[Row]]:
        work = lambda: self._engine.append(seat, number, cursor, batch)  # noqa: E731
        return self._call(work, self.loses_answers)

    def read(self, seat: Seat, cursor: int) -> Deferred[Sequence[Row]]:
        return self._call(lambda: self._engine.read(seat, cursor))

    def settle(self, seat: Seat, cursor: int) -> Deferred[Settled | None]:
        return self._call(lambda: self._engine.settle(seat, cursor))

    def renew(
        self, seat: Seat, cursor: int, members: int, adopts: bool
    ) -> Deferred[Sequence[int] | None]:
        return self._call(lambda: self._engine.renew(seat, cursor, members, adopts))

    def leave(self, seat: Seat) -> Deferred[None]:
        return self._call(lambda: self._engine.leave(seat))

    def close(self) -> None:
        self.drop()


def _is_kept(event: Event) -> bool:
    return is_written(event) and not isinstance(event, Housed)
