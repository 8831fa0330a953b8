"""How this client shows things, and how that is said."""

import os
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Preferences:
    """How somebody wants to be shown things; what the chat does not say is this client's habit.

    *time*: lines that are no history have their time too. *colour*: nicknames are coloured.
    *bell*: it rings when one is named, or told something in private. *quiet*: who comes and who
    goes is not shown.
    """

    time: bool = True
    colour: bool = True
    bell: bool = True
    quiet: bool = False


_MEANINGS = {
    "time": "every line begins with its time ({zone}); history always does",
    "colour": "nicknames are in colours",
    "bell": "the terminal rings when somebody names you or writes to you in private",
    "quiet": "you are not shown who comes and who goes",
}


def settings_asked(line: str) -> list[str] | None:
    """The settings that a typed `/set` asks about; None if it changes one, or asks for nonsense."""
    words = line.casefold().split()[1:]
    names = ["colour" if word == "color" else word for word in words]
    if not names:
        return list(_MEANINGS)
    return names if len(names) == 1 and names[0] in _MEANINGS else None


def setting_told(preferences: Preferences, name: str) -> str:
    """How a setting is, in a sentence."""
    is_on = getattr(preferences, name)
    sentence = f"{name} is {'on' if is_on else 'off'}: {_MEANINGS[name]}".format(zone=zone())
    if name == "colour" and is_on and os.environ.get("NO_COLOR"):
        return f"{sentence} (not here, for NO_COLOR is set)"
    return sentence


def setting_changed(line: str) -> str:
    """The name of the setting that a typed `/set` changes; "" if it changes none."""
    match line.casefold().split()[1:]:
        case [name, "on" | "off"]:
            name = "colour" if name == "color" else name
            return name if name in _MEANINGS else ""
    return ""


def zone(seconds: float | None = None) -> str:
    """What the local time is called, now or at a time."""
    return time.strftime("%Z", time.localtime(seconds))


def local_time(microseconds: int, with_date: bool) -> str:
    """A time since the epoch as a clock here shows it, and what that is called."""
    moment = time.localtime(microseconds / 1e6)
    return time.strftime("%Y-%m-%d %H:%M (%Z)" if with_date else "%H:%M (%Z)", moment)


def in_local_time(sentence: str, times: tuple[tuple[str, int], ...]) -> str:
    """A sentence of the chat, with the times in it as a clock here shows them.

    *times* are those in it, as they are spelled and since the epoch.
    """
    today = time.strftime("%Y-%m-%d", time.localtime())
    for spelled, microseconds in times:
        date = time.strftime("%Y-%m-%d", time.localtime(microseconds / 1e6))
        with_date = len(spelled) > len("14:03") or date != today
        sentence = sentence.replace(spelled, local_time(microseconds, with_date))
    return sentence
