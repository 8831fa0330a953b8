"""The chat. Read this first.

L{ChatFactory} is the chat: who is here, which rooms exist, and the way of every event. A door
calls its verbs (join, say, leave, ...); a verb checks the rules, changes who is where, and
I{publishes} an event. What was published in one turn of the reactor goes to the journal as one
batch; when the journal has it on the disk, the batch is I{broadcast} to everybody who hears it
(publisher.py, broadcast.py). Nobody sees anything any other way.

How people come in is told in joining.py, and how they enter rooms in entrances.py; who may do what
in moderation.py, and what each door makes of it in doors/.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatservice.accounts import Account, Accounts
from chatservice.acts import Founded, Kicked, OperatorAct
from chatservice.audit import Audit, place
from chatservice.belongings import Belongings
from chatservice.bindings import Bindings
from chatservice.clock import WallClock
from chatservice.doors.text import TextSession
from chatservice.entrances import Entrances
from chatservice.envelope import Envelope
from chatservice.events import (
    Acted,
    CameAndWent,
    CameBack,
    ChatError,
    Event,
    EventIds,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
    signed,
)
from chatservice.flood import FloodLimit
from chatservice.hangups import HangUps
from chatservice.journal import Journal, JournalError
from chatservice.lines import Session
from chatservice.lingering import UNNOTICED, Lingering, absences
from chatservice.memory import MemoryJournal
from chatservice.moderation import Moderation
from chatservice.names import check_room
from chatservice.nicknames import Nicknames
from chatservice.operators import Operators
from chatservice.passwords import Passwords
from chatservice.peers import Peer
from chatservice.presence import Folding
from chatservice.proofs import Proof
from chatservice.publisher import Publisher
from chatservice.reading import LineConnection
from chatservice.repeats import Repeats
from chatservice.roomlist import RoomList
from chatservice.roompasswords import RoomPasswords
from chatservice.rooms import NOWHERE, Door, Fenced, Member, Room
from chatservice.roster import Roster
from chatservice.sanitize import clean, clean_line
from chatservice.settings import Settings
from chatservice.topics import Topics

log = Logger()

TOPIC_BYTES = 400


class ChatProtocol(LineConnection):
    """The text door: lines that a person types, over whatever transport."""

    def __init__(self, chat: ChatFactory, peer: Peer) -> None:
        super().__init__(TextSession(chat), peer)


class ChatFactory(ServerFactory):
    """The chat. Given to any endpoint, it is already a working one, through the text door.

    @param reactor: C{IReactorTime}.
    @param journal: where events are kept; without one, the last ones stay in memory.
    @param ids: the source of event ids; by default, times of C{clock}.
    @param new_token: makes a secret for whoever joins.
    @ivar roster: who is here.
    @ivar rooms: those with somebody in them, by name.
    @ivar topics: of all rooms that have one, by the room's name.
    @ivar sessions: one for every connection, whether there is a member behind it yet or not.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        journal: Journal | MemoryJournal | None = None,
        settings: Settings | None = None,
        ids: EventIds | None = None,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(16),
        accounts: Accounts | None = None,
        clock: WallClock | None = None,
    ) -> None:
        self.reactor = reactor
        self.settings = settings or Settings()
        self.clock = clock or WallClock()
        self.ids = ids or EventIds(self.clock.time)
        self.journal = journal or MemoryJournal()
        self.new_token = new_token
        self.accounts = accounts or Accounts(Passwords(reactor), reactor.seconds, self.ids.now)
        self.sessions: set[Session] = set()
        self.closing = False
        self._all_gone: Deferred[None] = Deferred()
        self._furnish(reactor.seconds)

    def _furnish(self, seconds: Callable[[], float]) -> None:
        """Make the parts of the chat, each of which owns a part of its state."""
        settings = self.settings
        self.audit = Audit(seconds)
        self.flood = FloodLimit(seconds, settings.rate_limit, settings.per_address)
        self.hang_ups = HangUps(self.reactor)
        self.roster = Roster()
        self.rooms = RoomList(self.journal)
        self.moderation = Moderation(
            settings.operators, self.ids.now, settings.keep, settings.keep_lines
        )
        self.clock.when_set.append(self.moderation.clock_set)
        self.topics = Topics(
            self.journal, lambda room: room in self.rooms or self.moderation.has_owner(room)
        )
        self.folding = Folding(self.reactor, self._tell_folded)
        self.lingering = Lingering(self.reactor, settings, self._give_up_waiting)
        self._publisher = Publisher(
            self.reactor, self.journal, self.rooms, self._committed, self._delivered
        )
        self.operators = Operators(
            self.moderation,
            self.roster,
            self.rooms,
            self.ids,
            self.publish,
            self._publisher.publish,
            seconds,
        )
        self.repeats = Repeats(self.journal, self.publish, self.settled, seconds)
        self.nicknames = Nicknames(
            self.roster, self.accounts, settings, self.lingering.left_for
        )
        self.bindings = Bindings(
            self.roster,
            self.accounts,
            self.operators,
            self.flood,
            self.audit,
            self.rename_to_guest,
            self.new_token,
            self.passed,
        )
        self.belongings = Belongings(
            self.journal,
            self.roster,
            self.rooms,
            self.topics,
            self.moderation,
            self.flood,
            self.passed,
        )
        passwords = RoomPasswords(
            self.moderation, self.accounts, self.roster, seconds
        )
        self.entrances = Entrances(
            self.roster,
            self.rooms,
            self.topics,
            self.moderation,
            passwords,
            self.operators,
            self.folding,
            self.publish,
        )

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """A text door for somebody who connects, over whatever transport."""
        return ChatProtocol(self, Peer.at(addr, self.reactor.seconds()))

    # The life of the chat.

    def restore(self) -> None:
        """Begin where the last run ended; the journal is open."""
        self.clock.begin(self.journal.floor)
        self.ids.start_above(self.journal.floor)
        self.topics.restore(self.journal.topics.values())
        self.journal.recall(self.moderation.apply)

    @inlineCallbacks
    def shut_down(self, patience: float) -> Generator[Deferred[Any], Any, None]:
        """Deliver what was accepted, tell everybody, and wait until all are gone.

        @param patience: seconds that the journal may take for what is on its way.
        """
        self.closing = True
        self.folding.stop()
        for member in self.roster.values():
            self.lingering.stop(member)
        for session in self.sessions:
            session.hold()
        settled = self._publisher.all_settled()
        yield settled.addTimeout(patience, self.reactor).addErrback(lambda _: None)
        absent = absences(self.roster.values(), self.ids)
        try:
            if absent:
                yield self.journal.append(absent)
        except JournalError as error:
            log.error("What people have missed is not stored: {why}.", why=error)
        for session in list(self.sessions):
            session.close("the chat is shutting down")
        if self.sessions:
            yield self._all_gone

    def session_ended(self, session: Session) -> None:
        """A connection has ended."""
        self.sessions.discard(session)
        if self.closing and not self.sessions and not self._all_gone.called:
            self._all_gone.callback(None)

    # Coming and going. What a verb cannot do it says in a ChatError: the member's own mistake.

    def join(
        self,
        session: Session,
        nick: str,
        token: str,
        proof: Proof | None,
        rooms: list[Room],
        seen: Mapping[str, int],
    ) -> Member:
        """Come to the chat, and enter rooms; how one gets here is told in joining.py.

        @param token: the one that was shown, or empty.
        @param proof: of an account, if one was proved.
        @param seen: of rooms that were not left the last time, the id until which they were seen.
        """
        account, address = None if proof is None else proof.account, session.peer.address
        nick, key = self.nicknames.free(nick, address, account)
        # One that somebody else has taken is of no use to who has proved an account.
        if token in self.roster.by_token or not self.accounts.may_bear(token, account):
            token = self.new_token()
        member = Member(nick, key, session, token, address, self.ids.latest())
        member.came = self.reactor.seconds()
        if account is not None:
            member.account, member.identity = account, account.identity
        self.moderation.check_arrival(member)
        if proof is not None:
            self.bindings.bind(member, proof).addErrback(session.complain)
        self.roster.add(member)
        self.entrances.enter_open(member, rooms, seen)
        return member

    def take_over(self, member: Member, session: Session) -> None:
        """Put another connection in the place of the one that a member had."""
        former, member.address = member.address, session.peer.address
        try:
            self.moderation.check_not_banned(member, "")
        except ChatError:
            member.address = former
            raise
        came_from = f", who was at {place(former)}"
        self.audit.about("Taken over", member.address, member.nick, came_from)
        self.lingering.stop(member)
        self.note_loss(member, member.door.behind(), member.door.silence())
        member.door.displace()
        member.door = Fenced(session)
        self.entrances.part_where_banned(member)
        self.publish(member, Resumed(), session)

    def enter(self, member: Member, text: str, password: str = "") -> Deferred[None]:
        """Enter a room, or make one that one is in the current one."""
        return self.entrances.enter(member, self.room_name(text), password)

    def part(self, member: Member, room: Room) -> None:
        """Leave a room, the lobby too, and stay in the chat."""
        self.entrances.part(member, room)

    def leave(self, member: Member, why: str, goodbye: bool, folded: bool = False) -> None:
        """Leave the chat; see L{Left}. The nickname is free at once."""
        if self.closing or not self.roster.has(member):
            return
        self.lingering.stop(member)
        self.roster.remove(member)
        seen, noted = member.seen_last(), member.forgotten != member.identity
        rooms, too_many = self.entrances.leave_all(member)
        left = Left(
            why=clean(why),
            goodbye=goodbye,
            rooms=rooms,
            folded=too_many or folded,
            noted=noted,
            seen=seen,
        )
        self.publish(member, left)

    def lose(self, member: Member, why: str) -> None:
        """Lose a connection: leave, unless the member comes back before long."""
        if not self.closing and self.roster.has(member):
            self.lingering.begin(member, why)

    def note_loss(self, member: Member, behind: int | None, silence: float = 0.0) -> None:
        """Note up to which event a member saw everything through a door that is lost.

        @param behind: see L{chatservice.rooms.Door.behind}.
        @param silence: seconds for which the door may have been dead already.
        """
        seen = max(self._publisher.last, member.since)
        if silence:
            seen = min(seen, self.ids.latest() - int(min(silence, UNNOTICED) * 1_000_000))
        member.lose(seen, behind)

    def _give_up_waiting(self, member: Member, why: str) -> None:
        self.leave(member, why, goodbye=False)

    # Talk, and what else a member may do.

    def say(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say a line to everybody in a room."""
        self.moderation.check_speech(member, room.name)
        if room.founder is member and not member.uncommitted:
            self.operators.found(member, room)
        self.repeats.say(member, Said, room.name, text, ref, room=room.name)

    def act(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say what one does, in the third person."""
        self.moderation.check_speech(member, room.name)
        self.repeats.say(member, Acted, room.name, text, ref, room=room.name)

    def whisper(
        self, member: Member, to: Member | Account, text: str, ref: str = "", called: str = ""
    ) -> None:
        """Say a line to one person in private; for an account that is not here it is kept.

        @param called: what the member called that person, if it is not the nickname.
        """
        self.moderation.check_speech(member, "")
        self.repeats.say(
            member,
            Whispered,
            called or to.nick,
            text,
            ref,
            to=to.nick,
            to_identity=to.identity,
        )

    def rename(self, member: Member, nick: str) -> None:
        """Take another nickname, and keep everything else."""
        self.moderation.check_appearance(member)
        self.give_nick(member, nick)

    def give_nick(self, member: Member, nick: str) -> None:
        """Rename a member, which need not have asked for it."""
        nick, key = self.nicknames.free(nick, member.address, member.account, member)
        if nick == member.nick:
            raise ChatError("nick-taken", f"you are {nick} already")
        self.publish(member, Renamed(now=nick, rooms=tuple(member.rooms)))
        self.roster.rename(member, nick, key)
        member.door.look()

    def rename_to_guest(self, member: Member) -> None:
        """Give a member a nickname that is nobody's."""
        self.give_nick(member, self.nicknames.for_guest(self.ids.latest()))

    def set_away(self, member: Member, why: str | None) -> None:
        """Be away from the keyboard, or back with C{None}."""
        self.moderation.check_appearance(member)
        if why is None:
            self.publish(member, CameBack(rooms=tuple(member.rooms)))
        else:
            self.publish(member, WentAway(why=why, rooms=tuple(member.rooms)))
        member.away = why

    def set_topic(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Change what a room is about, or clear it with an empty text."""
        self.moderation.check_topic(member, room.name)
        topic = clean_line(text) if text else ""
        if len(topic.encode()) > TOPIC_BYTES:
            raise ChatError("too-long", f"a topic has at most {TOPIC_BYTES} bytes")
        if topic:
            self.topics.check(room.name, member)
        self.repeats.say(member, TopicChanged, room.name, text, ref, room=room.name)

    # Questions.

    def member_named(self, nick: str) -> Member:
        """Find the member with a nickname.

        @raise ChatError: nobody has it.
        """
        return self.roster.named(nick)

    def is_here(self, member: Member) -> bool:
        """Whether the member is in the chat, with or without a connection at this moment."""
        return self.roster.has(member)

    def last_delivered(self) -> int:
        """The id of the last event that came to its end."""
        return self._publisher.last

    def departed(self, identity: bytes) -> Deferred[None]:
        """Fires when it is stored where somebody was who has left, if that is on its way."""
        member = self.roster.leaving.get(identity)
        return succeed(None) if member is None else self.settled(member)

    def settled(self, member: Member) -> Deferred[None]:
        """Fires when everything that a member has said so far is delivered or refused."""
        return self._publisher.settled(member)

    def passed(self) -> Deferred[None]:
        """Fires when everything that anybody did so far is delivered or refused."""
        return self._publisher.passed()

    @staticmethod
    def room_name(text: str) -> str:
        """The one name of a room, however it was written."""
        try:
            return check_room(text)
        except ValueError as error:
            raise ChatError("bad-room", str(error)) from error

    # What publishing needs.

    def publish(self, member: Member, event: Event, door: Door | None = None) -> Envelope:
        """Let an event of a member's go its way.

        @param event: just made, and not signed yet.
        @param door: see L{Envelope}.
        """
        id, account = self.ids.next(), "" if member.account is None else member.account.key
        signed(event, id, self.ids.time, member.nick, member.identity, account)
        envelope = Envelope(event, member, door)
        self._publisher.publish(envelope)
        return envelope

    def _tell_folded(self, room: str, came: int, went: int) -> None:
        if room in self.rooms and self.rooms[room].members:
            event = CameAndWent(id=self.ids.next(), room=room, came=came, went=went)
            self._publisher.publish(Envelope(replace(event, time=self.ids.time)))

    def _committed(self, envelope: Envelope) -> None:
        """An event is stored: it holds from now on, for who joins in its batch too."""
        event = envelope.event
        if isinstance(event, TopicChanged):
            self.topics.take(event, envelope.author)
        elif isinstance(event, Whispered):
            envelope.other = self.roster.find(event.to_identity, event.id)
        elif isinstance(event, OperatorAct):
            self.moderation.apply(event)
            self.operators.address(envelope)
            self.operators.follow_late(event)
            self.audit.acted(event)
            if isinstance(event, Founded) and event.room in self.rooms:
                self.rooms[event.room].founder = None

    def _delivered(self, envelope: Envelope) -> None:
        """An event has come to its end: let it take effect on what is nobody's view."""
        event, member = envelope.event, envelope.author
        match event:
            case Left() if member is not None:
                self.roster.gone(member, event.identity)
                door, member.door = member.door, NOWHERE
                # The events that it is the author of may be kept for long, and rooms need not.
                member.current = None
                door.dismiss()
            case Resumed() if member is not None and member.door is envelope.door:
                member.lost_at = 0
            case Kicked(room="") if envelope.other is not None:
                why = f"kicked by {event.nick}"
                self.leave(envelope.other, why, goodbye=False, folded=True)
            case Kicked():
                self.rooms.forget_if_over(event.room)
        if isinstance(event, Left | Parted):
            for name in event.touched:
                self.rooms[name].departing -= 1
                self.rooms.forget_if_over(name)
