"""The requests of programs, whose members are checked as they are needed."""

from __future__ import annotations

import json
import re

from chatservice.chat.rooms import ROOMS_PER_MEMBER
from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import clean
from chatservice.protocol.tags import Tags, check_tags

NAME_LENGTH = 64
"""The most characters of a name that a program gives to a request, or to itself."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


class Request:
    """A client's request, whose members are checked as they are needed.

    @raise ChatError: C{malformed}, from the methods too: a member is missing or of the wrong type.
    """

    def __init__(self, line: bytes) -> None:
        try:
            self._facts = json.loads(line.decode())
        except (ValueError, RecursionError):
            raise malformed("this is not JSON in UTF-8") from None
        if not isinstance(self._facts, dict):
            raise malformed("a request must be a JSON object")
        self.ref = self._name("ref")

    def text(self, name: str, default: str | None = None) -> str:
        """Read a string."""
        value = self._facts.get(name, default)
        if not isinstance(value, str):
            raise malformed(f'"{name}" must be a string')
        return _in_utf_8(value)

    def _name(self, name: str) -> str:
        value = self.text(name, "")
        if len(value) > NAME_LENGTH or clean(f"{value}.") != f"{value}.":
            raise malformed(
                f'"{name}" must have at most {NAME_LENGTH} characters, and no control characters'
            )
        return value

    @property
    def client(self) -> str:
        """The name of the program in a hello; empty if it has none."""
        return self._name("client")

    @property
    def token(self) -> str:
        """The token in a hello; empty if there is none."""
        token = self.text("token", "")
        if token and not _TOKEN.fullmatch(token):
            raise malformed('"token" is not a token of this server')
        return token

    @property
    def tags(self) -> Tags:
        """The tags of a line or a signal."""
        value = self._facts.get("tags", {})
        if not isinstance(value, dict) or not all(type(each) is str for each in value.values()):
            raise malformed('"tags" must be an object of strings')
        try:
            return check_tags({name: _in_utf_8(text) for name, text in value.items()})
        except ValueError as error:
            raise malformed(str(error)) from None

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Read a whole number."""
        value = self._facts.get(name, default)
        if type(value) is not int or not least <= value <= most:
            raise malformed(f'"{name}" must be a whole number from {least} to {most}')
        return value

    def flag(self, name: str) -> bool:
        """Read a boolean; false if it is missing."""
        value = self._facts.get(name, False)
        if type(value) is not bool:
            raise malformed(f'"{name}" must be true or false')
        return value

    def has(self, name: str) -> bool:
        """Tell whether the request has a member of that name."""
        return name in self._facts

    def rooms(self) -> dict[str, int]:
        """Read the rooms of a hello, each with the last id that the client saw in it."""
        value = self._facts.get("rooms", {})
        if not isinstance(value, dict) or not all(type(seen) is int for seen in value.values()):
            raise malformed('"rooms" must be an object of last ids by room')
        if len(value) > ROOMS_PER_MEMBER:
            raise ChatError("too-many", f"that is more than {ROOMS_PER_MEMBER} rooms", "rooms")
        return value


def _in_utf_8(text: str) -> str:
    """Replace lone surrogates, which JSON can spell, but UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def malformed(sentence: str) -> ChatError:
    """Make the error for a line that is not a valid request."""
    return ChatError("malformed", sentence)
