"""Somebody as everybody knows them, whatever node of a cluster they are connected to."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Self, TypeVar

from chatservice.chat.read_markers import Reader, Reads, Seen
from chatservice.protocol.events import (
    CameBack,
    Event,
    Identified,
    Introduced,
    Renamed,
    WentAway,
)

NO_HOST = "~chat@hidden.chat"
NO_HOMES: frozenset[int] = frozenset()
NO_ROOMS: frozenset[str] = frozenset()

D = TypeVar("D", bound=Reads)
R = TypeVar("R", bound=Seen)


@lru_cache
def homes_at(*nodes: int) -> frozenset[int]:
    """Make the homes of people who are at some nodes: one object for all of them."""
    return frozenset(nodes)


class Passed(NamedTuple):
    """The state of somebody by the events that have passed, which is the same at all nodes."""

    nick: str
    identity: bytes
    real_name: str
    away: str | None

    def after(self, event: Event) -> Self:
        """Give the state after one more event of the same person."""
        match event:
            case Renamed():
                return self._replace(nick=event.now)
            case Identified():
                return self._replace(identity=event.identity)
            case Introduced(renamed=True):
                return self._replace(real_name=event.real_name)
            case WentAway():
                return self._replace(away=event.why)
            case CameBack():
                return self._replace(away=None)
        return self


class Dweller(Reader[D, R]):
    """Somebody who may be connected to several nodes; on one machine there are none.

    @ivar nick: the nickname; C{key} is its key (L{nick_key
        <chatservice.protocol.names.nick_key>}).
    @ivar identity: the 16 bytes under which everything about the member is stored: the account's,
        or the hash of the token (L{identity_of <chatservice.people.identity.identity_of>}).
    @ivar userhost: its C{USER@HOST}, which stays the same for as long as it is here.
    @ivar real_name: the real name that it gave, or empty.
    @ivar away: why it is away (maybe empty), or C{None}.
    @ivar homes: the numbers of the nodes that it is connected to, or lingers at, by the events that
        have passed: none before it has come, and once it has left.
    @ivar lingers: whether it is connected to none of them, and may still come back.
    @ivar is_elsewhere: whether it is connected to other nodes only, which alone speak for it.
    @ivar is_void: whether its coming to the chat was refused, and so all that it has done since.
    @ivar passed: its state by the events that have passed, from which its present state may differ
        for a moment; C{None} while it does not.
    @ivar changes: the number of its events on their way from here that change who or where it is.
    @ivar doubts: the rooms that such events are about, or others that have passed meanwhile.
    """

    __slots__ = (
        *("away", "changes", "doubts", "homes", "identity", "is_elsewhere", "is_void", "key"),
        *("lingers", "nick", "passed", "real_name", "userhost"),
    )

    def __init__(self, nick: str, key: str, identity: bytes) -> None:
        super().__init__()
        self.nick = nick
        # Of most nicknames it is the same: of all people, that is some memory.
        self.key = nick if key == nick else key
        self.identity = identity
        self.userhost = NO_HOST
        self.real_name = ""
        self.away: str | None = None
        self.homes = NO_HOMES
        self.lingers = self.is_elsewhere = self.is_void = False
        self.passed: Passed | None = None
        self.changes = 0
        self.doubts = NO_ROOMS

    @property
    def mask(self) -> str:
        """Its C{NICK!USER@HOST}, which bans and mutes by mask cover or not."""
        return f"{self.nick}!{self.userhost}"

    @property
    def user(self) -> str:
        """The user name."""
        return self.userhost.partition("@")[0]

    @property
    def host(self) -> str:
        """The host that is shown, which hides the address."""
        return self.userhost.partition("@")[2]

    def come_home(self) -> None:
        """Be connected to this node from now on, and not only to others."""
        if self.is_elsewhere:
            self.is_elsewhere = False
            state = Passed(self.nick, self.identity, self.real_name, self.away)
            self.passed = self.passed or state
