"""The verbs that say something: C{PRIVMSG}, C{NOTICE}, C{TAGMSG}."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.words.protocols import irc

from chatservice.chat.access import Whom
from chatservice.chat.rooms import Room
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.isupport import TARGETS
from chatservice.doors.irc.replies import ERR_CANNOTSENDTOUSER, ERR_INPUTTOOLONG
from chatservice.doors.irc.verbs.services import before_joining, serve, service_named
from chatservice.doors.irc.verbs.table import Call, is_channel, verb
from chatservice.doors.irc.wire import ACTION, CTCP, MOST_BYTES, middle, without_formatting
from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import without_controls
from chatservice.protocol.tags import NO_TAGS

NOT_HERE = {"muted", "banned", "not-allowed", "no-room"}
"""The codes of errors for which IRC has one numeric: the member cannot speak there."""


@verb("PRIVMSG", talk=True, early=True)
def privmsg(call: Call) -> Lines:
    if call.session.device is None:
        return before_joining(call, call.param(0), call.param(1))
    return _talk(call, "said")


@verb("NOTICE", talk=True)
def notice(call: Call) -> Lines:
    return _talk(call, "noticed")


@verb("TAGMSG", talk=True)
def tagmsg(call: Call) -> Lines:
    tags = _tags(call)
    targets = call.listed(0)
    if len(targets) > 1:
        call.session.pay(len(targets) - 1)

    def signal(target: str) -> Lines:
        if not tags:
            return []
        room, whom = _addressee(call, target)
        call.chat.signal(call.device, room, whom, tags=tags)
        return []

    return call.for_each(targets[:TARGETS], signal)


def _tags(call: Call) -> Mapping[str, str]:
    """Read the tags that are meant for other clients."""
    if not call.message.tags or not call.session.has(caps.MESSAGE_TAGS):
        return NO_TAGS
    # A line has no more of them, and no others, than any door can send on.
    return {key: value for key, value in call.message.tags.items() if key.startswith("+")}


def _talk(call: Call, manner: str) -> Lines:
    targets, text = call.listed(0), call.param(1)
    is_answered = manner != "noticed"
    if not targets:
        return _refused(call, is_answered, irc.ERR_NORECIPIENT, "no recipient is given")
    if not text:
        return _refused(call, is_answered, irc.ERR_NOTEXTTOSEND, "there is no text to send")
    if len(targets) > TARGETS:
        sentence, extra = f"a message must have at most {TARGETS} targets", targets[TARGETS]
        return _refused(call, is_answered, irc.ERR_TOOMANYTARGETS, sentence, middle(extra))
    if len(targets) > 1:
        call.session.pay(len(targets) - 1)
    return call.for_each(targets, lambda target: _say(call, target, text, manner))


def _refused(call: Call, is_told: bool, numeric: str, sentence: str, *about: str) -> Lines:
    return [call.numeric(numeric, *about, text=sentence)] if is_told else []


def _say(call: Call, target: str, text: str, manner: str) -> Lines:
    service = service_named(target)
    if service is not None:
        if manner != "noticed":
            serve(call, service, text)
        return []
    if len(f":{call.member.mask} PRIVMSG {target} :{text}".encode()) > MOST_BYTES:
        too_long = call.numeric(ERR_INPUTTOOLONG, text="that does not fit into one line")
        return [too_long]
    try:
        room, whom = _addressee(call, target)
        _publish(call, room, whom, text, manner)
    except ChatError as error:
        if error.code not in NOT_HERE:
            raise
        if is_channel(target):
            raise ChatError("muted", error.sentence) from error
        is_answered, sentence = manner != "noticed", without_controls(error.sentence)
        return _refused(call, is_answered, ERR_CANNOTSENDTOUSER, sentence, middle(target))
    return []


def _publish(
    call: Call, room: Room | None, whom: Whom | None, text: str, manner: str
) -> None:
    chat, by, tags = call.chat, call.device, _tags(call)
    if text.startswith(ACTION):
        text, manner = text.removeprefix(ACTION).removesuffix(CTCP), "acted"
    elif text.startswith(CTCP):
        chat.signal(by, room, whom, text.strip(CTCP), manner == "noticed", tags)
        return
    text = without_formatting(text)
    if whom is not None:
        chat.whisper(by, whom, text, manner=manner, tags=tags)
        return
    assert room is not None
    say = chat.act if manner == "acted" else chat.notice if manner == "noticed" else chat.say
    say(by, room, text, tags=tags)


def _addressee(call: Call, target: str) -> tuple[Room | None, Whom | None]:
    """Find the room or the person that a message is for.

    @raise ChatError: C{bad-room} or C{no-nick}.
    """
    if is_channel(target):
        return call.room(target), None
    return None, call.person(target)
