"""Topics are bounded for all, for a person and for an address; the least used give way."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import fail
from twisted.logger import capturedLogs, formatEvent

from chatservice.chat import topics
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import TopicChanged
from chatservice.storage.journal import DatabaseJournal
from tests.conversation import TOKEN, ConversationCase, JsonPerson, TextPerson
from tests.databases import DatabaseJournalTestCase


class TopicsCase(ConversationCase):
    """Small bounds."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(topics, "IN_ALL", 5)
        self.patch(topics, "OF_A_PERSON", 3)
        self.patch(topics, "FROM_AN_ADDRESS", 4)

    def comes(self, nick: str, host: str) -> JsonPerson:
        person = JsonPerson(self.connect(host))
        person.asks("hello", nick=nick)
        person.sees()
        return person

    def sets(self, person: Any, *rooms: str, stay: bool = False) -> list[str]:
        """Somebody sets topics of rooms; gives the errors."""
        errors = []
        for room in rooms:
            person.types(f"/join {room}")
            person.types(f"/topic about {room}")
            errors += [facts["text"] for facts in person.sees() if facts["type"] == "error"]
            if not stay:
                person.types("/part")
        return errors

    def rooms(self) -> list[str]:
        """Those that have a topic."""
        return sorted(self.chat.topics)


class GiveWayTests(TopicsCase):
    """Who gives way."""

    def test_person(self) -> None:
        """Of one person, the least recently used go for the new ones; nobody else's do."""
        ada, bob = self.comes("ada", "192.0.2.1"), self.comes("bob", "192.0.2.2")
        self.assertEqual(self.sets(bob, "b1"), [])
        self.assertEqual(self.sets(ada, "a1", "a2", "a3"), [])
        ada.types("/join a1")
        ada.types("/part")
        self.assertEqual(self.sets(ada, "a4", "a5"), [])
        self.assertEqual(self.rooms(), ["a1", "a4", "a5", "b1"])

    def test_address(self) -> None:
        """Of one address likewise, whoever sets them."""
        bob = self.comes("bob", "192.0.2.2")
        self.sets(bob, "b1")
        for number in range(4):
            guest = self.comes(f"guest{number}", "192.0.2.1")
            self.assertEqual(self.sets(guest, f"a{number}", f"a{number}x"), [])
        self.assertEqual(self.rooms(), ["a2", "a2x", "a3", "a3x", "b1"])

    def test_all(self) -> None:
        """When there are too many, a new one is set all the same, and the least used goes."""
        for number in range(7):
            person = self.comes(f"p{number}", f"192.0.2.{number}")
            self.assertEqual(self.sets(person, f"r{number}"), [])
        self.assertEqual(self.rooms(), ["r2", "r3", "r4", "r5", "r6"])

    def test_in_use(self) -> None:
        """The topic of a room that somebody is in, or owns, and the lobby's stay."""
        ada = self.comes("ada", "192.0.2.1")
        self.assertEqual(self.sets(ada, "lobby", "a1", "a2", stay=True), [])
        sentence = "you have set 3 topics: clear one first"
        self.assertEqual(self.sets(ada, "a3", stay=True), [sentence])
        self.assertEqual(self.sets(ada, "a1", stay=True), [])
        ada.types("/topic -")
        self.assertEqual(self.sets(ada, "a3", stay=True), [])
        self.assertEqual(self.rooms(), ["a2", "a3", "lobby"])

    def test_owned(self) -> None:
        """The topic of an empty room stays while somebody owns it."""
        ada = self.comes("ada", "192.0.2.1")
        ada.types("/register correct-horse")
        self.assertEqual(self.sets(ada, "a1", "a2", "a3"), [])
        self.assertEqual(self.sets(ada, "a4"), ["you have set 3 topics: clear one first"])
        self.assertEqual(self.rooms(), ["a1", "a2", "a3"])

    def test_at_text(self) -> None:
        """At the text door the sentence is the same."""
        ada = TextPerson(self.connect())
        for line in ("ada", "/topic x", "/join a1", "/topic x", "/join a2", "/topic x"):
            ada.types(line)
        ada.types("/join a3")
        ada.sees()
        ada.types("/topic x")
        self.assertEqual(ada.sees(), ["-- you have set 3 topics: clear one first"])

    def test_from_elsewhere(self) -> None:
        """Too many from an address, or in all, where none can give way, are refused."""
        people = [self.comes(f"p{number}", "192.0.2.1") for number in range(3)]
        self.assertEqual(self.sets(people[0], "a1", "a2", stay=True), [])
        self.assertEqual(self.sets(people[1], "b1", "b2", stay=True), [])
        sentence = "too many topics were set from your address: clear one first"
        self.assertEqual(self.sets(people[2], "c1", stay=True), [sentence])
        other = self.comes("other", "192.0.2.2")
        self.assertEqual(self.sets(other, "o1", stay=True), [])
        sentence = "5 rooms have a topic already: the chat allows no more"
        self.assertEqual(self.sets(other, "o2", stay=True), [sentence])

    def test_many_at_once(self) -> None:
        """Those that are on their way together are held to the bound as well."""
        ada = self.comes("ada", "192.0.2.1")
        for number in range(6):
            ada.types(f"/join a{number}")
            ada.types(f"/topic about a{number}")
            ada.types("/part")
        self.assertLessEqual(len(self.rooms()), 3)

    def test_disk(self) -> None:
        """What stays in the database is told to the operator, and nobody else."""
        self.patch(self.journal, "drop_topics", lambda gone: fail(StorageError("the disk is full")))
        with capturedLogs() as logged:
            self.sets(self.comes("ada", "192.0.2.1"), "a1", "a2", "a3", "a4")
        said = [formatEvent(event) for event in logged]
        self.assertIn("Deleting replaced topics failed: the disk is full.", said)
        self.assertEqual(self.rooms(), ["a2", "a3", "a4"])


class RestartTests(TopicsCase, DatabaseJournalTestCase):
    """Over a restart."""

    def setUp(self) -> None:
        DatabaseJournalTestCase.setUp(self)
        journal = self.journal
        super().setUp()
        self.open_chat(journal)

    def test_gone_from_the_file(self) -> None:
        """What gave way does not come back, and counts for its person still."""
        person = JsonPerson(self.connect())
        person.asks("hello", nick="ada", token=TOKEN)
        person.sees()
        self.sets(person, "a1", "a2", "a3", "a4")
        again = DatabaseJournal(self.database_)
        again.open()
        self.assertEqual(sorted(again.topics), ["a2", "a3", "a4"])
        self.open_chat(again)
        self.chat.restore()
        person = JsonPerson(self.connect())
        person.asks("hello", nick="ada", token=TOKEN)
        person.sees()
        self.sets(person, "a5")
        self.assertEqual(self.rooms(), ["a3", "a4", "a5"])

    def test_only_that_topic(self) -> None:
        """A topic that was set since in the place of one that gave way stays."""
        for id in (1, 2):
            topic = TopicChanged(id=id, nick="ada", room="attic", text=f"{id}")
            self.successResultOf(self.journal.store([topic]))
        self.successResultOf(self.journal.drop_topics([TopicChanged(
            id=1, nick="ada", room="attic", text="1"
        )]))
        again = DatabaseJournal(self.database_)
        again.open()
        self.assertEqual(again.topics["attic"].text, "2")
