"""An asyncio loop in a thread of its own, for peers that go on while a test does something else."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from tests.running import PATIENCE

T = TypeVar("T")


class Background:
    """A loop that runs until it is closed.

    Everything that it runs is touched by its thread alone: ask with L{call}.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # In Python 3.11 a function that is traced, as for coverage, does not begin while a signal
        # (SIGCHLD) waits for the main thread; and that may be waiting for this one.
        sys.settrace(None)
        self._loop.run_forever()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine, which may go on for as long as it likes."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine until it returns."""
        return self.begin(work).result(PATIENCE)

    def call(self, work: Callable[..., T], *given: Any) -> T:
        """Call a function between two steps of the coroutines."""

        async def called() -> T:
            return work(*given)

        return self.run(called())

    def close(self) -> None:
        """Cancel everything that still runs, and end the thread."""
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
