"""Three real nodes over a primary and a synchronous standby, while people talk and all of it fails.

Each round ends with everything that L{tests.cluster_faults.Rounds.check} asks: no line that anybody
saw is lost or doubled, all see one order, nobody is a ghost, and no nickname has two holders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster_crowd import Crowd
from tests.cluster_faults import Rounds
from tests.engine import MISSING
from tests.nodes_real import RealCluster

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

OPTIONS = ("--rate-limit", "0", "--linger", "4")


def begun(directory: Path, synchronous: bool = True) -> tuple[RealCluster, Rounds, Crowd]:
    """Start a cluster with people at all nodes."""
    cluster = RealCluster(directory, *OPTIONS, synchronous=synchronous)
    crowd = Crowd(cluster)
    crowd.wait_until(lambda: all(each.is_in for each in crowd.people), "not everybody came")
    return cluster, Rounds(cluster, crowd), crowd


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealCluster, Rounds]]:
    """A cluster that goes through all rounds."""
    cluster, rounds, crowd = begun(tmp_path_factory.mktemp("cluster"))
    yield cluster, rounds
    crowd.close()
    cluster.close()


@pytest.mark.parametrize(
    "befalls",
    [
        pytest.param(lambda c, r: r.primary_killed(), id="primary killed"),
        pytest.param(lambda c, r: r.primary_killed(), id="primary killed again"),
        pytest.param(lambda c, r: r.node_frozen(c.nodes[1]), id="node frozen"),
        pytest.param(lambda c, r: r.node_silent(c.nodes[2]), id="node silent"),
        pytest.param(lambda c, r: r.answers_dropped(), id="answers dropped"),
        pytest.param(lambda c, r: r.answers_dropped(), id="answers dropped again"),
        pytest.param(lambda c, r: r.node_stopped(c.nodes[0]), id="node stopped"),
        pytest.param(lambda c, r: r.node_killed(c.nodes[1]), id="node killed"),
        pytest.param(lambda c, r: r.node_frozen_for_long(c.nodes[2]), id="node frozen for long"),
        pytest.param(lambda c, r: r.engine_away(freezes=False), id="engine away"),
        pytest.param(lambda c, r: r.standby_promoted(), id="standby promoted"),
        pytest.param(lambda c, r: r.standby_promoted(), id="standby promoted again"),
    ],
)
def test_round(
    running: tuple[RealCluster, Rounds], befalls: Callable[[RealCluster, Rounds], None]
) -> None:
    """Whatever befalls the cluster, nothing that anybody saw is lost, and all goes on by itself."""
    befalls(*running)


def test_lines_lost(tmp_path: Path) -> None:
    """With an asynchronous standby, lines are lost that were acknowledged; that is found and told.
    """
    cluster, rounds, crowd = begun(tmp_path, synchronous=False)
    try:
        rounds.lines_lost()
    finally:
        crowd.close()
        cluster.close()
