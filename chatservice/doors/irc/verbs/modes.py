"""The verb C{MODE}: the settings, roles and bans of a room, and a member's own modes."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred, succeed
from twisted.words.protocols import irc

from chatservice import commands
from chatservice.chat.envelope import Envelope
from chatservice.chat.room_settings import OFF
from chatservice.chat.rooms import Room
from chatservice.chat.sanctions import is_by_network
from chatservice.doors.irc import own, replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import SWITCHES, mask_of, mode_of
from chatservice.doors.irc.isupport import KEY_LENGTH, MODES
from chatservice.doors.irc.verbs.table import Call, is_channel, line, query, verb
from chatservice.doors.irc.wire import middle
from chatservice.people.addresses import Network
from chatservice.people.masks import Mask, meant
from chatservice.protocol.actions import Banned, Muted, OperatorAct
from chatservice.protocol.events import ChatError
from chatservice.sessions.power import deop_self

SETTING_OF = {mode: setting for setting, mode in SWITCHES.items()}
PREFERENCES = {"B": "bot", "i": "hidden"}
"""The settings of C{/set} that are modes of a member."""

ROLES = {"+o": "op", "-o": "deop", "+v": "voice", "-v": "devoice"}
ENTRIES = {
    "b": (Banned, irc.RPL_BANLIST, irc.RPL_ENDOFBANLIST),
    "q": (Muted, replies.RPL_QUIETLIST, replies.RPL_ENDOFQUIETLIST),
}
"""The lists of a room by their mode: the act behind an entry, and the numerics."""

TAKE_PARAMS = {"+": "obqvkl", "-": "obqvk"}
OF_PEOPLE = "obqv"
"""The modes that are there for each of several people or masks."""


class Wrong(Exception):
    """A change that makes no sense.

    @ivar how: C{unknown-mode}, C{too-few} parameters, or C{bad-param}.
    """

    def __init__(self, how: str, sentence: str) -> None:
        super().__init__(sentence)
        self.how = how


class Change(NamedTuple):
    """A change of a mode, as a client asks for it."""

    sign: str
    mode: str
    param: str


@verb("MODE", least=1, cost=query)
def mode(call: Call) -> Lines | Deferred[Lines]:
    if not is_channel(call.param(0)):
        return _own_modes(call)
    room = call.room(call.param(0))
    if len(call.message.params) == 1:
        return list(_shown(call, room))
    changes = _read(call)
    if any(not _is_question(change) for change in changes):
        # What changes something is no question, and costs as much as a line of talk.
        call.session.pay(line("") - query(""))
    return _changed(call, room, changes)


def _shown(call: Call, room: Room) -> Iterator[str]:
    """Spell the modes of a room, and since when it is there."""
    permissions = call.chat.permissions
    if not permissions.may_see(call.member, room.name):
        permissions.check_is_in(call.member, room.name)
    rules, name = permissions.rules(room.name), f"#{room.name}"
    switches = "n" + "".join(
        mode
        for mode, is_on in (
            ("i", rules.invite_only),
            ("m", rules.moderated),
            ("s", rules.secret),
            ("t", rules.operators_topic),
        )
        if is_on
    )
    params = []
    if rules.password_hash:
        switches += "k"
        params.append("*")
    if rules.limit:
        switches += "l"
        params.append(f"{rules.limit}")
    yield call.numeric(irc.RPL_CHANNELMODEIS, name, f"+{switches}", *params)
    yield call.numeric(replies.RPL_CREATIONTIME, name, f"{room.since // 1_000_000}")


def _is_question(change: Change) -> bool:
    """Tell whether a change is none, and asks for a list."""
    return change.mode in ENTRIES and not change.param


def _read(call: Call) -> list[Change]:
    """Read the changes that a client asks for; those with a parameter beyond L{MODES} are left out.

    The last word on each thing counts: nothing is done to be undone, nor said twice.
    """
    params = iter(call.message.params[2:])
    sign, with_param = "+", 0
    last: dict[tuple[str, str], Change] = {}
    for letter in call.param(1):
        if letter in "+-":
            sign = letter
            continue
        param = next(params, "") if letter in TAKE_PARAMS[sign] else ""
        with_param += bool(param)
        if not param or with_param <= MODES:
            last[letter, param if letter in OF_PEOPLE else ""] = Change(sign, letter, param)
    return list(last.values())


@inlineCallbacks
def _changed(
    call: Call, room: Room, changes: list[Change]
) -> Generator[Deferred[Any], Any, Lines]:
    """Carry out changes, each an act, and tell the giver of all of them in one line."""
    response, lines, count = call.session.response, [], 0
    response.begin_merging()
    for change in changes:
        call.session.about(f"#{room.name}")
        try:
            if _is_question(change):
                lines += _listed(call, room, change.mode)
                continue
            done = _carry_out(call, room, change)
            envelopes = yield done if isinstance(done, Deferred) else succeed(done)
        except Wrong as wrong:
            lines.append(_wrong(call, room, change, wrong))
        except ChatError as error:
            lines += _refused(call, room, change, error)
        else:
            count += sum(mode_of(call.chat, each.event) is not None for each in envelopes)
    return [*response.expect_changes(count, len(lines)), *lines]


def _carry_out(
    call: Call, room: Room, change: Change
) -> list[Envelope] | Deferred[list[Envelope]]:
    """Carry out one change; a change to what is so already publishes nothing.

    @raise ChatError: the member may not.
    @raise Wrong: the change makes no sense.
    """
    sign, mode, param = change
    rules, name = call.chat.permissions.rules(room.name), room.name
    is_on = sign == "+"
    if f"{sign}{mode}" in ROLES:
        return _role(call, name, f"{sign}{mode}", param)
    if mode in SETTING_OF:
        setting = SETTING_OF[mode]
        words = ("operators", "all") if setting == "topic" else ("on", "off")
        was_on = {
            "i": rules.invite_only,
            "m": rules.moderated,
            "s": rules.secret,
            "t": rules.operators_topic,
        }[mode]
        return _set(call, name, setting, words[0] if is_on else words[1], was_on is not is_on)
    if mode == "k":
        return _key(call, name, is_on, param)
    if mode == "l":
        if is_on and not (param.isascii() and param.isdigit() and int(param)):
            raise Wrong("bad-param", "the limit must be a number")
        differs = rules.limit != (int(param) if is_on else 0)
        return _set(call, name, "limit", param if is_on else "off", differs)
    if mode in ENTRIES:
        return _entry(call, name, is_on, mode, param)
    if mode == "n":
        call.chat.permissions.check_power(call.member, name)
        if is_on:
            return []
        raise Wrong("unknown-mode", "nobody can speak in a room from outside: n is always on")
    raise Wrong("unknown-mode", f"{mode} is no mode here")


def _role(call: Call, room: str, change: str, nick: str) -> list[Envelope]:
    if not nick:
        raise Wrong("too-few", "a nickname is missing")
    permissions = call.chat.permissions
    permissions.check_power(call.member, room)
    call.session.about(nick)
    member = call.present(nick)
    if room not in member.rooms:
        raise ChatError("no-nick", f"{member.nick} is not in that channel", "not-in-room")
    done = getattr(call.chat.roles, ROLES[change])(call.device, member, room)
    return [] if done is None else [done]


def _set(
    call: Call, room: str, setting: str, value: str, differs: bool
) -> Deferred[list[Envelope]]:
    call.chat.permissions.check_power(call.member, room)
    if not differs:
        return succeed([])
    done = call.chat.enforcement.set_room(call.device, room, setting, value)
    return done.addCallback(lambda envelope: [envelope])


def _key(call: Call, room: str, is_on: bool, key: str) -> Deferred[list[Envelope]]:
    is_one = 0 < len(key) <= KEY_LENGTH and not set(", ") & set(key) and key[0] != ":"
    # A setting has words that end it.
    if is_on and (not is_one or key.casefold() in OFF):
        raise Wrong("bad-param", "that cannot be a key")
    had_one = bool(call.chat.permissions.rules(room).password_hash)
    if is_on:
        call.session.shown_key = key
    return _set(call, room, "password", key if is_on else "off", is_on or had_one)


def _entry(
    call: Call, room: str, is_on: bool, mode: str, text: str
) -> list[Envelope] | Deferred[list[Envelope]]:
    """Add or remove a ban or a mute."""
    enforcement, by = call.chat.enforcement, call.device
    try:
        whom = meant(text)
        if whom is None:
            whom = meant(f"{text}!*@*")
    except ValueError as error:
        raise Wrong("bad-param", str(error)) from error
    assert whom is not None
    if not is_on:
        lift = enforcement.unban if mode == "b" else enforcement.unmute
        return lift(by, whom, room)
    call.chat.permissions.check_power(call.member, room)
    if any(_is_same(act, whom, ENTRIES[mode][0]) for act in call.chat.permissions.sanctions(room)):
        return []
    if isinstance(whom, Mask):
        add = enforcement.ban_mask if mode == "b" else enforcement.mute_mask
        return [add(by, whom, room)]
    if mode == "q":
        raise Wrong("bad-param", "people are not muted by address")
    return enforcement.ban_network(by, whom, room).addCallback(lambda envelope: [envelope])


def _is_same(act: OperatorAct, whom: Mask | Network, kind: type[OperatorAct]) -> bool:
    """Tell whether an act in force is just what is asked for, for ever."""
    if not isinstance(act, kind) or act.until:
        return False
    if isinstance(whom, Mask):
        return act.target == whom.text
    return is_by_network(act) and act.network == str(whom)


def _wrong(call: Call, room: Room, change: Change, wrong: Wrong) -> str:
    mode, text = middle(change.mode), str(wrong)
    match wrong.how:
        case "too-few":
            return call.too_few()
        case "unknown-mode":
            return call.numeric(irc.ERR_UNKNOWNMODE, mode, text=text)
    param = "*" if mode == "k" else middle(change.param)
    return call.numeric(replies.ERR_INVALIDMODEPARAM, f"#{room.name}", mode, param, text=text)


def _refused(call: Call, room: Room, change: Change, error: ChatError) -> list[str]:
    name = f"#{room.name}"
    if error.cause == "not-in-room":
        about = middle(change.param), name
        return [call.numeric(irc.ERR_USERNOTINCHANNEL, *about, text=error.sentence)]
    if error.code == "usage":
        return [_wrong(call, room, change, Wrong("bad-param", error.sentence))]
    if error.code != "no-nick":
        call.session.about(name)
    return call.session.error_lines(error)


def _listed(call: Call, room: Room, mode: str) -> list[str]:
    """Spell all bans, or mutes, of a room; addresses are for server operators alone."""
    permissions, (kind, numeric, end) = call.chat.permissions, ENTRIES[mode]
    about = (f"#{room.name}", *(["q"] if mode == "q" else []))
    if not permissions.may_see(call.member, room.name):
        permissions.check_is_in(call.member, room.name)
    shown = [act for act in permissions.sanctions(room.name) if isinstance(act, kind)]
    lines = [
        call.numeric(numeric, *about, mask_of(act), act.nick, f"{act.when // 1_000_000}")
        for act in shown
        if _may_see(call, act)
    ]
    return [*lines, call.numeric(end, *about, text="End of the list")]


def _may_see(call: Call, act: OperatorAct) -> bool:
    return not is_by_network(act) or call.chat.permissions.is_operator(call.member)


def _own_modes(call: Call) -> Lines | Deferred[Lines]:
    """Show or change a member's own modes."""
    whom = call.present(call.param(0))
    if whom is not call.member:
        return [call.numeric(irc.ERR_USERSDONTMATCH, text="those are not your modes")]
    if len(call.message.params) == 1:
        return [call.numeric(irc.RPL_UMODEIS, f"+{_modes_of(call)}")]
    return _own_changed(call)


