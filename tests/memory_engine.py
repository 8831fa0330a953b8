"""An engine in memory, which does what the SQL of the cluster does, and fails as a test wishes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.internet.task import Clock

from chatservice.cluster.link import Row, Seat, Settled
from chatservice.cluster.log import LEASE
from chatservice.cluster.spelling import read, spell
from chatservice.people.account import account_of, facts_of
from chatservice.people.accounts import has_account, registered
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Event, Identified, TopicChanged
from chatservice.protocol.ids import EventIds
from chatservice.protocol.whereabouts import AccountChanged, Adopted, Housed
from chatservice.storage.database import Database
from chatservice.storage.identities import Identities
from chatservice.storage.journal import read_topics
from chatservice.storage.rows import is_written, store
from tests.memory_people import MemoryPeople

MOVED_AFTER = 20.0
"""Seconds after which a move between identities is ended."""


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
    @ivar notify: called when there is something new to read; a link adds itself.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ids = EventIds(clock.seconds)
        self.rows: list[Row] = []
        self.nodes: dict[int, NodeRow] = {}
        self.people = MemoryPeople()
        self.accounts: dict[str, str] = {}
        self.spent: set[str] = set()
        self.moves: dict[bytes, bytes] = {}
        self.notify: list[Callable[[], object]] = []
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
        refused = self.people.take(node, events)
        kept = [event for place, event in enumerate(events) if place not in refused]
        connection = self.database._writer
        store(connection, [event for event in kept if _is_kept(event)])
        self.rows.append(Row(last, first, node, number, refused, self.ids.time, batch))
        for notify in self.notify:
            notify()

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

    def leave(self, seat: Seat, cursor: int) -> None:
        """See L{chatservice.cluster.link.Link.leave}."""
        if not self._holds(seat):
            return
        self.nodes[seat.node].is_over, self.nodes[seat.node].cursor = True, cursor
        living = [number for number, each in self.nodes.items() if not each.is_over]
        if living:
            self.hand_over(seat.node, living[0])

    def hand_over(self, former: int, node: int) -> None:
        """Give the people of a node to another one."""
        gone = self.nodes[former]
        gone.is_over = True
        gone.link += 1
        self.people.hand_over(former, node, gone.cursor)
        self._put(node, 0, spell([Adopted(former=former, upto=gone.cursor)]))

    def claim(self, seat: Seat, keys: Sequence[str]) -> int | None:
        """Claim names for a node, all or none; return the head of the log, or C{None}."""
        if not self._holds(seat):
            raise StorageError("others have taken over this node's place")
        return self.head if self.people.claim(seat.node, keys) else None

    def release(self, seat: Seat, keys: Sequence[str]) -> None:
        """Give up those of a node's claims under which nobody has come."""
        self.people.release(seat.node, keys)

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


def _is_kept(event: Event) -> bool:
    return is_written(event) and not isinstance(event, Housed)
