"""The parts of a chat, each of which owns a part of its state, and what they ask of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatservice.chat.acting import Acting
from chatservice.chat.audit import Audit
from chatservice.chat.belongings import Belongings
from chatservice.chat.bindings import Bindings
from chatservice.chat.clock import WallClock
from chatservice.chat.departures import Departures
from chatservice.chat.devices import Devices
from chatservice.chat.door import Door
from chatservice.chat.enforcement import Enforcement
from chatservice.chat.entrances import Entrances
from chatservice.chat.envelope import Envelope
from chatservice.chat.folding import Folding
from chatservice.chat.formers import Formers
from chatservice.chat.homes import Homes
from chatservice.chat.housing import Housing
from chatservice.chat.journal import Journal
from chatservice.chat.lingering import Lingering
from chatservice.chat.marks import Marks
from chatservice.chat.names import Names, OwnNames
from chatservice.chat.news import News
from chatservice.chat.nicknames import Nicknames
from chatservice.chat.nodes import Nodes
from chatservice.chat.passing import Passing
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publisher
from chatservice.chat.repeats import Repeats
from chatservice.chat.replicas import Replicas
from chatservice.chat.roles import Roles
from chatservice.chat.room_list import RoomList
from chatservice.chat.room_passwords import RoomPasswords
from chatservice.chat.rooms import Device, Member
from chatservice.chat.roster import Roster
from chatservice.chat.speaking import Speaking
from chatservice.chat.topics import Topics
from chatservice.chat.undoing import Undoing
from chatservice.chat.verbs import Verbs
from chatservice.chat.watching import Watching
from chatservice.config.settings import Settings
from chatservice.people.accounts import Accounts
from chatservice.people.ratelimit import FloodLimit
from chatservice.protocol.events import (
    CameAndWent,
    Event,
    Introduced,
)
from chatservice.protocol.stamping import signed

log = Logger()

T = TypeVar("T")


class Parts(Verbs):
    """The parts of a chat.

    The verbs of operators belong to C{enforcement} and C{roles}, all others to the chat itself.

    @param reactor: C{IReactorTime}.
    @param journal: the one order of all events.
    @param new_token: makes a secret for a newcomer.
    @ivar names: the claims of nicknames and identities.
    @ivar ids: the ids of the journal.
    @ivar roster: the people who are here.
    @ivar rooms: the rooms with somebody in them, by name.
    @ivar topics: the topics, by the room's name.
    @ivar nodes: the nodes that are one chat; C{None} on one machine.
    @ivar began: when it was started, in microseconds since the epoch.
    @ivar reloads: called by L{reload}.
    @ivar troubles: asked by L{trouble}; each returns a sentence, or nothing if all is well.
    @ivar sessions: one for each connection, whether a member is behind it yet or not.
    @ivar closing: why the chat takes nobody any more: a sentence; empty while it does.
    """

    def __init__(
        self,
        reactor: Any,
        journal: Journal,
        settings: Settings,
        accounts: Accounts,
        clock: WallClock,
        new_token: Callable[[], str],
    ) -> None:
        self.reactor = reactor
        self.names: Names = OwnNames()
        self.nodes: Nodes | None = None
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self.ids = journal.ids
        self.new_token = new_token
        self.accounts = accounts
        self.began = self.ids.now()
        self.reloads: list[Callable[[], object]] = []
        self.troubles: list[Callable[[], str]] = []
        self.sessions: set[Door] = set()
        self.closing = ""
        self._all_gone: Deferred[None] = Deferred()
        self._shared: dict[tuple[Hashable, ...], Any] = {}
        self._furnish(reactor.seconds)

    def _furnish(self, seconds: Callable[[], float]) -> None:
        """Make the parts."""
        self._make_memory(seconds)
        self._make_way(seconds)
        self._make_speech(seconds)
        self._make_belongings()
        self._make_entrances(seconds)
        self._make_ties(seconds)
        self._make_passing()

    def _make_memory(self, seconds: Callable[[], float]) -> None:
        """Make what knows who and what is here, and what holds there."""
        settings = self.settings
        self.audit = Audit(seconds)
        self.flood = FloodLimit(seconds, settings.rate_limit, settings.per_address)
        self.roster = Roster()
        self.departures = Departures()
        self.rooms = RoomList(self.journal)
        self.permissions = Permissions(
            settings.operators, self.ids.now, settings.keep, settings.keep_lines
        )
        self.clock.when_set.append(self.permissions.clock_set)
        self.topics = Topics(self.journal, self._keeps_topic, lambda: not self.homes.node)
        self.folding = Folding(self.reactor, self._tell_folded)
        self.lingering = Lingering(
            self.reactor,
            settings,
            lambda member, why: self.leave(member, why, goodbye=False),
        )
        self.watching = Watching()

    def _make_way(self, seconds: Callable[[], float]) -> None:
        """Make the way of events, and that of acts."""
        self._publisher = Publisher(
            self.reactor,
            self.journal,
            self.rooms,
            lambda envelope: self.repeats.answered_elsewhere(envelope),
            self.watching.watchers,
        )
        self.homes = Homes(self._publish_event)
        self.formers = Formers(self.reactor, self.roster, self.permissions, self.homes)
        self.troubles.append(self._publisher.trouble)
        self.acting = Acting(
            self.permissions,
            self.roster,
            self.rooms,
            self.publish,
            self._publish_event,
            seconds,
        )

    def _make_speech(self, seconds: Callable[[], float]) -> None:
        """Make what people and operators do in rooms."""
        settings = self.settings
        self.nicknames = Nicknames(self.roster, self.accounts, settings, self.lingering.left_for)
        self.enforcement = Enforcement(
            self.acting,
            self.permissions,
            self.roster,
            self.accounts,
            self.journal,
            settings,
            self.nicknames.person,
            self.settled,
            self.ids.now,
        )
        self.roles = Roles(self.acting, self.permissions)
        self.marks = Marks(self.journal, self.publish, self.last_delivered)
        self.repeats = Repeats(self.journal, self.publish, self.settled, seconds)
        self.speaking = Speaking(
            self.permissions, self.acting, self.repeats, self.publish, seconds
        )

    def _make_belongings(self) -> None:
        """Make what ties people to accounts, and what they own."""
        self.bindings = Bindings(
            self.roster,
            self.accounts,
            self.acting,
            self.formers,
            self.flood,
            self.audit,
            self.rename_to_guest,
            self.introduce,
            self.new_token,
            self.passed,
            self._publish_event,
        )
        self.belongings = Belongings(
            self.journal,
            self.roster,
            self.rooms,
            self.topics,
            self.permissions,
            self.formers,
            self.flood,
            self.departures,
            self.passed,
            self._publish_event,
        )

    def _make_entrances(self, seconds: Callable[[], float]) -> None:
        """Make the ways in and out."""
        self.room_passwords = RoomPasswords(
            self.permissions, self.accounts, self.roster, seconds
        )
        self.entrances = Entrances(
            self.roster,
            self.rooms,
            self.topics,
            self.permissions,
            self.room_passwords,
            self.acting,
            self.publish,
        )
        self.devices = Devices(
            self.roster,
            self.permissions,
            self.audit,
            self.lingering,
            self.entrances,
            self.homes,
            self.publish,
            self.leave,
            self.ids.latest,
            self.last_delivered,
            seconds,
        )

    def _make_ties(self, seconds: Callable[[], float]) -> None:
        """Make what ties the nodes of a cluster together."""
        self.housing = Housing(
            self.homes, self.roster, self.rooms, self.lingering, self.devices
        )
        self.undoing = Undoing(
            self.roster, self.rooms, self.permissions, self.formers, self.accounts.of
        )
        self.replicas = Replicas(
            self.roster,
            self.rooms,
            self.formers,
            self.homes,
            self.housing,
            self.undoing,
            self.belongings.follow,
            self._publisher.under_way,
            seconds,
        )
        self.news = News(
            self.reactor,
            self.roster,
            self.accounts,
            self.homes,
            self.devices,
            self.bindings,
            self.belongings,
            self.rename_to_guest,
            self._publish_event,
        )

    def _make_passing(self) -> None:
        """Make what events do as they pass."""
        self._publisher.effects = Passing(
            self.reactor,
            self.homes,
            self.housing,
            self.undoing,
            self.replicas,
            self.news,
            self.roster,
            self.rooms,
            self.topics,
            self.permissions,
            self.acting,
            self.audit,
            self.folding,
            self.departures,
            self.devices,
            self.leave,
            self._publish_event,
        )

    def shared(self, kind: Callable[..., T], *facts: Hashable) -> T:
        """Find or make an object that the sessions share, and that lasts as long as the chat.

        @param kind: makes it, from the chat and the facts.
        """
        key = kind, *facts
        if key not in self._shared:
            self._shared[key] = kind(self, *facts)
        found: T = self._shared[key]
        return found

    # What the parts ask.

    def publish(self, member: Member, event: Event, by: Device | None = None) -> Envelope:
        """Sign an event in the name of a member, and send it on its way.

        @param event: a new event, not signed yet.
        @param by: the device through which the member does it, if it does.
        """
        account = "" if member.account is None else member.account.key
        bot = bool(member.preferences.bot)
        signed(event, member.nick, member.identity, account, member.userhost, bot)
        envelope = Envelope(event, member, by)
        self._publish_event(envelope)
        return envelope

    def _keeps_topic(self, room: str) -> bool:
        is_on = self.permissions.is_entered(room) if self.homes.node else room in self.rooms
        return is_on or self.permissions.has_owner(room)

    def _publish_event(self, envelope: Envelope) -> None:
        if self.homes.node:
            self.undoing.begin(envelope)
        self._publisher.publish(envelope)

    def _tell_folded(self, room: str, came: int, went: int) -> None:
        if room in self.rooms and self.rooms[room].members:
            event = CameAndWent(room=room, came=came, went=went)
            if self.homes.node:
                self._publisher.show_here(event)
            else:
                self._publisher.publish(Envelope(event))

    def introduce(self, member: Member, by: Device | None = None) -> Envelope:
        """Tell that the account or the real name of a member is another one now.

        @param by: the device through which the member changed the real name, if that changed.
        """
        account = "" if member.account is None else member.account.nick
        renamed, rooms = by is not None, tuple(member.rooms)
        real_name = member.real_name
        return self.publish(
            member,
            Introduced(account_name=account, real_name=real_name, renamed=renamed, rooms=rooms),
            by,
        )

    def last_delivered(self) -> int:
        """Find the id of the last event that has passed."""
        return self._publisher.last

    def came(self, member: Member) -> int:
        """Find when a member came, in microseconds since the epoch by the clock as it is now.

        Of those who came elsewhere, only the time by the clock of then is known.
        """
        now = self.ids.now()
        if member.came is None:
            return min(member.since, now)
        return now - int((self.reactor.seconds() - member.came) * 1_000_000)

    def settled(self, member: Member) -> Deferred[None]:
        """Wait until everything that a member has said so far is delivered or refused."""
        return self._publisher.settled(member)

    def passed(self) -> Deferred[None]:
        """Wait until everything that anybody did so far is delivered or refused."""
        return self._publisher.passed()
