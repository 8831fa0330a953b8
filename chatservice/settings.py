"""What an operator may choose about the chat itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """The defaults make a working chat.

    @ivar name: what the chat calls itself.
    @ivar motd: the lines of the message of the day; may be replaced while the chat runs.
    @ivar replay: how many lines of a room's history a joining person is shown.
    @ivar rate_limit: lines a second that a person may send after a burst; 0 for no limit.
    @ivar pipe_rate: the same for what a program sends under a registered nickname; 0 for no limit
        but the address's.
    @ivar per_address: how many people one address may have, for what it may cost; 0 for any number.
    @ivar send_queue: bytes that may wait for one member.
    @ivar linger: seconds for which a lost connection may come back before the leave is announced.
    @ivar operators: the keys of the nicknames that are the server's operators.
    @ivar keep: seconds for which history is kept, and C{keep_lines} the lines of a room; 0 for
        no such bound.
    """

    name: str = "chatservice"
    motd: tuple[str, ...] = ()
    replay: int = 10
    rate_limit: int = 5
    pipe_rate: int = 50
    per_address: int = 32
    send_queue: int = 1024 * 1024
    linger: float = 30.0
    operators: frozenset[str] = frozenset()
    keep: int = 0
    keep_lines: int = 0

    def rate_of(self, is_known_pipe: bool) -> int:
        """Lines that one person may send in a second; 0 for no limit.

        @param is_known_pipe: whether a program sends them, under a registered nickname. It may
            send no less than others.
        """
        rate, pipe_rate = self.rate_limit, self.pipe_rate
        if not is_known_pipe or not rate or 0 < pipe_rate < rate:
            return rate
        return pipe_rate
