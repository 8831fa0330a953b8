"""How a room is set."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from chatservice.accounts import PASSWORD_MOST
from chatservice.acts import RoomSet
from chatservice.commands.table import DONE, Answer, Call, Group, command, number, wrapped
from chatservice.durations import seconds_of
from chatservice.durations import spelled as spelled_duration
from chatservice.events import ChatError
from chatservice.opaque import prepared
from chatservice.text import spelled

KEEP_LINES_MOST = 10**9
OFF = ("off", "-")


@command(
    Group.OPERATORS,
    "/room [SETTING VALUE]",
    "how the current room is set, and who runs it; or set it",
    "Settings: invite-only on|off, moderated on|off (only those speak who have a /voice), topic"
    " all|operators (who may change it), password TEXT|off, keep 7d|off and keep-lines N|off (how"
    " long and how many lines are kept).",
)
def room_(call: Call) -> Answer | Deferred[Answer]:
    if not call.rest:
        return Answer([*_who_runs(call), *_settings(call)])
    setting, _, value = call.rest.partition(" ")
    setting, value = setting.casefold(), value.strip(" ")
    if setting not in SETTINGS or not value:
        raise ChatError("usage", f"the settings are {', '.join(SETTINGS)}; see /help room")
    room = call.room.name
    call.chat.moderation.check_power(call.member, room)

    def change(text: str) -> Answer:
        # The right may be gone since the password began to be hashed.
        call.chat.moderation.check_power(call.member, room)
        call.chat.operators.act(call.member, RoomSet(room=room, target=setting, text=text))
        return DONE

    text = SETTINGS[setting](call, value)
    return change(text) if isinstance(text, str) else text.addCallback(change)


def _who_runs(call: Call) -> list[str]:
    room, moderation = call.room.name, call.chat.moderation
    owner = moderation.owner(room)
    nicks = [person.nick for person in moderation.operators(room)]
    return [
        f"{spelled(room)} is owned by {owner.nick}" if owner else f"{spelled(room)} has no owner",
        *wrapped(f"operators: {', '.join(nicks) or 'none besides'}"),
    ]


def _settings(call: Call) -> list[str]:
    rules = call.chat.moderation.rules(call.room.name)
    return [
        f"invite-only {_on(rules.invite_only)}",
        f"moderated {_on(rules.moderated)}",
        f"topic {'operators' if rules.operators_topic else 'all'}",
        f"password {_on(bool(rules.password_hash))}",
        f"keep {spelled_duration(rules.keep) if rules.keep else 'off'}",
        f"keep-lines {rules.keep_lines or 'off'}",
    ]


def _on(value: bool) -> str:
    return "on" if value else "off"


# What a setting can be: each gives the text of the RoomSet.


def _switch(call: Call, value: str) -> str:
    return _one_of(("on", "off"), value)


def _topic(call: Call, value: str) -> str:
    return _one_of(("all", "operators"), value)


def _one_of(words: tuple[str, str], value: str) -> str:
    if value.casefold() not in words:
        raise ChatError("usage", f"it can be {words[0]} or {words[1]}")
    return value.casefold()


def _password(call: Call, value: str) -> str | Deferred[str]:
    if value.casefold() in OFF:
        return ""
    try:
        value = prepared(value)
    except ValueError as error:
        raise ChatError("usage", str(error)) from None
    if len(value) > PASSWORD_MOST:
        raise ChatError("usage", f"a password has at most {PASSWORD_MOST} characters")
    return call.chat.accounts.passwords.hash(value, call.member.origin, call.is_wanted)


def _keep(call: Call, value: str) -> str:
    if value.casefold() in OFF:
        return ""
    try:
        seconds = seconds_of(value)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error
    most = call.chat.settings.keep
    if 0 < most < seconds:
        raise ChatError("usage", f"the chat keeps nothing for more than {spelled_duration(most)}")
    return str(seconds)


def _keep_lines(call: Call, value: str) -> str:
    if value.casefold() in OFF:
        return ""
    most = call.chat.settings.keep_lines or KEEP_LINES_MOST
    lines = number(value, most)
    if lines is None:
        raise ChatError("usage", f"it can be a number from 1 to {most:,}, or off")
    return str(lines)


SETTINGS: dict[str, Callable[[Call, str], str | Deferred[str]]] = {
    "invite-only": _switch,
    "moderated": _switch,
    "topic": _topic,
    "password": _password,
    "keep": _keep,
    "keep-lines": _keep_lines,
}
