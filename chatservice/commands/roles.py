"""The commands about roles, invitations, announcements, lockdown, and the moderation log."""

from __future__ import annotations

from functools import partial

from twisted.internet.defer import Deferred

from chatservice.chat.places import CHAT
from chatservice.commands.table import DONE, Answer, Call, Group, command, wrapped
from chatservice.commands.targets import (
    WHERE,
    first_word,
    for_reader,
    holder_named,
    person_meant,
    place_meant,
)
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.counts import number
from chatservice.protocol.events import LATEST
from chatservice.protocol.wording import place_spelled, spelled

MODLOG_LINES = 20
MODLOG_MOST = 100


@command(
    Group.OPERATORS,
    "/op NICK",
    "make somebody an operator of the current room",
    "Somebody who is not registered is one only while in the room.",
)
def op(call: Call) -> Answer:
    person, room = person_meant(call), call.room.name
    if call.chat.roles.op(call.device, person, room) is None:
        return Answer([f"{person.nick} is an operator of {spelled(room)} already"])
    return DONE


@command(
    Group.OPERATORS,
    "/deop NICK",
    "take operator rights in the current room away from somebody",
    "An owner who loses them no longer owns the room.",
)
def deop(call: Call) -> Answer:
    room, permissions = call.room.name, call.chat.permissions
    owner = permissions.owner(room)
    person = holder_named(call, [*permissions.operators(room), *([owner] if owner else [])])
    if call.chat.roles.deop(call.device, person, room) is None:
        return Answer([f"{call.rest} is not an operator of {spelled(room)}"])
    return DONE


@command(
    Group.OPERATORS,
    "/claim",
    "make the current room yours for good, if you run it and nobody owns it",
    "You must be logged in. How the room is set at that moment is kept too.",
)
def claim(call: Call) -> Answer:
    if call.rest:
        raise call.wrong()
    call.chat.roles.claim(call.device, call.room.name)
    return DONE


@command(
    Group.OPERATORS,
    "/voice NICK",
    "let somebody speak in the current room when it is moderated",
)
def voice(call: Call) -> Answer:
    person, room = person_meant(call), call.room.name
    if call.chat.roles.voice(call.device, person, room) is None:
        return Answer([f"{person.nick} has a voice in {spelled(room)} already"])
    return DONE


@command(Group.OPERATORS, "/devoice NICK", "take the voice away again")
def devoice(call: Call) -> Answer:
    room = call.room.name
    person = holder_named(call, call.chat.permissions.voiced(room))
    if call.chat.roles.devoice(call.device, person, room) is None:
        return Answer([f"{call.rest} has no voice in {spelled(room)}"])
    return DONE


@command(
    Group.OPERATORS,
    "/invite [NICK [#ROOM]]",
    "let somebody into a room that is invite-only, full or has a password",
    "Anyone in a room may invite people to it; if it is invite-only, only its operators may. An "
    "invitation ends when the person is kicked or banned. Without NICK, it lists the rooms that "
    "you are invited to.",
)
def invite(call: Call) -> Answer:
    if not call.rest:
        rooms = sorted(call.chat.permissions.invitations(call.member.identity))
        named = ", ".join(map(spelled, rooms)) or "no room"
        return Answer(wrapped(f"you are invited to {named}"))
    nick, rest = first_word(call, call.rest)
    room = call.chat.room_name(rest) if rest else call.room.name
    person = call.chat.nicknames.person_named(nick)
    if call.chat.roles.invite(call.device, person, room) is None:
        return Answer([f"{person.nick} is invited to {spelled(room)} already"])
    return DONE


@command(Group.OPERATORS, "/uninvite NICK [#ROOM]", "take an invitation back")
def uninvite(call: Call) -> Answer:
    _, rest = first_word(call, call.rest)
    room = call.chat.room_name(rest) if rest else call.room.name
    person = holder_named(call, call.chat.permissions.invited(room))
    if call.chat.roles.uninvite(call.device, person, room) is None:
        return Answer([f"{person.nick[:40]} is not invited to {spelled(room)}"])
    return DONE


@command(Group.OPERATORS, "/announce TEXT", "say something to everybody")
def announce(call: Call) -> Answer:
    if not call.rest:
        raise call.wrong()
    call.chat.enforcement.announce(call.device, call.rest)
    return DONE


@command(
    Group.OPERATORS,
    "/lockdown [on|off]",
    "let only registered names join the chat, or everybody again",
    "People who are here stay.",
)
def lockdown(call: Call) -> Answer:
    state = call.rest.casefold()
    if not state:
        call.chat.permissions.check_power(call.member, CHAT)
        return Answer([f"the lockdown is {'on' if call.chat.permissions.locked_down else 'off'}"])
    if state not in ("on", "off"):
        raise call.wrong()
    if call.chat.enforcement.lock_down(call.device, state == "on") is None:
        return Answer([f"the lockdown is {state} already"])
    return DONE


@command(
    Group.OPERATORS,
    "/modlog [#ROOM|*] [N | before ID | more]",
    f"show what operators did, by default the last {MODLOG_LINES} acts",
    f"{WHERE} At most {MODLOG_MOST} at a time; /modlog more shows the acts "
    "before them. Times are UTC, unless your program shows them in its own time zone.",
    pages="/modlog shows the newest acts",
)
def modlog(call: Call) -> Deferred[Answer]:
    room, rest = place_meant(call)
    limit, before = _which(call, rest)
    return _acts(call, room, limit, before)


def _acts(call: Call, room: str, limit: int, before: int) -> Deferred[Answer]:
    call.chat.permissions.check_power(call.member, room)

    def answer(acts: list[OperatorAct]) -> Answer:
        more = partial(_acts, room=room, limit=limit, before=acts[0].id) if acts else None
        lines = call.goes_on(more if len(acts) == limit else None, "what was done before")
        if not acts:
            when = "" if before == LATEST else " before that"
            return Answer([f"no operator did anything in {place_spelled(room)}{when}"])
        return Answer(lines, events=[for_reader(call, act) for act in acts])

    return call.chat.journal.modlog(room or None, before, limit).addCallback(answer)


def _which(call: Call, text: str) -> tuple[int, int]:
    """Read how many acts are wanted, and below which id."""
    if not text:
        return MODLOG_LINES, LATEST
    word, _, id = text.partition(" ")
    is_before = word.casefold() == "before"
    before = number(id, LATEST) if is_before else LATEST
    limit = MODLOG_LINES if is_before else number(text, MODLOG_MOST)
    if limit is None or before is None:
        raise call.wrong()
    return limit, before
