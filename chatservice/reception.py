"""What the text door asks who comes: a nickname, and the password of a registered one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatservice import commands
from chatservice.arrivals import Wish
from chatservice.events import ChatError
from chatservice.names import NICK_INPUT
from chatservice.sanitize import clean
from chatservice.text import encoded

if TYPE_CHECKING:
    from chatservice.doors.text import ChatProtocol

PROMPT = "Choose a nickname: "

HTTP_REQUEST = re.compile(r"\S+ \S+ HTTP/\d")
"""A request line (RFC 9112, section 3), whatever the method."""

KNOWN_HERE = "first choose a nickname; only /resume TOKEN and /quit are understood before that"


class Reception:
    """The dialogue with a person who has not joined.

    @param door: where the person is.
    """

    __slots__ = ("_asks_password", "_door", "_wanted")

    def __init__(self, door: ChatProtocol) -> None:
        self._door = door
        self._wanted = ""
        self._asks_password = False

    def greet(self) -> None:
        """Say where one is, and ask for a nickname."""
        settings = self._door.chat.settings
        lines = [f"Welcome to {settings.name}.", *settings.motd]
        self._door.outbox.write(encoded(lines, PROMPT))

    def heard(self, text: str) -> None:
        """A line was typed, in answer to the last prompt."""
        if self._asks_password:
            self._take_password(text)
        elif HTTP_REQUEST.match(text):
            # A web page may be at the other end, and what it sends is nobody's words.
            self._door.abort("is no person")
        elif commands.is_goodbye(text):
            self._door.close()
        elif commands.is_command(text):
            self._take_command(text)
        elif text.strip():
            self._wanted = clean(text[:NICK_INPUT]).strip(" ")
            self._door.join(Wish(self._wanted))
        else:
            self._door.outbox.write(PROMPT.encode())

    def _take_command(self, text: str) -> None:
        name, _, token = clean(text).partition(" ")
        if name.casefold() != "/resume" or not token.strip():
            raise ChatError("usage", KNOWN_HERE)
        self._door.join(Wish("", token=token.strip()))

    def _take_password(self, text: str) -> None:
        self._asks_password = False
        self._door.show_typing(True)
        if commands.is_goodbye(text):
            self._door.close()
        elif text:
            self._door.join(Wish(self._wanted, password=text))
        else:
            self._door.outbox.write(PROMPT.encode())

    def prompt_after(self, error: ChatError) -> str:
        """What to ask after a sentence was told."""
        was_hidden = self._asks_password
        self._asks_password = error.code in ("password-needed", "wrong-password")
        if not self._asks_password:
            if was_hidden:
                self._door.show_typing(True)
            return PROMPT
        self._door.show_typing(False)
        return f"Password for {self._wanted} (or nothing, for another nickname): "
