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

from collections.abc import Generator, Mapping
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatservice.account import NOT_STORED, Account, Proof
from chatservice.accounts import Accounts
from chatservice.audit import place
from chatservice.chat import Chat
from chatservice.clock import WallClock
from chatservice.door import Door, Fenced
from chatservice.doors.text import TextSession
from chatservice.errors import StorageError
from chatservice.events import (
    LATEST,
    Acted,
    CameBack,
    ChatError,
    EventIds,
    Left,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.journal import Journal
from chatservice.lingering import UNNOTICED, absences
from chatservice.maintenance import MemoryJournal
from chatservice.passwords import Passwords
from chatservice.peers import Peer
from chatservice.reading import LineConnection
from chatservice.rooms import Member, Room
from chatservice.sanitize import clean, clean_line
from chatservice.settings import Settings

log = Logger()

TOPIC_BYTES = 400

TALKING = 600.0
"""Seconds for which somebody who spoke in a room counts as talking there."""


class ChatProtocol(LineConnection):
    """The text door: lines that a person types, over whatever transport."""

    def __init__(self, chat: ChatFactory, peer: Peer) -> None:
        super().__init__(TextSession(chat), peer)


class ChatFactory(ServerFactory, Chat):
    """The chat. Given to any endpoint, it is already a working one, through the text door.

    What it is made of is told in L{Chat}.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        journal: Journal | None = None,
        settings: Settings | None = None,
        accounts: Accounts | None = None,
        clock: WallClock | None = None,
        **parts: Any,
    ) -> None:
        settings, clock = settings or Settings(), clock or WallClock()
        memory = None
        if journal is None:
            journal = memory = MemoryJournal(reactor.seconds, EventIds(clock.time))
        if accounts is None:
            store = NOT_STORED if memory is None else memory.accounts
            accounts = Accounts(Passwords(reactor), reactor.seconds, journal.ids.now, store)
        super().__init__(reactor, journal, settings, accounts, clock, **parts)
        if memory is not None:
            memory.keep_tidy(self.moderation, clock.is_settled)
        self._all_gone: Deferred[None] = Deferred()

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """A text door for somebody who connects, over whatever transport."""
        return ChatProtocol(self, Peer.at(addr, self.reactor.seconds()))

    # The life of the chat.

    def restore(self) -> None:
        """Begin where the last run ended; the journal is open."""
        self.clock.begin(self.journal.floor)
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
        self._publisher.stop()
        absent = absences(self.roster.values())
        try:
            if absent:
                yield self.journal.append(absent)
        except StorageError as error:
            log.error("What people have missed is not stored: {why}.", why=error)
        for session in list(self.sessions):
            session.close("the chat is shutting down")
        if self.sessions:
            yield self._all_gone

    def session_ended(self, session: Door) -> None:
        """A connection has ended."""
        self.sessions.discard(session)
        if self.closing and not self.sessions and not self._all_gone.called:
            self._all_gone.callback(None)

    # Coming and going. What a verb cannot do it says in a ChatError: the member's own mistake.

    def join(
        self,
        door: Door,
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
        account, address = None if proof is None else proof.account, door.peer.address
        nick, key = self.nicknames.free(nick, address, account)
        # One that somebody else has taken is of no use to who has proved an account.
        if token in self.roster.by_token or not self.accounts.may_bear(token, account):
            token = self.new_token()
        member = Member(nick, key, door, token, address)
        member.came = self.reactor.seconds()
        if account is not None:
            member.account, member.identity = account, account.identity
        self.moderation.check_arrival(member)
        if proof is not None:
            self.bindings.bind(member, proof).addErrback(door.complain)
        self.roster.add(member)
        self.entrances.enter_open(member, rooms, seen)
        return member

    def take_over(self, member: Member, door: Door) -> None:
        """Put another connection in the place of the one that a member had."""
        former, member.address = member.address, door.peer.address
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
        member.door = Fenced(door)
        self.entrances.part_where_banned(member)
        self.publish(member, Resumed(), door)

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
        come = self.ids.latest() if member.since == LATEST else member.since
        seen = max(self._publisher.last, come)
        if silence:
            seen = min(seen, self.ids.latest() - int(min(silence, UNNOTICED) * 1_000_000))
        member.lose(seen, behind)

    # Talk, and what else a member may do.

    def say(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say a line to everybody in a room."""
        self.moderation.check_speech(member, room.name)
        if room.founder is member and not member.uncommitted:
            self.operators.found(member, room)
        self.repeats.say(member, Said, room.name, text, ref, room=room.name)
        member.spoke_at[room.name] = self.reactor.seconds()

    def act(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say what one does, in the third person."""
        self.moderation.check_speech(member, room.name)
        self.repeats.say(member, Acted, room.name, text, ref, room=room.name)
        member.spoke_at[room.name] = self.reactor.seconds()

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
        """Be away from the keyboard, or back with C{None}.

        Only rooms in which the member spoke lately are told: nobody waits for it anywhere else.
        """
        self.moderation.check_appearance(member)
        rooms = member.spoke_since(self.reactor.seconds() - TALKING)
        if why is None:
            self.publish(member, CameBack(rooms=rooms))
        else:
            self.publish(member, WentAway(why=why, rooms=rooms))
        member.away = why

    def tell_operators(self, sentence: str) -> None:
        """Tell the operators of the whole chat who are here something about the server."""
        for member in self.roster.values():
            if self.moderation.is_operator(member):
                member.door.notify([sentence], [])

    def set_topic(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Change what a room is about, or clear it with an empty text."""
        self.moderation.check_topic(member, room.name)
        topic = clean_line(text) if text else ""
        if len(topic.encode()) > TOPIC_BYTES:
            raise ChatError("too-long", f"a topic has at most {TOPIC_BYTES} bytes")
        if topic:
            self.topics.check(room.name, member)
        self.repeats.say(member, TopicChanged, room.name, text, ref, room=room.name)
