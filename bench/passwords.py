"""Measure whether an unknown nickname is refused faster than a wrong password.

C{python bench/passwords.py}: both are tried in turn, in random order, with the real hashes
(Argon2id at its defaults) and through the code of every door. The exit status is 0.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator
from itertools import count
from random import Random
from statistics import mean, median, stdev
from typing import Any

from tables import Table
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import react

from chatservice.people.accounts import Accounts
from chatservice.people.passwords import Passwords
from chatservice.protocol.events import ChatError

PASSWORD, WRONG = "correct horse battery", "incorrect horse battery"
KNOWN, UNKNOWN = "ada", "eve"


@inlineCallbacks
def _timed(accounts: Accounts, nick: str, origin: str) -> Generator[Deferred[Any], Any, float]:
    """Measure the milliseconds until a wrong proof is refused."""
    start = time.perf_counter()
    try:
        yield accounts.prove(nick, WRONG, origin)
    except ChatError as error:
        assert error.code == "wrong-password", error.code
    return (time.perf_counter() - start) * 1000


@inlineCallbacks
def measure(reactor: Any, tries: int, seed: int) -> Generator[Deferred[Any], Any, None]:
    """Try an unknown nickname and a wrong password, C{tries} times each; print both times."""
    # An hour passes at every look at the clock, and each attempt has its own address, so that no
    # limit is reached.
    hours = count(step=3600)
    accounts = Accounts(Passwords(reactor), lambda: float(next(hours)), lambda: 0)
    yield accounts.register(KNOWN, b"i" * 16, PASSWORD, "192.0.2.2")
    order = [KNOWN, UNKNOWN] * tries
    Random(seed).shuffle(order)
    times: dict[str, list[float]] = {UNKNOWN: [], KNOWN: []}
    for number, nick in enumerate(order):
        taken = yield _timed(accounts, nick, f"try {number}")
        times[nick].append(taken)
    _report(times[UNKNOWN], times[KNOWN])


def _report(unknown: list[float], wrong: list[float]) -> None:
    table = Table("Until a wrong proof is refused, in milliseconds")
    for name, times in [("unknown nickname", unknown), ("wrong password", wrong)]:
        table.rows.append(
            {
                "tried": name,
                "times": len(times),
                "median": round(median(times), 2),
                "mean": round(mean(times), 2),
                "deviation": round(stdev(times), 2),
            }
        )
    ratios = [of(unknown) / of(wrong) for of in (median, mean)]
    table.notes.append("Unknown to wrong: {:.4f} by medians, {:.4f} by means.".format(*ratios))
    print(table.text())


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tries", type=int, default=200, help="of each [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="for the order [default: 1]")
    options = parser.parse_args()
    if options.tries < 2:
        parser.error("two tries of each are the least")
    react(measure, (options.tries, options.seed))


if __name__ == "__main__":
    main()
