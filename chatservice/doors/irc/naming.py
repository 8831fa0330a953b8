"""The names of the people in a room (RFC 2812, section 3.2.5), and lists of words in lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from twisted.words.protocols import irc

from chatservice.chat.permissions import Permissions
from chatservice.chat.rooms import Member, Room
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc.client import IrcClient

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

T = TypeVar("T")

NAMES_BYTES = 350
"""The most bytes of nicknames in one 353, so that it fits whoever reads it."""


def names(session: IrcClient, room: Room | None, asked: str) -> Iterator[str]:
    """Spell who is in a room.

    @param asked: the room's name as it was asked for, without C{#}.
    """
    if room is not None:
        yield from names_in(session, room)
    yield session.numeric(irc.RPL_ENDOFNAMES, f"#{asked}", text="End of the list of names")


def names_in(session: IrcClient, room: Room) -> Iterator[str]:
    """Spell who is in a room, as a part of a longer list."""
    assert session.member is not None
    permissions = session.chat.permissions
    symbol = "@" if permissions.rules(room.name).secret else "="
    views = session.has(caps.MULTI_PREFIX), session.has(caps.USERHOST_IN_NAMES)
    if room.name in session.member.rooms:
        chunks = session.chat.shared(_Names).chunks(room, *views)
    else:
        shown = permissions.people_shown(session.member, room)
        chunks = in_chunks(shown, spell=partial(_spelled, permissions, room, *views))
    for chunk in chunks:
        yield session.numeric(irc.RPL_NAMREPLY, symbol, f"#{room.name}", text=chunk)


class _Names:
    """The names in rooms, which are spelled once for all who ask until anything passes."""

    def __init__(self, chat: Chat) -> None:
        self._permissions = chat.permissions
        self._ids = chat.ids
        self._stamp = 0
        self._shared: dict[tuple[str, bool, bool], tuple[list[Member], list[str]]] = {}

    def chunks(self, room: Room, all_roles: bool, with_host: bool) -> Iterator[str]:
        """Spell the names in a room, in texts that fit into a line.

        A list may be sent in parts, and people come and go in between. Once anything has passed,
        the rest is spelled anew as it is sent, without those who have left and by the names of
        that moment.
        """
        if self._ids.last != self._stamp:
            self._stamp = self._ids.last
            self._shared.clear()
        spell = partial(_spelled, self._permissions, room, all_roles, with_host)
        key = room.name, all_roles, with_host
        if key not in self._shared:
            here = list(room.members)
            self._shared[key] = here, list(in_chunks(here, spell=spell))
        members, texts = self._shared[key]
        stamp, done = self._stamp, 0
        for text in texts:
            if self._ids.last != stamp:
                break
            yield text
            done += text.count(" ") + 1
        yield from in_chunks(members[done:], spell=spell)


def _spelled(
    permissions: Permissions, room: Room, all_roles: bool, with_host: bool, member: Member
) -> str:
    """Spell a member of a room; empty for one who has left it."""
    if member not in room.members:
        return ""
    name = member.mask if with_host else member.nick
    return f"{prefix_of(permissions, member, room.name, all_roles)}{name}"


def prefix_of(permissions: Permissions, member: Member, room: str, all_roles: bool) -> str:
    """Spell the roles of a member in a room, as C{@} and C{+}."""
    if not permissions.is_room_operator(member, room):
        return "+" if permissions.is_voiced(member.identity, room) else ""
    return "@+" if all_roles and permissions.is_voiced(member.identity, room) else "@"


def in_chunks(
    items: Iterable[T], between: str = " ", spell: Callable[[T], str] = str
) -> Iterator[str]:
    """Gather words into texts that fit into a line, each of which is spelled when it is asked for.

    @param spell: makes a word of an item; empty for none.
    """
    chunk: list[str] = []
    size = 0
    for item in items:
        word = spell(item)
        if chunk and size + len(word.encode()) + 1 > NAMES_BYTES:
            yield between.join(chunk)
            chunk, size = [], 0
            # Much may have changed since.
            word = spell(item)
        if word:
            chunk.append(word)
            size += len(word.encode()) + 1
    if chunk:
        yield between.join(chunk)
