"""The verbs about rooms: coming, going, topics, invitations, and kicks."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.words.protocols import irc

from chatservice.doors.irc import own, replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import cut
from chatservice.doors.irc.verbs.table import Call, is_channel, no_room, verb
from chatservice.doors.irc.wire import middle
from chatservice.protocol.events import ChatError

LEAVE_ALL = "0"


@verb("JOIN", least=1)
def join(call: Call) -> Lines | Deferred[Lines]:
    if call.message.params == [LEAVE_ALL]:
        for room in call.member.rooms.values():
            call.chat.part(call.device, room)
        return []
    return _enter(call)


@inlineCallbacks
def _enter(call: Call) -> Generator[Deferred[Any], Any, Lines]:
    """Enter one room after the other; what is refused costs the others nothing."""
    keys = iter(call.param(1).split(","))
    lines: list[str] = []
    for name in call.listed(0):
        call.session.about(name)
        key = next(keys, "")
        try:
            if not is_channel(name):
                raise no_room()
            entered = yield call.chat.enter(call.device, name, key)
        except ChatError as error:
            lines += call.session.error_lines(error)
        else:
            if entered is None:
                lines += own.entered_again(call.session, call.chat.room_name(name))
    return lines


@verb("PART", least=1)
def part(call: Call) -> Lines:
    def leave(name: str) -> None:
        call.chat.part(call.device, call.own_room(name), cut(call.param(1)))

    return call.for_each(call.listed(0), leave)


@verb("TOPIC", least=1)
def topic(call: Call) -> Lines:
    if len(call.message.params) > 1:
        room, text = call.own_room(call.param(0)), cut(call.param(1))
        call.chat.permissions.check_topic(call.member, room.name)
        now = call.chat.topics.get(room.name)
        if text != (now.text if now is not None else ""):
            call.chat.set_topic(call.device, room, text)
        return []
    room = call.room(call.param(0))
    if not call.chat.permissions.may_see(call.member, room.name):
        call.own_room(call.param(0))
    return list(own.topic(call.session, room.name))


@verb("KICK", least=2)
def kick(call: Call) -> Deferred[Lines]:
    return _kick(call)


@inlineCallbacks
def _kick(call: Call) -> Generator[Deferred[Any], Any, Lines]:
    rooms, nicks = call.listed(0), call.listed(1)
    if len(rooms) == 1:
        rooms *= len(nicks)
    why = cut(call.param(2))
    lines: list[str] = []
    for name, nick in zip(rooms, nicks, strict=False):
        call.session.about(name)
        try:
            room = call.own_room(name)
            call.chat.permissions.check_power(call.member, room.name)
            call.session.about(nick)
            person = call.person(nick)
            yield call.chat.enforcement.kick(call.device, person, room.name, why)
        except ChatError as error:
            if error.cause == "not-in-room":
                about = middle(nick), middle(name)
                lines.append(
                    call.numeric(irc.ERR_USERNOTINCHANNEL, *about, text=error.sentence)
                )
            else:
                if error.code == "not-allowed":
                    call.session.about(name)
                lines += call.session.error_lines(error)
    return lines


@verb("INVITE")
def invite(call: Call) -> Lines:
    if not call.message.params:
        return list(_invitations(call))
    if len(call.message.params) < 2:
        return [call.too_few()]
    nick, name = call.param(0), call.param(1)
    whom = call.present(nick)
    room = call.own_room(name)
    if whom in room.members:
        about = whom.nick, f"#{room.name}"
        return [call.numeric(irc.ERR_USERONCHANNEL, *about, text="is in that channel already")]
    call.session.about(name)
    call.chat.roles.invite(call.device, whom, room.name)
    lines = [call.numeric(irc.RPL_INVITING, whom.nick, f"#{room.name}")]
    return [*lines, *call.session.away_lines(whom)]


def _invitations(call: Call) -> Iterator[str]:
    for name in call.chat.permissions.invitations(call.member.identity):
        yield call.numeric(replies.RPL_INVITELIST, f"#{name}")
    yield call.numeric(replies.RPL_ENDOFINVITELIST, text="End of the list of invitations")
