"""The settings of a room, and the values that each can have.

People type the value; this module turns it into the text of the L{RoomSet}.
"""

from __future__ import annotations

from collections.abc import Callable

from chatservice.config.settings import Settings
from chatservice.people.opaque import prepared_anew
from chatservice.protocol.counts import number
from chatservice.protocol.durations import seconds_of, spelled
from chatservice.protocol.events import ChatError

KEEP_LINES_MOST = 10**9
LIMIT_MOST = 10**6
OFF = ("off", "-")
PASSWORD = "password"
"""The setting whose value must be hashed before it is published."""
KEEPING = ("keep", "keep-lines")
"""The settings by which lines are deleted."""


def check_setting(name: str, value: str) -> None:
    """Check that a setting exists and is given a value, or raise L{ChatError} (C{usage})."""
    if name not in SETTINGS or not value:
        raise ChatError("usage", f"the settings are {', '.join(SETTINGS)}; see /help room")


def setting_text(settings: Settings, name: str, value: str) -> str:
    """Make the text of a setting's L{RoomSet}; a password is still to hash.

    @param settings: those of the chat, whose retention a room cannot exceed.
    @raise ChatError: C{usage} if the setting cannot have this value.
    """
    return SETTINGS[name](settings, value)


def _switch(_: Settings, value: str) -> str:
    return _one_of(("on", "off"), value)


def _topic(_: Settings, value: str) -> str:
    return _one_of(("all", "operators"), value)


def _one_of(words: tuple[str, str], value: str) -> str:
    if value.casefold() not in words:
        raise ChatError("usage", f"it must be {words[0]} or {words[1]}")
    return value.casefold()


def _password(_: Settings, value: str) -> str:
    if value.casefold() in OFF:
        return ""
    try:
        return prepared_anew(value)
    except ValueError as error:
        raise ChatError("usage", str(error)) from None


def _keep(settings: Settings, value: str) -> str:
    if value.casefold() in OFF:
        return ""
    try:
        seconds = seconds_of(value)
    except ValueError as error:
        raise ChatError("usage", str(error)) from error
    if 0 < settings.keep < seconds:
        raise ChatError("usage", f"the chat keeps nothing longer than {spelled(settings.keep)}")
    return str(seconds)


def _keep_lines(settings: Settings, value: str) -> str:
    return _number_or_off(value, settings.keep_lines or KEEP_LINES_MOST)


def _limit(_: Settings, value: str) -> str:
    return _number_or_off(value, LIMIT_MOST)


def _number_or_off(value: str, most: int) -> str:
    if value.casefold() in OFF:
        return ""
    wanted = number(value, most)
    if wanted is None:
        raise ChatError("usage", f"it must be a whole number from 1 to {most:,}, or off")
    return str(wanted)


SETTINGS: dict[str, Callable[[Settings, str], str]] = {
    "invite-only": _switch,
    "moderated": _switch,
    "topic": _topic,
    PASSWORD: _password,
    "keep": _keep,
    "keep-lines": _keep_lines,
    "limit": _limit,
    "secret": _switch,
}
