"""The archive of a cluster does what that of a single chat does."""

from __future__ import annotations

import json

from chatservice.chat.journal import Missed, Target
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import LATEST
from chatservice.protocol.query import parse
from tests.clustered import ClusterArchiveCase
from tests.databases import JournalCase
from tests.recording import ADA, BOB, line, private_line
from tests.storage.test_actlog import DeletedContract, SameContract
from tests.storage.test_export import PersonalContract
from tests.storage.test_identities import MovingContract
from tests.storage.test_journal import JournalContract
from tests.storage.test_journal_people import PeopleContract
from tests.storage.test_pruning import PruningContract, StepContract
from tests.storage.test_search import SearchContract
from tests.storage.test_search_scripts import ScriptsContract
from tests.storage.test_targets import PageContract, TargetContract


class JournalTests(JournalContract, ClusterArchiveCase):
    """What was said, on pages."""


class PeopleTests(PeopleContract, ClusterArchiveCase):
    """What is known about people."""


class PageTests(PageContract, ClusterArchiveCase):
    """Pages of the private lines with one person."""


class TargetTests(TargetContract, ClusterArchiveCase):
    """The conversations between two moments."""


class PersonalTests(PersonalContract, ClusterArchiveCase):
    """What is given out about somebody, and erased."""


class MovingTests(MovingContract, ClusterArchiveCase):
    """Moving from one identity to another."""


class SearchTests(SearchContract, ClusterArchiveCase):
    """Searching for words."""


class ScriptsTests(ScriptsContract, ClusterArchiveCase):
    """What searching finds in every script."""

    def tokens(self) -> list[str]:
        sql = "SELECT word FROM ts_stat('SELECT tokens FROM words')"
        return self.database_.at_start(
            lambda connection: [token for (token,) in connection.execute(sql)]
        )


class PruningTests(PruningContract, ClusterArchiveCase):
    """What is pruned."""


class StepTests(StepContract, ClusterArchiveCase):
    """How much one step prunes."""


class DeletedTests(DeletedContract, ClusterArchiveCase):
    """Which acts of operators are deleted."""


class SameTests(SameContract, ClusterArchiveCase):
    """Whatever was done, what is kept comes to the same."""


class BoundTests(ClusterArchiveCase, JournalCase):
    """An archive that is ahead of what its node has delivered."""

    def setUp(self) -> None:
        super().setUp()
        self.last = 4
        self.journal = self.archive(lambda: self.last)

    def append_all(self) -> None:
        """Append two of everything up to the last one, and as many after it."""
        for id in (2, 4, 6, 8):
            self.append(
                line(id - 1, "bees", identity=BOB),
                private_line(id, "bob", "ada"),
                Kicked(id=id, nick="ada", identity=ADA, room="lobby", target="eve"),
            )

    def test_pages(self) -> None:
        """Nothing that is not delivered yet is on a page, counted or found."""
        self.append_all()
        self.assertEqual((self.ids(), self.ids(after=1)), ([1, 3], [3]))
        self.assertEqual((self.ids(ADA), self.ids(ADA, before=3)), ([2, 4], [2]))
        missed = self.journal.missed("lobby", 0, LATEST, "ada", ADA)
        self.assertEqual(self.successResultOf(missed), Missed(2, 0, False))
        for words in ("bees", "from:ada"):
            found = self.successResultOf(self.journal.search(parse(words), ["lobby"], 9))
            self.assertEqual([event.id for event in found.events], [1, 3])
        acts = self.successResultOf(self.journal.modlog(None, LATEST, 9))
        self.assertEqual([act.id for act in acts], [2, 4])
        self.last = 9
        self.assertEqual(self.ids(), [1, 3, 5, 7])

    def test_export(self) -> None:
        """Nor is it exported."""
        self.append_all()
        page = self.successResultOf(self.journal.export(ADA, 2))
        self.assertEqual([json.loads(text)["id"] for text in page.lines], [4, 4])
        self.assertIsNone(page.next)

    def test_targets(self) -> None:
        """The latest event of a conversation is the latest that was delivered."""
        self.append_all()
        self.append(private_line(9, "eve", "ada"))
        found = self.journal.targets(ADA, ["lobby"], 0, LATEST, 9, False)
        bob = Target(id=4, nick="bob", identity=BOB)
        self.assertEqual(self.successResultOf(found), [Target(id=3, room="lobby"), bob])
