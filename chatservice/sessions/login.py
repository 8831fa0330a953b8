"""Logging in and out, with the nickname, places and missed lines of the account."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.names import key_of
from chatservice.chat.rooms import Device, Member
from chatservice.people.account import Account, Proof
from chatservice.people.identity import identity_of
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import nick_key
from chatservice.sessions import catchup

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat


@inlineCallbacks
def log_in(
    chat: Chat, device: Device, proof: Proof, renames: bool = True
) -> Generator[Deferred[Any], Any, None]:
    """Log a guest in to an account: give it the nickname if it may, and tell what it missed.

    If the account's owner is here, the device becomes one of the owner's.

    @param renames: whether the guest gets the nickname of the account.
    @raise ChatError: C{not-joined}, or the account is banned, among others (in the Deferred).
    """
    claim = key_of(proof.account.identity)
    yield chat.names.claim(claim)
    try:
        has_new_owner = yield from _logged_in(chat, device, proof, renames)
    finally:
        chat.names.release(claim)
    if has_new_owner:
        yield catchup.tell(chat, device)


def _logged_in(
    chat: Chat, device: Device, proof: Proof, renames: bool
) -> Generator[Deferred[Any], Any, bool]:
    """Do the work of L{log_in}; return whether the guest is the account's owner from now on."""
    account, member = proof.account, device.member
    yield chat.bindings.free(account, member)
    # Much may have happened while the password was checked.
    proof.check()
    if device.is_over or not chat.is_here(member) or member.account is not None:
        raise ChatError("not-joined", "another connection has taken this one's place")
    _check_not_banned(chat, member, account)
    former, other = member.identity, chat.roster.of(account)
    if other is not None:
        _join_owner(chat, device, other)
        if not other.token:
            yield chat.bindings.bring_home(other, "")
        return False
    stored = chat.bindings.bind(member, proof)
    try:
        yield from _go_on_as(chat, device, account, former, renames)
    finally:
        yield stored
    return True


def _go_on_as(
    chat: Chat, device: Device, account: Account, former: bytes, renames: bool
) -> Generator[Deferred[Any], Any, None]:
    """Let somebody who has just logged in go on where the account's owner was."""
    member = device.member
    chat.entrances.part_where_banned(member)
    # A nickname can carry a message, so a muted member must not change it.
    is_renamed = renames and member.nick != account.nick
    if is_renamed and chat.permissions.may_appear(member):
        yield chat.give_nick(member, account.nick)
    # Wait until the lines and places of a member who has just left are stored.
    yield chat.departed(account.identity)
    places = yield chat.journal.places(account.identity)
    spoken = yield chat.journal.refs(account.identity)
    marks = yield chat.journal.room_marks(account.identity)
    # The member may have logged out meanwhile through another connection.
    if member.identity == account.identity:
        member.spoken.recall(spoken, chat.reactor.seconds())
        member.reading.recall(marks)
        yield chat.journal.move(former, account.identity, member.nick)
    if member.identity == account.identity:
        member.reading.take_up(places, {"", *member.rooms})
        member.note_reading(device.fence)


def _join_owner(chat: Chat, device: Device, owner: Member) -> None:
    """Make a guest's device one of the owner's; the guest leaves with its last device."""
    guest = device.member
    chat.devices.move(device, owner)
    _follow(chat, owner, guest.identity)
    chat.entrances.part_where_banned(owner)
    if not guest.devices:
        chat.flood.become(guest.identity, owner.identity)
        if chat.homes.has_others(guest):
            chat.homes.lose(guest)
        else:
            chat.leave(guest, "", goodbye=True)


def _follow(chat: Chat, member: Member, former: bytes) -> None:
    """Have sanctions on an identity hold for a member who had it, those on their way as well."""
    chat.acting.follow(member, former)
    chat.roster.note_former(former, member)
    chat.passed().addCallback(lambda _: chat.formers.settle(former))


def _check_not_banned(chat: Chat, member: Member, account: Account) -> None:
    """Raise L{ChatError} (C{banned}) if the account, as this member, is banned from the chat."""
    former = member.identity
    member.account, member.identity = account, account.identity
    try:
        chat.permissions.check_not_banned(member, "")
    finally:
        member.account, member.identity = None, former


