"""The command that shows and changes a room's settings."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatservice.commands.table import DONE, Answer, Call, Group, command, wrapped
from chatservice.protocol.durations import spelled as spelled_duration
from chatservice.protocol.wording import spelled


@command(
    Group.OPERATORS,
    "/room [SETTING VALUE]",
    "show the settings and operators of the current room, or change a setting",
    "Settings: invite-only on|off, moderated on|off (only people with a /voice may speak), topic"
    " all|operators (who may change it), password TEXT|off, keep 7d|off and keep-lines N|off (how"
    " long and how many lines are kept), limit N|off (how many people may be in it), secret on|off"
    " (only the people in it see that it exists).",
)
def room_(call: Call) -> Answer | Deferred[Answer]:
    if not call.rest:
        return Answer([*_who_runs(call), *_settings(call)])
    setting, _, value = call.rest.partition(" ")
    setting, value = setting.casefold(), value.strip(" ")
    done = call.chat.enforcement.set_room(call.device, call.room.name, setting, value)
    return done.addCallback(lambda _: DONE)


def _who_runs(call: Call) -> list[str]:
    room, permissions = call.room.name, call.chat.permissions
    owner = permissions.owner(room)
    nicks = [person.nick for person in permissions.operators(room)]
    nobody = "nobody else" if owner else "nobody"
    return [
        f"{spelled(room)} is owned by {owner.nick}" if owner else f"{spelled(room)} has no owner",
        *wrapped(f"operators: {', '.join(nicks) or nobody}"),
    ]


def _settings(call: Call) -> list[str]:
    rules = call.chat.permissions.rules(call.room.name)
    return [
        f"invite-only {_on(rules.invite_only)}",
        f"moderated {_on(rules.moderated)}",
        f"topic {'operators' if rules.operators_topic else 'all'}",
        f"password {_on(bool(rules.password_hash))}",
        f"keep {spelled_duration(rules.keep) if rules.keep else 'off'}",
        f"keep-lines {rules.keep_lines or 'off'}",
        f"limit {rules.limit or 'off'}",
        f"secret {_on(rules.secret)}",
    ]


def _on(value: bool) -> str:
    return "on" if value else "off"
