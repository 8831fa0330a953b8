"""Lines that wait until the chat has taken those before them."""

from collections import deque
from collections.abc import Callable, Iterable


class Waiting:
    """Hands lines to *send*, in order, each as soon as it *may* go."""

    def __init__(self, send: Callable[[str], None], may: Callable[[str], bool]) -> None:
        self._send = send
        self._may = may
        self._lines: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, lines: Iterable[str]) -> None:
        """Have these lines wait behind the others."""
        self._lines.extend(lines)
        self.go_on()

    def go_on(self) -> None:
        """Send what may be sent by now."""
        while self._lines and self._may(self._lines[0]):
            self._send(self._lines.popleft())

    def stop(self) -> int:
        """Send nothing more of it; how many lines those are."""
        count = len(self._lines)
        self._lines.clear()
        return count
