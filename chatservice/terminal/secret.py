"""A password being typed: keys go in, and nothing of it is shown or remembered. No I/O."""

from typing import NamedTuple

from chatservice.protocol.sanitize import without_controls
from chatservice.terminal.editor import Wish
from chatservice.terminal.keys import Key


class Password(NamedTuple):
    """A typed password; empty if none will come."""

    text: str


class Secret:
    """The reader of keys while a password is wanted, in place of the editor."""

    def __init__(self) -> None:
        self._text = ""

    @property
    def begun(self) -> bool:
        """Whether a part of it was typed, and Enter was not pressed."""
        return bool(self._text)

    def press(self, key: Key) -> Password | Wish | None:
        """Take a key; return the password, or what is not for a password to do."""
        match key.name:
            case "text":
                self._text += without_controls(key.text)
            case "paste":
                self._text += without_controls(key.text.rstrip("\r\n"))
            case "backspace":
                self._text = self._text[:-1]
            case "ctrl-u":
                self._text = ""
            case "enter":
                typed, self._text = self._text, ""
                return Password(typed)
            case "ctrl-c" | "escape":
                self._text = ""
                return Password("")
            case "ctrl-d" if not self._text:
                return Wish.LEAVE
            case "ctrl-l":
                return Wish.CLEAR
            case "ctrl-z":
                return Wish.SUSPEND
        return None
