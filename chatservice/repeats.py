"""What is said, and requests that come again: said no second time, but answered once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

from chatservice.events import Acted, Said, TopicChanged, Whispered
from chatservice.journal import Journal
from chatservice.names import nick_key
from chatservice.publisher import Publish
from chatservice.refs import Noted, mark_of
from chatservice.rooms import Member
from chatservice.sanitize import clean, clean_line

Talk: TypeAlias = Said | Acted | TopicChanged | Whispered
Kind: TypeAlias = type[Said] | type[Acted] | type[TopicChanged] | type[Whispered]


class Repeats:
    """Says what is asked for, and knows a request again by its author, C{ref}, place and text.

    @param publish: lets an event of a member's go its way.
    @param settled: gives what fires when everything that a member has said so far is through.
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

    def say(
        self, member: Member, kind: Kind, place: str, text: str, ref: str, **facts: Any
    ) -> None:
        """Publish what a member says, and remember it for when it is asked for again.

        @param place: the name of the room, or the nickname that is meant.
        """
        said = clean_line(text) if text or kind is not TopicChanged else ""
        mark = _mark(ref, kind, place, text) if ref else b""
        event = kind(text=said, ref=ref, mark=mark, **facts)
        self._publish(member, event)
        if mark:
            self._note(member, mark, Noted(event))

    def _note(self, member: Member, mark: bytes, noted: Noted) -> None:
        forgotten = member.spoken.note(mark, noted, self._seconds())
        if forgotten:
            self._journal.drop_refs(member.identity, forgotten)

    def answered(
        self, member: Member, kind: Kind, place: str, text: str, ref: str
    ) -> bool:
        """Whether a request is a repeated one, which then is answered by what the first one made.

        That goes to the member alone, when the first one is through. If it is refused, so is this.

        @param place: see L{say}.
        """
        noted = member.spoken.find(_mark(ref, kind, place, text)) if ref else None
        if noted is None:
            return False
        where: dict[str, Any] = {"to": clean(place)} if kind is Whispered else {"room": place}

        def answer(_: None) -> None:
            first = noted.event
            event = kind(
                id=first.id,
                time=first.time,
                nick=first.nick,
                identity=member.identity,
                text=clean(text),
                ref=ref,
                **where,
            )
            _answer(member, noted, event)

        self._settled(member).addCallback(answer)
        return True


def _mark(ref: str, kind: Kind, place: str, text: str) -> bytes:
    where = nick_key(place) if kind is Whispered else place
    return mark_of(ref, kind.__name__, where, text)


def _answer(member: Member, noted: Noted, event: Talk) -> None:
    if noted.refused:
        member.door.refuse(event, noted.refused)
    else:
        member.door.again(event)
