"""The verbs about people: who and where they are, who is here, and the member's own state."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from twisted.words.protocols import irc

from chatservice.chat.ignoring import away_shown, is_by, real_name_shown
from chatservice.chat.rooms import Member
from chatservice.chat.watching import WATCHED_MOST
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import naming, replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import GONE, cut, server_time
from chatservice.doors.irc.verbs.table import Call, query, verb
from chatservice.doors.irc.wire import middle
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import check_nick

ASKED_AT_ONCE = 20
"""The most people that one C{ISON} or C{USERHOST} asks for."""


@verb("WHOIS", cost=query)
def whois(call: Call) -> Lines:
    # A server may be named first; there is one.
    nicks = call.listed(1) or call.listed(0)
    if not nicks:
        return [call.numeric(irc.ERR_NONICKNAMEGIVEN, text="no nickname is given")]
    nick = nicks[0]
    try:
        member = call.present(nick)
    except ChatError as error:
        lines = call.session.error_lines(error)
    else:
        lines, nick = list(_described(call, member)), member.nick
    return [*lines, call.numeric(irc.RPL_ENDOFWHOIS, middle(nick), text="End of the description")]


def _described(call: Call, member: Member) -> Iterator[str]:
    chat, nick, session = call.chat, member.nick, call.session
    about = nick, member.user, member.host, "*"
    real_name = real_name_shown(member, call.member.ignored)
    yield call.numeric(irc.RPL_WHOISUSER, *about, text=real_name or nick)
    rooms = [
        f"{naming.prefix_of(chat.permissions, member, room, session.has(caps.MULTI_PREFIX))}#{room}"
        for room in chat.permissions.rooms_shown(call.member, member)
    ]
    for chunk in naming.in_chunks(rooms):
        yield call.numeric(irc.RPL_WHOISCHANNELS, nick, text=chunk)
    kinds = " and ".join(dict.fromkeys(device.kind for device in member.devices))
    nowhere = "another server" if member.is_elsewhere else "no connection"
    through = f"through {kinds or nowhere}"
    yield call.numeric(irc.RPL_WHOISSERVER, nick, session.server, text=through)
    if chat.permissions.is_operator(member):
        yield call.numeric(irc.RPL_WHOISOPERATOR, nick, text="is an operator of the whole chat")
    if member.account is not None:
        account = member.account.nick
        yield call.numeric(replies.RPL_WHOISACCOUNT, nick, account, text="is logged in as")
    if member.preferences.bot:
        yield call.numeric(replies.RPL_WHOISBOT, nick, text="is a bot")
    if member.devices and all(device.peer.encrypted for device in member.devices):
        yield call.numeric(replies.RPL_WHOISSECURE, nick, text="is using a secure connection")
    if member is call.member or chat.permissions.is_operator(call.member):
        address = member.address or "this machine"
        yield call.numeric(replies.RPL_WHOISHOST, nick, text=f"is connecting from {address}")
    away = away_shown(member, call.member.ignored)
    if away is not None:
        yield call.numeric(irc.RPL_AWAY, nick, text=cut(away) or "away")
    idle = member.idle_seconds()
    if isfinite(idle):
        came = chat.came(member) // 1_000_000
        text = "seconds idle, signon time"
        yield call.numeric(irc.RPL_WHOISIDLE, nick, f"{idle:.0f}", f"{came}", text=text)


@verb("WHOWAS", cost=query)
def whowas(call: Call) -> Lines:
    nick = call.param(0)
    if not nick:
        return [call.numeric(irc.ERR_NONICKNAMEGIVEN, text="no nickname is given")]
    count = call.param(1)
    most = int(count) if count.isascii() and count.isdigit() and int(count) else None
    departures = [
        left for left in call.chat.departures.of(nick) if left.nick.casefold() == nick.casefold()
    ]
    lines = []
    for left in departures[:most]:
        user, _, host = (left.userhost or GONE).partition("@")
        about = left.nick, user, host, "*"
        real_name = "" if is_by(left, call.member.ignored) else cut(left.real_name)
        lines.append(call.numeric(irc.RPL_WHOWASUSER, *about, text=real_name or left.nick))
        when = server_time(left.when)
        lines.append(call.numeric(irc.RPL_WHOISSERVER, left.nick, call.session.server, text=when))
    if not departures:
        lines = [call.numeric(irc.ERR_WASNOSUCHNICK, middle(nick), text="there was no such nick")]
    return [*lines, call.numeric(irc.RPL_ENDOFWHOWAS, middle(nick), text="End of the list")]


@verb("AWAY")
def away(call: Call) -> Lines:
    why = call.param(0)
    if why or call.member.away is not None:
        try:
            call.chat.set_away(call.device, cut(why) or None)
        except ChatError as error:
            # The numerics of such errors are about rooms.
            raise ChatError("not-allowed", error.sentence) from error
    if why:
        return [call.numeric(irc.RPL_NOWAWAY, text="You have been marked as being away")]
    return [call.numeric(irc.RPL_UNAWAY, text="You are no longer marked as being away")]


@verb("SETNAME", least=1)
def setname(call: Call) -> Lines:
    real_name = call.param(0)
    if not real_name.strip():
        return [call.fail("INVALID_REALNAME", text="a real name must not be empty")]
    try:
        call.chat.set_real_name(call.device, real_name)
    except ChatError as error:
        is_wrong = error.code == "too-long"
        code = "INVALID_REALNAME" if is_wrong else "CANNOT_CHANGE_REALNAME"
        return [call.fail(code, text=error.sentence)]
    return []


@verb("ISON", least=1, cost=query)
def ison(call: Call) -> Lines:
    return [call.numeric(irc.RPL_ISON, text=" ".join(each.nick for each in _asked(call)))]


@verb("USERHOST", least=1, cost=query)
def userhost(call: Call) -> Lines:
    found = []
    for member in _asked(call):
        star = "*" if call.chat.permissions.is_operator(member) else ""
        here = "+" if away_shown(member, call.member.ignored) is None else "-"
        found.append(f"{member.nick}{star}={here}{member.userhost}")
    return [call.numeric(irc.RPL_USERHOST, text=" ".join(found))]


def _asked(call: Call) -> Iterator[Member]:
    """Find those of the people asked for who are here."""
    nicks = " ".join(call.message.params).split()[:ASKED_AT_ONCE]
    for nick in nicks:
        member = _here(call, nick)
        if member is not None:
            yield member


def _here(call: Call, nick: str) -> Member | None:
    try:
        return call.present(nick)
    except ChatError:
        return None


@verb("MONITOR", least=1, cost=query)
def monitor(call: Call) -> Lines:
    watching, member = call.chat.watching, call.member
    names = call.listed(1)
    match call.param(0).upper():
        case "+":
            return _watch(call, names)
        case "-":
            for name in names:
                watching.end(member, name)
        case "C":
            watching.forget(member)
        case "L":
            chunks = naming.in_chunks(watching.names(member), ",")
            lines = [call.numeric(replies.RPL_MONLIST, text=chunk) for chunk in chunks]
            return [*lines, call.numeric(replies.RPL_ENDOFMONLIST, text="End of the list")]
        case "S":
            return list(_statuses(call, watching.names(member)))
        case _:
            return [call.too_few()]
    return []


def _watch(call: Call, names: list[str]) -> list[str]:
    begun: list[str] = []
    lines: list[str] = []
    for number, name in enumerate(names):
        try:
            call.chat.watching.begin(call.member, check_nick(name))
        except ValueError:
            continue
        except ChatError:
            about = f"{WATCHED_MOST}", ",".join(map(middle, names[number:]))
            lines = [call.numeric(replies.ERR_MONLISTFULL, *about, text="the list is full")]
            break
        begun.append(name)
    return [*_statuses(call, begun), *lines]


def _statuses(call: Call, names: list[str]) -> Iterator[str]:
    """Spell which of several nicknames are here, and which are not."""
    members = {name: _here(call, name) for name in names}
    here = [member.mask for member in members.values() if member is not None]
    absent = [middle(name) for name, member in members.items() if member is None]
    for numeric, words in ((replies.RPL_MONONLINE, here), (replies.RPL_MONOFFLINE, absent)):
        for chunk in naming.in_chunks(words, ","):
            yield call.numeric(numeric, text=chunk)
