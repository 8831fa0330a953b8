"""The settings of a chat."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatservice.config.table import TABLE

SHARED = ("name", "operator", "keep", "keep-lines", "linger", "rate-limit", "least-password")
"""The options that all nodes of a cluster should have in common."""


@dataclass(slots=True)
class Settings:
    """The settings of a chat; the defaults make one that works.

    @ivar name: the name of the chat.
    @ivar motd: the lines of the message of the day; may be replaced while the chat runs.
    @ivar replay: the lines of a room's history that are shown to a person who joins.
    @ivar rate_limit: lines a second that a person may send after a burst; 0 for no limit.
    @ivar pipe_rate: the same for a program that pipes under a registered nickname; 0 for no limit
        but that of its address.
    @ivar per_address: how many people one address counts as, in connections and lines; 0 for no
        limit.
    @ivar send_queue: the most bytes that may wait for one member.
    @ivar linger: the grace period of a lost connection, in seconds.
    @ivar operators: the keys of the nicknames of the whole chat's operators.
    @ivar keep: seconds for which history is kept; 0 for ever.
    @ivar keep_lines: lines of history kept in each room; 0 for all.
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
        """Return the lines a second that one person may send; 0 for no limit.

        @param is_known_pipe: whether the sender is a program under a registered nickname, which
            may never send less than others.
        """
        rate, pipe_rate = self.rate_limit, self.pipe_rate
        if not is_known_pipe or not rate or 0 < pipe_rate < rate:
            return rate
        return pipe_rate


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of L{Settings} that come from options.

    @param values: the values of the options, by option name.
    """
    return {row.setting: values[row.name] for row in TABLE if row.setting is not None}


def shared_by_nodes(values: Mapping[str, Any]) -> str:
    """Spell those options that all nodes of a cluster should have in common.

    @param values: the values of the options, by option name.
    """
    shared = {name: values[name] for name in SHARED}
    # Operators, in no order.
    return json.dumps({**shared, "operator": sorted(shared["operator"])}, sort_keys=True)
