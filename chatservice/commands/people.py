"""The commands about people: presence, nicknames, ignoring, and personal settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from math import ceil, isfinite

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.chat.departures import DEPARTURES_KEPT
from chatservice.chat.ignoring import away_shown, real_name_shown
from chatservice.chat.rooms import Member
from chatservice.commands.connections import listed
from chatservice.commands.table import DONE, Answer, Call, Group, ListedPerson, command
from chatservice.protocol.counts import counted, number
from chatservice.protocol.durations import roughly
from chatservice.protocol.events import ChatError, Left
from chatservice.protocol.names import NICK_INPUT, NICK_LENGTH, check_nick, nick_key
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.sanitize import clean
from chatservice.protocol.wording import names_in_a_line, spelled, when

WHO_MOST = 100
IGNORED_MOST = 100
NOT_KEPT = "kept until you leave: /register to keep it for ever"
SETTINGS = {
    "time": "every line with its time (UTC)",
    "colour": "nicknames in colours",
    "bell": "a bell when you are mentioned or get a private line",
    "quiet": "no lines about people who join and leave",
    "hidden": "only people who share a room with you see your rooms",
    "bot": "programs are told that you are a bot",
}


@command(
    Group.PEOPLE,
    "/who [NICK|PAGE|more]",
    "list who is in the chat, and in which rooms",
    f"Without a nickname it lists everybody, {WHO_MOST} to a page: /who 2 shows the second "
    "page, and /who more the next one.",
    pages="/who shows the first one",
)
def who(call: Call) -> Answer:
    # No nickname begins with a digit.
    if call.rest and not call.rest.isdigit():
        listed = _whereabouts(call, call.chat.member_named(call.rest))
        return Answer([_line(listed)], people=[listed])
    return _page(call, call.rest or "1")


def _page(call: Call, wanted: str) -> Answer:
    everybody = sorted(call.chat.roster.values(), key=lambda member: member.nick.casefold())
    pages = ceil(len(everybody) / WHO_MOST)
    page = number(wanted, pages)
    if page is None:
        raise ChatError("usage", f"there is no such page: the last one is /who {pages}")
    end = page * WHO_MOST
    people = [_whereabouts(call, member) for member in everybody[end - WHO_MOST : end]]
    left = len(everybody[end:])
    more = partial(_page, wanted=str(page + 1)) if left else None
    lines = [*map(_line, people), *call.goes_on(more, counted(left, "more person", "more people"))]
    return Answer(lines, people=people, left=left)


def _whereabouts(call: Call, member: Member) -> ListedPerson:
    return ListedPerson(member.nick, _shared(call, member))


def _line(person: ListedPerson) -> str:
    return f"{person.nick}: {', '.join(map(spelled, person.rooms)) or 'in no room'}"


def _shared(call: Call, member: Member) -> list[str]:
    """List the rooms that somebody is in and that the asker may see."""
    return call.chat.permissions.rooms_shown(call.member, member)


@command(Group.PEOPLE, "/nick NAME", "take another nickname; you stay in your rooms")
def nick(call: Call) -> Answer | Deferred[Answer]:
    if not call.rest:
        return Answer([f"you are {call.member.nick}"])
    return call.chat.rename(call.device, call.rest).addCallback(lambda _: DONE)


@command(
    Group.PEOPLE,
    "/realname [TEXT]",
    "show or change your real name, which /whois shows",
    "/realname - clears it.",
)
def realname(call: Call) -> Answer:
    if not call.rest:
        return Answer([f"your real name is {call.member.real_name or 'not known'}"])
    if call.chat.set_real_name(call.device, "" if call.rest == "-" else call.rest) is None:
        return Answer(["that is your real name already"])
    return DONE


@command(
    Group.PEOPLE,
    "/away [WHY]",
    "say that you are away from the keyboard; /back ends it",
    "You stay in your rooms. The rooms in which you spoke in the last 10 minutes see it at "
    "once; everybody else sees it in /whois, and when they send you a private message.",
)
def away(call: Call) -> Answer:
    call.chat.set_away(call.device, call.rest)
    return DONE


@command(Group.PEOPLE, "/back", "say that you are back at the keyboard")
def back(call: Call) -> Answer:
    if call.member.away is None:
        return Answer(["you were not away"])
    call.chat.set_away(call.device, None)
    return DONE


@command(Group.PEOPLE, "/whois NICK", "show who somebody is: registered or not, since when, away")
def whois(call: Call) -> Answer:
    if not call.rest:
        raise call.wrong()
    account = call.chat.accounts.named(call.rest)
    if account is None:
        return _described(call, call.chat.member_named(call.rest))
    member = call.chat.roster.of(account) or call.chat.roster.get(account.key)
    if member is None:
        since = when(account.since)
        sentence = f"{account.nick} has been registered since {since}, and is not here"
        return Answer([sentence], times={since: account.since})
    return _described(call, member)


@command(
    Group.PEOPLE,
    "/whowas NICK",
    "show when somebody left the chat",
    f"It knows the last {DEPARTURES_KEPT} people who left.",
)
def whowas(call: Call) -> Answer:
    if not call.rest:
        raise call.wrong()
    nick = clean(call.rest[:NICK_INPUT])
    departures = call.chat.departures.of(nick)
    if not departures:
        sentence = f"nobody called {nick[:NICK_LENGTH]} has left lately"
        raise ChatError("no-nick", sentence, "not-left")
    times = {when(left.when): left.when for left in departures}
    return Answer([_departed(call, left) for left in departures], times=times)


def _departed(call: Call, left: Left) -> str:
    account = call.chat.accounts.named(left.account) if left.account else None
    known = "" if account is None else f", logged in as {account.nick}"
    return f"{left.nick} left at {when(left.when)}{known}"


def _described(call: Call, member: Member) -> Answer:
    came = call.chat.came(member)
    times = {when(came): came}
    if member.account is not None:
        times[when(member.account.since)] = member.account.since
    return Answer(list(_description(call, member, came)), times=times)


def _description(call: Call, member: Member, came: int) -> Iterator[str]:
    permissions, rooms = call.chat.permissions, _shared(call, member)
    nick, account = member.nick, member.account
    if account is None:
        yield f"{nick} is not registered"
    elif account.key == member.key:
        yield f"{nick} has been registered since {when(account.since)}"
    else:
        yield f"{nick} is logged in as {account.nick}, registered since {when(account.since)}"
    yield f"here since {when(came)}, {_doors(member)}"
    yield f"in {', '.join(map(spelled, rooms)) or 'no room'}"
    if permissions.is_operator(member):
        yield "an operator of the whole chat"
    runs = [room for room in rooms if permissions.is_room_operator(member, room)]
    owns = [room for room in runs if permissions.is_owner(member, room)]
    if owns:
        yield f"the owner of {', '.join(map(spelled, owns))}"
    operates = [room for room in runs if room not in owns]
    if operates and not permissions.is_operator(member):
        yield f"an operator of {', '.join(map(spelled, operates))}"
    away = away_shown(member, call.member.ignored)
    if away is not None:
        yield f"away: {away}" if away else "away"
    silence = member.idle_seconds()
    if isfinite(silence):
        yield f"silent for {roughly(int(silence))}"
    yield from _identity(member, call.member.ignored)
    if permissions.is_operator(call.member):
        yield from listed(call, member)


def _identity(member: Member, ignored: Collection[str]) -> Iterator[str]:
    yield f"user and host: {member.userhost}"
    if real_name := real_name_shown(member, ignored):
        yield f"real name: {real_name}"
    if member.preferences.bot:
        yield "a bot"


def _doors(member: Member) -> str:
    """Name the doors through which a member is here."""
    if member.is_elsewhere:
        return "through another server"
    kinds = list(dict.fromkeys(device.door.kind for device in member.devices))
    return f"{'doors' if len(kinds) > 1 else 'door'}: {', '.join(kinds) or 'no connection'}"


@command(
    Group.PEOPLE,
    "/ignore [NICK]",
    "hide what somebody says; without NICK, list the people you ignore",
    "Somebody who is logged in stays ignored under other nicknames as well. When an ignored "
    "operator acts in a room, you see only kicks. When somebody you ignore goes away, "
    "leaves or changes a topic, you see it without the words. /unignore ends it.",
)
def ignore(call: Call) -> Answer | Deferred[Answer]:
    ignored = call.member.ignored
    if not call.rest:
        names = names_in_a_line(list(ignored.values()), len(ignored)) or "nobody"
        return Answer([f"you ignore {names}"])
    key, nick = _whom(call)
    account = call.member.account
    if key == call.member.key or (account is not None and key == account.key):
        raise ChatError("usage", "you cannot ignore yourself")
    if len(ignored) >= IGNORED_MOST:
        sentence = f"you already ignore {IGNORED_MOST} people: /unignore one first"
        raise ChatError("too-many", sentence, "ignored")
    call.member.ignored = {**ignored, key: nick}
    return _kept(call, f"you ignore {nick} from now on: /unignore {nick} ends it")


@command(Group.PEOPLE, "/unignore NICK", "show again what somebody says")
def unignore(call: Call) -> Answer | Deferred[Answer]:
    if not call.rest:
        raise call.wrong()
    ignored = dict(call.member.ignored)
    key = nick_key(call.rest)
    if key not in ignored:
        key, nick = _whom(call)
        if key not in ignored:
            raise ChatError("no-nick", f"you do not ignore {nick}", "not-ignored")
    nick = ignored.pop(key)
    call.member.ignored = ignored
    return _kept(call, f"you no longer ignore {nick}")


def _whom(call: Call) -> tuple[str, str]:
    """Find the key and nickname of the person that a command names, of their account if any."""
    try:
        nick = check_nick(call.rest)
    except ValueError as error:
        raise ChatError("bad-nick", str(error)) from error
    key = nick_key(nick)
    member = call.chat.roster.get(key)
    if member is not None and member.account is not None:
        return member.account.key, member.account.nick
    return key, nick


@command(
    Group.PEOPLE,
    "/set [NAME [on|off]]",
    "show or change how lines are displayed to you",
    "The settings are " + ", ".join(SETTINGS) + ".",
)
def set_preference(call: Call) -> Answer | Deferred[Answer]:
    preferences = call.member.preferences
    name, _, state = (word.strip() for word in call.rest.casefold().partition(" "))
    name = "colour" if name == "color" else name
    if not name or (name in SETTINGS and not state):
        shown = [name] if name else SETTINGS
        return Answer([_setting(preferences, each) for each in shown])
    if name not in SETTINGS or state not in ("on", "off"):
        raise ChatError("usage", f"/set takes one of {', '.join(SETTINGS)}, and on or off")
    call.member.preferences = replace(preferences, **{name: state == "on"})
    return _kept(call, f"{name} is {state} now: {SETTINGS[name]}")


def _setting(preferences: Preferences, name: str) -> str:
    return f"{name} is {'on' if getattr(preferences, name) else 'off'}: {SETTINGS[name]}"


def _kept(call: Call, line: str) -> Answer | Deferred[Answer]:
    """Apply a member's new setting, and store it if the member has an account."""
    member = call.member
    member.preferences_changed()
    account = member.account
    call.tell_others(line)
    if account is None:
        told, member.told_not_kept = member.told_not_kept, True
        return Answer([line] if told else [line, NOT_KEPT])
    former = account.preferences, account.ignored
    account.preferences, account.ignored = member.preferences, member.ignored

    def undo(failure: Failure) -> Failure:
        account.preferences, account.ignored = former
        if member.account is account:
            member.preferences, member.ignored = former
            member.preferences_changed()
        return failure

    return call.chat.accounts.save(account).addCallbacks(lambda _: Answer([line]), undo)
