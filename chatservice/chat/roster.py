"""The people who are here: nicknames, tokens, and who is logged in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from chatservice.people.identity import identity_of
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import NICK_INPUT, NICK_LENGTH, nick_key
from chatservice.protocol.sanitize import clean

if TYPE_CHECKING:
    from chatservice.chat.rooms import Member
    from chatservice.people.account import Account

K = TypeVar("K")


class Roster(Mapping[str, "Member"]):
    """The members, by the key of the nickname (L{nick_key}). It publishes nothing.

    @ivar most: the most members that there were at a time.
    @ivar leaving: members who have left, by identity, until everybody has heard of it.
    """

    def __init__(self) -> None:
        self._by_nick: dict[str, Member] = {}
        self._by_account: dict[Account, Member] = {}
        self._by_identity: dict[bytes, Member] = {}
        self._formerly: dict[bytes, Member] = {}
        self._moved: dict[bytes, Member] = {}
        self._by_digest: dict[bytes, Member] = {}
        self.most = 0
        self.leaving: dict[bytes, Member] = {}

    def __getitem__(self, key: str) -> Member:
        return self._by_nick[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_nick)

    def __len__(self) -> int:
        return len(self._by_nick)

    # Mapping.get would raise and catch a KeyError for each nickname that nobody has.

    def get(self, key: str, default: None = None) -> Member | None:  # type: ignore[override]
        """Find the member with a nickname, given its key."""
        return self._by_nick.get(key)

    def named(self, nick: str) -> Member:
        """Find the member with a nickname.

        @raise ChatError: C{no-nick}.
        """
        member = self._by_nick.get(nick_key(nick)) if len(nick) <= NICK_INPUT else None
        if member is None:
            raise ChatError("no-nick", f"nobody here is called {clean(nick)[:NICK_LENGTH]}")
        return member

    def has(self, member: Member) -> bool:
        """Tell whether a member is here, with or without a connection at this moment."""
        return self._by_nick.get(member.key) is member

    def bearer(self, token: str) -> Member | None:
        """Find the member whom a token brings back."""
        digest = identity_of(token)
        bearer = self._by_digest.get(digest)
        if bearer is None:
            # Of a guest at another node the identity is known, which is the digest of the token.
            guest = self._by_identity.get(digest)
            bearer = guest if guest is not None and guest.account is None else None
        return bearer

    def of(self, account: Account) -> Member | None:
        """Find the member who is logged in to an account."""
        return self._by_account.get(account)

    def find(self, identity: bytes, id: int) -> Member | None:
        """Find the member who has an identity, or had it when an event on its way was made.

        @param id: the id of that event. Anybody who came later hears of it otherwise.
        """
        member = self._by_identity.get(identity) or self._formerly.get(identity)
        return None if member is None or id < member.since else member

    def dweller(self, identity: bytes) -> Member | None:
        """Find the member of an identity that has come and not left by the events that have passed.

        One who comes here, and of whose coming nobody has heard yet, is found as well, unless
        somebody else had that identity until a moment ago.
        """
        leaving = self.leaving.get(identity)
        if leaving is not None and leaving.homes:
            return leaving
        present = self._by_identity.get(identity)
        if present is not None and present.homes:
            return present
        moved = self._moved.get(identity)
        is_here = moved is not None and (moved.homes or self.has(moved))
        return moved if is_here else present

    def formerly(self, identity: bytes) -> Member | None:
        """Find the member whose former identity an event on its way may name."""
        return self._formerly.get(identity)

    def add(self, member: Member) -> None:
        """Add a member, whose nickname and token must be free."""
        self._by_identity[member.identity] = member
        self._by_nick[member.key] = member
        if member.token:
            self._by_digest[identity_of(member.token)] = member
        self.most = max(self.most, len(self._by_nick))

    def remove(self, member: Member) -> None:
        """Remove a member who is leaving: nickname and token are free at once."""
        del self._by_nick[member.key]
        self._forget_token(member)
        self._forget_account(member)
        _forget(self._by_identity, member.identity, member)
        self.leaving[member.identity] = member

    def gone(self, member: Member, identity: bytes) -> None:
        """Forget a member who has left, under that identity or under a later one."""
        for known_as in (identity, member.identity):
            _forget(self.leaving, known_as, member)

    def rename(self, member: Member, nick: str, key: str) -> None:
        """Give a member another nickname, which nobody else may have."""
        del self._by_nick[member.key]
        member.nick, member.key = nick, key
        self._by_nick[key] = member

    def change_token(self, member: Member, token: str) -> None:
        """Give a member another token, which nobody else may know; or none, if it is elsewhere."""
        self._forget_token(member)
        member.token = token
        if token:
            self._by_digest[identity_of(token)] = member

    def _forget_token(self, member: Member) -> None:
        _forget(self._by_digest, identity_of(member.token), member)

    def _forget_account(self, member: Member) -> None:
        if member.account is not None:
            _forget(self._by_account, member.account, member)

    def log_in(self, member: Member, account: Account) -> None:
        """Note that a member has proved an account."""
        member.account = account
        self._by_account[account] = member

    def log_out(self, member: Member) -> None:
        """Note that a member no longer has the account that it had proved."""
        self._forget_account(member)
        member.account = None

    def identify(self, member: Member, identity: bytes) -> None:
        """Give a member another identity.

        Events on their way find it by the former one as well, until L{settle}.
        """
        former = member.identity
        if self.has(member):
            # Somebody who has come back may have it by now, if it was refused to this member.
            if _forget(self._by_identity, former, member):
                self._formerly[former] = member
            self._by_identity[identity] = member
        elif _forget(self.leaving, former, member):
            self.leaving[identity] = member
        self._moved[former] = member
        member.identity = identity

    def note_former(self, former: bytes, member: Member) -> None:
        """Note that events on their way may mean a member by a former identity, until L{settle}."""
        self._formerly[former] = member

    def settle(self, former: bytes) -> None:
        """Note that nothing about a former identity is on its way any longer."""
        self._formerly.pop(former, None)
        self._moved.pop(former, None)

    def become(self, former: bytes, now: bytes) -> None:
        """Give another identity to the members who have a former one, here or leaving."""
        for member in (self._by_identity.get(former), self.leaving.get(former)):
            if member is not None:
                self.identify(member, now)


def _forget(known: dict[K, Member], key: K, member: Member) -> bool:
    """Forget by what a member is known, unless that is somebody else's; return whether it was not.
    """
    is_own = known.get(key) is member
    if is_own:
        del known[key]
    return is_own
