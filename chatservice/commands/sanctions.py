"""Kicks, bans and mutes."""

from __future__ import annotations

import re
from functools import partial

from twisted.internet.defer import Deferred

from chatservice.acts import Banned, Muted, OperatorAct, Unbanned, Unmuted
from chatservice.commands.table import DONE, Answer, Call, Group, command
from chatservice.commands.targets import (
    WHERE,
    first_word,
    for_reader,
    found,
    place_meant,
)
from chatservice.durations import seconds_of
from chatservice.events import ChatError
from chatservice.moderation import CHAT
from chatservice.names import nick_key
from chatservice.networks import Network, network_named, network_of
from chatservice.rooms import Member
from chatservice.sanitize import clean_reason
from chatservice.standing import Person, concerns
from chatservice.text import ending, place_spelled, spelled

BANS_MOST = 200
HELD_MOST = 1000
"""Bans and mutes in a room by its operators: all are looked at for each who enters or speaks."""

_DURATION = re.compile("[0-9]+[A-Za-z]")


@command(Group.OPERATORS, "/kick [#ROOM|*] NICK [WHY]", "have somebody leave", WHERE)
def kick(call: Call) -> Answer:
    room, rest = place_meant(call)
    nick, why = first_word(call, rest)
    member = call.chat.member_named(nick)
    call.chat.moderation.check_may_kick(call.member, member, room)
    if room and room not in member.rooms:
        raise ChatError("no-nick", f"{member.nick} is not in {spelled(room)}")
    call.chat.operators.kick(call.member, member, room, _reason(why))
    return DONE


@command(
    Group.OPERATORS,
    "/ban [#ROOM|*] NICK|NETWORK [2h|7d] [REASON]",
    "keep somebody out, or everybody from somewhere",
    f"{WHERE} A ban by nickname covers the account and the address. NETWORK is an address"
    " (IPv6: its /64) or ADDRESS/PREFIX. Without a time it holds until /unban.",
)
def ban(call: Call) -> Deferred[Answer]:
    room, rest = place_meant(call)
    target, rest = first_word(call, rest)
    terms = _terms(call, rest)
    network = _network(target)
    if network is None:
        before = _present(call, room)
        person = _sanction(call, Banned, room, target, terms)
        covered = partial(_meant, call, room, person, before)
    else:
        _ban_network(call, room, network, terms)
        covered = partial(call.chat.moderation.banned_members, network, room)

    def turn_out(_: None) -> Answer:
        banned = covered(_present(call, room))
        call.chat.operators.turn_out(call.member, banned, room, terms[1])
        return DONE

    # Not before the ban holds, or somebody could be back by then.
    return call.chat.settled(call.member).addCallback(turn_out)


@command(Group.OPERATORS, "/unban [#ROOM|*] NICK|NETWORK", "end a ban", WHERE)
def unban(call: Call) -> Answer:
    return _lift(call, Banned, Unbanned, "banned from")


@command(Group.OPERATORS, "/bans [#ROOM|*]", "who is banned or muted", WHERE)
def bans(call: Call) -> Answer:
    room, rest = place_meant(call)
    if rest:
        raise call.wrong()
    call.chat.moderation.check_power(call.member, room)
    held = call.chat.moderation.sanctions(room)
    if not held:
        return Answer([f"nobody is banned or muted in {place_spelled(room)}"])
    shown = [for_reader(call, act) for act in held[-BANS_MOST:]]
    lines = [f"{act.target} is {act.kind} by {act.nick}{ending(act)}" for act in shown]
    if len(held) > BANS_MOST:
        lines.append(f"and {len(held) - BANS_MOST:,} older ones")
    return Answer(lines)


@command(
    Group.OPERATORS,
    "/mute [#ROOM|*] NICK [2h|7d] [REASON]",
    "keep somebody from speaking",
    f"{WHERE} It covers the account and the address. Without a time it holds until /unmute.",
)
def mute(call: Call) -> Answer:
    room, rest = place_meant(call)
    nick, rest = first_word(call, rest)
    _sanction(call, Muted, room, nick, _terms(call, rest))
    return DONE


