"""The chat, and its text door. Read this first.

L{ChatFactory} is the chat: who is here, which rooms exist, and the way of every event. A door
calls its verbs (join, say, leave, ...); a verb checks the rules, changes who is where, and
I{publishes} an event. What was published in one turn of the reactor goes to the journal as one
batch; when the journal has it on the disk, the batch is I{broadcast} to everybody who hears it
(publisher.py, broadcast.py). Nobody sees anything any other way.

L{ChatProtocol} is the text door, for telnet, nc, and whatever sends lines.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory

from chatservice import commands
from chatservice.events import (
    Acted,
    ChatError,
    Event,
    EventIds,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.journal import Journal, MemoryJournal, Page, Wanted
from chatservice.lines import LineDoor, State
from chatservice.names import NICK_LENGTH, check_nick, check_room, nick_key
from chatservice.publisher import Publisher
from chatservice.rooms import (
    LOBBY,
    NOWHERE,
    RECENT_EVENTS,
    ROOMS_PER_MEMBER,
    Door,
    Fenced,
    Member,
    Room,
)
from chatservice.settings import Settings
from chatservice.text import TEXT, arrival, clean, clean_line, encoded, retold, spelled

T = TypeVar("T")

TOPIC_BYTES = 400
TOPICS = 5000
"""The most rooms that have a topic: they are remembered when everybody has left."""
PROMPT = "Choose a nickname: "
NICK_INPUT = 4 * NICK_LENGTH
"""Characters that are looked at of what is typed for a nickname."""

HTTP_REQUEST = re.compile(r"\S+ \S+ HTTP/\d")
"""A request line (RFC 9112, section 3), whatever the method."""


class ChatFactory(ServerFactory):
    """The chat. Given to any endpoint, it is already a working one, through the text door.

    @param reactor: C{IReactorTime}.
    @param journal: where events are kept; without one, the last ones stay in memory.
    @param ids: the source of event ids.
    @param new_token: makes a secret for whoever joins.
    @ivar members: who is here, by the key of the nickname (L{nick_key}).
    @ivar rooms: those with somebody in them, by name.
    @ivar topics: of all rooms that have one, by the room's name.
    @ivar doors: every connection, whether there is a member behind it yet or not.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        journal: Journal | MemoryJournal | None = None,
        settings: Settings | None = None,
        ids: EventIds | None = None,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(16),
    ) -> None:
        self.reactor = reactor
        self.settings = settings or Settings()
        self.members: dict[str, Member] = {}
        self.rooms: dict[str, Room] = {}
        self.topics: dict[str, TopicChanged] = {}
        self.doors: set[LineDoor] = set()
        self._being_entered: Counter[str] = Counter()
        self.closing = False
        self._all_gone: Deferred[None] = Deferred()
        self._by_token: dict[str, Member] = {}
        self._new_token = new_token
        self._journal = journal or MemoryJournal()
        self.ids = ids or EventIds()
        self._publisher = Publisher(
            reactor, self._journal, self.rooms, self._committed, self._delivered
        )

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """A text door for somebody who connects, over whatever transport."""
        return self.text_door(direct=False)

    def text_door(self, direct: bool, since: float | None = None) -> ChatProtocol:
        """A text door; see L{LineDoor}."""
        return ChatProtocol(self, direct, since)

    # The life of the chat.

    def restore(self) -> None:
        """Begin where the last run ended; the journal is open."""
        self.ids.start_above(self._journal.floor)
        self.topics.update(self._journal.topics)

    @inlineCallbacks
    def shut_down(self, patience: float) -> Generator[Deferred[Any], Any, None]:
        """Deliver what was accepted, tell everybody, and wait until all are gone.

        @param patience: seconds that the journal may take for what is on its way.
        """
        self.closing = True
        for door in self.doors:
            door.hold()
        settled = self._publisher.all_settled()
        yield settled.addTimeout(patience, self.reactor).addErrback(lambda _: None)
        for door in list(self.doors):
            door.close("the chat is shutting down")
        if self.doors:
            yield self._all_gone

    def door_gone(self, door: LineDoor) -> None:
        """A connection has ended."""
        self.doors.discard(door)
        if self.closing and not self.doors and not self._all_gone.called:
            self._all_gone.callback(None)

    # Verbs: what a door may ask for. Each raises ChatError for the member's own mistake.

    def join(self, door: Door, nick: str, rooms: Iterable[Room], token: str = "") -> Member:
        """Come to the chat, and enter rooms; see L{with_rooms}."""
        nick, key = self._free_nick(nick)
        member = Member(nick, key, door, token or self._new_token())
        self.members[key] = member
        self._by_token[member.token] = member
        for number, room in enumerate(rooms):
            self._enter(member, room, arrived=number == 0)
        return member

    def resume(self, door: Door, token: str) -> Member | None:
        """Take over the connection that the token was given to, if that member is here."""
        member = self._by_token.get(token)
        if member is not None:
            member.door.displace()
            member.door = Fenced(door)
            self._publish(member, Resumed, door=door)
        return member

    def enter(self, member: Member, text: str) -> Deferred[None]:
        """Enter a room, or make one that one is in the current one."""
        name = self.room_name(text)
        if name in member.rooms:
            member.current = member.rooms[name]
            return succeed(None)
        if len(member.rooms) >= ROOMS_PER_MEMBER:
            raise ChatError("too-many", f"you are in {ROOMS_PER_MEMBER} rooms: /part one first")
        return self.with_rooms([name], lambda rooms: self._enter(member, rooms[0]))

    def _enter(self, member: Member, room: Room, arrived: bool = False) -> None:
        if not self._is_here(member) or room.name in member.rooms:
            return
        room = self.rooms.setdefault(room.name, room)
        room.members.add(member)
        member.rooms[room.name] = member.current = room
        self._publish(member, Joined, room=room.name, arrived=arrived)

    @inlineCallbacks
    def with_rooms(
        self, names: Collection[str], enter: Callable[[list[Room]], T]
    ) -> Generator[Deferred[Any], Any, T]:
        """Call C{enter} with the rooms of these names, and give back what it gives.

        Those that nobody is in come from the journal, and go away again if C{enter} leaves them
        empty. Meanwhile none of them goes away: what is said in it must not be missing.
        """
        self._being_entered.update(list(names))
        try:
            for name in names:
                if name not in self.rooms:
                    page = yield self._journal.page(Wanted(of=name, limit=RECENT_EVENTS))
                    self.rooms.setdefault(name, Room(name, page.events))
            return enter([self.rooms[name] for name in names])
        finally:
            self._being_entered -= Counter(list(names))
            for name in names:
                self._forget_if_over(name)

    def part(self, member: Member, room: Room) -> None:
        """Leave a room, the lobby too, and stay in the chat."""
        del member.rooms[room.name]
        room.let_go(member)
        if member.current is room:
            member.current = next(reversed(member.rooms.values()), None)
        self._publish(member, Parted, room=room.name)

    def say(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say a line to everybody in a room."""
        self._publish(member, Said, room=room.name, text=clean_line(text), ref=ref)

    def act(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Say what one does, in the third person."""
        self._publish(member, Acted, room=room.name, text=clean_line(text), ref=ref)

    def whisper(self, member: Member, to: Member, text: str, ref: str = "") -> None:
        """Say a line to one person in private."""
        self._publish(
            member,
            Whispered,
            to=to.nick,
            recipient=to,
            identities=(member.identity, to.identity),
            text=clean_line(text),
            ref=ref,
        )

    def rename(self, member: Member, nick: str) -> None:
        """Take another nickname, and keep everything else."""
        nick, key = self._free_nick(nick, member)
        if nick == member.nick:
            raise ChatError("nick-taken", f"you are {nick} already")
        self._publish(member, Renamed, now=nick, rooms=tuple(member.rooms))
        del self.members[member.key]
        self.members[key] = member
        member.nick, member.key = nick, key

    def set_topic(self, member: Member, room: Room, text: str, ref: str = "") -> None:
        """Change what a room is about, or clear it with an empty text."""
        text = clean_line(text) if text else ""
        if len(text.encode()) > TOPIC_BYTES:
            raise ChatError("too-long", f"a topic has at most {TOPIC_BYTES} bytes")
        if text and room.name not in self.topics and len(self.topics) >= TOPICS:
            raise ChatError("too-many", f"{TOPICS:,} rooms have a topic, and no more can")
        self._publish(member, TopicChanged, room=room.name, text=text, ref=ref)

    def leave(self, member: Member, why: str, goodbye: bool) -> None:
        """Leave the chat; see L{Left}. The nickname is free at once."""
        if self.closing or not self._is_here(member):
            return
        del self.members[member.key]
        del self._by_token[member.token]
        rooms = tuple(member.rooms)
        for room in member.rooms.values():
            room.let_go(member)
        member.rooms.clear()
        self._publish(member, Left, why=clean(why), goodbye=goodbye, rooms=rooms)

    # Questions.

    def member_named(self, nick: str) -> Member:
        """Whoever bears a nickname."""
        member = self.members.get(nick_key(nick)) if len(nick) <= NICK_INPUT else None
        if member is None:
            raise ChatError("no-nick", f"nobody here is called {clean(nick)[:NICK_LENGTH]}")
        return member

    def history(self, wanted: Wanted) -> Deferred[Page]:
        """A part of what was said."""
        return self._journal.page(wanted)

    def settled(self, member: Member) -> Deferred[None]:
        """Fires when everything that a member has said so far is delivered or refused."""
        return self._publisher.settled(member)

    @staticmethod
    def room_name(text: str) -> str:
        """The one name of a room, however it was written."""
        try:
            return check_room(text)
        except ValueError as error:
            raise ChatError("bad-room", str(error)) from error

    def _is_here(self, member: Member) -> bool:
        return self.members.get(member.key) is member

    def _free_nick(self, wanted: str, own: Member | None = None) -> tuple[str, str]:
        try:
            nick = check_nick(wanted)
        except ValueError as error:
            raise ChatError("bad-nick", str(error)) from error
        key = nick_key(nick)
        holder = self.members.get(key)
        if holder is None or holder is own:
            return nick, key
        if holder.nick.casefold() == nick.casefold():
            reason = f"{nick} is taken"
        else:
            reason = f"{nick} looks too much like {holder.nick}, who is here"
        raise ChatError("nick-taken", f"{reason}: choose another nickname")

    # What publishing needs.

    def _publish(self, member: Member, kind: Callable[..., Event], **facts: Any) -> None:
        self._publisher.publish(kind(id=self.ids.next(), nick=member.nick, author=member, **facts))

    def _committed(self, event: Event) -> None:
        """An event is stored: a topic holds from now on, for who joins in its batch too."""
        if isinstance(event, TopicChanged):
            self.topics[event.room] = event
            if not event.text:
                del self.topics[event.room]

    def _delivered(self, event: Event) -> None:
        """An event has come to its end: let it take effect on what is nobody's view."""
        if isinstance(event, Left) and event.author is not None:
            door, event.author.door = event.author.door, NOWHERE
            # The events that it is the author of may be kept for long, and rooms need not.
            event.author.current = None
            door.dismiss()
        if isinstance(event, Left | Parted):
            for name in event.touched:
                self.rooms[name].departing -= 1
                self._forget_if_over(name)

    def _forget_if_over(self, name: str) -> None:
        room = self.rooms.get(name)
        if room is not None and room.is_over() and name not in self._being_entered:
            del self.rooms[name]


class ChatProtocol(LineDoor):
    """The text door: lines typed by a person, events as lines."""

    format = TEXT

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.state is State.ARRIVING:
            settings = self.chat.settings
            self.outbox.write(encoded([f"Welcome to {settings.name}.", *settings.motd], PROMPT))

    def heard(self, line: bytes) -> None:
        """See L{LineDoor.heard}."""
        text = line.decode("utf-8", "replace")
        if self.member is None:
            self._choose_nick(text)
        elif commands.is_command(text):
            self._obey(text)
        elif text.strip():
            self.chat.say(self.member, commands.current_room(self.member), commands.unescape(text))

    def _choose_nick(self, text: str) -> None:
        if HTTP_REQUEST.match(text):
            # A web page may be at the other end, and what it sends is nobody's words.
            self.abort("is no person")
        elif commands.is_goodbye(text):
            self.close()
        elif text.strip():
            self.join(clean(text[:NICK_INPUT]), [LOBBY])
        else:
            self.outbox.write(PROMPT.encode())

    def _obey(self, text: str) -> None:
        assert self.member is not None
        call = commands.parse(self.chat, self.member, text)
        if call.command.talk:
            call.carry_out()
        else:
            self.in_turn(call.carry_out, self._answer)

    def _answer(self, answer: commands.Answer) -> None:
        history = retold(answer.events, self.chat.ids.now())
        self.outbox.write(encoded([*(f"-- {line}" for line in answer.lines), *history]))

    def tell(self, error: ChatError) -> None:
        """See L{LineDoor.tell}."""
        prompt = PROMPT if self.state is State.ARRIVING and error.code != "closing" else ""
        self.outbox.write(encoded([f"-- {error.sentence}"], prompt))

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.rooms.Door.refuse}."""
        super().refuse(event, sentence)
        self.tell(ChatError("not-sent", sentence))

    def own(self, event: Event) -> bytes:
        """See L{chatservice.rooms.Door.own}: what one typed oneself is not said again."""
        match event:
            case Joined():
                room = self.chat.rooms[event.room]
                topic = self.chat.topics.get(room.name)
                replay = self.chat.settings.replay
                return encoded(arrival(room, event.nick, topic, replay, event.id))
            case Parted(author=Member(current=current)):
                where = f"talking in {spelled(current.name)} now" if current else "in no room"
                return encoded([f"-- you left {spelled(event.room)}: you are {where}"])
            case Renamed():
                return encoded([f"-- you are now {event.now}"])
            case TopicChanged():
                return TEXT.render(replace(event, nick="you"), True)
            case Whispered(author=author, recipient=recipient) if author is recipient:
                return TEXT.render(event, True)
        return b""
