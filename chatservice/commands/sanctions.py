"""Kicks, bans and mutes."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.acts import Banned, Muted, OperatorAct, Unbanned, Unmuted
from chatservice.commands.table import DONE, Answer, Call, Group, command
from chatservice.commands.targets import (
    WHERE,
    first_word,
    for_reader,
    found,
    place_meant,
)
from chatservice.counts import counted
from chatservice.durations import first_duration
from chatservice.events import LATEST, ChatError
from chatservice.names import nick_key
from chatservice.networks import Network, network_named, network_of
from chatservice.rooms import Member
from chatservice.sanctions import subject
from chatservice.sanitize import clean_reason
from chatservice.standing import Person
from chatservice.text import ending, place_spelled, spelled, times_of

BANS_MOST = 200
REASON_BYTES = 400
WIDEST = {4: 8, 6: 16}
"""By version of the protocol, the prefix of the widest network that is banned unasked."""
EVERYBODY = "everybody"
"""What confirms the ban of a wider one."""


@command(
    Group.OPERATORS,
    "/kick [#ROOM|*] NICK [WHY]",
    "have somebody leave",
    f"{WHERE} Whoever was in the room and is away does not come back to it by itself.",
)
def kick(call: Call) -> Answer | Deferred[Answer]:
    room, rest = place_meant(call)
    nick, why = first_word(call, rest)
    person, reason = found(call, nick), _reason(why)
    if person is None or (not room and person.member is None):
        raise ChatError("no-nick", f"nobody here is called {nick[:40]}")
    call.chat.moderation.check_may_kick(call.member, person, room)
    if person.member is None or (room and room not in person.member.rooms):
        return _kick_who_is_away(call, person, room, reason)
    call.chat.operators.kick(call.member, person, room, reason)
    return DONE


@inlineCallbacks
def _kick_who_is_away(
    call: Call, person: Person, room: str, why: str
) -> Generator[Deferred[Any], Any, Answer]:
    """Take the place of somebody who would be let in again without being asked anything."""
    chat = call.chat
    places = yield chat.journal.places(person.identity)
    chat.moderation.check_may_kick(call.member, person, room)
    back = _of_one(call, room, person)
    if room not in [place.room for place in places] and not back:
        raise ChatError("no-nick", f"{person.nick} is not in {spelled(room)}")
    chat.operators.kick(call.member, person, room, why)
    yield chat.settled(call.member)
    # Who was about to come may have come before that was stored.
    chat.operators.turn_out(call.member, _of_one(call, room, person), room, why)
    return DONE


def _of_one(call: Call, room: str, person: Person) -> list[Member]:
    """A person in a room, also one that has come just now."""
    return [each for each in _present(call, room) if each.identity == person.identity]


@command(
    Group.OPERATORS,
    "/ban [#ROOM|*] NICK|NETWORK [2h|7d] [REASON]",
    "keep somebody out, or everybody from somewhere",
    f"{WHERE} Without a time it holds until /unban. A ban by nickname holds against the person, "
    "logged in or not. Server operators may ban a NETWORK: an address (IPv6: its /64) or "
    f"ADDRESS/PREFIX, with the word {EVERYBODY} behind it if it is wider than /8 (IPv6: /16).",
)
def ban(call: Call) -> Deferred[Answer]:
    room, rest = place_meant(call)
    target, rest = first_word(call, rest)
    network = _network(target)
    if network is not None:
        rest = _confirmed(call, room, network, rest)
    terms = _terms(call, rest)
    told: list[Member] = []
    if network is None:
        before = _present(call, room)
        person = _sanction(call, Banned, room, target, terms)
        covered = partial(_meant, call, room, person, before)
        told = [member for member in before if member.identity == person.identity]
    else:
        _ban_network(call, room, network, terms)
        covered = partial(call.chat.moderation.banned_members, network, room)

    def turn_out(_: None) -> Answer:
        banned = covered(_present(call, room))
        call.chat.operators.turn_out(call.member, banned, room, terms[1], told)
        return DONE

    # Not before the ban holds, or somebody could be back by then.
    return call.chat.settled(call.member).addCallback(turn_out)


@command(Group.OPERATORS, "/unban [#ROOM|*] NICK|NETWORK", "end a ban", WHERE)
def unban(call: Call) -> Answer:
    return _lift(call, Banned, Unbanned, "banned from")


@command(
    Group.OPERATORS,
    "/bans [#ROOM|*|more]",
    "who is banned or muted",
    f"{WHERE} It shows the newest {BANS_MOST}; /bans more shows older ones.",
    pages="/bans shows the newest ones",
)
def bans(call: Call) -> Answer:
    room, rest = place_meant(call)
    if rest:
        raise call.wrong()
    return _held(call, room, LATEST)


def _held(call: Call, room: str, before: int) -> Answer:
    call.chat.moderation.check_power(call.member, room)
    held = [act for act in call.chat.moderation.sanctions(room) if act.id < before]
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
    "/mute [#ROOM|*] NICK [2h|7d] [REASON]",
    "keep somebody from speaking",
    f"{WHERE} It holds against the person, logged in or not; without a time until /unmute.",
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
    try:
        seconds, rest = first_duration(text)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error
    until = call.chat.ids.now() + seconds * 1_000_000 if seconds else 0
    return until, _reason(rest)


def _reason(text: str) -> str:
    reason = clean_reason(text).strip(" ")
    size = len(reason.encode())
    if size > REASON_BYTES:
        raise ChatError(
            "too-long", f"that reason has {size:,} bytes, and may have {REASON_BYTES}: not done"
        )
    return reason


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
    moderation = call.chat.moderation
    person = found(call, nick)
    if person is None:
        hint = ": /ban the address" if moderation.is_operator(call.member) else ""
        raise ChatError(
            "no-nick", f"nobody here is called {nick[:40]}, and it is not registered{hint}"
        )
    moderation.check_may_sanction(call.member, person, room)
    moderation.check_may_add(call.member, room)
    network = network_of(person.member.address) if person.member is not None else None
    until, reason = terms
    act = kind(
        room=room,
        target=person.nick,
        target_identity=person.identity,
        network="" if network is None else str(network),
        until=until,
        text=reason,
    )
    call.chat.operators.act(call.member, act)
    return person


def _confirmed(call: Call, room: str, network: Network, text: str) -> str:
    """What follows the word that confirms the ban of very many, if they are that."""
    _check_may_name_addresses(call, room)
    if network.prefixlen >= WIDEST[network.version]:
        return text
    first, _, rest = text.partition(" ")
    if first.casefold() == EVERYBODY:
        return rest.strip(" ")
    where = f"#{room}" if room else "*"
    raise ChatError(
        "usage",
        f"{network} is {_many(network)}: /ban {where} {network} {EVERYBODY} bans them all",
    )


def _many(network: Network) -> str:
    """How many addresses are in a network."""
    if isinstance(network, IPv4Network):
        return f"{network.num_addresses:,} addresses"
    return f"2^{network.max_prefixlen - network.prefixlen} addresses"


def _check_may_name_addresses(call: Call, room: str) -> None:
    """May do something to whoever comes from somewhere: who that is nobody else should learn."""
    call.chat.moderation.check_power(call.member, room)
    if not call.chat.moderation.is_operator(call.member):
        raise ChatError(
            "not-allowed",
            "only a server operator may do that by address: name the person instead",
            "not-operator",
        )


def _ban_network(call: Call, room: str, network: Network, terms: tuple[int, str]) -> None:
    call.chat.moderation.check_may_add(call.member, room)
    until, reason = terms
    named = str(network)
    ban = Banned(room=room, target=named, network=named, until=until, text=reason)
    call.chat.operators.act(call.member, ban)


def _present(call: Call, room: str) -> list[Member]:
    """Who is in the room, or in the chat."""
    members = call.chat.roster.values()
    return [member for member in members if not room or room in member.rooms]


def _meant(
    call: Call, room: str, person: Person, before: list[Member], members: list[Member]
) -> list[Member]:
    """The person, and whoever came while the ban was on its way and is kept out by it now.

    From a room the person alone, or others would show where it came from.
    """
    came = set() if room else set(members).difference(before)
    return [
        member
        for member in members
        if member is person.member
        or member.identity == person.identity
        or (member in came and _is_banned(call, member, room))
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
    if network is not None:
        _check_may_name_addresses(call, room)
    named = target if network is None else str(network)
    about = nick_key(target) if network is None else named
    person = found(call, target) if network is None else None
    identity = b"" if person is None else person.identity
    ended = call.chat.moderation.sanctions_about(held, room, about, identity)
    if not ended:
        return Answer([f"{named[:60]} is not {state} {place_spelled(room)}"])
    given = named if person is None else person.nick, identity
    for target, target_identity in _lifted(ended, about, given):
        act = kind(
            room=room,
            target=target,
            target_identity=target_identity,
            network="" if network is None else named,
        )
        call.chat.operators.act(call.member, act)
    return DONE


def _lifted(
    ended: list[OperatorAct], about: str, given: tuple[str, bytes]
) -> Iterable[tuple[str, bytes]]:
    """The nicknames and identities whose bans or mutes are ended.

    What holds against who was named only because that is somebody else by now is ended as what it
    was made for: it is known for longer whom that was than who that became.
    """
    named: dict[tuple[str, bytes], None] = {}
    for act in ended:
        is_direct = subject(act) == about or (given[1] and act.target_identity == given[1])
        named[given if is_direct else (act.target, act.target_identity)] = None
    return named
