"""People with an IRC client in the tables of conversations, and what they see of a row's facts.

Nothing in a row is for IRC: what is shown there follows from the objects that programs see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chatservice.doors.irc.wire import ACTION, CTCP, LINE_BYTES
from tests.irc import IrcPerson, Line

Facts = dict[str, Any]

ROOM_FOR_TEXT = 400
"""The bytes of a typed line that surely fit into an IRC line with whatever stands around them."""

CAPABILITIES = "echo-message"
"""The capabilities of somebody in a row: who sees what it says itself, as everybody does there."""

MANNERS = {"said": "PRIVMSG", "acted": "PRIVMSG", "noticed": "NOTICE"}

NOBODY: Mapping[str, str] = {}

_GUEST = re.compile(r"\bguest\d{4}\b")


def can_type(typed: str, error: str = "") -> bool:
    """Tell whether somebody in a row can type a line in an IRC client.

    It must fit into an IRC line; and without a room there is no window to talk in.
    """
    is_talk = not typed.startswith("/") or typed.startswith("/me")
    return len(typed.encode()) <= ROOM_FOR_TEXT and not (is_talk and error == "no-room")


def unnumbered(value: Any) -> Any:
    """Take the numbers of guests out of what somebody sees.

    They follow from how many events there were, and IRC clients come to the lobby in two.
    """
    match value:
        case str():
            return _GUEST.sub("guest", value)
        case list():
            return [unnumbered(each) for each in value]
        case dict():
            return {key: unnumbered(each) for key, each in value.items()}
    return value


class IrcMember(IrcPerson):
    """Somebody with an IRC client in a row.

    What is typed there becomes what a client makes of it: a line is for the room of the window,
    C{/me} an action, and any other command is for the chat itself.
    """

    is_program = False
    joined = "JOIN #lobby"

    def joins(self, nick: str, password: str = "") -> None:
        """Join, enter the lobby, and give up the real name, which nobody has at other doors."""
        super().joins(nick, CAPABILITIES, password)
        self.sends("JOIN #lobby", "PRIVMSG chatservice :realname -")
        self._rooms = ["lobby"]

    def types(self, line: str, ref: str = "") -> None:
        """Type a line; this door has no refs."""
        command, _, rest = line.removeprefix("/").partition(" ")
        if not line.startswith("/") or line.startswith("//"):
            text = line[1:] if line.startswith("//") else line
            self.sends(f"PRIVMSG #{self._rooms[-1]} :{text}")
        elif command.casefold() == "me" and rest.strip():
            self.sends(f"PRIVMSG #{self._rooms[-1]} :{ACTION}{rest.strip()}{CTCP}")
        else:
            self._show_room(command.casefold(), rest.split(" ")[0].removeprefix("#").casefold())
            self.sends(f"PRIVMSG chatservice :{line}")

    def _show_room(self, command: str, room: str) -> None:
        """Show the window of a room that is entered, and another one when it is left."""
        if command == "part" and self._rooms:
            self._rooms.remove(room if room in self._rooms else self._rooms[-1])
        elif command == "join" and room:
            self._rooms = [each for each in self._rooms if each != room] + [room]

    def sees(self) -> list[str]:  # type: ignore[override]
        """Return what came since the last call, as nicknames, verbs and parameters.

        Numerics other than errors are left out, which describe what the lines around them say.
        """
        lines: list[str] = []
        is_cut = False
        for line in super().sees():
            if line.verb.isdigit() and not line.verb.startswith(("4", "5")):
                continue
            if is_cut and line.verb in ("PRIVMSG", "NOTICE"):
                # The next piece of a long line.
                lines[-1] += line.text
            else:
                lines.append(told(line))
            is_cut = len(line.text.encode()) > LINE_BYTES * 3 / 4
        return lines

    def shown(self) -> str:
        """Return what came since the last call, as it was spelled."""
        return self.wire.sees()


def as_at_other_doors(sentence: str) -> str:
    """Spell the commands in a sentence as people at other doors type them."""
    return sentence.replace("/msg NickServ REGISTER", "/register").replace("/quote ", "/")


def told(line: Line) -> str:
    """Spell a line in short; a sentence of the chat's, whatever its line is, is one of -- TEXT."""
    if line.nick == "chatservice" and (line.verb == "NOTICE" or line.verb.isdigit()):
        return f"-- {as_at_other_doors(line.text)}"
    if line.verb == "ERROR":
        return line.verb
    return " ".join((line.nick, line.verb, *line.params))


