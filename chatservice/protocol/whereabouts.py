"""Events that nobody is shown: at which node of a cluster somebody is, and what nodes ask.

A node publishes them for the other ones. One machine alone needs none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatservice.protocol.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Housed(Event):
    """Somebody's being connected to a node from now on, and maybe to others as well.

    @ivar arrives: whether the person has just come to the chat.
    @ivar key: for somebody who arrives, the key of the nickname.
    @ivar instead_of: the program whose place this connection takes at other nodes: its name, or
        else the kind of its door. Empty if it comes alongside all others.
    @ivar account_name: the nickname that the person has proved, or empty.
    @ivar address: the address of the other end of the connection.
    @ivar real_name: the real name that the person gave, or empty.
    @ivar away: why the person is away (maybe empty), or C{None}.
    """

    stored = True
    arrives: bool = False
    key: str = ""
    instead_of: str = ""
    account_name: str = ""
    address: str = ""
    real_name: str = ""
    away: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Event):
    """The loss of somebody's last connection to a node, where it lingers if it has no other one.

    @ivar seen: the last id seen in each room with more to catch up on (C{""}: private lines).
    """

    seen: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted(Event):
    """The handing over of everybody at a node that has stopped or died to the one that tells this.

    @ivar former: the number of that node.
    @ivar upto: the last id that it is known to have delivered.
    """

    former: int
    upto: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """A change of an account that is stored already.

    @ivar account_key: its key.
    @ivar facts: the account, as L{chatservice.people.account.facts_of} spells it; empty if it was
        removed.
    """

    account_key: str
    facts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NickAsked(Event):
    """A request that the holder of a nickname give it up, to the node where the holder is.

    @ivar key: the key of the nickname, whose owner has proved it.
    """

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """The erasure of everything that somebody said, which is no longer stored."""
