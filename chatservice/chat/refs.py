"""The memory for what somebody said lately, so that a repeated request is said once.

A program whose acknowledgement was lost sends its request again, with the same C{ref}. It may come
through another connection, after a restart, and when the line itself is no longer kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from chatservice.protocol.events import Event

LEAST = 64
"""The lines of each identity that are remembered, however old they are."""

SECONDS = 120.0
"""For so long all are, up to L{MOST}."""

MOST = 10_000


def mark_of(ref: str, kind: str, place: str, text: str) -> bytes:
    """Make a fingerprint that is the same for a request and its repetition, and for no other one.

    @param kind: the kind of talk.
    @param place: the room's name, or the key of the recipient's nickname.
    @param text: the text as it was sent.
    """
    request = "\0".join((ref, kind, place, text))
    return hashlib.blake2b(request.encode("utf-8", "replace"), digest_size=16).digest()


@dataclass(slots=True)
class Noted:
    """The outcome of a request.

    @ivar event: the one that it made; of an earlier run its id, time and nickname alone.
    @ivar refused: why it was not stored, once that is so.
    """

    event: Event
    refused: str = ""

    @property
    def id(self) -> int:
        """The id of the event, once it has one."""
        return self.event.id


class Spoken:
    """The recent requests of one identity."""

    __slots__ = ("_noted",)

    def __init__(self) -> None:
        self._noted: OrderedDict[bytes, tuple[Noted, float]] = OrderedDict()

    def find(self, mark: bytes) -> Noted | None:
        """Find the answer to a request of that mark, if it is remembered."""
        found = self._noted.get(mark)
        return None if found is None else found[0]

    def note(self, mark: bytes, noted: Noted, now: float) -> list[Noted]:
        """Remember one more; gives those that are forgotten for it.

        @param now: in seconds, on a clock that never goes back.
        """
        self._noted[mark] = noted, now
        forgotten = []
        while len(self._noted) > LEAST:
            oldest, at = next(iter(self._noted.values()))
            if at > now - SECONDS and len(self._noted) <= MOST:
                break
            self._noted.popitem(last=False)
            forgotten.append(oldest)
        return forgotten

    def recall(self, earlier: Iterable[tuple[bytes, Noted]], now: float) -> None:
        """Remember what was said before, as if it was said now."""
        found = OrderedDict((mark, (noted, now)) for mark, noted in earlier)
        if found:
            self._noted = found | self._noted

    def refuse(self, mark: bytes, why: str) -> None:
        """Forget a request that could not be stored, so that it may be made again."""
        found = self._noted.pop(mark, None)
        if found is not None:
            found[0].refused = why