@command(Group.OPERATORS, "/unmute [#ROOM|*] NICK", "let somebody speak again", WHERE)
def unmute(call: Call) -> Answer:
    return _lift(call, Muted, Unmuted, "muted in")


def _terms(call: Call, text: str) -> tuple[int, str]:
    """The time from which on something holds no more, or 0, and the reason."""
    first, _, rest = text.partition(" ")
    if not _DURATION.fullmatch(first):
        return 0, _reason(text)
    try:
        seconds = seconds_of(first)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error
    return call.chat.ids.now() + seconds * 1_000_000, _reason(rest)


def _reason(text: str) -> str:
    return clean_reason(text).strip(" ")


def _network(text: str) -> Network | None:
    """The network that a text is meant to be; None for a nickname, which has none of these."""
    if not text[0].isdigit() and ":" not in text and "/" not in text:
        return None
    try:
        return network_named(text)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error


def _sanction(
    call: Call, kind: type[OperatorAct], room: str, nick: str, terms: tuple[int, str]
) -> Person:
    """Ban or mute somebody by nickname, and so by account and by address."""
    person = found(call, nick)
    if person is None:
        raise ChatError(
            "no-nick",
            f"nobody here is called {nick[:40]}, and it is not registered: /ban the address",
        )
    call.chat.moderation.check_may_sanction(call.member, person, room)
    _check_terms(call, room, terms)
    network = network_of(person.member.address) if person.member is not None else None
    until, reason = terms
    call.chat.operators.act(
        call.member,
        kind,
        room,
        network="" if network is None else str(network),
        until=until,
        text=reason,
        **person.meant(),
    )
    return person


def _check_terms(call: Call, room: str, terms: tuple[int, str]) -> None:
    """May say that reason, and add one more to what holds in a room."""
    moderation = call.chat.moderation
    if terms[1]:
        moderation.check_speech(call.member, CHAT)
    if not moderation.is_operator(call.member) and len(moderation.sanctions(room)) >= HELD_MOST:
        raise ChatError("too-many", f"{HELD_MOST:,} bans and mutes hold here: end some first")


def _ban_network(call: Call, room: str, network: Network, terms: tuple[int, str]) -> None:
    call.chat.moderation.check_power(call.member, room)
    _check_terms(call, room, terms)
    until, reason = terms
    named = str(network)
    call.chat.operators.act(
        call.member, Banned, room, target=named, network=named, until=until, text=reason
    )


def _present(call: Call, room: str) -> list[Member]:
    """Who is in the room, or in the chat."""
    members = call.chat.members.values()
    return [member for member in members if not room or room in member.rooms]


def _meant(
    call: Call, room: str, person: Person, before: list[Member], members: list[Member]
) -> list[Member]:
    """The person, and whoever came while the ban was on its way and is kept out by it now."""
    came = set(members).difference(before)
    return [
        member
        for member in members
        if member is person.member or (member in came and _is_banned(call, member, room))
    ]


def _is_banned(call: Call, member: Member, room: str) -> bool:
    try:
        call.chat.moderation.check_not_banned(member, room)
    except ChatError:
        return True
    return False


def _lift(call: Call, held: type[OperatorAct], kind: type[OperatorAct], state: str) -> Answer:
    room, rest = place_meant(call)
    target, more = first_word(call, rest)
    if more:
        raise call.wrong()
    call.chat.moderation.check_power(call.member, room)
    network = _network(target)
    named = target if network is None else str(network)
    about = nick_key(target) if network is None else named
    person = found(call, target) if network is None else None
    identity = b"" if person is None else person.identity
    held_now = call.chat.moderation.sanctions(room)
    if not any(isinstance(act, held) and concerns(act, about, identity) for act in held_now):
        return Answer([f"{named[:60]} is not {state} {place_spelled(room)}"])
    call.chat.operators.act(
        call.member,
        kind,
        room,
        target=named if person is None else person.nick,
        target_identity=identity,
        network="" if network is None else named,
        whom=None if person is None else person.member,
    )
    return DONE
