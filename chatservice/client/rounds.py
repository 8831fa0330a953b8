"""The order in which the addresses of a chat are tried, and the pauses between."""

import random
from collections.abc import Callable, Sequence

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class Backoff:
    """Exponential backoff with jitter: the seconds to pause between rounds of attempts."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._rounds = 0

    def __call__(self) -> float:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._rounds, 16))
        self._rounds += 1
        return longest * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """Begin with short pauses again, as the chat was reached."""
        self._rounds = 0


class Rounds:
    """The addresses of one chat, tried in turn, for ever.

    A round tries each of them once. It begins with the one that was joined, if that is lost. There
    are pauses between rounds, and none within one: a dead machine costs no more than an attempt.

    @ivar pause: the seconds until the next attempt.
    """

    def __init__(self, addresses: Sequence[str], backoff: Backoff) -> None:
        self.pause = 0.0
        self._addresses = addresses
        self._backoff = backoff
        self._turn = 0
        self._left = len(addresses) - 1
        self._is_joined = False

    @property
    def address(self) -> str:
        """The address whose turn it is."""
        return self._addresses[self._turn]

    @property
    def are_several(self) -> bool:
        """Whether there is more than one address."""
        return len(self._addresses) > 1

    def joined(self) -> None:
        """Note that the chat was joined at the address whose turn it is."""
        self._is_joined = True
        self._backoff.reset()

    def end_turn(self) -> bool:
        """Choose the next address, as the attempt has failed or the connection is lost.

        @return: whether it still belongs to this round.
        """
        is_over = self._is_joined or not self._left
        if is_over:
            self._left = len(self._addresses)
        self._left -= 1
        if not self._is_joined:
            self._turn = (self._turn + 1) % len(self._addresses)
        self._is_joined = False
        self.pause = self._backoff() if is_over else 0.0
        return not is_over
