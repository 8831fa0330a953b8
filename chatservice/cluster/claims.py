"""The claims of nicknames and identities in a cluster; see L{Names <chatservice.chat.names.Names>}.

A claim is a row in the engine, of which there is one for each key. What was committed before a
claim has passed here before it is granted, so that a former holder of the name is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.link import Seat
from chatservice.cluster.log import ClusterLog
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError
from chatservice.storage.contract import Connection, Row

log = Logger()

_CLAIM = "SELECT * FROM chat_claim(?, ?, ?, ?)"
_HEAD = "SELECT last FROM head"


class _Claim(NamedTuple):
    """Names that are claimed together; C{head} fires with an id that must pass before."""

    keys: tuple[str, ...]
    head: Deferred[int]


class ClusterNames:
    """The claims of one node. Those that come while the engine is being asked go together.

    @param seat: the place of this node.
    @param passed: returns a Deferred that fires when everything published so far has passed.
    """

    def __init__(
        self,
        database: ClusterDatabase,
        log_: ClusterLog,
        seat: Seat,
        passed: Callable[[], Deferred[None]],
    ) -> None:
        self._database = database
        self._log = log_
        self._seat = seat
        self._passed = passed
        self._claimed: set[str] = set()
        self._asked: list[_Claim] = []
        self._released: list[str] = []
        # Those whose claim was not answered: it may still be carried out.
        self._doubtful: set[str] = set()
        self._is_busy = False

    @inlineCallbacks
    def claim(self, *keys: str) -> Generator[Deferred[Any], Any, None]:
        """See L{Names.claim <chatservice.chat.names.Names.claim>}."""
        self._check()
        if not self._claimed.isdisjoint(keys):
            raise taken()
        self._claimed.update(keys)
        claim = _Claim(keys, Deferred())
        self._asked.append(claim)
        self._go_on()
        try:
            head = yield claim.head
            yield self._log.caught_up(head)
        except ChatError:
            self._claimed.difference_update(keys)
            raise
        except BaseException:
            self._release(keys)
            raise

    def release(self, *keys: str) -> None:
        """See L{Names.release <chatservice.chat.names.Names.release>}."""
        self._passed().addCallback(lambda _: self._release(keys))

    def given_up(self) -> Deferred[None]:
        """See L{Names.given_up <chatservice.chat.names.Names.given_up>}."""
        return self._passed()

    def _release(self, keys: tuple[str, ...]) -> None:
        self._claimed.difference_update(keys)
        self._released += keys
        self._go_on()

    def _go_on(self) -> None:
        """Ask the engine, unless it is being asked."""
        if self._is_busy or not (self._asked or self._released):
            return
        self._is_busy = True
        asked, self._asked = self._asked, []
        # What is claimed once more is not given up.
        released = [key for key in self._released if key not in self._claimed]
        self._released = []
        # To claim them again waits for that; then they can be given up.
        again = sorted(self._doubtful - self._claimed)
        self._doubtful.difference_update(again)
        keys = [*(key for claim in asked for key in claim.keys), *again]
        claims = [number for number, claim in enumerate(asked) for _ in claim.keys]
        claims += [len(asked)] * len(again)
        done = self._database.change(_CLAIM, self._seat.node, keys, claims, released)
        done.addCallbacks(self._grant, self._refuse, (asked,), errbackArgs=(asked, keys, released))

    def _grant(self, row: Row, asked: list[_Claim]) -> None:
        self._is_busy = False
        refused, head = row
        for number, claim in enumerate(asked):
            if number in refused:
                claim.head.errback(taken())
            else:
                claim.head.callback(head)
        self._go_on()

    def _refuse(
        self, failure: Failure, asked: list[_Claim], keys: list[str], released: list[str]
    ) -> None:
        self._is_busy = False
        if not failure.check(StorageError):
            log.failure("Claiming nicknames failed.", failure)
        # They are given up with the next claim.
        self._released += released
        self._doubtful.update(keys)
        for claim in asked:
            claim.head.errback(failure)

    @inlineCallbacks
    def catch_up(self) -> Generator[Deferred[Any], Any, None]:
        """See L{Names.catch_up <chatservice.chat.names.Names.catch_up>}."""
        self._check()
        head = yield self._database.read(_head)
        yield self._log.caught_up(head)

    def _check(self) -> None:
        """Answer at once if it is known that the engine is away."""
        if self._log.trouble:
            raise StorageError(self._log.trouble)


def taken() -> ChatError:
    """Make the error for a claim that somebody else has at this moment."""
    sentence = "somebody is just taking that nickname: choose another one, or try again"
    return ChatError("nick-taken", sentence)


def _head(connection: Connection) -> int:
    head: int = connection.execute(_HEAD).fetchone()[0]
    return head
