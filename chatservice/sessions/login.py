"""Logging in and out, with names, read markers and missed lines."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.door import NOWHERE
from chatservice.chat.rooms import Member
from chatservice.people.account import Account, Proof
from chatservice.people.identity import identity_of
from chatservice.protocol.events import ChatError
from chatservice.sessions import catchup

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat


@inlineCallbacks
def log_in(chat: Chat, member: Member, proof: Proof) -> Generator[Deferred[Any], Any, None]:
    """Log a guest in to an account: it gets the nickname if it may, and hears what was missed.

    Fails with L{ChatError}.
    """
    account = proof.account
    chat.bindings.free(account, member)
    # Checking the password took its time.
    proof.check()
    if not chat.is_here(member) or member.account is not None:
        raise ChatError("not-joined", "another connection has taken this one's place")
    _check_not_banned(chat, member, account)
    former, other = member.identity, chat.roster.of(account)
    if other is not None:
        other.door.taken_over()
        other.door = NOWHERE
        chat.leave(other, "taken over by another connection", goodbye=False)
    stored = chat.bindings.bind(member, proof)
    chat.entrances.part_where_banned(member)
    # A nickname can say things: not while silenced.
    if member.nick != account.nick and chat.permissions.may_appear(member):
        chat.give_nick(member, account.nick)
    # Also of who has left just now it is stored by then what was said, and where that was.
    yield chat.departed(account.identity)
    places = yield chat.journal.places(account.identity)
    # Through another connection the member may have logged out by now.
    if member.identity == account.identity:
        spoken = yield chat.journal.refs(account.identity)
        member.spoken.recall(spoken, chat.reactor.seconds())
        yield chat.journal.move(former, account.identity, member.nick)
    if member.identity == account.identity:
        member.reading.take_up(places, {"", *member.rooms})
    yield stored
    yield catchup.tell(chat, member)


def _check_not_banned(chat: Chat, member: Member, account: Account) -> None:
    """Raise L{ChatError} if the member may not go on in the chat as that account."""
    former = member.identity
    member.account, member.identity = account, account.identity
    try:
        chat.permissions.check_not_banned(member, "")
    finally:
        member.account, member.identity = None, former


@inlineCallbacks
def log_out(chat: Chat, member: Member) -> Generator[Deferred[Any], Any, None]:
    """Make a guest of a member, and have the account's token no longer prove anything.

    The guest stays in the rooms, and the account is in none: somebody kicked as a guest would
    otherwise be let in again with the account.
    """
    account = member.account
    assert account is not None
    if not chat.is_here(member):
        return
    chat.permissions.check_may_be_a_guest()
    stored = chat.bindings.unbind(member)
    rooms = ("", *member.rooms)
    try:
        yield chat.journal.split(
            account.identity, member.identity, member.nick, rooms, chat.ids.latest()
        )
    finally:
        yield stored


def change_password(
    chat: Chat,
    member: Member,
    proof: Proof,
    password: str,
    is_wanted: Callable[[], bool],
) -> Deferred[None]:
    """Give an account, and a member who is logged in to it, another password and token."""

    def new_token() -> str | None:
        # In the same turn, or the former token would bring somebody to the member's place.
        if not chat.is_here(member) or member.account is not proof.account:
            return None
        chat.bindings.change_token(member)
        return member.token

    return chat.accounts.change_password(proof, password, member.origin, new_token, is_wanted)


@inlineCallbacks
def give_up(
    chat: Chat, proof: Proof, address: str
) -> Generator[Deferred[Any], Any, None]:
    """Give an account up; a member who is logged in to it goes on as a guest.

    What was said under it goes along, and no former token leads there.
    """
    proof.check()
    account = proof.account
    # With the account it is stored whose everything is, whatever comes between.
    token = chat.new_token()
    yield chat.accounts.remove(account, identity_of(token))
    chat.audit.about("Given up", address, account.nick)
    member = chat.roster.of(account)
    if member is not None:
        chat.bindings.forget_account(member)
        chat.bindings.change_token(member, token)
        now = identity_of(token)
        if member.forgotten == account.identity:
            member.forgotten = now
        yield chat.belongings.become(account.identity, now)
