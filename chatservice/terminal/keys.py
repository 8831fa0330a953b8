"""The parser of what a terminal sends: bytes in, keys out, no I/O."""

import codecs
import re
from typing import NamedTuple


class Key(NamedTuple):
    """A key by name, or C{text} that was typed (C{"text"}) or pasted (C{"paste"})."""

    name: str
    text: str = ""


_TOKEN = re.compile(
    r"(?P<sequence>\x1b\x1b?(?:\[[0-?]*[ -/]*[@-~]|O[ -~]))"
    r"|(?P<partial>\x1b(?:\x1b?(?:\[[0-?]*[ -/]*|O))?$)"
    r"|\x1b(?P<alt>.)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)
_SEQUENCES = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "1~": "home",
    "7~": "home",
    "4~": "end",
    "8~": "end",
    "3~": "delete",
    "1;3C": "alt-f",
    "1;5C": "alt-f",
    "1;3D": "alt-b",
    "1;5D": "alt-b",
    "M": "enter",
}
"""Cursor and editing keys after CSI or SS3 (ECMA-48; xterm, linux, rxvt)."""

_CONTROLS = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace"}
_PASTE_BEGINS, _PASTE_ENDS = "[200~", "[201~"
_PASTE_END = "\x1b" + _PASTE_ENDS
_LONGEST_PASTE = 4 * 1024 * 1024
"""Characters; anything beyond them is dropped."""


class KeyReader:
    """A parser of what a terminal sends, however it is split into pieces."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._pasting = False
        self._pasted = ""

    def feed(self, data: bytes) -> list[Key]:
        """Take bytes; return the keys that are complete by now."""
        text = self._rest + self._decode(data)
        self._rest = ""
        keys: list[Key] = []
        while text:
            text = self._paste(text, keys) if self._pasting else self._press(text, keys)
        return keys

    @property
    def may_be_escape(self) -> bool:
        """Whether Esc was pressed, unless the rest of an escape sequence is still on its way."""
        return self._rest == "\x1b" and not self._pasting

    def escape(self) -> Key:
        """Return the Esc key, as no more of a sequence has come."""
        self._rest = ""
        return Key("escape")

    def _press(self, text: str, keys: list[Key]) -> str:
        token = _TOKEN.match(text)
        assert token is not None  # every character matches one of the alternatives
        value = token[0]
        match token.lastgroup:
            case "partial":
                self._rest = value
            case "sequence":
                sequence = value.lstrip("\x1b")
                self._pasting = sequence == _PASTE_BEGINS
                if name := _SEQUENCES.get(sequence[1:]):
                    keys.append(Key(name))
            case "alt":
                keys.append(Key("alt-" + _CONTROLS.get(token["alt"], token["alt"].lower())))
            case "control":
                keys.append(Key(_CONTROLS.get(value) or f"ctrl-{chr(ord(value) + 96)}"))
            case _:
                keys.append(Key("text", value))
        return text[token.end() :]

    def _paste(self, text: str, keys: list[Key]) -> str:
        """Take pasted text: all of it is one key, and nothing in it counts as another."""
        pasted, end, after = text.partition(_PASTE_END)
        if not end:
            pasted, self._rest = _without_partial_end(pasted)
        self._pasted += pasted[: _LONGEST_PASTE - len(self._pasted)]
        if end:
            keys.append(Key("paste", self._pasted))
            self._pasted = ""
        self._pasting = not end
        return after


def _without_partial_end(text: str) -> tuple[str, str]:
    """Split off what may be the beginning of the sequence that ends a paste."""
    for length in range(len(_PASTE_END) - 1, 0, -1):
        if text.endswith(_PASTE_END[:length]):
            return text[:-length], text[-length:]
    return text, ""
