"""An editor for passwords, without I/O: it shows and remembers nothing."""

from typing import NamedTuple

from chatservice.protocol.sanitize import without_controls
from chatservice.terminal.editor import Wish
from chatservice.terminal.keys import Key


class Password(NamedTuple):
    """A password that was entered; empty if the person wants to give none."""

    text: str


class Secret:
    """A password being typed; it replaces the editor while the chat wants a password."""

    def __init__(self) -> None:
        self._text = ""

    @property
    def begun(self) -> bool:
        """Whether something was typed and Enter not yet pressed."""
        return bool(self._text)

    def press(self, key: Key) -> Password | Wish | None:
        """Take a key; return the complete password, or a request that is not about it."""
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
