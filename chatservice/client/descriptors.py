"""The file descriptors that the shell lent us, and how to give them back."""

import contextlib
import os
import termios
from typing import Any

_IFLAG, _LFLAG, _CC = 0, 3, 6


def open_what_is_closed() -> None:
    """Open ``/dev/null`` in the place of what the shell has closed (``>&-``).

    Otherwise the first file or connection that is opened would be standard input or output.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


class Descriptors:
    """Remembers how standard input, output and error were set: see fcntl(2) and termios(3)."""

    def __init__(self) -> None:
        self._blocking: dict[int, bool] = {}
        for descriptor in (0, 1, 2):
            with contextlib.suppress(OSError):  # closed
                self._blocking[descriptor] = os.get_blocking(descriptor)
        self._modes: list[Any] | None = None

    def raw(self) -> None:
        """Have the terminal on standard input hand over every key, unseen and at once.

        Its output stays processed, so what others write to it looks as it should.
        """
        modes = termios.tcgetattr(0)
        if self._modes is None:
            self._modes = [*modes[:_CC], list(modes[_CC])]
        modes[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        modes[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSADRAIN, modes)
        for descriptor in (0, 1):
            os.set_blocking(descriptor, False)

    def restore(self) -> None:
        """Put everything back as it was."""
        for descriptor, blocking in self._blocking.items():
            with contextlib.suppress(OSError):
                os.set_blocking(descriptor, blocking)
        if self._modes is not None:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(0, termios.TCSADRAIN, self._modes)
