"""The command about the machines on which the chat runs."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatservice.chat.nodes import NodeState
from chatservice.chat.places import CHAT
from chatservice.commands.table import Answer, Call, Group, command
from chatservice.protocol.counts import counted

USUAL = 4.0
"""Seconds after which a node that is well has told up to where it has delivered."""


@command(
    Group.OPERATORS,
    "/nodes",
    "list the nodes that are this chat, if it runs on several machines",
    "For server operators. It shows how many people are connected to each node, the age of the "
    "oldest event that the node may not have delivered yet, if that is more than nodes usually "
    "take to tell, and when it was last heard of.",
)
def nodes(call: Call) -> Answer | Deferred[Answer]:
    if call.rest:
        raise call.wrong()
    call.chat.permissions.check_power(call.member, CHAT)
    if call.chat.nodes is None:
        return Answer(["this chat runs on one machine"])
    return call.chat.nodes.list().addCallback(lambda found: Answer(list(map(_described, found))))


def _described(node: NodeState) -> str:
    this = " (this one)" if node.is_this else ""
    people = counted(node.members, "person", "people")
    lag = f"{node.lag:.0f} s behind" if node.lag > USUAL else "up to date"
    ago = f"{node.seen:.0f} s"
    seen = f"not heard of for {ago}" if node.seen > USUAL else f"seen {ago} ago"
    return f"{node.name}{this}: {people}, {lag}, {seen}, version {node.version}"
