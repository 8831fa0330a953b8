"""C{/forget} leaves nothing on the disk, and C{/export} leaves nothing out: table by table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.database import Database
from chatservice.storage.journal import DatabaseJournal
from tests.conversation import DOORS, ConversationCase, JsonPerson, TextPerson
from tests.databases import DatabaseTestCase

SECRET = "correct-horse-battery"
NICK = "xylanthia"
WORDS = ["zwieblhof", "quixotarium", "jabberfrumious", "mimsyborogoves", "topicalissimo"]


@dataclass(frozen=True)
class Table:
    """What a table has to do with people.

    @ivar exported: the types of lines of C{/export} that show what is somebody's in it.
    @ivar erased: whether C{/forget} erases that; what stays is told in docs/operations.rst.
    """

    exported: tuple[str, ...] = ()
    erased: bool = True


NOBODYS = Table()

# A new table fails the tests below until it stands here: is anything in it somebody's?
TABLES = {
    "ids": NOBODYS,
    "events": Table(("said", "acted", "noticed", "topic_changed")),
    "whispers": Table(("whispered",)),
    "topics": Table(("topics",)),
    "accounts": Table(("account",)),
    "places": Table(("places",)),
    "acts": Table(("kicked",), erased=False),
    "pruned": NOBODYS,
    "words": NOBODYS,
    "indexed": NOBODYS,
    "refs": Table(("refs",)),
    "marks": Table(("marks",)),
    "spent": NOBODYS,
    "secret": NOBODYS,
    "moving": NOBODYS,
}
SHADOWS = {f"words_{kind}" for kind in ("data", "idx", "config")}
"""What FTS5 keeps of C{words}."""


class FileCase(DatabaseTestCase, ConversationCase):
    """A chat with a file."""

    def setUp(self) -> None:
        DatabaseTestCase.setUp(self)
        ConversationCase.setUp(self)
        self.start()

    def start(self) -> None:
        self.database_: Database = self.database()
        self.database_.open()
        journal = DatabaseJournal(self.database_)
        journal.open()
        self.open_chat(journal)
        self.chat.accounts._store = StoredAccounts(self.database_)
        self.chat.accounts.load()
        self.chat.restore()
        self.is_open = True
        self.addCleanup(self.stop)

    def stop(self) -> None:
        """A clean stop."""
        if not self.is_open:
            return
        self.is_open = False
        stopped = self.chat.shut_down(1.0)
        self.clock.advance(0)
        for door in list(self.chat.sessions):
            door.connection.transport.gets()
        self.successResultOf(stopped)
        self.successResultOf(self.journal.close())
        self.database_.close()

    def index(self) -> None:
        while self.successResultOf(self.journal.index()):
            pass

    def found(self, *words: str) -> list[tuple[str, str]]:
        """Which of these stand in which of the files."""
        return [
            (path.name, word)
            for path in sorted(self.folder.iterdir())
            for word in words
            if word.encode() in path.read_bytes()
        ]

    def rows(self, sql: str) -> list[Any]:
        return self.database_.at_start(lambda connection: connection.execute(sql).fetchall())

    def mark(self, reader: str, other: str) -> None:
        """Have somebody read what somebody else said in private."""
        by, whom = self.chat.roster[reader].devices[0], self.chat.roster[other]
        self.successResultOf(self.chat.marks.note_read_with(by, whom, 1))

    def at(self, door: str, nick: str) -> Any:
        person = TextPerson(self.connect()) if door == "text" else JsonPerson(self.connect())
        if door == "text":
            person.types(nick)
        else:
            person.asks("hello", nick=nick)
        person.sees()
        return person


class BytesTests(FileCase):
    """The bytes of every file."""

    def talk(self, door: str, then: Callable[[Any], None] = lambda person: None) -> Any:
        """Somebody leaves something in every table, and others talk before and after."""
        bob = self.at("json", "bob")
        # Or whoever has an account would own the room, and that stays.
        bob.types("/join attic")
        bob.types("/join lobby")
        for number in range(40):
            bob.types(f"before {number} " + f"word{number} " * 9)
        self.index()
        person = self.at(door, NICK)
        then(person)
        person.types(f"the {WORDS[0]} is out")
        person.types(f"/me likes {WORDS[1]}")
        person.types(f"/msg bob {WORDS[2]}")
        self.index()
        person.types("/join attic")
        person.types(f"/topic {WORDS[4]}")
        person.types("/join lobby")
        self.mark(NICK, "bob")
        self.mark("bob", NICK)
        bob.types(f"/msg {NICK} as you like")
        for number in range(40):
            bob.types(f"after {number} " + f"word{number} " * 9)
        person.types(f"not indexed yet: {WORDS[3]}")
        person.sees()
        self.assertEqual(
            sorted({word for _, word in self.found(NICK, *WORDS)}), sorted([NICK, *WORDS])
        )
        return person

    def check_gone(self, *more: str) -> None:
        """Nothing of it is in any file: while the chat runs, and after it has stopped."""
        self.assertEqual(self.found(*WORDS, NICK, *more), [])
        self.assertNotEqual(self.found("word39"), [])
        self.stop()
        self.assertEqual(self.found(*WORDS, NICK, *more), [])
        self.assertNotEqual(self.found("word39"), [])

    def identity(self) -> bytes:
        (member,) = (one for one in self.chat.roster.values() if one.nick == NICK)
        return member.identity

    def check_identity(self, identity: bytes) -> None:
        for path in self.folder.iterdir():
            self.assertNotIn(identity, path.read_bytes(), path.name)

    def test_guest(self) -> None:
        """Of a guest, at either door, who is there still when the chat stops."""
        for door in DOORS:
            person = self.talk(door)
            identity = self.identity()
            person.types("/forget everything")
            self.assertTrue(any("everything is erased" in str(each) for each in person.sees()))
            self.check_identity(identity)
            self.check_gone()
            self.check_identity(identity)
            self.start()

    def test_who_leaves(self) -> None:
        """Of who says goodbye, and of whose connection is lost, afterwards."""
        self.rules.linger = 30
        for goes in ("hangs_up", "vanishes"):
            person = self.talk("json")
            person.types("/forget everything")
            person.wire.gets()
            getattr(person.wire, goes)()
            self.clock.advance(0)
            self.check_gone()
            self.start()

    def test_account(self) -> None:
        """Of somebody with an account: that too, with its password and where it was proved."""
        self.rules.linger = 0
        register = f"/register {SECRET}"
        person = self.talk("json", lambda person: person.types(register))
        identity = self.identity()
        self.assertNotEqual(self.found(f"plain:{SECRET}", "192.0.2.1"), [])
        person.types(f"/forget {SECRET}")
        person.sees()
        self.check_identity(identity)
        self.check_gone(f"plain:{SECRET}", "192.0.2.1")
        self.check_identity(identity)

    def test_goes_on(self) -> None:
        """What is said afterwards is kept, and where one goes afterwards."""
        person = self.talk("json")
        person.types("/forget everything")
        person.types("after that")
        person.types("/join cellar")
        person.sees()
        person.wire.hangs_up()
        self.clock.advance(0)
        said = self.rows(f"SELECT text FROM events WHERE nick = '{NICK}'")
        self.assertEqual(said, [("after that",)])
        self.assertEqual(
            self.rows(f"SELECT room FROM places WHERE nick = '{NICK}' ORDER BY room"),
            [("",), ("cellar",)],
        )

    def test_another_identity(self) -> None:
        """Who was forgotten and logs in is somebody who was not."""
        eve = self.at("json", "eve")
        eve.types(f"/register {SECRET}")
        eve.wire.hangs_up()
        self.clock.advance(0)
        person = self.at("json", NICK)
        person.types("/forget everything")
        person.types(f"/login eve {SECRET}")
        self.assertEqual([one.nick for one in self.chat.roster.values()], ["eve"])
        (member,) = self.chat.roster.values()
        member.reading.begin("lobby", 1)
        person.wire.hangs_up()
        self.clock.advance(0)
        self.assertIn(("",), self.rows("SELECT room FROM places WHERE nick = 'eve'"))

    def test_leaving_meanwhile(self) -> None:
        """Who leaves while the rest of it is done is not noted either."""
        person = self.at("json", NICK)
        person.types(f"/register {SECRET}")
        moved: Deferred[None] = Deferred()
        self.patch(self.journal, "become", lambda *_: moved)
        person.types(f"/forget {SECRET}")
        person.wire.hangs_up()
        self.clock.advance(0)
        moved.callback(None)
        self.assertEqual(self.rows(f"SELECT room FROM places WHERE nick = '{NICK}'"), [])

    def test_in_memory(self) -> None:
        """What the chat itself remembers is gone as well."""
        person = self.talk("json")
        person.types("/forget everything")
        said = [event.text for room in self.chat.rooms.values() for event in room.recent]
        self.assertEqual([text for text in said for word in WORDS if word in text], [])
        self.assertEqual(dict(self.chat.topics), {})

    def test_waits_together(self) -> None:
        """Several who are forgotten at the same time have the index merged once."""
        self.talk("json")
        merges: list[object] = []
        merge = self.journal._index._wipe
        self.patch(
            self.journal._index, "_wipe", lambda: merges.append(1) or merge()
        )
        held = self.successResultOf(self.journal._index._wiping.acquire())
        wipes = [self.journal.wipe() for _ in range(3)]
        held.release()
        for wipe in wipes:
            self.successResultOf(wipe)
        self.assertEqual(len(merges), 1)

    def test_log_in_use(self) -> None:
        """If something reads the log all the time, the operator is told."""
        self.patch(self.database_, "empty_log", lambda: self.database_.read(lambda _: False))
        with capturedLogs() as logged:
            self.successResultOf(self.journal.wipe())
        (entry,) = logged
        why = "Erased text stays in the write-ahead log while somebody reads that."
        self.assertEqual(formatEvent(entry), why)

    def test_after_a_crash(self) -> None:
        """What a run could not finish the next one does with its upkeep."""
        self.talk("json")
        identity = self.identity()
        self.successResultOf(self.journal.forget(identity))
        self.assertNotEqual(self.found(WORDS[0]), [])
        self.index()
        self.stop()
        self.assertEqual(self.found(*WORDS), [])

    def test_stopped_meanwhile(self) -> None:
        """What is not tidied up when the chat stops is tidied up in the next run."""
        self.talk("json")
        self.successResultOf(self.journal.forget(self.identity()))
        self.stop()
        self.start()
        self.index()
        self.successResultOf(self.journal.wipe())
        self.assertEqual(self.found(*WORDS), [])


class TablesTests(FileCase):
    """Every table of the schema."""

    def test_all_are_known(self) -> None:
        """There is no table of which it is not said what in it is somebody's."""
        tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        self.assertEqual({name for (name,) in tables} - SHADOWS, set(TABLES))

    def test_exported_and_erased(self) -> None:
        """What is somebody's in a table is in the export, and is erased if it does not stay."""
        self.rules.operators = frozenset({NICK})
        self.stop()
        self.start()
        bob, ada = self.at("json", "bob"), JsonPerson(self.connect("127.0.0.1"))
        ada.asks("hello", nick=NICK)
        for typed in (
            f"/register {SECRET}",
            "hi",
            "/me waves",
            "/notice #lobby tea",
            "/topic tea",
            "/msg bob psst",
            "/join attic",
            "/topic attics",
        ):
            ada.types(typed, "ref")
        bob.types("/join attic")
        self.mark(NICK, "bob")
        ada.types("/kick bob out")
        ada.sees()
        ada.types("/export")
        exported = [
            json.loads(text)["type"] for facts in ada.sees() for text in facts.get("lines", ())
        ]
        for name, table in TABLES.items():
            for kind in table.exported:
                self.assertIn(kind, exported, name)
        account = self.chat.accounts.named(NICK)
        assert account is not None
        identity = account.identity
        self.chat.permissions._operators = frozenset()
        ada.types(f"/forget {SECRET}")
        ada.sees()
        for name, table in TABLES.items():
            if table.exported:
                rows = self.rows(f"SELECT * FROM {name}")
                stays = any(identity in row or NICK in row for row in rows)
                self.assertEqual(stays, not table.erased, (name, rows))
