"""The chat. Read this first.

L{ChatFactory} is the chat: who is here, which rooms exist, and the way of every event. A door
calls its verbs (join, say, leave, ...); a verb checks the rules, changes who is where, and
I{publishes} an event. The events of one turn of the reactor go to the journal as one batch; when
the journal has it on the disk, the batch is I{broadcast} to everybody who hears it
(chat/publisher.py, chat/broadcast.py). Nobody sees anything any other way.

A verb returns the envelope of the event that it published, or a Deferred of it if that takes a
moment, so that a door can tie its answer to it. It raises L{ChatError} for a mistake that the
member made. The verbs of operators are in
chat/enforcement.py and chat/roles.py; those of talk go through chat/speaking.py.

sessions/joining.py tells how people arrive, chat/entrances.py how they enter rooms,
chat/permissions.py who may do what, and doors/ what each door makes of it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory

from chatservice.chat.access import Whom
from chatservice.chat.door import Door
from chatservice.chat.envelope import Envelope
from chatservice.chat.repeats import mark
from chatservice.chat.rooms import Device, Member, Room
from chatservice.doors.lines import LineConnection
from chatservice.doors.text import TextSession
from chatservice.people.account import Proof
from chatservice.people.hosts import hidden_host, user_name
from chatservice.people.peers import Peer
from chatservice.protocol.events import (
    Acted,
    CameBack,
    ChatError,
    Left,
    Noticed,
    Renamed,
    Said,
    TopicChanged,
    WentAway,
)
from chatservice.protocol.sanitize import (
    REAL_NAME_LENGTH,
    clean_line,
    clean_real_name,
    clean_reason,
)
from chatservice.protocol.tags import NO_TAGS, Tags
from chatservice.storage.standalone import Standalone

TOPIC_BYTES = 400
GUESSES = 100
"""The nicknames that are tried for a guest until one is free."""

TALKING = 600.0
"""Seconds for which somebody who spoke in a room counts as talking there."""


class ChatProtocol(LineConnection):
    """The text door: lines that a person types, over whatever transport."""

    def __init__(self, chat: ChatFactory, peer: Peer) -> None:
        super().__init__(TextSession(chat), peer)


class ChatFactory(ServerFactory, Standalone):
    """The chat. Given to any endpoint, it already works, through the text door.

    See L{chatservice.chat.chat.Chat} for its parts.
    """

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> ChatProtocol:
        """Make a text door for a new connection, over whatever transport."""
        return ChatProtocol(self, Peer.at(addr, self.reactor.seconds()))

    # Coming and going.

    def join(
        self, door: Door, nick: str, token: str, proof: Proof | None, rooms: list[Room],
        seen: Mapping[str, int], client: str = "", user: str = "", real_name: str = "",
    ) -> Device:
        """Come to the chat and enter rooms; sessions/joining.py tells how somebody gets here.

        @param token: the token that was shown, or empty.
        @param proof: the proof of an account, or C{None}.
        @param seen: the last id seen in each room that was not left the last time.
        @param client: the name that the program gave itself, or empty.
        @param user: the user name that the program gave, or empty.
        @raise ChatError: C{banned}, C{closed} in a lockdown, or see L{Nicknames.free}.
        """
        account, peer = None if proof is None else proof.account, door.peer
        nick, key = self.nicknames.free(nick, peer.is_local, account)
        # A token that is in use, or that this person may not use, is replaced.
        if self.roster.bearer(token) is not None or not self.accounts.may_bear(token, account):
            token = self.new_token()
        member = Member(nick, key, token, peer.address)
        host = hidden_host(peer.origin, self.journal.host_key)
        member.userhost = f"{user_name(user, door.name)}@{host}"
        member.came = self.reactor.seconds()
        device = self.devices.connect(member, door, client)
        if account is not None:
            member.account, member.identity = account, account.identity
        self.permissions.check_arrival(member)
        if self.permissions.may_appear(member):
            member.real_name = clean_real_name(real_name)
        if proof is not None:
            self.bindings.bind(member, proof).addErrback(door.complain)
        self.roster.add(member)
        self.homes.house(device, arrives=True)
        self.entrances.enter_open(device, rooms, seen)
        return device

    def enter(self, by: Device, text: str, password: str = "") -> Deferred[Envelope | None]:
        """Enter a room; or make it the current one, if the member is in it already.

        @raise ChatError: C{bad-room}; see also L{Entrances.enter}.
        """
        return self.entrances.enter(by, self.room_name(text), password)

    def part(self, by: Device, room: Room, why: str = "") -> Envelope:
        """Leave a room, the lobby too; see L{Entrances.part}."""
        return self.entrances.part(by.member, room, by, why)

    def leave(
        self,
        member: Member,
        why: str,
        goodbye: bool,
        folded: bool = False,
        by: Device | None = None,
    ) -> Envelope | None:
        """Leave the chat; see L{Left}. The nickname is free at once.

        @param why: the reason; for a C{goodbye}, last words, which silenced members do not have.
        @param by: the device through which the member said goodbye for all of them.
        @raise ChatError: C{too-long}.
        """
        if self.closing or member.is_elsewhere or not self.roster.has(member):
            return None
        is_silenced = why and goodbye and not self.permissions.may_appear(member)
        why = "" if is_silenced else clean_reason(why)
        self.lingering.stop(member)
        self.watching.forget(member)
        self.roster.remove(member)
        seen, noted = member.seen_last(), member.forgotten != member.identity
        member.reading.mark_followed(member.present_in(), self.last_delivered())
        rooms = self.entrances.leave_all(member)
        left = Left(
            why=why,
            goodbye=goodbye,
            rooms=rooms,
            folded=folded,
            everywhere=folded or by is not None,
            real_name=member.real_name,
            noted=noted,
            seen=seen,
            marks=tuple(member.reading.marks.items()) if member.account else (),
        )
        return self.publish(member, left, by)

    # Talk. A program may repeat a request that has a ref: see chat/repeats.py.

    def say(
        self, by: Device, room: Room, text: str, ref: str = "", tags: Tags = NO_TAGS
    ) -> Envelope:
        """Say a line to everybody in a room.

        @param tags: see L{Line <chatservice.protocol.events.Line>}.
        @raise ChatError: C{no-room}, C{muted}, C{not-allowed}, C{empty} or C{too-long}.
        """
        return self.speaking.line(by, room, Said, text, ref, tags)

    def act(
        self, by: Device, room: Room, text: str, ref: str = "", tags: Tags = NO_TAGS
    ) -> Envelope:
        """Say what the member does, in the third person; see L{say}."""
        return self.speaking.line(by, room, Acted, text, ref, tags)

    def notice(
        self, by: Device, room: Room, text: str, ref: str = "", tags: Tags = NO_TAGS
    ) -> Envelope:
        """Say a line that nobody must answer automatically; see L{say}."""
        return self.speaking.line(by, room, Noticed, text, ref, tags)

    def whisper(
        self, by: Device, to: Whom, text: str, ref: str = "", called: str = "",
        manner: str = Said.kind, tags: Tags = NO_TAGS,
    ) -> Envelope:
        """Say a line to one person in private; it is kept for an account that is not here.

        @param called: what the member called that person, if it is not the nickname.
        @param manner: see L{Whispered <chatservice.protocol.events.Whispered>}, as C{tags}.
        @raise ChatError: C{muted}, C{empty} or C{too-long}.
        """
        return self.speaking.whisper(by, to, text, ref, called, manner, tags)

    def signal(
        self, by: Device, room: Room | None, to: Whom | None, text: str = "", answer: bool = False,
        tags: Tags = NO_TAGS, ref: str = "",
    ) -> Envelope:
        """Tell programs something in a room, or to one person, of which people see nothing.

        @param text, answer, tags: see L{Signalled <chatservice.protocol.signals.Signalled>}.
        @raise ChatError: as L{say} does, or C{too-many} in a second.
        """
        return self.speaking.signal(by, room, to, text, answer, tags, ref)

    def set_topic(self, by: Device, room: Room, text: str, ref: str = "") -> Envelope:
        """Change what a room is about, or clear it with an empty text.

        @raise ChatError: C{no-room}, C{empty}, C{too-long}, C{too-many}; see also C{check_topic}.
        """
        self.permissions.check_is_in(by.member, room.name)
        self.permissions.check_topic(by.member, room.name)
        topic = clean_line(text) if text else ""
        if len(topic.encode()) > TOPIC_BYTES:
            raise ChatError("too-long", f"a topic must have at most {TOPIC_BYTES} bytes")
        if topic:
            self.topics.check(room.name, by.member)
        asked = mark(TopicChanged, room.name, text, ref)
        changed = TopicChanged(room=room.name, text=topic, ref=ref, mark=asked)
        return self.repeats.say(by, changed)

    # Nicknames and absence.

    def rename(self, by: Device, nick: str) -> Deferred[Envelope]:
        """Take another nickname, and keep everything else; see L{give_nick}.

        @raise ChatError: C{muted} or C{not-allowed}.
        """
        self.permissions.check_appearance(by.member)
        return self.give_nick(by.member, nick, by)

    @inlineCallbacks
    def give_nick(
        self, member: Member, nick: str, by: Device | None = None
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Rename a member, whether it asked for that or not.

        @param by: the device through which it asked, if it did.
        @raise ChatError: C{nick-taken} also if it is the same; or see L{Nicknames.free}.
        """
        is_local = by is not None and by.peer.is_local
        nick, key = self.nicknames.free(nick, is_local, member.account, member)
        if nick == member.nick:
            raise ChatError("nick-taken", f"you are already {nick}", "yours")
        is_new = key != member.key
        if is_new:
            yield self.names.claim(key)
        try:
            # Claiming may have taken a moment.
            self.nicknames.free(nick, is_local, member.account, member)
            if member.is_elsewhere or not self.roster.has(member):
                raise ChatError("closing", "you have left")
            event = Renamed(now=nick, key=key, rooms=tuple(member.rooms))
            renamed = self.publish(member, event, by)
            self.roster.rename(member, nick, key)
        finally:
            if is_new:
                self.names.release(key)
        member.preferences_changed()
        return renamed

    @inlineCallbacks
    def rename_to_guest(self, member: Member) -> Generator[Deferred[Any], Any, Envelope | None]:
        """Give a member a nickname that is nobody's, unless it leaves meanwhile.

        The former one may be claimed then.
        """
        seed = self.ids.latest()
        last = seed + GUESSES - 1
        while True:
            try:
                nick = self.nicknames.for_guest(seed)
                renamed: Envelope = yield self.give_nick(member, nick)
                yield self.names.given_up()
                return renamed
            except ChatError as error:
                if error.code == "closing":
                    return None
                # Somebody elsewhere may have it.
                if error.code != "nick-taken" or seed == last:
                    raise
            seed += 1

    def set_real_name(self, by: Device, text: str) -> Envelope | None:
        """Take another real name, or none with an empty text; C{None} if it is the same.

        @raise ChatError: C{muted}, C{not-allowed} or C{too-long}.
        """
        member = by.member
        self.permissions.check_appearance(member)
        real_name = clean_reason(text)
        if len(real_name) > REAL_NAME_LENGTH:
            sentence = f"a real name must have at most {REAL_NAME_LENGTH} characters"
            raise ChatError("too-long", sentence)
        if real_name == member.real_name:
            return None
        member.real_name = real_name
        return self.introduce(member, by)

    def set_away(self, by: Device, why: str | None) -> Envelope:
        """Be away from the keyboard, or back with C{None}.

        Only rooms in which the member spoke lately are shown it: nobody waits for it elsewhere.
        Clients that keep lists of everybody are told in all rooms, by an event of its own.

        @raise ChatError: C{muted}, C{not-allowed} or C{too-long}.
        """
        member = by.member
        self.permissions.check_appearance(member)
        why = None if why is None else clean_reason(why)
        event = CameBack() if why is None else WentAway(why=why)
        member.away = why
        self.publish(member, replace(event, rooms=tuple(member.rooms), folded=True))
        rooms = member.spoke_since(self.reactor.seconds() - TALKING)
        return self.publish(member, replace(event, rooms=rooms), by)