def shown(fact: Facts, nick: str, there: Mapping[str, str] = NOBODY) -> list[str]:
    """Spell what somebody sees of an object that programs see.

    Comings, goings and talk are lines of their own, and so are acts that change a mode. What
    people say of themselves (being away, a real name) is told only to clients that ask for it.

    @param there: the nicknames of those who were in the room before, by what acts call them.
    """
    by, kind, room = fact["nick"], fact["type"], f"#{fact.get('room', '')}"
    if kind in MODES:
        whom = there.get(fact["target"], "")
        if "room" not in fact or ("{}" in MODES[kind] and not whom):
            return []
        return [f"{by} MODE {room} {MODES[kind].format(whom, mask=_mask(fact), **fact)}"]
    if kind == "room_set":
        mode = SETTINGS.get((fact["target"], fact["text"]), SETTINGS.get((fact["target"], "")))
        return [f"{by} MODE {room} {mode.format(**fact)}"] if mode else []
    spell = LINES.get(kind)
    lines = spell(fact, nick, room) if spell is not None else []
    return [f"{by} {line}" if line != "ERROR" else line for line in lines]


def _mask(act: Facts) -> str:
    target = act.get("target", "")
    return target if "!" in target else f"{target}!*@*"


MODES = {
    "founded": "+o {nick}",
    "opped": "+o {}",
    "deopped": "-o {}",
    "voiced": "+v {}",
    "devoiced": "-v {}",
    "banned": "+b {mask}",
    "unbanned": "-b {mask}",
    "muted": "+q {mask}",
    "unmuted": "-q {mask}",
}
"""The changes of modes that acts are; C{{}} is somebody who is in the room."""

SETTINGS = {
    ("invite-only", "on"): "+i",
    ("invite-only", "off"): "-i",
    ("moderated", "on"): "+m",
    ("moderated", "off"): "-m",
    ("topic", "operators"): "+t",
    ("topic", "all"): "-t",
    ("secret", "on"): "+s",
    ("secret", "off"): "-s",
    ("password", "on"): "+k *",
    ("password", "off"): "-k *",
    ("limit", "off"): "-l",
    ("limit", ""): "+l {text}",
}
"""The changes of modes that settings of a room are, by their values; an empty one is any other."""

LOCKDOWN = {"on": "only registered names may join now", "off": "anybody may join again"}


def _whispered(fact: Facts, nick: str, _: str) -> list[str]:
    line = f"{MANNERS[fact.get('manner', 'said')]} {fact['to']} {fact['text']}"
    # A line to its own author is echoed and delivered.
    return [line] * (1 + (fact["to"] == fact["nick"]))


def _kicked(fact: Facts, nick: str, room: str) -> list[str]:
    target, why = fact["target"], fact.get("text", "") or fact["nick"]
    if "room" in fact:
        return [f"KICK {room} {target} {why}"]
    return [f"KILL {target} {why}", "ERROR"] if nick == target else []


LINES: dict[str, Callable[[Facts, str, str], list[str]]] = {
    "said": lambda fact, _, room: [f"PRIVMSG {room} {fact['text']}"],
    "acted": lambda fact, _, room: [f"PRIVMSG {room} {ACTION}{fact['text']}{CTCP}"],
    "noticed": lambda fact, _, room: [f"NOTICE {room} {fact['text']}"],
    "whispered": _whispered,
    "topic_changed": lambda fact, _, room: [f"TOPIC {room} {fact['topic']}"],
    "joined": lambda fact, _, room: [f"JOIN {room}"],
    "parted": lambda fact, _, room: [f"PART {room} {fact.get('why', '')}".rstrip(" ")],
    "left": lambda fact, *_: [f"QUIT {fact['why']}"],
    "renamed": lambda fact, *_: [f"NICK {fact['now']}"],
    "kicked": _kicked,
    "invited": lambda fact, nick, room: (
        [f"INVITE {nick} {room}"] if nick == fact["target"] else []
    ),
    "announced": lambda fact, *_: [f"WALLOPS {fact['text']}"],
    "locked_down": lambda fact, *_: [f"WALLOPS {LOCKDOWN[fact['text']]}"],
}
"""The lines of each kind of object, without their author."""
