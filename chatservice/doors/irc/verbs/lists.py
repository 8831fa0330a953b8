"""The verbs that list rooms and people: C{NAMES}, C{LIST}, C{WHO}."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from twisted.words.protocols import irc

from chatservice.chat.ignoring import away_shown, real_name_shown, topic_shown
from chatservice.chat.rooms import Member, Room
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import naming, replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import cut
from chatservice.doors.irc.verbs.table import SCAN, Call, is_channel, lookup, scan, verb
from chatservice.doors.irc.wire import middle
from chatservice.people.masks import folded, matches
from chatservice.protocol.events import ChatError

MINUTE = 60_000_000
"""A minute in microseconds, as ids count."""

WHOX = re.compile(r"%([a-z]*)(?:,(\d{1,3}))?")
"""The fields that C{WHO} is asked for, and the token that comes back with them."""


def seen(call: Call, name: str) -> Room | None:
    """Find a room with somebody in it that the member may know of."""
    try:
        known = call.chat.room_name(name)
    except ChatError:
        return None
    room = call.chat.rooms.get(known)
    if room is None or not room.members:
        return None
    return room if call.chat.permissions.may_see(call.member, room.name) else None


def all_seen(call: Call) -> list[Room]:
    """List the rooms with somebody in them that the member may know of."""
    return [room for name in sorted(call.chat.rooms) if (room := seen(call, name)) is not None]


@verb("NAMES", cost=scan)
def names(call: Call) -> Lines:
    return _names(call)


def _names(call: Call) -> Iterator[str]:
    asked = call.listed(0)
    for name in asked:
        bare = middle(name.removeprefix("#"))
        if is_channel(name):
            yield from naming.names(call.session, seen(call, name), bare)
        else:
            yield call.numeric(irc.RPL_ENDOFNAMES, bare, text="End of the list of names")
    if not asked:
        for room in all_seen(call):
            yield from naming.names_in(call.session, room)
        yield call.numeric(irc.RPL_ENDOFNAMES, "*", text="End of the list of names")


@verb("LIST", cost=scan)
def list_(call: Call) -> Lines:
    return _list(call)


def _list(call: Call) -> Iterator[str]:
    words = call.listed(0)
    named = [word for word in words if is_channel(word) and not set("*?") & set(word)]
    rooms = all_seen(call)
    if named:
        rooms = [room for name in named if (room := seen(call, name)) is not None]
    conditions = [_condition(call, word) for word in words if word not in named]
    yield call.numeric(irc.RPL_LISTSTART, "Channel", text="Users  Name")
    for room in rooms:
        if all(holds(room) for holds in conditions):
            topic = topic_shown(call.chat.topics.get(room.name), call.member.ignored)
            text = cut(topic.text) if topic is not None else ""
            count = f"{len(room.members)}"
            yield call.numeric(irc.RPL_LIST, f"#{room.name}", count, text=text)
    yield call.numeric(irc.RPL_LISTEND, text="End of the list")


def _condition(call: Call, word: str) -> Callable[[Room], bool]:
    """Read a condition of C{LIST} (ELIST in 005): on users, ages of rooms and topics, and names."""
    number = re.fullmatch(r"([CT]?)([<>])(\d{1,9})", word)
    if number is None:
        is_not, mask = word.startswith("!"), folded(word.removeprefix("!"))
        mask = mask if mask.startswith(("#", "*")) else f"#{mask}"
        return lambda room: matches(mask, f"#{room.name}") is not is_not
    what, sign, limit = number[1], number[2], int(number[3])

    def holds(room: Room) -> bool:
        if not what:
            return len(room.members) > limit if sign == ">" else len(room.members) < limit
        topic = call.chat.topics.get(room.name)
        since = room.since if what == "C" else topic.when if topic is not None else None
        if since is None:
            return False
        # An id may be a little ahead of the clock.
        age = max(0.0, (call.chat.ids.now() - since) / MINUTE)
        return age > limit if sign == ">" else age < limit

    return holds


@verb("WHO", cost=lookup)
def who(call: Call) -> Lines:
    return _who(call)


def _who(call: Call) -> Iterator[str]:
    asked, options = call.param(0) or "*", call.param(1)
    flags, percent, _ = options.partition("%")
    fields = WHOX.fullmatch(options[len(flags) :]) if percent else None
    for member, room in _found(call, asked):
        if "o" not in flags or call.chat.permissions.is_operator(member):
            yield _whox(call, member, room, fields) if fields else _who_line(call, member, room)
    yield call.numeric(irc.RPL_ENDOFWHO, middle(asked), text="End of the list")


def _found(call: Call, asked: str) -> Iterator[tuple[Member, Room | None]]:
    """Find the people in a room, of a nickname, or of a mask."""
    if is_channel(asked):
        room = seen(call, asked)
        for member in list(room.members) if room is not None else ():
            if _is_shown(call, member):
                yield member, room
        return
    person = call.chat.nicknames.person(asked)
    if person is not None and person.member and person.nick.casefold() == asked.casefold():
        yield person.member, None
        return
    # A word that is nobody's nickname may be a user, a host or a real name.
    call.session.pay(SCAN - lookup(asked))
    mask = "*" if asked == "0" else folded(asked)
    for member in list(call.chat.roster.values()):
        real_name = real_name_shown(member, call.member.ignored)
        names = member.nick, member.user, member.host, real_name, call.session.server
        if _is_shown(call, member) and any(matches(mask, folded(name)) for name in names):
            yield member, None


def _is_shown(call: Call, member: Member) -> bool:
    """Tell whether somebody is found by a mask or a room, and not by the nickname alone.

    People who hide are found so by those who share a room with them.
    """
    if not member.preferences.hidden or member is call.member:
        return True
    shares = not member.rooms.keys().isdisjoint(call.member.rooms)
    return shares or call.chat.permissions.is_operator(call.member)


def _flags(call: Call, member: Member, room: Room | None) -> str:
    flags = "H" if away_shown(member, call.member.ignored) is None else "G"
    if call.chat.permissions.is_operator(member):
        flags += "*"
    if member.preferences.bot:
        flags += "B"
    if room is not None:
        all_roles = call.session.has(caps.MULTI_PREFIX)
        flags += naming.prefix_of(call.chat.permissions, member, room.name, all_roles)
    return flags


def _who_line(call: Call, member: Member, room: Room | None) -> str:
    where = "*" if room is None else f"#{room.name}"
    about = where, member.user, member.host, call.session.server, member.nick
    text = f"0 {_real_name(call, member)}"
    return call.numeric(irc.RPL_WHOREPLY, *about, _flags(call, member, room), text=text)


def _real_name(call: Call, member: Member) -> str:
    return real_name_shown(member, call.member.ignored) or member.nick


def _whox(
    call: Call, member: Member, room: Room | None, fields: re.Match[str]
) -> str:
    """Spell the fields that were asked for, in the order that WHOX has."""
    account = member.account
    idle = min(member.idle_seconds(), 1e9)
    values = {
        "t": fields[2] or "0",
        "c": "*" if room is None else f"#{room.name}",
        "u": member.user,
        "i": "255.255.255.255",
        "h": member.host,
        "s": call.session.server,
        "n": member.nick,
        "f": _flags(call, member, room),
        "d": "0",
        "l": f"{idle:.0f}",
        "a": "0" if account is None else account.nick,
        "o": "n/a",
    }
    params = [value for field, value in values.items() if field in fields[1]]
    text = _real_name(call, member) if "r" in fields[1] else None
    return call.numeric(replies.RPL_WHOSPCRPL, *params, text=text)
