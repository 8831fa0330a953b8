"""The commands that say something other than a plain line."""

from __future__ import annotations

from chatservice.chat.access import Whom
from chatservice.chat.ignoring import topic_shown
from chatservice.commands.table import DONE, Answer, Call, Group, command, room_named
from chatservice.commands.targets import is_room
from chatservice.protocol.events import Acted, Noticed, TopicChanged, Whispered
from chatservice.protocol.wording import spelled, topic_told


@command(Group.TALK, "/me TEXT", "say what you do: /me waves shows as * ada waves", talk=True)
def me(call: Call) -> Answer:
    if not call.was_answered(Acted, call.room.name, call.rest):
        call.chat.act(call.device, call.room, call.rest, call.ref)
    return DONE


@command(
    Group.TALK,
    "/msg NICK TEXT",
    "say something to one person in private",
    "Private messages are kept for the two of you alone. Somebody with a registered nickname "
    "who is not here gets them later.",
    talk=True,
)
def msg(call: Call) -> Answer:
    nick, _, text = call.rest.partition(" ")
    if not text.strip():
        raise call.wrong()
    # A repeat is answered before the nickname is looked up, for somebody else may have it now.
    if not call.was_answered(Whispered, nick, text.strip()):
        call.chat.whisper(call.device, _addressee(call, nick), text.strip(), call.ref, nick)
    return DONE


@command(
    Group.TALK,
    "/notice NICK|#ROOM TEXT",
    "say something that needs no answer",
    "In a room that you are in, or to one person in private. Programs must not answer it by "
    "themselves, so that two of them never answer each other for ever.",
    talk=True,
)
def notice(call: Call) -> Answer:
    target, _, text = call.rest.partition(" ")
    text = text.strip()
    if not text:
        raise call.wrong()
    if is_room(target):
        name = call.chat.room_name(target)
        if not call.was_answered(Noticed, name, text):
            call.chat.notice(call.device, room_named(call, name), text, call.ref)
    elif not call.was_answered(Whispered, target, text, Noticed.kind):
        to = _addressee(call, target)
        call.chat.whisper(call.device, to, text, call.ref, target, Noticed.kind)
    return DONE


def _addressee(call: Call, nick: str) -> Whom:
    """Find the member with a nickname or, if there is none, the person who registered it."""
    person = call.chat.nicknames.person(nick)
    return call.chat.member_named(nick) if person is None else person.member or person


@command(
    Group.TALK,
    "/topic [TEXT]",
    "show what the room is about, or change it",
    "/topic - clears it. The topic is kept when the chat restarts.",
)
def topic(call: Call) -> Answer:
    room = call.room
    if call.rest:
        text = "" if call.rest == "-" else call.rest
        if not call.was_answered(TopicChanged, room.name, text):
            call.chat.set_topic(call.device, room, text, call.ref)
        return DONE
    set_one = topic_shown(call.chat.topics.get(room.name), call.member.ignored)
    if set_one is None:
        return Answer([f"{spelled(room.name)} has no topic"])
    return Answer([topic_told(set_one, f"the topic of {spelled(room.name)}")])
