"""Everything of one identity moved to another: in the journals, and in a file of version 2."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatservice.chat.read_markers import ReadMarker
from chatservice.people.accounts import Accounts
from chatservice.people.identity import identity_of
from chatservice.protocol.actions import Banned, Founded, Invited, OperatorAct, Opped, Voiced
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import LATEST, Joined, Left, TopicChanged
from chatservice.storage import identities
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.journal import DatabaseJournal
from tests.conversation import TOKEN
from tests.databases import DatabaseJournalTestCase, DatabaseTestCase, JournalCase
from tests.doubles import PlainPasswords
from tests.recording import ADA, BOB, line, private_line
from tests.registered import HOME, NOW

SECRET = "correct-horse"
NEW = b"a new identity.."
SCHEMA_2 = (
    (Path(__file__).parents[2] / "chatservice" / "storage" / "schema.sql")
    .read_text("utf-8")
    .partition("-- version 3")[0]
)


class MovingContract(JournalCase):
    """Moving from one identity to another."""

    def test_moved(self) -> None:
        """Lines, private ones, the topic, places and acts, by and about the one; nobody else's."""
        self.append(
            Joined(id=1, nick="ada", room="lobby", identity=ADA),
            line(2, "mine"),
            line(3, "bob's", identity=BOB),
            private_line(4, "ada", "bob"),
            private_line(5, "bob", "ada"),
            private_line(6, "bob", "eve"),
            TopicChanged(id=7, nick="ada", room="lobby", text="tea", identity=ADA),
            Founded(id=8, nick="ada", room="den", identity=ADA),
            Banned(id=9, nick="bob", room="attic", target="ada", target_identity=ADA, identity=BOB),
        )
        self.append(replace(line(10), mark=b"m"))
        self.become()
        self.assertEqual(self.successResultOf(self.journal.refs(ADA)), [])
        self.assertEqual(len(self.successResultOf(self.journal.refs(NEW))), 1)
        exported = self.successResultOf(self.journal.export(NEW))
        self.assertEqual(len(exported.lines), 10)
        self.assertEqual(self.ids(NEW), [4, 5])
        self.assertEqual(self.ids(ADA), [])
        self.assertEqual(self.ids(BOB), [4, 5, 6])
        self.assertEqual(self.successResultOf(self.journal.places(ADA)), [])
        rooms = [place.room for place in self.successResultOf(self.journal.places(NEW))]
        self.assertEqual(rooms, ["", "lobby"])
        acts = self.successResultOf(self.journal.modlog(None, LATEST, 9))
        self.assertEqual([act.identity for act in acts], [NEW, BOB])
        self.assertEqual([act.target_identity for act in acts], [b"", NEW])
        erased = self.successResultOf(self.journal.forget(NEW))
        self.assertEqual(erased, 4)

    def test_known_already(self) -> None:
        """Where somebody is under the new identity already stays."""
        self.append(
            Joined(id=1, nick="ada", room="lobby", identity=ADA),
            Joined(id=2, nick="ada", room="den", identity=ADA),
        )
        self.become(last=False)
        rooms = ("lobby", "den")
        self.append(
            Left(id=3, nick="eve", goodbye=True, why="", rooms=rooms, identity=NEW),
            Joined(id=4, nick="ada", room="attic", identity=ADA),
        )
        self.become()
        places = self.successResultOf(self.journal.places(NEW))
        self.assertEqual([place.nick for place in places if place.room in rooms], ["eve", "eve"])
        self.assertEqual([place.seen for place in places if not place.room], [3])

    def become(self, former: bytes = ADA, last: bool = True) -> None:
        self.assertIsNone(self.successResultOf(self.journal.become(former, NEW, last)))

    def authors(self) -> list[bytes]:
        return [author for (author,) in self.rows("SELECT author FROM events ORDER BY id")]

    def rows(self, sql: str, *given: bytes) -> list[Any]:
        work = self.database_.write(lambda connection: connection.execute(sql, given).fetchall())
        rows: list[Any] = self.successResultOf(work)
        return rows


