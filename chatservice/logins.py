"""Who is logged in: which member is which account's, from the proof to the logout."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.accounts import Account
from chatservice.events import ChatError
from chatservice.names import nick_key
from chatservice.preferences import Preferences
from chatservice.proofs import Proof
from chatservice.rooms import NOWHERE, Member, identity_of

if TYPE_CHECKING:
    from chatservice.server import ChatFactory


class Logins:
    """Ties members to accounts. Whoever bears a registered nickname is logged in to its account.

    @param chat: the one.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat

    def bind(self, member: Member, proof: Proof) -> Deferred[None]:
        """The member has proved an account, and its token does so from now on.

        Fires when that is stored; it holds at once.

        @raise ChatError: the proof does not hold any more.
        """
        proof.check()
        account = proof.account
        how = "a token" if proof.token else "password"
        self._chat.audit.about(f"Logged in by {how}", member.address, account.nick)
        self.free(account, member)
        member.account = account
        account.member = member
        former, member.identity = member.identity, account.identity
        if former != account.identity:
            self._chat.flood.become(former, account.identity)
            self._chat.operators.follow(member, former)
        member.preferences = account.preferences
        member.ignored = account.ignored
        member.door.look()
        return self._chat.accounts.remember(account, member.token)

    def free(self, account: Account, owner: Member | None = None) -> None:
        """Whoever bears the nickname since before it was registered, but its owner, is a guest."""
        holder = self._chat.members.get(account.key)
        if holder is not None and holder is not owner and holder.account is not account:
            self.rename_to_guest(holder)

    @inlineCallbacks
    def log_in(self, member: Member, proof: Proof) -> Generator[Deferred[Any], Any, None]:
        """A guest has proved an account: it gets the nickname if it may, and what was missed."""
        chat, account = self._chat, proof.account
        self.free(account, member)
        # Checking the password took its time.
        proof.check()
        if not chat.is_here(member) or member.account is not None:
            raise ChatError("not-joined", "this is done through another connection by now")
        self._check_not_banned(member, account)
        former, other = member.identity, account.member
        if other is not None:
            other.door.displace()
            other.door = NOWHERE
            chat.leave(other, "taken over by another connection", goodbye=False)
        stored = self.bind(member, proof)
        chat.part_where_banned(member)
        if member.nick != account.nick and self._may_be_renamed(member):
            chat.give_nick(member, account.nick)
        # Also of who has left just now it is stored by then what was said, and where that was.
        yield chat.departures.stored(account.identity)
        places = yield chat.journal.places(account.identity)
        # Through another connection the member may have logged out by now.
        if member.identity == account.identity:
            spoken = yield chat.journal.refs(account.identity)
            member.spoken.recall(spoken, chat.reactor.seconds())
            yield chat.journal.move(former, account.identity, member.nick)
        if member.identity == account.identity:
            member.left_behind(places, {"", *member.rooms})
        yield stored
        yield chat.catch_up.tell(member)

    def _check_not_banned(self, member: Member, account: Account) -> None:
        """May the member go on in the chat as that account?"""
        former = member.identity
        member.account, member.identity = account, account.identity
        try:
            self._chat.moderation.check_not_banned(member, "")
        finally:
            member.account, member.identity = None, former

    def _may_be_renamed(self, member: Member) -> bool:
        """Whether a member may show another nickname, which can say things: not while silenced."""
        try:
            self._chat.moderation.check_appearance(member)
        except ChatError:
            return False
        return True

    @inlineCallbacks
    def log_out(self, member: Member) -> Generator[Deferred[Any], Any, None]:
        """The member is nobody in particular any more, and the account's token proves nothing.

        The guest stays in the rooms, and the account is in none: who is kicked as a guest would
        otherwise be let in again with the account.
        """
        chat, account, token = self._chat, member.account, member.token
        assert account is not None
        if not chat.is_here(member):
            return
        chat.moderation.check_may_be_a_guest()
        chat.audit.about("Logged out", member.address, account.nick)
        self.forget_account(member)
        self.change_token(member)
        # At once: until it is stored the token must not bring anybody in.
        stored = chat.accounts.forget(account, token)
        member.identity = identity_of(member.token)
        chat.flood.become(account.identity, member.identity)
        chat.operators.follow(member, account.identity)
        if chat.accounts.named(member.key) is account:
            self.rename_to_guest(member)
        rooms = ("", *member.rooms)
        try:
            yield chat.journal.split(
                account.identity, member.identity, member.nick, rooms, chat.ids.latest()
            )
        finally:
            yield stored

    def change_password(
        self, member: Member, proof: Proof, password: str, is_wanted: Callable[[], bool]
    ) -> Deferred[None]:
        """Give an account, and a member who is logged in to it, another password and token."""

        def new_token() -> str | None:
            # In the same turn, or the former token would bring somebody to the member's place.
            if not self._chat.is_here(member) or member.account is not proof.account:
                return None
            self.change_token(member)
            return member.token

        accounts = self._chat.accounts
        return accounts.change_password(proof, password, member.origin, new_token, is_wanted)

    @inlineCallbacks
    def give_up(self, proof: Proof, address: str) -> Generator[Deferred[Any], Any, None]:
        """Whoever is logged in to an account goes on as a guest, and it is nobody's any more.

        What was said under it goes along, and no former token leads there.
        """
        proof.check()
        account = proof.account
        # With the account it is stored whose everything is, whatever comes between.
        token = self._chat.new_token()
        yield self._chat.accounts.remove(account, identity_of(token))
        self._chat.audit.about("Given up", address, account.nick)
        member = account.member
        if member is not None:
            self.forget_account(member)
            self.change_token(member, token)
            now = identity_of(token)
            if member.forgotten == account.identity:
                member.forgotten = now
            yield self._chat.belongings.become(account.identity, now, member)

    def change_token(self, member: Member, token: str = "") -> None:
        """Give a member a token that nobody else knows, a new one if none is given."""
        del self._chat.by_token[member.token]
        member.token = token or self._chat.new_token()
        self._chat.by_token[member.token] = member

    def forget_account(self, member: Member) -> None:
        """The member, who has an account, has none any more, and keeps the nickname."""
        assert member.account is not None
        member.account.member = None
        member.account = None
        member.preferences = Preferences()
        member.ignored = {}
        member.door.look()

    def rename_to_guest(self, member: Member) -> None:
        """Give a member a nickname that is nobody's."""
        chat = self._chat
        number = chat.ids.latest() % 9000 + 1000
        while True:
            nick = f"guest{number}"
            key = nick_key(nick)
            if key not in chat.members and chat.accounts.named(key) is None:
                break
            number += 1
        chat.give_nick(member, nick)
