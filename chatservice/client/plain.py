"""Text that is safe to print: whatever would steer a terminal is taken out."""

import re

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, modes
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, ...
    r"|\x1b[ -/]*[0-~]"  # the short ones
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    """*text* on one line and without control: escape sequences (ECMA-48) vanish, C0 and C1
    characters, line separators and lone surrogates become spaces.
    """
    return _CONTROL.sub(" ", _ESCAPE_SEQUENCE.sub("", text))
