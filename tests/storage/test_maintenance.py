"""A chat without a database file: within its bounds, without threads, timers and gaps."""

from __future__ import annotations

import threading
from dataclasses import replace

from twisted.internet.task import Clock

from chatservice.chat.permissions import Permissions
from chatservice.protocol.actions import Announced
from chatservice.protocol.events import Event, Joined, Left, Said
from chatservice.server import ChatFactory
from chatservice.storage import maintenance
from chatservice.storage.actlog import KEPT_FOR
from chatservice.storage.indexing import ERASE_STEP
from chatservice.storage.maintenance import ROUND, _bounds_in_memory
from tests.conversation import ConversationCase
from tests.doubles import PlainPasswords
from tests.journals import JournalInMemory, rows, stored

HOUR = 3600


class PlainChatCase(ConversationCase):
    """A chat that was given nothing but a reactor and settings."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")

    def begins(self) -> None:
        """Begin again, with what was patched."""
        self.open_chat()
        self.ada = self.at_text("ada")

    def says(self, count: int, text: str = "hi") -> None:
        for _ in range(count):
            self.ada.types(text)

    def count(self, table: str) -> int:
        found: int = rows(self.journal, f"SELECT count(*) FROM {table}")[0][0]
        return found

    def store(self, *events: Event) -> None:
        self.successResultOf(self.journal.store(events))


class BoundsTests(PlainChatCase):
    """What is kept in memory."""

    def test_lines(self) -> None:
        """A room has so many lines at most, and the newest; also if more are asked for."""
        self.patch(maintenance, "LINES", 150)
        self.rules = replace(self.rules, keep_lines=99_999)
        self.begins()
        self.says(10 * ROUND)
        self.assertLessEqual(self.count("events"), 150 + ROUND)
        self.assertEqual(stored(self.journal)[-1].id, self.chat.ids.last)

    def test_lines_wanted(self) -> None:
        """There are that many if no other number is asked for, or a smaller one."""
        for wanted, kept in ((0, 10_000), (500, 500), (99_999, 10_000)):
            permissions = Permissions((), lambda: 0, keep_lines=wanted)
            self.assertEqual(_bounds_in_memory(permissions, "lobby"), (0, kept))

    def test_bytes(self) -> None:
        """All takes so much memory at most; what goes is the oldest."""
        most = 4 * 1024 * 1024
        self.patch(maintenance, "ALL_BYTES", most)
        self.begins()
        self.says(2000, "x" * 3000)
        used = self.count("events") * 3000
        self.assertTrue(most // 2 < used < most + ROUND * 4000, used)
        self.assertEqual(stored(self.journal)[-1].id, self.chat.ids.last)

    def test_age(self) -> None:
        """What is older than lines are kept goes as well."""
        self.rules = replace(self.rules, keep=HOUR)
        self.begins()
        self.says(1, "old")
        self.clock.advance(2 * HOUR)
        self.ada = self.at_text("bob")
        self.says(2 * ROUND)
        self.assertNotIn("old", [each.text for each in stored(self.journal)])

    def test_people(self) -> None:
        """Where people were is forgotten of those who are away longest, and of nobody else."""
        self.patch(maintenance, "PEOPLE", 5)
        self.begins()
        now = self.chat.ids.last
        count = ERASE_STEP + 10
        for number in range(count):
            who = number.to_bytes(16, "big")
            room, start = f"room{number}", now + 10 * number
            facts = {"nick": "guest", "identity": who}
            self.store(
                Joined(id=start + 1, room=room, **facts),
                Said(id=start + 2, room=room, text="hi", mark=who, **facts),
                Left(id=start + 3, goodbye=True, why="", rooms=(room,), **facts),
            )
            self.journal.move_mark(who, b"other", "other", start)
        self.chat.ids.start_above(now + 10 * count)
        self.says(2 * ROUND)
        away = {(count - number).to_bytes(16, "big") for number in range(1, 6)}
        here = {self.chat.roster["ada"].identity}
        found = {who for (who,) in rows(self.journal, "SELECT DISTINCT identity FROM places")}
        self.assertEqual(found, away | here)
        found = {who for (who,) in rows(self.journal, "SELECT DISTINCT identity FROM refs")}
        self.assertEqual(found, away)
        found = {who for (who,) in rows(self.journal, "SELECT DISTINCT identity FROM marks")}
        self.assertEqual(found, away)

    def test_refs(self) -> None:
        """So many requests are known again at most, and the last ones."""
        self.patch(maintenance, "REFS", 3)
        self.begins()
        count = ERASE_STEP + 10
        start, facts = self.chat.ids.last, {"nick": "eve", "identity": b"eve"}
        self.store(
            *(
                Said(id=start + number, room="x", text="hi", mark=b"%d" % number, **facts)
                for number in range(1, count + 1)
            )
        )
        self.chat.ids.start_above(start + count)
        self.says(2 * ROUND)
        ids = [id for (id,) in rows(self.journal, "SELECT id FROM refs ORDER BY id")]
        self.assertEqual(ids, [start + count - 2, start + count - 1, start + count])

    def test_acts(self) -> None:
        """What operators did is forgotten when it is old and holds no more."""
        self.at_text("eve")
        (ada,) = self.chat.roster["ada"].devices
        self.chat.acting.act(ada, Announced(text="tea"))
        self.clock.advance(0)
        self.assertEqual(self.count("acts"), 1)
        self.clock.advance(KEPT_FOR // 1_000_000 + HOUR)
        self.ada = self.at_text("bob")
        self.says(2 * ROUND)
        self.assertEqual(self.count("acts"), 0)


class PlainChatTests(PlainChatCase):
    """How a chat without a file behaves besides."""

    def test_indexed(self) -> None:
        """What is said is indexed soon, so that a search has little left to do."""
        self.says(3 * ROUND)
        ((up_to,),) = rows(self.journal, "SELECT id FROM indexed")
        self.assertGreaterEqual(up_to, stored(self.journal)[2 * ROUND - 10].id)

    def test_nothing_goes_on(self) -> None:
        """There is no thread, and no timer."""
        threads = threading.active_count()
        self.begins()
        self.says(3 * ROUND)
        self.ada.types("/search hi")
        self.ada.types("/quit")
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(threading.active_count(), threads)

    def test_journal_of_somebody_else(self) -> None:
        """A journal that is given to the chat is looked after by whoever gave it."""
        self.patch(maintenance, "LINES", 10)
        self.open_chat(JournalInMemory())
        self.ada = self.at_text("ada")
        self.says(3 * ROUND)
        self.assertEqual(self.count("events"), 3 * ROUND)

    def test_accounts(self) -> None:
        """Accounts are in the same database, so that where their owners were is kept for long."""
        chat = ChatFactory(Clock())
        chat.accounts.passwords = PlainPasswords()
        self.successResultOf(chat.accounts.register("ada", b"former", "correct-horse", "here"))
        self.assertEqual(rows(chat.journal, "SELECT nick FROM accounts"), [("ada",)])
