"""Stand-ins that take their time: a journal, passwords and accounts whose answers wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.account import NotStored
from tests.doubles import PlainPasswords
from tests.journals import JournalInMemory


class Waiting:
    """Answers that do not come before the test says so, in whatever order it says.

    @ivar is_slow: whether they wait at all.
    """

    def __init__(self) -> None:
        self.is_slow = True
        self._unanswered: list[tuple[Deferred[Any], Any]] = []

    def put_off(self, answer: Deferred[Any]) -> Deferred[Any]:
        if not self.is_slow:
            return answer
        later: Deferred[Any] = Deferred()
        answer.addBoth(lambda result: self._unanswered.append((later, result)))
        return later

    def __len__(self) -> int:
        return len(self._unanswered)

    def answer(self, which: int) -> None:
        later, result = self._unanswered.pop(which)
        later.callback(result)


def waits(method: Callable[..., Deferred[Any]]) -> Callable[..., Deferred[Any]]:
    """A method whose answer is put off."""

    def put_off(self: Any, *args: Any, **facts: Any) -> Deferred[Any]:
        return self.waiting.put_off(method(self, *args, **facts))

    return put_off


class LateJournal(JournalInMemory):
    """A journal as slow as a disk may be."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.waiting = waiting

    store, page, missed = map(
        waits, (JournalInMemory.store, JournalInMemory.page, JournalInMemory.missed)
    )
    places, move = map(waits, (JournalInMemory.places, JournalInMemory.move))


class LatePasswords(PlainPasswords):
    """Hashing that takes its time."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.waiting = waiting

    hash, check = waits(PlainPasswords.hash), waits(PlainPasswords.check)


class LateStore(NotStored):
    """Accounts on a disk that is slow."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting

    add, update, remove = map(waits, (NotStored.add, NotStored.update, NotStored.remove))
