"""Three real nodes over a primary and a synchronous standby, while people talk and all of it fails.

Each round ends with everything that L{tests.cluster_checks.check} asks: no line that anybody saw is
lost or doubled, all see one order, nobody is a ghost, and no nickname has two holders.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster_faults import Rounds, begun
from tests.cluster_troubles import LASTING, SINGLE, TOGETHER, carry_out
from tests.engine import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    """A cluster that goes through all rounds."""
    with begun(tmp_path_factory.mktemp("cluster")) as rounds:
        yield rounds


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("name", SINGLE)
def test_single(rounds: Rounds, name: str, turn: int) -> None:
    """Whatever befalls the cluster, nothing that anybody saw is lost, and all goes on by itself."""
    carry_out(name, rounds, turn)


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("name", TOGETHER)
def test_together(rounds: Rounds, name: str, turn: int) -> None:
    """It is the same when several things befall it at once."""
    carry_out(name, rounds, turn)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("name", LASTING)
def test_lasting(rounds: Rounds, name: str, turn: int) -> None:
    """It is the same when something lasts far longer than a lease."""
    carry_out(name, rounds, turn)


@pytest.mark.parametrize("is_one_late", [False, True])
def test_lines_lost(tmp_path: Path, is_one_late: bool) -> None:
    """With an asynchronous standby, lines are lost that were acknowledged; that is found and told.
    """
    with begun(tmp_path, synchronous=False) as rounds:
        rounds.lines_lost(rounds.cluster.nodes[2] if is_one_late else None)
