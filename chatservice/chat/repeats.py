"""Idempotent requests: one that is repeated is not said again, but answered again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from twisted.internet.defer import Deferred

from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Journal
from chatservice.chat.publisher import Publish
from chatservice.chat.refs import Noted, mark_of
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import Line, Said, Talk, TopicChanged, Whispered
from chatservice.protocol.names import nick_key
from chatservice.protocol.sanitize import clean

Kind: TypeAlias = type[Line] | type[TopicChanged] | type[Whispered]


class Repeats:
    """The record of requests; a repeat has the same author, C{ref}, place and text.

    @param publish: publishes an event of a member.
    @param settled: returns a Deferred that fires when a member's events are delivered or refused.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        journal: Journal,
        publish: Publish,
        settled: Callable[[Member], Deferred[None]],
        seconds: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._publish = publish
        self._settled = settled
        self._seconds = seconds

    def say(self, by: Device, talk: Talk) -> Envelope:
        """Publish a member's talk, and remember it by its mark in case the request is repeated.

        @param talk: the talk, with the mark of the request (L{mark}).
        """
        envelope = self._publish(by.member, talk, by)
        if talk.mark:
            self._note(by.member, talk.mark, Noted(talk))
        return envelope

    def _note(self, member: Member, mark: bytes, noted: Noted) -> None:
        forgotten = member.spoken.note(mark, noted, self._seconds())
        if forgotten:
            self._journal.drop_refs(member.identity, forgotten)

    def answered(
        self,
        by: Device,
        kind: Kind,
        place: str,
        text: str,
        ref: str,
        manner: str = Said.kind,
    ) -> bool:
        """Tell whether a request is a repeat; if so, answer it with the result of the first.

        The answer goes only to the device, once the first is delivered; or both are refused.

        @param place: see L{mark}.
        @param manner: see L{Whispered}.
        """
        noted = by.member.spoken.find(mark(kind, place, text, ref, manner)) if ref else None
        if noted is None:
            return False
        talk: Talk
        if issubclass(kind, Whispered):
            talk = Whispered(to=clean(place), text=clean(text), manner=manner, ref=ref)
        else:
            talk = kind(room=place, text=clean(text), ref=ref)
        self._settled(by.member).addCallback(lambda _: _answer(by, noted, talk))
        return True

    def answered_elsewhere(self, envelope: Envelope) -> bool:
        """Answer a request that was refused because it was carried out at another node before.

        @return: whether it may have been.
        """
        talk, author, by = envelope.event, envelope.author, envelope.device
        if not isinstance(talk, Talk) or not talk.mark or author is None or by is None:
            return False
        if author.is_elsewhere or not author.homes:
            return False
        noted = author.spoken.find(talk.mark)
        if noted is not None and noted.event is not talk:
            # What the device hears by itself has been shown as its own; see Replicas.
            if not 0 < by.fence < noted.event.id:
                _answer(by, noted, talk)
            return True
        found = self._journal.refs(author.identity)
        found.addCallback(self._answer_from, by, talk).addErrback(by.door.complain)
        return True

    def _answer_from(
        self, refs: list[tuple[bytes, Noted]], by: Device, talk: Talk
    ) -> None:
        noted = dict(refs).get(talk.mark)
        if noted is None:
            noted = Noted(talk, "not sent: it was sent before")
        by.member.spoken.note(talk.mark, noted, self._seconds())
        _answer(by, noted, talk)


def mark(kind: Kind, place: str, text: str, ref: str, manner: str = Said.kind) -> bytes:
    """Make the mark that identifies repeats of a request; empty if it has no C{ref}.

    @param place: the name of the room, or the nickname of the recipient.
    @param text: the text as the request has it.
    @param manner: see L{Whispered}.
    """
    if not ref:
        return b""
    what = kind.__name__ if manner == Said.kind else f"{kind.__name__} {manner}"
    return mark_of(ref, what, nick_key(place) if kind is Whispered else place, text)


def _answer(by: Device, noted: Noted, talk: Talk) -> None:
    first, identity = noted.event, by.member.identity
    talk = replace(talk, id=first.id, time=first.time, nick=first.nick, identity=identity)
    if noted.refused:
        by.door.refuse(talk, noted.refused)
    else:
        by.door.again(talk)