@inlineCallbacks
def log_out(chat: Chat, device: Device) -> Generator[Deferred[Any], Any, None]:
    """Make a member a guest, and revoke the account's token.

    The guest stays in the rooms, and the account leaves them: otherwise somebody kicked as a
    guest could return through the account. If the member has other devices, they stay, and only
    this one becomes a guest's.
    """
    member = device.member
    account = member.account
    assert account is not None
    if not chat.is_here(member):
        return
    chat.permissions.check_may_be_a_guest()
    if _has_others(chat, member):
        nick = yield _claim_for_guest(chat)
        try:
            # Claiming may have taken a moment.
            if device.is_over or member.account is not account or not chat.is_here(member):
                return
            if _has_others(chat, member):
                yield _part_ways(chat, device, nick)
                return
        finally:
            chat.names.release(nick_key(nick))
    stored = chat.bindings.unbind(member)
    rooms = ("", *member.rooms)
    try:
        yield chat.journal.split(
            account.identity, member.identity, member.nick, rooms, chat.ids.latest()
        )
    finally:
        yield stored


def _has_others(chat: Chat, member: Member) -> bool:
    """Tell whether a member has other devices, at whatever node."""
    return len(member.devices) > 1 or chat.homes.has_others(member)


@inlineCallbacks
def _claim_for_guest(chat: Chat) -> Generator[Deferred[Any], Any, str]:
    """Claim a nickname that nobody has, and return it."""
    seed = chat.ids.latest()
    while True:
        nick = chat.nicknames.for_guest(seed)
        try:
            yield chat.names.claim(nick_key(nick))
        except ChatError:
            seed += 1  # Somebody elsewhere may have it.
        else:
            return nick


@inlineCallbacks
def _part_ways(
    chat: Chat, device: Device, nick: str
) -> Generator[Deferred[Any], Any, None]:
    """Make a device that of a new guest, who enters the rooms that are open to it.

    The owner's token changes, for the guest knows it. All takes effect at once, and is then stored.
    """
    owner, token = device.member, device.member.token
    account = owner.account
    assert account is not None
    rooms = list(owner.rooms.values())
    chat.audit.about("Logged out", owner.address, account.nick)
    chat.bindings.change_token(owner)
    stored = chat.accounts.forget(account, token)
    kept = chat.accounts.remember(account, owner.token)
    guest = chat.devices.part_ways(device, nick, chat.new_token())
    chat.roster.add(guest)
    chat.homes.house(device, arrives=True)
    if not owner.devices:
        chat.homes.lose(owner)
    _follow(chat, guest, owner.identity)
    chat.flood.become(owner.identity, guest.identity)
    chat.entrances.enter_open(device, rooms, {})
    owner.tell(["your token has changed, for another of your connections logged out: /token"])
    try:
        yield stored
    finally:
        yield kept


def change_password(
    chat: Chat,
    device: Device,
    proof: Proof,
    password: str,
    is_wanted: Callable[[], bool],
) -> Deferred[None]:
    """Change the password of an account, and the token of the member logged in to it.

    The member's other devices are closed.
    """
    member = device.member

    def new_token() -> str | None:
        # In the same turn, or the former token could still take the member over.
        is_here = chat.is_here(member) and not member.is_elsewhere
        if not is_here or member.account is not proof.account:
            return None
        chat.bindings.change_token(member)
        chat.devices.close_others(device, "your password was changed: log in again")
        return member.token

    origin = device.peer.origin
    return chat.accounts.change_password(proof, password, origin, new_token, is_wanted)


@inlineCallbacks
def give_up(
    chat: Chat, proof: Proof, address: str
) -> Generator[Deferred[Any], Any, None]:
    """Give up an account; the member logged in to it goes on as a guest.

    The lines said under it move to the guest, and its former tokens are revoked.
    """
    proof.check()
    account = proof.account
    before = chat.roster.of(account)
    # The removal stores the new owner of the data too, whatever happens before the move.
    token = chat.new_token()
    yield chat.accounts.remove(account, identity_of(token))
    chat.audit.about("Given up", address, account.nick)
    # In a cluster its removal may have been heard of already.
    member = chat.roster.of(account) or before
    if member is not None and member.identity == account.identity and chat.is_here(member):
        now = identity_of(token)
        if not member.is_elsewhere:
            if member.account is not None:
                chat.bindings.forget_account(member)
            chat.bindings.change_token(member, token)
            chat.introduce(member)
        yield chat.belongings.become(account.identity, now)
