"""Claims of nicknames and identities: of all who want one at the same moment, one gets it."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred, succeed


class Names(Protocol):
    """The claims of nicknames, by key (L{nick_key <chatservice.protocol.names.nick_key>}), and of
    identities (L{key_of}).
    """

    def claim(self, *keys: str) -> Deferred[None]:
        """Claim what somebody is about to have, and does not have yet.

        It fires when everything has passed here that was committed before. It fails with
        L{ChatError <chatservice.protocol.events.ChatError>} (C{nick-taken}), or with
        L{StorageError <chatservice.protocol.errors.StorageError>}.
        """

    def release(self, *keys: str) -> None:
        """Give claims up once everything published so far has passed.

        A nickname that somebody has taken under its claim is kept, until its holder's
        C{Left} or C{Renamed}.
        """

    def given_up(self) -> Deferred[None]:
        """Wait until nicknames may be claimed that somebody here has given up."""

    def catch_up(self) -> Deferred[None]:
        """Wait until everything has passed here that is committed by now; fails as L{claim}."""


class OwnNames:
    """The claims in a chat of one process, whose roster says at once who has a nickname."""

    def claim(self, *keys: str) -> Deferred[None]:
        """See L{Names.claim}."""
        return succeed(None)

    def release(self, *keys: str) -> None:
        """See L{Names.release}."""

    def given_up(self) -> Deferred[None]:
        """See L{Names.given_up}."""
        return succeed(None)

    def catch_up(self) -> Deferred[None]:
        """See L{Names.catch_up}."""
        return succeed(None)


def key_of(identity: bytes) -> str:
    """Give the key under which an identity is claimed, which is no nickname's."""
    return f"@{identity.hex()}"