@inlineCallbacks
def _own_changed(call: Call) -> Generator[Deferred[Any], Any, Lines]:
    """Change a member's own modes, and tell what has changed in one line."""
    before, sign = _modes_of(call), "+"
    wanted: dict[str, bool] = {}
    for letter in call.param(1):
        if letter in "+-":
            sign = letter
        else:
            wanted[letter] = sign == "+"
    for letter, is_on in wanted.items():
        if is_on != (letter in before):
            yield _set_own(call, is_on, letter)
    return list(_own_told(call, before, not wanted.keys() <= set(own.USER_MODES)))


def _own_told(call: Call, before: str, unknown: bool) -> Iterator[str]:
    after = _modes_of(call)
    gone = "".join(mode for mode in before if mode not in after)
    came = "".join(mode for mode in after if mode not in before)
    if gone or came:
        signs = (f"+{came}" if came else "") + (f"-{gone}" if gone else "")
        yield f":{call.member.mask} MODE {call.member.nick} {signs}"
    if unknown:
        yield call.numeric(irc.ERR_UMODEUNKNOWNFLAG, text="there is no such user mode")


def _modes_of(call: Call) -> str:
    preferences = call.member.preferences
    modes = (
        ("B", preferences.bot),
        ("i", preferences.hidden),
        ("o", call.chat.permissions.is_operator(call.member)),
        ("w", call.session.shows_wallops),
    )
    return "".join(mode for mode, is_on in modes if is_on)


def _set_own(call: Call, is_on: bool, letter: str) -> Deferred[Any]:
    """Change one of a member's own modes, if it can be changed so.

    @raise ChatError: the account could not be stored (in the Deferred).
    """
    if letter in PREFERENCES:
        # The command keeps it for the account, and tells the member's other devices.
        line = f"/set {PREFERENCES[letter]} {'on' if is_on else 'off'}"
        return maybeDeferred(commands.parse(call.chat, call.device, line).carry_out)
    if letter == "w":
        call.session.shows_wallops = is_on
    elif letter == "o" and not is_on:
        deop_self(call.chat, call.device)
    return succeed(None)
