"""The text door's questions to a newcomer: a nickname, and the password if it is registered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatservice import commands
from chatservice.chat.door import GOODBYE
from chatservice.doors.formats import encoded
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import NICK_INPUT, nick_key
from chatservice.protocol.sanitize import clean, command_in, has_controls, seen_of
from chatservice.sessions.joining import JoinRequest

if TYPE_CHECKING:
    from chatservice.sessions.session import Session

PROMPT = "Choose a nickname: "

HTTP_REQUEST = re.compile(r"\S+ \S+ HTTP/\d")
"""A request line (RFC 9112, section 3), whatever the method."""

OTHER_PROTOCOL = re.compile(
    r"SSH-\d"  # RFC 4253, section 4.2
    r"|(?:CAP|NICK|USER|PASS) \S"  # RFC 2812, section 3.1, and IRCv3
    r"|(?:EHLO|HELO|LHLO) \S"  # RFC 5321, section 4.1.1.1
)
"""The first line of a peer that speaks another protocol."""

NO_PERSON = (
    "this is a chat: join it with telnet or nc and choose a nickname; programs send JSON lines"
)

NO_SLASH = re.compile(r"(?:nick|resume) \S", re.IGNORECASE)
"""A command that would be understood before joining, if it had its slash."""

KNOWN_HERE = (
    "first choose a nickname; only /nick, /resume TOKEN and /quit are understood before that"
)

MAY_BE_A_PASSWORD = "that may be a password; if it is the nickname that you want, say /nick NAME"
WAS_A_PASSWORD = "that looks like a password: choose a nickname"


class Reception:
    """The dialogue with a person who has not joined.

    @param door: the person's session.
    """

    __slots__ = ("_asked_password", "_asks_password", "_door", "_is_first", "_refused", "_wanted")

    def __init__(self, door: Session) -> None:
        self._door = door
        self._wanted = ""
        self._asks_password = False
        self._asked_password = False
        self._is_first = True
        # The keys of everything that was typed as a password.
        self._refused: frozenset[str] = frozenset()

    def greet(self) -> None:
        """Welcome the person, and ask for a nickname."""
        settings = self._door.chat.settings
        lines = [f"Welcome to {settings.name}.", *settings.motd]
        self._door.outbox.write(encoded(lines, PROMPT))

    def heard(self, text: str) -> None:
        """Take a line that was typed in answer to the last prompt.

        @raise ChatError: C{usage} or C{bad-nick}, among others.
        """
        is_first, self._is_first = self._is_first, False
        if self._asks_password:
            self._take_password(text)
        elif is_first and self._is_no_person(text):
            self._door.close(NO_PERSON)
        elif HTTP_REQUEST.match(text):
            # A web page may have made a browser send this; its content is no person's words.
            self._door.abort("is no person")
        elif commands.is_goodbye(text):
            self._door.close(code=GOODBYE)
        elif (command := command_in(text)) is not None:
            self._take_command(command)
        elif NO_SLASH.match(text):
            raise ChatError("usage", KNOWN_HERE)
        elif text.strip():
            self._check_no_password(text)
            if self._may_be_late(text):
                raise ChatError("bad-nick", MAY_BE_A_PASSWORD)
            self._choose(text)
        else:
            self._door.outbox.write(PROMPT.encode())

    @staticmethod
    def _is_no_person(text: str) -> bool:
        """Tell whether a first line is of another protocol."""
        return OTHER_PROTOCOL.match(text) is not None or has_controls(text)

    def _choose(self, text: str) -> None:
        self._wanted = clean(text[:NICK_INPUT]).strip(" ")
        self._door.join(JoinRequest(self._wanted))

    def _may_be_late(self, text: str) -> bool:
        """Tell whether a text may be the password asked for before, which others must not see."""
        accounts = self._door.chat.accounts
        is_long = len(text.strip()) >= accounts.least
        return self._asked_password and is_long and not accounts.named(text)

    def _check_no_password(self, text: str) -> None:
        if _key(text) in self._refused:
            raise ChatError("bad-nick", WAS_A_PASSWORD)

    def _take_command(self, command: str) -> None:
        name, _, rest = command.partition(" ")
        match name.casefold(), rest.strip(" "):
            case "nick", nick if nick:
                self._check_no_password(nick)
                self._choose(nick)
            case "resume", token if token:
                self._door.join(JoinRequest("", token=token))
            case _:
                raise ChatError("usage", KNOWN_HERE)

    def _take_password(self, text: str) -> None:
        self._asks_password = False
        self._door.connection.show_typing(True)
        self._refused |= {_key(text)}
        if commands.is_goodbye(text):
            self._door.close(code=GOODBYE)
        elif text:
            self._door.join(JoinRequest(self._wanted, password=text))
        else:
            self._door.outbox.write(PROMPT.encode())

    def prompt_after(self, error: ChatError) -> str:
        """Choose the prompt that follows an error, and show or hide what is typed."""
        was_hidden = self._asks_password
        self._asks_password = error.code in ("password-needed", "wrong-password")
        if not self._asks_password:
            if was_hidden:
                self._door.connection.show_typing(True)
            return PROMPT
        self._asked_password = True
        self._door.connection.show_typing(False)
        return f"Password for {self._wanted} (or nothing, for another nickname): "


def _key(text: str) -> str:
    """Make a key that is equal for texts that look the same, whatever their case and blanks."""
    return nick_key(seen_of(text[:NICK_INPUT]))
