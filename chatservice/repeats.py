"""What is said, and requests that come again: said no second time, but answered once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from chatservice.events import Acted, Said, TopicChanged, Whispered
from chatservice.names import nick_key
from chatservice.refs import Noted, mark_of
from chatservice.rooms import Member
from chatservice.sanitize import clean, clean_line

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

Talk: TypeAlias = Said | Acted | TopicChanged | Whispered
Kind: TypeAlias = type[Said] | type[Acted] | type[TopicChanged] | type[Whispered]


class Repeats:
    """Says what is asked for, and knows a request again by its author, C{ref}, place and text.

    @param chat: the one.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    def say(
        self, member: Member, kind: Kind, place: str, text: str, ref: str, **facts: Any
    ) -> None:
        """Publish what a member says, and remember it for when it is asked for again.

        @param place: the name of the room, or the nickname that is meant.
        """
        said = clean_line(text) if text or kind is not TopicChanged else ""
        mark = _mark(ref, kind, place, text) if ref else b""
        event = self._chat.publish(member, kind, text=said, ref=ref, mark=mark, **facts)
        if mark:
            self._note(member, mark, Noted(event.id, event.nick, event.time))

    def _note(self, member: Member, mark: bytes, noted: Noted) -> None:
        forgotten = member.spoken.note(mark, noted, self._chat.reactor.seconds())
        if forgotten:
            self._chat.journal.drop_refs(member.identity, forgotten)

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
        event = kind(
            id=noted.id,
            time=noted.time,
            nick=noted.nick,
            identity=member.identity,
            text=clean(text),
            ref=ref,
            **where,
        )
        self._chat.settled(member).addCallback(lambda _: _answer(member, noted, event))
        return True


def _mark(ref: str, kind: Kind, place: str, text: str) -> bytes:
    where = nick_key(place) if kind is Whispered else place
    return mark_of(ref, kind.__name__, where, text)


def _answer(member: Member, noted: Noted, event: Talk) -> None:
    if noted.refused:
        member.door.refuse(event, noted.refused)
    else:
        member.door.again(event)
