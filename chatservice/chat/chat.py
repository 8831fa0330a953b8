"""The parts of a chat, each of which owns a part of its state, and the way of its events.

Sessions, commands and doors know the chat as a L{Chat}. Its verbs are in server.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
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
from chatservice.chat.ignoring import away_shown
from chatservice.chat.journal import Journal
from chatservice.chat.lingering import Lingering, absences
from chatservice.chat.marks import Marks
from chatservice.chat.names import Names, OwnNames
from chatservice.chat.nicknames import Nicknames
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
from chatservice.chat.verbs import Verbs
from chatservice.chat.watching import Watching
from chatservice.config.settings import Settings
from chatservice.people.accounts import Accounts
from chatservice.people.ratelimit import FloodLimit
from chatservice.protocol.actions import Founded, Kicked, OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import (
    CameAndWent,
    ChatError,
    Event,
    Introduced,
    Joined,
    Left,
    Parted,
    Resumed,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.names import check_room
from chatservice.protocol.signals import Signalled
from chatservice.protocol.stamping import signed

log = Logger()

MOVES = (Joined, Parted, Left)

SHUTTING_DOWN = "the chat is shutting down"


class Chat(Verbs):
    """The parts and the life of a chat.

    The verbs of operators belong to C{enforcement} and C{roles}, all others to the chat itself.

    @param reactor: C{IReactorTime}.
    @param journal: the one order of all events.
    @param new_token: makes a secret for a newcomer.
    @param names: who gets which nickname, if others than the roster have to agree.
    @ivar ids: the ids of the journal.
    @ivar roster: the people who are here.
    @ivar rooms: the rooms with somebody in them, by name.
    @ivar topics: the topics, by the room's name.
    @ivar began: when it was started, in microseconds since the epoch.
    @ivar reloads: called by L{reload}.
    @ivar troubles: asked by L{trouble}; each returns a sentence, or nothing if all is well.
    @ivar sessions: one for each connection, whether a member is behind it yet or not.
    @ivar closing: whether the chat is shutting down.
    """

    def __init__(
        self,
        reactor: Any,
        journal: Journal,
        settings: Settings,
        accounts: Accounts,
        clock: WallClock,
        new_token: Callable[[], str],
        names: Names | None = None,
    ) -> None:
        self.reactor = reactor
        self.names = names or OwnNames()
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
        self.closing = False
        self._all_gone: Deferred[None] = Deferred()
        self._furnish(reactor.seconds)

    def _furnish(self, seconds: Callable[[], float]) -> None:
        """Make the parts."""
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
        self.topics = Topics(
            self.journal, lambda room: room in self.rooms or self.permissions.has_owner(room)
        )
        self.folding = Folding(self.reactor, self._tell_folded)
        self.lingering = Lingering(
            self.reactor,
            settings,
            lambda member, why: self.leave(member, why, goodbye=False),
        )
        self.watching = Watching()
        self._publisher = Publisher(
            self.reactor,
            self.journal,
            self.rooms,
            self._committed,
            self._delivered,
            self.watching.watchers,
        )
        self.troubles.append(self._publisher.trouble)
        self.acting = Acting(
            self.permissions,
            self.roster,
            self.rooms,
            self.publish,
            self._publisher.publish,
            seconds,
        )
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
        self.bindings = Bindings(
            self.roster,
            self.accounts,
            self.acting,
            self.flood,
            self.audit,
            self.rename_to_guest,
            self.introduce,
            self.new_token,
            self.passed,
            self._publisher.publish,
        )
        self.belongings = Belongings(
            self.journal,
            self.roster,
            self.rooms,
            self.topics,
            self.permissions,
            self.flood,
            self.departures,
            self.passed,
            self._publisher.publish,
        )
        self.replicas = Replicas(
            self.roster,
            self.rooms,
            self.acting,
            self.belongings.follow,
            self.accounts.named,
            seconds,
        )
        passwords = RoomPasswords(self.permissions, self.accounts, self.roster, seconds)
        self.entrances = Entrances(
            self.roster,
            self.rooms,
            self.topics,
            self.permissions,
            passwords,
            self.acting,
            self.publish,
        )
        self.devices = Devices(
            self.roster,
            self.permissions,
            self.audit,
            self.lingering,
            self.entrances,
            self.publish,
            self.leave,
            self.ids.latest,
            self.last_delivered,
            seconds,
        )

    # The life of the chat.

    def restore(self) -> None:
        """Begin where the last run ended; the journal is open."""
        self.clock.begin(self.journal.floor)
        self.topics.restore(self.journal.topics.values())
        self.journal.recall(self.permissions.apply)

    @inlineCallbacks
    def shut_down(self, patience: float) -> Generator[Deferred[Any], Any, None]:
        """Deliver what was accepted, tell everybody, and wait until all are gone.

        @param patience: the seconds that the journal may take for what is on its way.
        """
        self.closing = True
        self.folding.stop()
        self.lingering.stop_all()
        for session in self.sessions:
            session.hold()
        settled = self._publisher.all_settled()
        yield settled.addTimeout(patience, self.reactor).addErrback(lambda _: None)
        self._publisher.stop()
        absent = absences([each for each in self.roster.values() if not each.is_elsewhere])
        try:
            if absent:
                yield self.journal.append(absent)
        except StorageError as error:
            log.error("Storing what people have missed failed: {why}.", why=error)
        for session in list(self.sessions):
            session.close(SHUTTING_DOWN)
        if self.sessions:
            yield self._all_gone

    def reload(self) -> None:
        """Read again what may change while the chat runs; nobody is dropped."""
        for reload in self.reloads:
            reload()

    def trouble(self) -> str:
        """Tell in a sentence why the chat takes no lines now; empty if it takes them."""
        if self.closing:
            return SHUTTING_DOWN
        return next(filter(None, (tell() for tell in self.troubles)), "")

    def session_ended(self, session: Door) -> None:
        """Forget a session whose connection has ended."""
        self.sessions.discard(session)
        if self.closing and not self.sessions and not self._all_gone.called:
            self._all_gone.callback(None)

    # The members.

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

    def tell_operators(self, sentence: str) -> None:
        """Tell something about the server to the server operators who are here."""
        for member in self.roster.values():
            if self.permissions.is_operator(member):
                member.tell([sentence])

    # Questions.

    def member_named(self, nick: str) -> Member:
        """Find the member with a nickname.

        @raise ChatError: C{no-nick}.
        """
        return self.roster.named(nick)

    def is_here(self, member: Member) -> bool:
        """Tell whether the member is in the chat, with or without a connection at this moment."""
        return self.roster.has(member)

    def last_delivered(self) -> int:
        """Find the id of the last event that has passed."""
        return self._publisher.last

    def departed(self, identity: bytes) -> Deferred[None]:
        """Wait until the leaving of somebody is stored, if it is on its way."""
        member = self.roster.leaving.get(identity)
        return succeed(None) if member is None else self.settled(member)

    def settled(self, member: Member) -> Deferred[None]:
        """Wait until everything that a member has said so far is delivered or refused."""
        return self._publisher.settled(member)

    def passed(self) -> Deferred[None]:
        """Wait until everything that anybody did so far is delivered or refused."""
        return self._publisher.passed()

    @staticmethod
    def room_name(text: str) -> str:
        """Give the one name of a room, however it was written.

        @raise ChatError: C{bad-room}.
        """
        try:
            return check_room(text)
        except ValueError as error:
            raise ChatError("bad-room", str(error)) from error

    # What publishing needs.

    def publish(self, member: Member, event: Event, by: Device | None = None) -> Envelope:
        """Sign an event in the name of a member, and send it on its way.

        @param event: a new event, not signed yet.
        @param by: the device through which the member does it, if it does.
        """
        account = "" if member.account is None else member.account.key
        bot = bool(member.preferences.bot)
        signed(event, member.nick, member.identity, account, member.userhost, bot)
        envelope = Envelope(event, member, by)
        self._publisher.publish(envelope)
        return envelope

    def _tell_folded(self, room: str, came: int, went: int) -> None:
        if room in self.rooms and self.rooms[room].members:
            self._publisher.publish(Envelope(CameAndWent(room=room, came=came, went=went)))

    def _committed(self, envelope: Envelope) -> None:
        """Apply a stored event before its broadcast: it holds for newcomers in its batch too."""
        if envelope.is_foreign:
            self.replicas.take(envelope)
        event, author = envelope.event, envelope.author
        if isinstance(event, MOVES):
            self.permissions.moved(event)
            self.folding.take(event)
        if isinstance(event, Joined | Resumed) and author is not None:
            if not envelope.is_foreign:
                author.come(event.id, event.room if isinstance(event, Joined) else "")
            if isinstance(event, Joined) and event.room in self.rooms:
                room = self.rooms[event.room]
                room.since = room.since or self.permissions.founded(room.name) or event.when
        elif isinstance(event, TopicChanged):
            self.topics.take(event, author)
        elif isinstance(event, Whispered | Signalled):
            envelope.other = self.roster.find(event.to_identity, event.id)
        elif isinstance(event, OperatorAct):
            self.permissions.apply(event)
            self.acting.address(envelope)
            self.acting.follow_late(event)
            self.audit.acted(event)
            if isinstance(event, Founded) and event.room in self.rooms:
                self.rooms[event.room].founder = None
                self.rooms[event.room].since = self.permissions.founded(event.room)

    def _delivered(self, envelope: Envelope) -> None:
        """Finish an event that was broadcast: apply what nobody sees."""
        event, member = envelope.event, envelope.author
        match event:
            case Left():
                self.departures.note(event)
                if member is not None:
                    self.roster.gone(member, event.identity)
                    self.devices.end_all(member, envelope.device)
            case Whispered() if envelope.device is not None and member is not envelope.other:
                self._tell_if_unread(event, envelope.other, envelope.device)
            case Kicked(room="") if envelope.other is not None and not envelope.other.is_elsewhere:
                why = f"kicked by {event.nick}"
                self.leave(envelope.other, why, goodbye=False, folded=True)
            case Kicked():
                self.rooms.forget_if_over(event.room)
        if isinstance(event, Left | Parted) and member is not None:
            for name in event.touched:
                if not envelope.is_foreign:
                    self.rooms[name].departing -= 1
                self.rooms.forget_if_over(name)

    @staticmethod
    def _tell_if_unread(event: Whispered, recipient: Member | None, by: Device) -> None:
        away = None if recipient is None else away_shown(recipient, by.member.ignored)
        if recipient is None or away is not None:
            by.door.unread_now(event, away)
