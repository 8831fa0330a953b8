"""Claims of nicknames: of all who want one at the same moment, one person gets it."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred, succeed


class Names(Protocol):
    """The claims of nicknames, by key (L{nick_key <chatservice.protocol.names.nick_key>})."""

    def claim(self, key: str) -> Deferred[None]:
        """Claim a nickname for somebody who is about to take it, and does not have it yet.

        Fails with L{ChatError <chatservice.protocol.events.ChatError>} (C{nick-taken}).
        """

    def release(self, key: str) -> None:
        """Give up a claim, unless the nickname was taken under it."""


class OwnNames:
    """The claims in a chat of one process, whose roster says at once who has a nickname."""

    def claim(self, key: str) -> Deferred[None]:
        """See L{Names.claim}."""
        return succeed(None)

    def release(self, key: str) -> None:
        """See L{Names.release}."""
