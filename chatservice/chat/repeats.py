"""The publishing of talk; a request that comes again is answered once more, but not said again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from twisted.internet.defer import Deferred

from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Journal
from chatservice.chat.publisher import Publish
from chatservice.chat.refs import Noted, mark_of
from chatservice.chat.rooms import Member
from chatservice.protocol.events import Acted, Said, Talk, TopicChanged, Whispered
from chatservice.protocol.names import nick_key
from chatservice.protocol.sanitize import clean

Kind: TypeAlias = type[Said] | type[Acted] | type[TopicChanged] | type[Whispered]


class Repeats:
    """The publishing of talk, which recognises a request by its author, C{ref}, place and text.

    @param publish: publishes an event of a member.
    @param settled: returns a Deferred that fires when everything that a member has said is through.
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

    def say(self, member: Member, talk: Talk) -> Envelope:
        """Publish what a member says, and remember it by its mark for when it is asked for again.

        @param talk: with the mark of the request (L{mark}).
        """
        envelope = self._publish(member, talk)
        if talk.mark:
            self._note(member, talk.mark, Noted(talk))
        return envelope

    def _note(self, member: Member, mark: bytes, noted: Noted) -> None:
        forgotten = member.spoken.note(mark, noted, self._seconds())
        if forgotten:
            self._journal.drop_refs(member.identity, forgotten)

    def answered(self, member: Member, kind: Kind, place: str, text: str, ref: str) -> bool:
        """Tell whether a request came before; then answer it with the event of the first one.

        The answer goes to the member alone, when the first one is through. If that is refused, this
        one is too.

        @param place: see L{mark}.
        """
        noted = member.spoken.find(mark(kind, place, text, ref)) if ref else None
        if noted is None:
            return False
        talk: Talk
        if issubclass(kind, Whispered):
            talk = Whispered(to=clean(place), text=clean(text), ref=ref)
        else:
            talk = kind(room=place, text=clean(text), ref=ref)
        self._settled(member).addCallback(lambda _: _answer(member, noted, talk))
        return True


def mark(kind: Kind, place: str, text: str, ref: str) -> bytes:
    """Make the fingerprint by which a request is recognised; empty if it has no C{ref}.

    @param place: the name of the room, or the nickname that is meant.
    @param text: the text as it was sent.
    """
    if not ref:
        return b""
    return mark_of(ref, kind.__name__, nick_key(place) if kind is Whispered else place, text)


def _answer(member: Member, noted: Noted, talk: Talk) -> None:
    first = noted.event
    talk = replace(talk, id=first.id, time=first.time, nick=first.nick, identity=member.identity)
    if noted.refused:
        member.door.refuse(talk, noted.refused)
    else:
        member.door.again(talk)
