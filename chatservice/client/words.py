"""What happened, in words: those of the text door, and "you" for oneself."""

import re
from collections.abc import Callable

from chatservice.client.times import local_time
from chatservice.client.wire import (
    Acted,
    CameAndWent,
    CameBack,
    Event,
    Joined,
    Left,
    OperatorAct,
    Parted,
    Renamed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)

Paint = Callable[[str], str]
"""Makes a nickname look like itself, say by a colour."""

_LOBBY = "lobby"
_YOU, _YOURSELF = "you", "yourself"
_ACTS = {
    "kicked": "{nick} kicked {target} from {place}{because}",
    "banned": "{nick} banned {target} from {place}{terms}",
    "unbanned": "{nick} unbanned {target} from {place}{because}",
    "muted": "{nick} muted {target} in {place}{terms}",
    "unmuted": "{nick} unmuted {target} in {place}{because}",
    "founded": "{nick} {be} the owner of {place}",
    "opped": "{nick} made {target} an operator of {place}",
    "deopped": "{nick} removed {target} as an operator of {place}",
    "voiced": "{nick} gave {target} a voice in {place}",
    "devoiced": "{nick} took the voice in {place} from {target}",
    "invited": "{nick} invited {target} to {place}{how}",
    "room_set": "{nick} set {target} of {place} to {text}",
    "announced": "{nick} {announce}: {text}",
}
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LOCKED_DOWN = "{nick} locked the chat down: only registered names may join now"
_OPEN_AGAIN = "{nick} ended the lockdown: anybody may join again"


def spelled(room: str) -> str:
    """A room's name as people write it: ``lobby``, and ``#python``."""
    return room if room == _LOBBY else f"#{room}"


def words(event: Event, own_nick: str, paint: Paint) -> str:
    """The event in a line, as *own_nick* is told of it; it is "" where that is unknown."""
    match event:
        case CameAndWent(room=room, came=came, went=went):
            counts = [f"{came:,} came"] if came else []
            counts += [f"{went:,} went"] if went else []
            return f"-- {spelled(room)}: {' and '.join(counts)}"
        case OperatorAct():
            return f"-- {_act(event, own_nick, paint)}"
        case Said(nick=nick, text=text):
            return f"{paint(nick)}: {text}"
        case Acted(nick=nick, text=text):
            return f"* {paint(nick)} {text}"
        case Whispered(text=text):
            return f"({_between(event, own_nick, paint)}) {text}"
        case TopicChanged(room=room, topic=topic):
            done = "changed" if topic or event.hidden else "cleared"
            return f"-- {paint(event.nick)} {done} the topic of {spelled(room)}{_because(topic)}"
        case _:
            return f"-- {_presence(event, own_nick, paint)}"


def _between(private: Whispered, own_nick: str, paint: Paint) -> str:
    """Who says it to whom. What is not one's own is to oneself: nobody else is told."""
    if not private.own:
        return f"{paint(private.nick)} to {_YOU}"
    return f"{_YOU} to {_named(private.to, own_nick, paint)}"


def _presence(
    event: Joined | Parted | Left | Renamed | WentAway | CameBack, own_nick: str, paint: Paint
) -> str:
    nick = paint(event.nick)
    mine = event.own or event.nick == own_nick
    somebody_is = "you are" if mine else f"{nick} is"
    match event:
        case Joined(room=room, arrived=arrived):
            return f"{nick} joined {'the chat' if arrived else spelled(room)}"
        case Parted(room=room):
            return f"{_YOU if mine else nick} left {spelled(room)}"
        case Left(goodbye=False, why=why):
            return f"{nick} left the chat ({why})"
        case Left(why=why):
            return f"{nick} left the chat{_because(why)}"
        case Renamed(now=now):
            return f"{'you are' if now == own_nick else f'{nick} is'} now {paint(now)}"
        case WentAway(why=why):
            return f"{somebody_is} away{_because(why)}"
        case CameBack():
            return f"{somebody_is} back"


def _act(act: OperatorAct, own_nick: str, paint: Paint) -> str:
    by_me = act.own or act.nick == own_nick
    to_me = act.target == own_nick and act.type != "room_set"
    target = paint(act.target) if act.type != "room_set" else act.target
    if to_me:
        target = _YOURSELF if by_me else _YOU
    place = spelled(act.room) if act.room else "the chat"
    end = local_time(act.until, with_date=True) if act.until else "an operator ends it"
    until = f" until {end}"
    template = _LOCKED_DOWN if act.text == "on" else _OPEN_AGAIN
    return _ACTS.get(act.type, template).format(
        nick=_YOU if by_me else paint(act.nick),
        target=target,
        place=place,
        because=_because(act.text),
        terms=until + _because(act.text),
        be="are" if by_me else "is",
        announce="announce" if by_me else "announces",
        how=f": /join {place}" if target == _YOU else "",
        text=_value(act) if act.type == "room_set" else act.text,
    )


def _value(act: OperatorAct) -> str:
    """What a room is set to; how long it keeps its lines comes in seconds."""
    if act.text in {"", "0"}:
        return "off"
    if act.target != "keep" or not re.fullmatch(r"[1-9][0-9]{0,15}", act.text):
        return act.text
    seconds = int(act.text)
    unit = next(unit for unit in _UNITS if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _named(nick: str, own_nick: str, paint: Paint) -> str:
    return _YOU if nick == own_nick else paint(nick)


def _because(why: str) -> str:
    return f": {why}" if why else ""
