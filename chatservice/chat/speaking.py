"""The path of talk: who may speak, what is said, and whether it was said before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatservice.chat.access import Whom
from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.repeats import Repeats, mark
from chatservice.chat.rooms import Device, Room
from chatservice.people.ratelimit import Tries
from chatservice.protocol.events import ChatError, Line, Whispered
from chatservice.protocol.sanitize import clean_line
from chatservice.protocol.signals import Signalled
from chatservice.protocol.tags import NO_TAGS, Tags

SIGNALS = 16
"""The most signals of a member in a second."""


class Speak(Protocol):
    """A verb that says a line in a room; see L{chatservice.server.ChatFactory.say}."""

    def __call__(
        self, by: Device, room: Room, text: str, ref: str = "", tags: Tags = NO_TAGS
    ) -> Envelope: ...


class Speaking:
    """The part of the chat that checks and publishes talk; see the verbs in server.py.

    @param publish: publishes an event of a member.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        permissions: Permissions,
        acting: Acting,
        repeats: Repeats,
        publish: Publish,
        seconds: Callable[[], float],
    ) -> None:
        self._permissions = permissions
        self._acting = acting
        self._repeats = repeats
        self._publish = publish
        self._signals = Tries(seconds, SIGNALS, 1.0)
        self._seconds = seconds

    def line(
        self, by: Device, room: Room, kind: type[Line], text: str, ref: str, tags: Tags
    ) -> Envelope:
        """Say a line of some kind to everybody in a room."""
        member = by.member
        self._permissions.check_is_in(member, room.name)
        self._permissions.check_speech(member, room.name)
        if room.founder is member and not member.uncommitted:
            self._acting.found(by, room)
        asked = mark(kind, room.name, text, ref)
        line = kind(room=room.name, text=clean_line(text), ref=ref, mark=asked, tags=tags)
        envelope = self._repeats.say(by, line)
        member.note_speaking(room, self._seconds())
        return envelope

    def whisper(
        self, by: Device, to: Whom, text: str, ref: str, called: str, manner: str, tags: Tags
    ) -> Envelope:
        """Say a line to one person in private."""
        self._permissions.check_speech(by.member, "")
        whispered = Whispered(
            to=to.nick,
            to_identity=to.identity,
            text=clean_line(text),
            manner=manner,
            ref=ref,
            mark=mark(Whispered, called or to.nick, text, ref, manner),
            tags=tags,
        )
        return self._repeats.say(by, whispered)

    def signal(
        self,
        by: Device,
        room: Room | None,
        to: Whom | None,
        text: str,
        answer: bool,
        tags: Tags,
        ref: str,
    ) -> Envelope:
        """Tell programs something, in a room or to one person."""
        member = by.member
        place = "" if room is None else room.name
        if place:
            self._permissions.check_is_in(member, place)
        self._permissions.check_speech(member, place)
        if self._signals.attempt(member.identity):
            sentence = f"that was more than {SIGNALS} signals in a second: wait a little"
            raise ChatError("too-many", sentence, "signals")
        signalled = Signalled(
            room=place,
            to="" if to is None else to.nick,
            to_identity=b"" if to is None else to.identity,
            text=clean_line(text) if text or not tags else "",
            answer=answer,
            tags=tags,
            ref=ref,
        )
        return self._publish(member, signalled, by)
