"""The commands about rooms: entering, leaving, and listing them and their members."""

from __future__ import annotations

import heapq
from functools import partial

from twisted.internet.defer import Deferred

from chatservice.chat.envelope import Envelope
from chatservice.chat.ignoring import topic_shown
from chatservice.commands.table import (
    DONE,
    WIDTH,
    Answer,
    Call,
    Group,
    ListedRoom,
    command,
    room_named,
    room_of,
    wrapped,
)
from chatservice.protocol.counts import counted
from chatservice.protocol.names import LOBBY
from chatservice.protocol.wording import names_in_a_line, spelled

LIST_MOST = 200
NAMES_MOST = 1000


@command(
    Group.ROOMS,
    "/join ROOM [PASSWORD]",
    "enter a room, or create it; your lines then go there",
    "If you are in the room already, your lines go there from then on. Some rooms ask for a "
    "password, which one of their operators can tell you.",
)
def join(call: Call) -> Answer | Deferred[Answer]:
    name, _, password = call.rest.partition(" ")
    if not name:
        raise call.wrong()
    before = set(call.member.rooms)

    def entered(_: Envelope | None) -> Answer:
        room = call.room
        if room.name in before:
            return Answer([f"you are talking in {spelled(room.name)}"], rooms=[room])
        return Answer(rooms=[room])

    return call.chat.enter(call.device, name, password.strip(" ")).addCallback(entered)


@command(
    Group.ROOMS,
    "/part [ROOM] [WHY]",
    "leave a room; without ROOM, the current one",
    "The first word is the ROOM if it begins with # or you are in a room of that name, and a lone "
    "word always is. What you say on leaving is shown to the people there.",
)
def part(call: Call) -> Answer:
    first, _, rest = call.rest.partition(" ")
    if not first:
        room, why = call.room, ""
    elif rest and not _names_a_room(call, first):
        room, why = call.room, call.rest
    else:
        room, why = room_named(call, first), rest
    call.chat.part(call.device, room, why.strip(" "))
    return DONE


def _names_a_room(call: Call, word: str) -> bool:
    """Tell whether a word that other words follow is meant as a room."""
    return word.startswith("#") or word.casefold() in call.member.rooms


@command(
    Group.ROOMS,
    "/list [more]",
    "list the rooms, with their topics",
    "Rooms that are closed to you are left out: those that are invite-only or have a "
    f"password, and those that you are banned from. It shows {LIST_MOST} at a time.",
    pages="/list shows the first rooms",
)
def list_rooms(call: Call) -> Answer:
    return _page(call, after=(False, ""))


def _page(call: Call, after: tuple[bool, str]) -> Answer:
    """List the rooms that come after another one, by name, occupied rooms first."""
    rooms, topics = call.chat.rooms, call.chat.topics
    may_see = call.chat.permissions.may_see
    known = {name for name in (LOBBY, *rooms, *topics) if may_see(call.member, name)}
    places = [place for name in known if (place := (name not in rooms, name)) > after]
    shown = heapq.nsmallest(LIST_MOST, places)
    listed = []
    for _, name in shown:
        count = len(rooms[name].members) if name in rooms else 0
        topic = topic_shown(topics.get(name), call.member.ignored)
        listed.append(ListedRoom(name, count, topic.text if topic else ""))
    left = len(places) - len(shown)
    more = partial(_page, after=shown[-1]) if left else None
    lines = [*map(_line, listed), *call.goes_on(more, counted(left, "more room", "more rooms"))]
    return Answer(lines, listed=listed, left=left)


def _line(listed: ListedRoom) -> str:
    about = f": {listed.topic[:WIDTH]}" if listed.topic else ""
    return f"{spelled(listed.room)} ({listed.here:,} here){about}"


@command(Group.ROOMS, "/names [ROOM]", "list who is in a room; without ROOM, the current one")
def names(call: Call) -> Answer:
    room = room_of(call)
    nicks = [member.nick for member in room.members]
    listed = names_in_a_line(sorted(nicks, key=str.casefold)[:NAMES_MOST], len(nicks))
    return Answer([f"in {spelled(room.name)} ({len(nicks):,} here):", *wrapped(listed)])
