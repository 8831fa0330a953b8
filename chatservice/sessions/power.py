"""The power of a server operator, taken by password under any nickname, and given up."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.rooms import Device
from chatservice.people.account import Proof
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import NICK_INPUT, nick_key

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat


@inlineCallbacks
def oper(
    chat: Chat, device: Device, name: str, password: str
) -> Generator[Deferred[Any], Any, None]:
    """Give a member the power of a server operator, but neither the nickname nor the account.

    The member has it until it leaves or gives it up (L{deop_self}), or the password is changed.
    Like operators under their own names it is above all sanctions.

    @param name: the operator's registered nickname.
    @raise FailedProof: C{wrong-password}.
    @raise ChatError: C{not-allowed}: that is no operator's name, whatever the password; see also
        L{Accounts.prove <chatservice.people.accounts.Accounts.prove>} (all in the Deferred).
    """
    member, peer = device.member, device.peer
    permissions = chat.permissions
    if not permissions.names_operator(nick_key(name[:NICK_INPUT])):
        raise _no_operator()
    proof: Proof = yield chat.accounts.prove(
        name, password, peer.origin, lambda: chat.is_here(member)
    )
    # An operator's checker may know the name as another one's, and much may have happened.
    if not permissions.names_operator(proof.account.key):
        raise _no_operator()
    if device.member is not member or not chat.is_here(member):
        raise ChatError("not-joined", "another connection has taken this one's place")
    member.oper = proof
    whose = f", as {proof.account.nick}"
    chat.audit.about("Operator by password", peer.address, member.nick, whose)


def deop_self(chat: Chat, device: Device) -> bool:
    """Take back the power that L{oper} gave a member.

    @return: whether it had it. An operator who is logged in as one stays an operator.
    """
    member, proof = device.member, device.member.oper
    if proof is None:
        return False
    member.oper = None
    chat.audit.about("Operator no more", device.peer.address, member.nick)
    return True


def _no_operator() -> ChatError:
    sentence = "that is not the nickname of a server operator"
    return ChatError("not-allowed", sentence, "not-operator")