class MovingTests(MovingContract, DatabaseJournalTestCase):
    """Moving in an SQLite file."""

    def test_in_steps(self) -> None:
        """However much was said, it is moved a little at a time."""
        self.patch(identities, "STEP", 3)
        self.append(*(line(id) for id in range(1, 20)))
        transactions: list[Any] = []
        transact = self.database_._transact
        self.patch(
            self.database_, "_transact", lambda work: transactions.append(work) or transact(work)
        )
        self.become()
        # One to begin, seven with lines, one that finds none, and one to end.
        self.assertEqual(len(transactions), 10)
        self.assertEqual(self.authors(), [NEW] * 19)

    def test_interrupted(self) -> None:
        """What a run did not come to is done by the next one, before anything is read."""
        facts: Any = {"nick": "eve", "room": "den", "target": "ada", "target_identity": ADA}
        self.append(line(1), Opped(id=2, **facts))
        self.successResultOf(self.journal.become(ADA, NEW, False))
        self.append(line(3), Voiced(id=4, **facts))
        journal = DatabaseJournal(self.database_)
        journal.open()
        self.assertEqual(self.authors(), [NEW, NEW])
        acts: list[OperatorAct] = []
        journal.recall(acts.append)
        self.assertEqual([act.target_identity for act in acts], [NEW, NEW])
        self.assertEqual(self.rows("SELECT * FROM moving"), [])

    def test_moved_twice(self) -> None:
        """What moves on while it moves gets to where it ends."""
        self.append(line(1), Invited(id=2, nick="eve", room="x", target="a", target_identity=ADA))
        self.append(Joined(id=3, nick="ada", room="lobby", identity=ADA))
        for former, now in ((ADA, BOB), (BOB, NEW)):
            self.rows("INSERT INTO moving VALUES (?, ?)", former, now)
        journal = DatabaseJournal(self.database_)
        journal.open()
        self.assertEqual(self.authors(), [NEW])
        acts: list[OperatorAct] = []
        journal.recall(acts.append)
        self.assertEqual([act.target_identity for act in acts], [NEW])
        self.assertEqual(self.rows("SELECT DISTINCT identity FROM places"), [(NEW,)])

    def test_registered(self) -> None:
        """An account is stored with what is to be moved to it: a crash right then loses nothing."""
        self.append(line(1))
        accounts = Accounts(
            PlainPasswords(), lambda: 0.0, lambda: NOW, StoredAccounts(self.database_)
        )
        account = self.successResultOf(accounts.register("ada", ADA, SECRET, HOME))
        journal = DatabaseJournal(self.database_)
        journal.open()
        self.assertEqual(self.authors(), [account.identity])

    def test_given_up(self) -> None:
        """So is what belongs to nobody's account any more, with its removal."""
        accounts = Accounts(
            PlainPasswords(), lambda: 0.0, lambda: NOW, StoredAccounts(self.database_)
        )
        account = self.successResultOf(accounts.register("ada", ADA, SECRET, HOME))
        self.append(replace(line(1), identity=account.identity))
        self.successResultOf(accounts.remove(account, NEW))
        DatabaseJournal(self.database_).open()
        self.assertEqual(self.authors(), [NEW])

    def test_full(self) -> None:
        """A disk that is full is told as any other."""
        error = sqlite3.OperationalError()
        error.sqlite_errorcode = sqlite3.SQLITE_FULL

        def full(work: Any) -> Any:
            raise error

        self.patch(self.database_, "_transact", full)
        self.failureResultOf(self.journal.become(ADA, NEW, True), StorageError)


class UpgradeTests(DatabaseTestCase, JournalCase):
    """A file of version 2, in which ada's account goes by the hash of a token."""

    def setUp(self) -> None:
        super().setUp()
        raw = sqlite3.connect(self.folder / "chat.sqlite3")
        raw.executescript(SCHEMA_2)
        raw.executescript("PRAGMA application_id = 0x43484154; PRAGMA user_version = 2;")
        former = identity_of(TOKEN)
        good = identity_of("a newer token").hex()
        for nick, identity, tokens in (("ada", former, [good]), ("eve", b"e" * 16, [])):
            raw.execute(
                "INSERT INTO accounts VALUES (?, ?, ?, ?, 1, '{}', '{}', '[]', ?)",
                (nick, nick, identity, f"plain:{SECRET}", json.dumps(tokens)),
            )
        raw.execute("INSERT INTO events VALUES (1, 'said', 'lobby', 'ada', 'hi', '', ?)", (former,))
        raw.execute("INSERT INTO events VALUES (2, 'said', 'lobby', 'bob', 'ho', '', ?)", (BOB,))
        both = (BOB, former)
        raw.execute("INSERT INTO whispers VALUES (3, 'bob', 'ada', ?, ?, 'psst', '')", both)
        raw.execute("INSERT INTO places VALUES (?, 'lobby', 'ada', 1, 9)", (former,))
        raw.execute("INSERT INTO topics VALUES ('lobby', 4, 'ada', 'tea', ?)", (former,))
        raw.execute(
            "INSERT INTO acts VALUES (5, 'founded', 'den', 'ada', ?, '', x'', '', 0, '')", (former,)
        )
        raw.commit()
        raw.close()
        self.former = former
        database = self.opened()
        self.journal = DatabaseJournal(database)
        self.journal.open()
        self.accounts = Accounts(
            PlainPasswords(), lambda: 0.0, lambda: NOW, StoredAccounts(database)
        )
        self.accounts.load()

    def test_identity(self) -> None:
        """She has a new one, and all that is hers goes by it."""
        account, eve = self.accounts.named("ada"), self.accounts.named("eve")
        assert account is not None
        assert eve is not None
        self.assertEqual(len({account.identity, eve.identity, self.former, b"e" * 16}), 4)
        exported = self.successResultOf(self.journal.export(account.identity))
        self.assertEqual(len(exported.lines), 5)
        self.assertEqual(self.ids(account.identity), [3])
        self.assertEqual(self.journal.topics["lobby"].identity, account.identity)
        acts: list[OperatorAct] = []
        self.journal.recall(acts.append)
        self.assertEqual(acts[0].identity, account.identity)
        places = [ReadMarker("lobby", "ada", 1, 9)]
        self.assertEqual(self.successResultOf(self.journal.places(account.identity)), places)
        nothing = self.successResultOf(self.journal.export(self.former))
        self.assertEqual(len(nothing.lines), 2)

    def test_tokens(self) -> None:
        """The token that she went by is spent, and those that prove the account still do."""
        self.assertTrue(self.successResultOf(self.accounts.is_spent(TOKEN)))
        self.assertFalse(self.successResultOf(self.accounts.is_spent("a newer token")))
        self.assertIs(self.accounts.proven_by("a newer token"), self.accounts.named("ada"))

    def test_others(self) -> None:
        """Who has no account keeps what there is."""
        exported = self.successResultOf(self.journal.export(BOB))
        self.assertEqual(len(exported.lines), 4)
