"""The upkeep of a cluster."""

from __future__ import annotations

from functools import partial

from chatservice.chat.permissions import Permissions
from chatservice.chat.refs import Noted
from chatservice.cluster.archive import END_AFTER
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.upkeep import steps_of
from chatservice.protocol.events import Joined
from chatservice.storage.identities import Identities, _begin
from chatservice.storage.maintenance import Rounds
from tests.clustered import ClusterArchiveCase, StoringArchive, end, session_of
from tests.databases import JournalCase
from tests.recording import ADA, BOB, EVE, line

NOW = 1_763_712_000_000_000


class UpkeepTests(ClusterArchiveCase, JournalCase):
    """Two nodes with their upkeep."""

    def setUp(self) -> None:
        super().setUp()
        permissions = Permissions([], lambda: NOW)
        permissions.bounds = lambda room: (0, 2)
        self.databases = [self.database_, self.opened()]
        self.archives = [self.on(database) for database in self.databases]
        self.rounds = [
            Rounds(steps_of(database, archive, permissions, lambda: NOW, lambda: True))
            for database, archive in zip(self.databases, self.archives, strict=True)
        ]

    def on(self, database: ClusterDatabase) -> StoringArchive:
        return StoringArchive(database, lambda: NOW, self.reactor.seconds)

    def go_round(self, node: int) -> None:
        """Let a node do what there is to do."""
        while self.successResultOf(self.rounds[node].step()):
            pass

    def value(self, question: str) -> int:
        work = self.database_.read(lambda connection: connection.execute(question).fetchone())
        (value,) = self.successResultOf(work)
        return value

    def test_by_one(self) -> None:
        """One node prunes and indexes, as long as it is there."""
        self.append(*map(line, range(1, 6)))
        self.go_round(0)
        self.assertEqual((self.ids(), self.value("SELECT id FROM indexed")), ([4, 5], 5))
        self.append(line(6))
        self.go_round(1)
        self.assertEqual(self.ids(), [4, 5, 6])
        session = self.successResultOf(self.database_.write(session_of))
        self.databases[0].close()
        end(session)
        self.database_ = self.databases[1]
        self.journal = self.archives[1]
        self.go_round(1)
        self.assertEqual((self.ids(), self.value("SELECT id FROM indexed")), ([5, 6], 6))

    def test_own(self) -> None:
        """Each node deletes the requests that its people no longer need."""
        self.append(*(line(id, identity=identity) for id, identity in ((1, ADA), (2, BOB))))
        sql = "INSERT INTO refs VALUES (?, 1, ?, 'x', NULL)"
        for archive, identity in zip(self.archives, (ADA, BOB), strict=True):
            work = self.database_.write(
                lambda connection, identity=identity: connection.execute(sql, (identity, b"m"))
            )
            self.successResultOf(work)
            archive.drop_refs(identity, [Noted(line(1))])
        for node in range(2):
            self.assertEqual(self.value("SELECT count(*) FROM refs"), 2 - node)
            self.go_round(node)
        self.assertEqual(self.value("SELECT count(*) FROM refs"), 0)


class MovesTests(ClusterArchiveCase, JournalCase):
    """The ends of moves between identities."""

    def begin(self, former: bytes, now: bytes) -> None:
        """Begin a move, as a node does that ends right after."""
        self.successResultOf(self.database_.write(partial(_begin, former=former, now=now)))

    def steps(self) -> int:
        """Take steps until there is nothing to do; gives how many did something."""
        taken = 0
        while self.successResultOf(self.journal.end_moves()):
            taken += 1
        return taken

    def test_ended(self) -> None:
        """One that is there for a minute is ended by another node, and no other one."""
        self.append(line(1), line(2, identity=BOB), Joined(id=3, nick="ada", room="lobby"))
        self.begin(ADA, EVE)
        self.archive()
        self.assertEqual(self.steps(), 0)
        self.reactor.advance(END_AFTER - 1)
        self.begin(BOB, EVE)
        self.assertEqual(self.steps(), 0)
        self.reactor.advance(1)
        self.assertEqual(self.steps(), 1)
        exported = self.successResultOf(self.journal.export(EVE)).lines
        self.assertEqual(len(exported), 4)
        self.reactor.advance(END_AFTER)
        self.assertEqual(self.steps(), 1)
        self.assertEqual(self.steps(), 0)

    def test_late(self) -> None:
        """What another node commits late under the former identity is moved as well."""
        for last in (False, True):
            self.successResultOf(self.journal.become(ADA, EVE, last))
        self.append(line(1), Joined(id=2, nick="ada", room="lobby", identity=ADA))
        for _ in range(2):
            self.steps()
            self.reactor.advance(END_AFTER)
        places = self.successResultOf(self.journal.places(EVE))
        self.assertEqual([place.room for place in places], ["", "lobby"])
        self.assertEqual(self.successResultOf(self.journal.forget(EVE)), 1)

    def test_ended_meanwhile(self) -> None:
        """One that is ended otherwise is forgotten."""
        self.begin(ADA, EVE)
        self.steps()
        identities = Identities(self.database_)
        self.successResultOf(identities.move(ADA, EVE, last=True))
        self.steps()
        self.reactor.advance(END_AFTER)
        self.begin(ADA, EVE)
        self.assertEqual(self.steps(), 0)
