"""The passwords of rooms, and a cache of those that people gave."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Generator
from hashlib import blake2b
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred

from chatservice.chat.permissions import Permissions
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.people.accounts import Accounts
from chatservice.people.opaque import forms
from chatservice.people.passwords import encoded
from chatservice.people.ratelimit import Limit, Tries
from chatservice.protocol.events import ChatError, FailedProof
from chatservice.protocol.wording import spelled

ROOMS_KNOWN = 100
KNOWN_OF_A_ROOM = 200
"""The most people remembered for each room's password; C{ROOMS_KNOWN} bounds the passwords."""


class Known:
    """A least-recently-given cache of correct passwords, so that none is hashed twice."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        # By the hash of a room's password and by identity: the digest of the password given.
        self._given: OrderedDict[str, OrderedDict[bytes, bytes]] = OrderedDict()

    def add(self, hash: str, identity: bytes, password: str) -> None:
        """Remember that a person gave the password with this hash."""
        given = self._given.setdefault(hash, OrderedDict())
        self._given.move_to_end(hash)
        given[identity] = self._digest(password)
        given.move_to_end(identity)
        if len(given) > KNOWN_OF_A_ROOM:
            given.popitem(last=False)
        if len(self._given) > ROOMS_KNOWN:
            self._given.popitem(last=False)

    def has(self, hash: str, identity: bytes, password: str) -> bool:
        """Tell whether the same person has given the same correct password before."""
        if hash not in self._given:
            return False
        given = self._given[hash].get(identity, b"")
        return secrets.compare_digest(given, self._digest(password))

    def _digest(self, password: str) -> bytes:
        return blake2b(encoded(forms(password)[0]), key=self._key).digest()


class RoomPasswords:
    """The check of the passwords of rooms.

    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        permissions: Permissions,
        accounts: Accounts,
        roster: Roster,
        seconds: Callable[[], float],
    ) -> None:
        self._permissions = permissions
        self._accounts = accounts
        self._roster = roster
        self._tries: Limit = Tries(seconds)
        self._known = Known()

    def limit(self, tries: Limit) -> None:
        """Let another limit than its own count the passwords that are tried."""
        self._tries = tries

    @inlineCallbacks
    def check(
        self, member: Member, room: str, password: str
    ) -> Generator[Deferred[Any], Any, str]:
        """Check a password, and return its hash for L{check_same}; empty if none is needed.

        @raise ChatError: C{closed} or C{too-many-tries}, among others (in the Deferred).
        """
        hash = self._permissions.needs_password(member, room, False)
        if not hash:
            return ""
        if not password:
            how = f"/join {spelled(room)} PASSWORD"
            raise ChatError("closed", f"{spelled(room)} has a password: {how}", "room-password")
        identity = member.identity
        if self._known.has(hash, identity, password):
            return hash
        tried = (room, member.origin)
        wait = yield maybeDeferred(self._tries.attempt, tried)
        if wait:
            raise ChatError("too-many-tries", f"too many tries: try again in {wait:.0f} s")
        try:
            right = yield self._accounts.passwords.check(
                hash, password, member.origin, lambda: self._roster.has(member)
            )
        except ChatError:
            self._tries.give_back(tried)
            raise
        if not right:
            sentence = f"wrong password for {spelled(room)}"
            raise FailedProof("closed", sentence, spelled(room), "wrong-room-password")
        self._tries.give_back(tried)
        self._known.add(hash, identity, password)
        return hash

    def check_same(self, member: Member, room: str, proved: str) -> None:
        """Raise L{ChatError} (C{closed}) if the room's password was changed since the check.

        @param proved: the result of L{check}.
        """
        if self._permissions.needs_password(member, room, False) not in ("", proved):
            sentence = f"the password of {spelled(room)} has just been changed"
            raise ChatError("closed", sentence, "wrong-room-password")
