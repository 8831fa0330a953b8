"""The telnet protocol, as far as a chat needs it: options refused, Ctrl-C understood (RFC 854)."""

from __future__ import annotations

import re
from collections.abc import Callable

IAC, DONT, DO, WONT, WILL, SB = 255, 254, 253, 252, 251, 250
EL, EC, AYT, IP, BRK, SE = 248, 247, 246, 244, 243, 240
ECHO, TIMING_MARK = 1, 6

KILL_LINE = bytes((IAC,))
"""A mark where the peer erased the line so far (Ctrl-C, erase line): a byte that no text has."""

BACKSPACE = b"\b"
"""A mark where the peer erased the last character."""

SUBNEGOTIATION = 1024
"""The bytes after which an unended subnegotiation is taken for text in another encoding."""

UNSEEN = 5
"""The most lines discarded while a peer has not answered that it shows what is typed again."""

_LINE_END = re.compile(rb"\r\n|\r\0|\r|\n")


class Telnet:
    """A filter that removes telnet commands from a peer's input, and answers them.

    It refuses every option but TIMING-MARK (RFC 860), without which a telnet client shows nothing
    more after a Ctrl-C. A peer that sends no command gets no answer.

    @param reply: called with the bytes to send back, at most once per call of L{text_of}.
    """

    def __init__(self, reply: Callable[[bytes], object]) -> None:
        self._reply = reply
        self._replies = bytearray()
        self._pending = b""
        self._skipped = 0
        self._hidden = False
        self._agreed = False
        self._discards = 0

    def show_typing(self, shown: bool) -> bool:
        """Make the peer show what its person types, or hide it while a password is asked (RFC 857).

        A peer that leaves the echo to us shows nothing, and we echo only the line end. Input typed
        unseen is discarded until the peer shows input again, as at any password prompt, for it may
        be the password once more. After L{UNSEEN} lines it is read anyway, or a peer that never
        answers would never be heard again.

        @return: whether input is being discarded.
        """
        self._discards = UNSEEN if shown and self._agreed else 0
        self._hidden = not shown
        option = bytes((IAC, WONT if shown else WILL, ECHO))
        self._reply(option + b"\r\n" if shown else option)
        return self._discards > 0

    def ask(self) -> None:
        """Send a request that a telnet client answers by itself (RFC 860)."""
        self._reply(bytes((IAC, DO, TIMING_MARK)))

    def text_of(self, data: bytes) -> bytes:
        """Extract the text from C{data}; keep a command that is cut off for the next call."""
        text = self._take_commands_out_of(data)
        if self._replies:
            self._reply(bytes(self._replies))
            self._replies.clear()
        return text

    def _take_commands_out_of(self, data: bytes) -> bytes:
        data = self._pending + data
        self._pending = b""
        text: list[bytes] = []
        at = 0
        while (iac := data.find(IAC, at)) >= 0:
            self._take(data[at:iac], text)
            at = self._after_command(data, iac, text)
            if at < 0:
                # Only the last byte of a subnegotiation matters: it may begin its end.
                self._pending = data[iac : iac + 2] + data[iac + 2 :][-1:]
                self._skipped += len(data) - iac - len(self._pending)
                if self._skipped > SUBNEGOTIATION:
                    self._pending = b""
                    self._skipped = 0
                return b"".join(text)
        self._take(data[at:], text)
        return b"".join(text)

    def _take(self, typed: bytes, text: list[bytes]) -> None:
        while self._discards and typed:
            end = _LINE_END.search(typed)
            typed = typed[end.end() :] if end else b""
            self._discards -= end is not None
        text.append(typed)

    def _after_command(self, data: bytes, iac: int, text: list[bytes]) -> int:
        """Carry out the command at C{iac}; return the index after it, or -1 if it is cut off."""
        rest = data[iac + 1 : iac + 3]
        if not rest:
            return -1
        command = rest[0]
        if command == SB:
            end = data.find(bytes((IAC, SE)), iac)
            if end < 0:
                return -1
            self._skipped = 0
            return end + 2
        if command in (DO, WILL, DONT, WONT):
            if len(rest) < 2:
                return -1
            self._answer_option(command, rest[1])
            return iac + 3
        if command in (EL, IP, BRK):
            text.append(KILL_LINE)
        elif command == EC:
            text.append(BACKSPACE)
        elif command == AYT:
            self._replies += b"-- yes, the chat is here\r\n"
        return iac + 2

    def _answer_option(self, command: int, option: int) -> None:
        if option == ECHO and command == DO and self._hidden:
            self._agreed = True
        elif option == ECHO and command == DONT:
            self._agreed, self._discards = False, 0
        elif option == TIMING_MARK and command == WILL:
            pass  # the answer to our own request, a sign of life
        elif command == DO:
            answer = WILL if option == TIMING_MARK else WONT
            self._replies += bytes((IAC, answer, option))
        elif command == WILL:
            self._replies += bytes((IAC, DONT, option))
