"""Stamps on events that nobody has seen yet: who did it, its id, whether it is folded."""

from __future__ import annotations

from typing import TypeVar

from chatservice.protocol.events import Event, Joined, Left, Parted

E = TypeVar("E", bound=Event)


def signed(
    event: E, nick: str, identity: bytes, account: str, userhost: str = "", bot: bool = False
) -> E:
    """Fill in the author of an event that was just created; see L{Event}.

    @return: the same event. Nobody else has seen it yet, so it changes for nobody.
    """
    object.__setattr__(event, "nick", nick)
    object.__setattr__(event, "identity", identity)
    object.__setattr__(event, "account", account)
    object.__setattr__(event, "userhost", userhost)
    if bot:
        object.__setattr__(event, "bot", bot)
    return event


def numbered(event: E, id: int, time: int | None) -> E:
    """Fill in the id of an event that is being committed, and its time if the id does not tell it.

    @return: the same event.
    """
    object.__setattr__(event, "id", id)
    object.__setattr__(event, "time", time)
    return event


def folded(event: Joined | Parted | Left) -> None:
    """Fold an event that has just been committed, and that nobody has been shown."""
    object.__setattr__(event, "folded", True)
