"""The bindings of members to accounts and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, FirstError, gatherResults, succeed
from twisted.python.failure import Failure

from chatservice.chat.acting import Acting
from chatservice.chat.audit import Audit
from chatservice.chat.envelope import Envelope
from chatservice.chat.formers import Formers
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.people.account import Account, Proof
from chatservice.people.accounts import Accounts
from chatservice.people.identity import identity_of
from chatservice.people.ratelimit import FloodLimit
from chatservice.protocol.events import Identified
from chatservice.protocol.preferences import Preferences


class Bindings:
    """The logins of members. A member with a registered nickname is logged in to its account.

    @param rename_to_guest: gives a member a nickname that nobody has.
    @param introduce: tells that the account of a member is another one now.
    @param new_token: makes a secret token.
    @param passed: returns a Deferred that fires when all events so far are delivered or refused.
    @param publish_event: publishes an event whose author is already filled in.
    @ivar ask_for: asks another node to rename a member who is there.
    """

    ask_for: Callable[[Member], Deferred[None]]

    def __init__(
        self,
        roster: Roster,
        accounts: Accounts,
        acting: Acting,
        formers: Formers,
        flood: FloodLimit,
        audit: Audit,
        rename_to_guest: Callable[[Member], Deferred[Any]],
        introduce: Callable[[Member], object],
        new_token: Callable[[], str],
        passed: Callable[[], Deferred[None]],
        publish_event: Callable[[Envelope], object],
    ) -> None:
        self._roster = roster
        self._accounts = accounts
        self._acting = acting
        self._formers = formers
        self._flood = flood
        self._audit = audit
        self._rename_to_guest = rename_to_guest
        self._introduce = introduce
        self._new_token = new_token
        self._passed = passed
        self._publish_event = publish_event

    def bind(self, member: Member, proof: Proof) -> Deferred[None]:
        """Log a member in to the account of its proof; its token proves the account from now on.

        @return: fires when this is stored; it takes effect at once.
        @raise ChatError: the proof is no longer valid.
        """
        proof.check()
        account = proof.account
        how = "a token" if proof.token else "password"
        self._audit.about(f"Logged in by {how}", member.address, account.nick)
        freed = self.free(account, member)
        self._roster.log_in(member, account)
        self._become(member, account.identity)
        self.use_settings(member)
        self._tell(member)
        return _both(freed, self._accounts.remember(account, member.token))

    def bring_home(self, member: Member, token: str) -> Deferred[None]:
        """Let a member who was elsewhere come here, under a token of its own.

        @param token: the token that was shown, or empty.
        @return: fires when it is stored that the token proves the account, if there is one.
        """
        self._roster.change_token(member, token or self._new_token())
        if member.account is None:
            return succeed(None)
        self.use_settings(member)
        return self._accounts.remember(member.account, member.token)

    def use_settings(self, member: Member) -> None:
        """Have the settings of a member's account apply to the member."""
        account = member.account
        assert account is not None
        member.preferences, member.ignored = account.preferences, account.ignored
        member.preferences_changed()

    def free(self, account: Account, owner: Member | None = None) -> Deferred[None]:
        """Rename the member who has an account's nickname without being logged in to it.

        @param owner: the member who has proved the account, and keeps the nickname.
        """
        holder = self._roster.get(account.key)
        if holder is None or holder is owner or holder.account is account:
            return succeed(None)
        if holder.is_elsewhere:
            return self.ask_for(holder)
        return self._rename_to_guest(holder)

    def unbind(self, member: Member) -> Deferred[None]:
        """Make a member a guest, and revoke its former token.

        @return: fires when this is stored; it takes effect at once.
        """
        account, token = member.account, member.token
        assert account is not None
        self._audit.about("Logged out", member.address, account.nick)
        self.forget_account(member)
        self.change_token(member)
        # At once: the token must let nobody in even while this is being stored.
        stored = self._accounts.forget(account, token)
        self._become(member, identity_of(member.token))
        self._tell(member)
        if self._accounts.named(member.key) is account:
            return _both(self._rename_to_guest(member), stored)
        return stored

    def _become(self, member: Member, identity: bytes) -> None:
        former = member.identity
        if former != identity:
            self._roster.identify(member, identity)
            changed = Identified(nick=member.nick, identity=identity, former=former)
            self._publish_event(Envelope(changed, subject=member))
            self._formers.begin(former, identity)
            self._passed().addCallback(lambda _: self._formers.settle(former))
            self._flood.become(former, identity)
            self._acting.follow(member, former)

    def change_token(self, member: Member, token: str = "") -> None:
        """Give a member another token: a new one unless C{token} is given."""
        self._roster.change_token(member, token or self._new_token())

    def forget_account(self, member: Member) -> None:
        """Detach a member from its account; the nickname stays."""
        self._roster.log_out(member)
        member.preferences = Preferences()
        member.ignored = {}
        member.preferences_changed()

    def _tell(self, member: Member) -> None:
        # Somebody who is only coming is introduced by that.
        if self._roster.has(member):
            self._introduce(member)


def _both(first: Deferred[Any], second: Deferred[Any]) -> Deferred[None]:
    """Wait for two things; fail as the first of them that does."""

    def explain(failure: Failure) -> Failure:
        assert isinstance(failure.value, FirstError)
        return failure.value.subFailure

    both = gatherResults([first, second], consumeErrors=True)
    return both.addCallbacks(lambda _: None, explain)
