"""Former identities of people, by which events on their way may still name them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chatservice.chat.homes import Homes
from chatservice.chat.permissions import Permissions
from chatservice.chat.roster import Roster

LONGEST = 30.0
"""Seconds after which no node publishes anything any more under an identity that has changed."""


class Formers:
    """The end of former identities: nothing under them is on its way any longer.

    @param reactor: C{IReactorTime}.
    """

    def __init__(
        self, reactor: Any, roster: Roster, permissions: Permissions, homes: Homes
    ) -> None:
        self._reactor = reactor
        self._roster = roster
        self._permissions = permissions
        self._homes = homes
        self._waiting: Counter[bytes] = Counter()

    def begin(self, former: bytes, now: bytes) -> None:
        """Note that somebody here goes by another identity, which nobody has heard of yet."""
        if self._homes.node:
            self._permissions.expect(former, now)
        else:
            self._permissions.identified(former, now)

    def passed(self, former: bytes, now: bytes) -> None:
        """Note that somebody goes by another identity, by the events that have passed."""
        self.end(now)
        self._permissions.identified(former, now)
        self.settle(former)

    def end(self, identity: bytes) -> None:
        """Expect an identity no more, and forget it as a former one.

        Somebody has it by now, or was refused it.
        """
        self._permissions.expect_no_more(identity)
        self._forget(identity)

    def settle(self, former: bytes) -> None:
        """Forget a former identity; nothing that this node published under it is on its way."""
        if self._homes.node:
            self.wait(former)
        else:
            self._forget(former)

    def wait(self, former: bytes) -> None:
        """Forget a former identity once no node has anything under it on its way."""
        self._waiting[former] += 1
        self._reactor.callLater(LONGEST, self._waited, former)

    def _waited(self, former: bytes) -> None:
        self._waiting[former] -= 1
        # It may have been somebody's identity once more, and changed again.
        if not self._waiting[former]:
            del self._waiting[former]
            self._forget(former)

    def _forget(self, former: bytes) -> None:
        self._roster.settle(former)
        self._permissions.became(former)
