"""Every table of a cluster: what in it is somebody's is erased, or it is known why not."""

from __future__ import annotations

from typing import Any

from chatservice.cluster.accounts import ClusterAccounts
from chatservice.people.account import Account
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import Joined, TopicChanged
from tests.clustered import ClusterArchiveCase
from tests.databases import JournalCase
from tests.recording import ADA, BOB, line, private_line
from tests.registered import NOW
from tests.storage.test_forgetting import TABLES

OF_A_FILE = {"ids"}
# A new table fails the tests below until it stands here: is anything in it somebody's?
OF_A_CLUSTER = {
    "chatservice": "the version",
    "tries": "addresses and nicknames, for an hour",
    "head": "the last id",
    "log": "what was said, for ten minutes",
    "nodes": "nothing of people",
    "members": "people, while they are here",
    "here": "where they are",
    "names": "nicknames and identities of people who are here",
    "owners": "owners of rooms, by the acts",
    "passing_acts": "acts, while people are in the room",
}
STAYING = {"acts"}


class TablesTests(ClusterArchiveCase, JournalCase):
    """The tables of the schema."""

    def rows(self, sql: str) -> list[Any]:
        return self.database_.at_start(lambda connection: connection.execute(sql).fetchall())

    def tables(self) -> list[str]:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return [name for (name,) in self.rows(sql)]

    def with_ada(self) -> set[str]:
        """The tables in which there is something of hers."""
        rows = {name: self.rows(f"TABLE {name}") for name in self.tables()}
        return {name for name, found in rows.items() if any(ADA in row for row in found)}

    def test_all_are_known(self) -> None:
        """There is no table of which it is not said what in it is somebody's."""
        self.assertEqual(set(self.tables()), (set(TABLES) - OF_A_FILE) | set(OF_A_CLUSTER))

    def test_erased(self) -> None:
        """Nothing of somebody who is forgotten, and gives up the account, is left but acts."""
        accounts = ClusterAccounts(self.database_)
        account = Account("ada", "ada", ADA, "plain:secret", NOW)
        self.successResultOf(accounts.add(account, None))
        self.append(
            line(1), private_line(2, "ada", "bob"), private_line(3, "bob", "ada"),
            TopicChanged(id=4, nick="ada", room="lobby", text="tea", identity=ADA, mark=b"m"),
            Joined(id=5, nick="ada", room="lobby", identity=ADA),
            Kicked(id=6, nick="ada", identity=ADA, room="lobby", target="eve"),
        )
        for who, other in ((ADA, BOB), (BOB, ADA)):
            self.successResultOf(self.journal.move_mark(who, other, "x", 3))
        used = {name for name, table in TABLES.items() if table.exported}
        self.assertEqual(self.with_ada(), used)
        self.successResultOf(accounts.remove(account, [], None))
        self.successResultOf(self.journal.forget(ADA))
        self.successResultOf(self.journal.wipe())
        self.assertEqual(self.with_ada(), STAYING)
