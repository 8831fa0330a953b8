"""The settings of C{/set} as the client tells them, for not all do here what they do there."""

from collections.abc import Mapping

from chatservice.client.times import zone
from chatservice.preferences import Preferences

_MEANINGS = {
    "time": (
        "every line begins with its time ({zone})",
        "only history has times ({zone})",
    ),
    "colour": ("nicknames are in colours", "nicknames are not in colours"),
    "bell": (
        "the terminal rings when somebody names you or writes to you in private",
        "the terminal never rings",
    ),
    "quiet": ("you are not shown who comes and goes", "you are shown who comes and goes"),
}
"""What each setting does when it is on, and when it is off."""


def settings_asked(line: str) -> list[str] | None:
    """The settings that a typed `/set` asks about; None if it changes one, or asks for nonsense."""
    words = line.casefold().split()[1:]
    names = ["colour" if word == "color" else word for word in words]
    if not names:
        return list(_MEANINGS)
    return names if len(names) == 1 and names[0] in _MEANINGS else None


def setting_told(preferences: Preferences, name: str, without: Mapping[str, str]) -> str:
    """How a setting is, in a sentence.

    *without* has the reason for each setting that has no effect here.
    """
    on, off = _MEANINGS[name]
    is_on = getattr(preferences, name)
    sentence = f"{name} is on: {on}" if is_on else f"{name} is off: {off}"
    if is_on and name in without:
        sentence += f" (not here: {without[name]})"
    return sentence.format(zone=zone())


def setting_changed(line: str) -> str:
    """The name of the setting that a typed `/set` changes; "" if it changes none."""
    match line.casefold().split()[1:]:
        case [name, "on" | "off"]:
            name = "colour" if name == "color" else name
            return name if name in _MEANINGS else ""
    return ""
