"""The database of a cluster in real threads, while its servers freeze and replace one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.cluster.database import ClusterDatabase
from chatservice.protocol.errors import StorageError
from tests.cluster.test_database import SCHEMA, note, noted
from tests.engine import Engine, multi_host_url
from tests.running import PATIENCE


async def answer(done: Deferred[Any]) -> Any:
    """Wait for an answer, or for the reason that there is none."""
    from twisted.internet import reactor

    try:
        return await done.addTimeout(PATIENCE, reactor)
    except StorageError as error:
        return str(error)


async def until_answered(ask: Callable[[], Deferred[Any]]) -> Any:
    """Ask again and again, as people do, until the database answers."""
    for _ in range(9):
        found = await answer(ask())
        if found != "the database does not answer":
            return found
    raise AssertionError("it never answers")


async def test_replaced() -> None:
    """A frozen server is told as one that does not answer; its standby goes on in its place."""
    from twisted.internet import reactor

    with Engine.start() as primary, primary.standby() as standby:
        database = ClusterDatabase(reactor, multi_host_url(primary, standby))
        database.open(SCHEMA)
        try:
            await answer(database.write(note("before")))
            primary.freeze()
            asked = [database.read(noted), database.write(note("meanwhile"))]
            for done in asked:
                assert await answer(done) == "the database does not answer"
            standby.promote()
            assert await until_answered(lambda: database.read(noted)) == ["before"]
            await until_answered(lambda: database.write(note("after")))
            await until_answered(lambda: database.scan(noted, 1.0))
            assert await until_answered(lambda: database.read(noted)) == ["after", "before"]
        finally:
            database.close()
