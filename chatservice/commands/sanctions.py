"""The commands for kicks, bans and mutes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, succeed

from chatservice.chat.access import Person, Whom
from chatservice.chat.enforcement import EVERYBODY, is_wide
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device
from chatservice.commands.table import DONE, Answer, Call, Group, command
from chatservice.commands.targets import WHERE, anyone, first_word, for_reader, place_meant
from chatservice.people.addresses import Network
from chatservice.people.masks import Mask, meant
from chatservice.protocol.counts import counted
from chatservice.protocol.durations import first_duration
from chatservice.protocol.events import LATEST, ChatError
from chatservice.protocol.wording import ending, place_spelled, times_of

BANS_MOST = 200


@command(
    Group.OPERATORS,
    "/kick [#ROOM|*] NICK [WHY]",
    "remove somebody from a room or from the chat",
    f"{WHERE} Somebody who was in the room and is away does not return to it automatically.",
)
def kick(call: Call) -> Deferred[Answer]:
    room, rest = place_meant(call)
    nick, why = first_word(call, rest)
    done = call.chat.enforcement.kick(call.device, anyone(call, nick), room, why)
    return done.addCallback(lambda _: DONE)


@command(
    Group.OPERATORS,
    "/ban [#ROOM|*] NICK|MASK|NETWORK [2h|7d] [REASON]",
    "keep somebody out, or everybody from somewhere",
    f"{WHERE} Without a time it lasts until /unban. A ban by nickname applies to the person, "
    "logged in or not. A MASK such as *!*@abcdefghij.chat is about everybody whose nickname, user "
    "and host are like that (see /whois); it turns nobody out, but whoever it covers may neither "
    "come in nor speak there. Server operators may ban a NETWORK: an address (IPv6: its /64) or "
    f"ADDRESS/PREFIX, followed by the word {EVERYBODY} if it is wider than /8 (IPv6: /16).",
)
def ban(call: Call) -> Deferred[Answer]:
    room, rest = place_meant(call)
    target, rest = first_word(call, rest)
    whom, operators = _meant(target), call.chat.enforcement
    if isinstance(whom, Mask):
        operators.ban_mask(call.device, whom, room, *_terms(rest))
        return succeed(DONE)
    if whom is None:
        terms = _terms(rest)
        done = operators.ban(call.device, _person(call, target), room, *terms)
    else:
        first, _, others = rest.partition(" ")
        confirmed = is_wide(whom) and first.casefold() == EVERYBODY
        terms = _terms(others.strip(" ") if confirmed else rest)
        done = operators.ban_network(call.device, whom, room, *terms, confirmed)
    return done.addCallback(lambda _: DONE)


@command(Group.OPERATORS, "/unban [#ROOM|*] NICK|MASK|NETWORK", "end a ban", WHERE)
def unban(call: Call) -> Answer:
    return _lift(call, call.chat.enforcement.unban, "banned from")


@command(
    Group.OPERATORS,
    "/bans [#ROOM|*|more]",
    "list who is banned or muted",
    f"{WHERE} It shows the newest {BANS_MOST}; /bans more shows older ones.",
    pages="/bans shows the newest ones",
)
def bans(call: Call) -> Answer:
    room, rest = place_meant(call)
    if rest:
        raise call.wrong()
    return _held(call, room, LATEST)


def _held(call: Call, room: str, before: int) -> Answer:
    call.chat.permissions.check_power(call.member, room)
    held = [act for act in call.chat.permissions.sanctions(room) if act.id < before]
    if not held:
        when = "" if before == LATEST else " before that"
        return Answer([f"nobody is banned or muted in {place_spelled(room)}{when}"])
    shown = [for_reader(call, act) for act in held[-BANS_MOST:]]
    lines = [f"{act.target} is {act.kind} by {act.nick}{ending(act)}" for act in shown]
    left = len(held) - len(shown)
    more = partial(_held, room=room, before=shown[0].id) if left else None
    lines += call.goes_on(more, counted(left, "older one", "older ones"))
    return Answer(lines, times=times_of(shown))


@command(
    Group.OPERATORS,
    "/mute [#ROOM|*] NICK|MASK [2h|7d] [REASON]",
    "keep somebody from speaking",
    f"{WHERE} It applies to the person, logged in or not, or to everybody whom a MASK covers (see "
    "/help ban). Without a time it lasts until /unmute.",
)
def mute(call: Call) -> Answer:
    room, rest = place_meant(call)
    nick, rest = first_word(call, rest)
    whom, terms = _meant(nick), _terms(rest)
    if isinstance(whom, Mask):
        call.chat.enforcement.mute_mask(call.device, whom, room, *terms)
    else:
        call.chat.enforcement.mute(call.device, _person(call, nick), room, *terms)
    return DONE


@command(Group.OPERATORS, "/unmute [#ROOM|*] NICK|MASK", "let somebody speak again", WHERE)
def unmute(call: Call) -> Answer:
    return _lift(call, call.chat.enforcement.unmute, "muted in")


def _terms(text: str) -> tuple[int, str]:
    """Read for how many seconds a sanction holds, 0 for no limit, and the reason."""
    try:
        return first_duration(text)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error


def _meant(text: str) -> Network | Mask | None:
    """Read a network or a mask; C{None} for a nickname."""
    try:
        return meant(text)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error


def _person(call: Call, nick: str) -> Person:
    """Find the person that a ban or a mute is about."""
    hint = ": /ban the address" if call.chat.permissions.is_operator(call.member) else ""
    return call.chat.nicknames.person_named(nick, hint)


def _lift(
    call: Call, verb: Callable[[Device, Whom | Network | Mask, str], list[Envelope]], state: str
) -> Answer:
    room, rest = place_meant(call)
    target, more = first_word(call, rest)
    if more:
        raise call.wrong()
    whom = _meant(target)
    if verb(call.device, whom or anyone(call, target), room):
        return DONE
    named = target if whom is None or isinstance(whom, Mask) else str(whom)
    return Answer([f"{named[:60]} is not {state} {place_spelled(room)}"])
