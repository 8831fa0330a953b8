"""The chat. Read this first.

L{ChatFactory} is the chat: who is here, which rooms exist, and the way of every event. A door
calls its verbs (join, say, leave, ...); a verb checks the rules, changes who is where, and
I{publishes} an event. What was published in one turn of the reactor goes to the journal as one
batch; when the journal has it on the disk, the batch is I{broadcast} to everybody who hears it
(publisher.py, broadcast.py). Nobody sees anything any other way.

How people come in is told in arrivals.py, how they enter rooms in entrances.py, and how they go in
departures.py; who may do what in moderation.py, and what each door makes of it in doors/.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatservice.accounts import Account, Accounts
from chatservice.acts import Founded, Kicked, OperatorAct
from chatservice.arrivals import Arrivals, Wish
from chatservice.audit import Audit
from chatservice.belongings import Belongings
from chatservice.catchup import CatchUp
from chatservice.clock import WallClock
from chatservice.departures import Departures
from chatservice.doors.text import TextSession
from chatservice.entrances import Entrances
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
)
from chatservice.flood import FloodLimit
from chatservice.hangups import HangUps
from chatservice.journal import Journal
from chatservice.lines import Session
from chatservice.logins import Logins
from chatservice.memory import MemoryJournal
from chatservice.moderation import Moderation
from chatservice.names import NICK_INPUT, NICK_LENGTH, check_room, nick_key
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
from chatservice.rooms import Member, Room
from chatservice.sanitize import clean, clean_line
from chatservice.settings import Settings
from chatservice.topics import Topics

E = TypeVar("E", bound=Event)

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
    @ivar members: who is here, by the key of the nickname (L{nick_key}); C{by_token} by the token.
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
        self.flood = FloodLimit(
            reactor.seconds, self.settings.rate_limit, self.settings.per_address
        )
        self.hang_ups = HangUps(reactor)
        self.accounts = accounts or Accounts(Passwords(reactor), reactor.seconds, self.ids.now)
        self.moderation = Moderation(
            self.settings.operators, self.ids.now, self.settings.keep, self.settings.keep_lines
        )
        self.clock.when_set.append(self.moderation.clock_set)
        self.arrivals = Arrivals(self)
        self.catch_up = CatchUp(self)
        self.audit = Audit(reactor.seconds)
        self.belongings = Belongings(self)
        self.room_passwords = RoomPasswords(self)
        self.departures = Departures(self)
        self.entrances = Entrances(self)
        self.logins = Logins(self)
        self.repeats = Repeats(self)
        self.members: dict[str, Member] = {}
        self.rooms = RoomList(self.journal)
        self.operators = Operators(self)
        self.topics = Topics(self)
        self.sessions: set[Session] = set()
        self.closing = False
        self.new_token = new_token
        self.by_token: dict[str, Member] = {}
        self._all_gone: Deferred[None] = Deferred()
        self.folding = Folding(reactor, self._tell_folded)
        self._publisher = Publisher(
            reactor, self.journal, self.rooms, self._committed, self._delivered
        )
        self.publish_event = self._publisher.publish

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
        for member in self.members.values():
            self.departures.stop_lingering(member)
        for session in self.sessions:
            session.hold()
        settled = self._publisher.all_settled()
        yield settled.addTimeout(patience, self.reactor).addErrback(lambda _: None)
        yield self.departures.note_what_is_missed()
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
        door: Session,
        wish: Wish,
        proof: Proof | None,
        rooms: list[Room],
        seen: Mapping[str, int],
    ) -> Member:
        """Come to the chat, and enter rooms; how one gets here is told in arrivals.py.

        @param proof: of an account, if one was proved.
        @param seen: of rooms that were not left the last time, the id until which they were seen.
        """
        account = None if proof is None else proof.account
        nick, key = self.arrivals.free_nick(wish.nick, door.peer.address, account)
        token = self.arrivals.token_for(wish, account)
        member = Member(nick, key, door, token, door.peer.address, self.ids.latest())
        member.came = self.reactor.seconds()
        if account is not None:
            member.account, member.identity = account, account.identity
        self.moderation.check_arrival(member)
        if proof is not None:
            self.logins.bind(member, proof).addErrback(door.complain)
        self.members[key] = member
        self.by_token[token] = member
        self.entrances.enter_open(member, rooms, seen)
        return member

    def enter(self, member: Member, text: str, password: str = "") -> Deferred[None]:
        """Enter a room, or make one that one is in the current one."""
        return self.entrances.enter(member, self.room_name(text), password)

    def part(self, member: Member, room: Room) -> None:
        """Leave a room, the lobby too, and stay in the chat."""
        room.let_go(member)
        member.forget_room(room)
        folded = self.folding.note([room.name], came=False)
        self.publish(member, Parted, room=room.name, folded=folded)

    def leave(self, member: Member, why: str, goodbye: bool, folded: bool = False) -> None:
        """Leave the chat; see L{Left}. How else one goes is told in departures.py."""
        self.departures.leave(member, why, goodbye, folded)

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
            recipient=to if isinstance(to, Member) else None,
            to_identity=to.identity,
        )

    def rename(self, member: Member, nick: str) -> None:
        """Take another nickname, and keep everything else."""
        self.moderation.check_appearance(member)
        self.give_nick(member, nick)

    def give_nick(self, member: Member, nick: str) -> None:
        """Rename a member, which need not have asked for it."""
        nick, key = self.arrivals.free_nick(nick, member.address, member.account, member)
        if nick == member.nick:
            raise ChatError("nick-taken", f"you are {nick} already")
        self.publish(member, Renamed, now=nick, rooms=tuple(member.rooms))
        del self.members[member.key]
        self.members[key] = member
        member.nick, member.key = nick, key
        member.door.look()

    def set_away(self, member: Member, why: str | None) -> None:
        """Be away from the keyboard, or back with C{None}."""
        self.moderation.check_appearance(member)
        if why is None:
            self.publish(member, CameBack, rooms=tuple(member.rooms))
        else:
            self.publish(member, WentAway, why=why, rooms=tuple(member.rooms))
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

    def part_where_banned(self, member: Member) -> None:
        """Leave the rooms that somebody of this account or address is banned from."""
        for room in list(member.rooms.values()):
            try:
                self.moderation.check_not_banned(member, room.name)
            except ChatError:
                self.part(member, room)

    # Questions.

    def member_named(self, nick: str) -> Member:
        """Whoever bears a nickname."""
        member = self.members.get(nick_key(nick)) if len(nick) <= NICK_INPUT else None
        if member is None:
            raise ChatError("no-nick", f"nobody here is called {clean(nick)[:NICK_LENGTH]}")
        return member

    def is_here(self, member: Member) -> bool:
        """Whether the member is in the chat, with or without a connection at this moment."""
        return self.members.get(member.key) is member

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

    def publish(self, member: Member, kind: Callable[..., E], **facts: Any) -> E:
        """Let an event of a member's go its way."""
        id, time, identity = self.ids.next(), self.ids.time, member.identity
        event = kind(
            id=id, time=time, nick=member.nick, author=member, identity=identity, **facts
        )
        self.publish_event(event)
        return event

    def _tell_folded(self, room: str, came: int, went: int) -> None:
        if room in self.rooms and self.rooms[room].members:
            id, time = self.ids.next(), self.ids.time
            self.publish_event(CameAndWent(id=id, time=time, room=room, came=came, went=went))

    def _committed(self, event: Event) -> None:
        """An event is stored: it holds from now on, for who joins in its batch too."""
        if isinstance(event, TopicChanged):
            self.topics.take(event)
        elif isinstance(event, OperatorAct):
            self.moderation.apply(event)
            self.operators.follow_late(event)
            self.audit.acted(event)
            if isinstance(event, Founded) and event.room in self.rooms:
                self.rooms[event.room].founder = None

    def _delivered(self, event: Event) -> None:
        """An event has come to its end: let it take effect on what is nobody's view."""
        self.departures.last_delivered = event.id
        match event:
            case Left(author=Member() as member):
                self.departures.complete(member, event.identity)
            case Resumed(author=Member() as member, door=door) if member.door is door:
                member.lost_at = 0
            case Kicked(whom=Member() as whom, room=""):
                self.leave(whom, f"kicked by {event.nick}", goodbye=False, folded=True)
            case Kicked():
                self.rooms.forget_if_over(event.room)
        if isinstance(event, Left | Parted):
            for name in event.touched:
                self.rooms[name].departing -= 1
                self.rooms.forget_if_over(name)
