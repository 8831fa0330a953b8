"""Rooms in which people are at other nodes, and nobody at this one."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatservice.chat.ignoring import Unseen, has_missed
from chatservice.chat.journal import Page, Wanted
from chatservice.cluster.spelling import read, spell
from chatservice.protocol.events import Joined, Said, TopicChanged
from tests.nodes import NodesCase


class UnheardTests(NodesCase):
    """Ada is at one node; bob is at another one, and talks in #tea."""

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.types(self.bob, "/join tea", "one")
        self.all_see()

    def is_heard(self) -> bool:
        """Whether ada's node reads what is said there."""
        return self.here.chat.rooms.is_heard("tea")

    def remembered(self) -> list[str]:
        """The words that ada's node remembers of it."""
        return [getattr(event, "text", "") for event in self.here.chat.rooms["tea"].recent]

    def test_nobody_here(self) -> None:
        """Nothing of such a room is read or remembered."""
        self.assertFalse(self.is_heard())
        self.assertEqual(self.remembered(), [])
        self.assertFalse(self.here.chat.rooms.is_heard("attic"))

    def test_entering(self) -> None:
        """Whoever enters it is shown the last lines, and hears the next ones."""
        self.types(self.ada, "/join tea")
        self.types(self.bob, "two")
        self.assertTrue(self.is_heard())
        seen = self.ada.sees()
        self.assertEqual([line[-3:] for line in seen if "bob: " in line], ["one", "two"])
        self.assertEqual(self.remembered(), ["one", "two"])

    def test_leaving(self) -> None:
        """When the last one here has left it, it is forgotten."""
        self.types(self.ada, "/join tea", "/part")
        self.types(self.bob, "two")
        self.assertEqual(self.remembered(), [])
        self.types(self.ada, "/join tea")
        self.assertEqual(self.remembered(), ["one", "two"])

    def read_slowly(self) -> Deferred[None]:
        """Have pages wait until a Deferred fires."""
        read, reading = self.here.journal.page, Deferred[None]()

        def page(wanted: Wanted) -> Deferred[Page]:
            found = read(wanted)
            return reading.addCallback(lambda _: found)

        self.patch(self.here.journal, "page", page)
        return reading

    def test_said_meanwhile(self) -> None:
        """What is said while the last lines are being read is shown as well."""
        reading = self.read_slowly()
        self.types(self.ada, "/join tea")
        self.types(self.bob, "two")
        reading.callback(None)
        self.passes()
        seen = self.ada.sees()
        self.assertEqual([line[-3:] for line in seen if "bob: " in line], ["one", "two"])

    def test_made_meanwhile(self) -> None:
        """So it is if the first one at all comes at the same moment elsewhere."""
        reading = self.read_slowly()
        self.types(self.ada, "/join attic")
        self.types(self.bob, "/join attic", "two")
        reading.callback(None)
        self.passes()
        self.assertIn("bob: two", "\n".join(self.ada.sees()))

    def test_lingering(self) -> None:
        """What is said while the last one here is away for a moment is remembered."""
        self.types(self.ada, "/join tea")
        self.ada.wire.vanishes()
        self.passes()
        self.types(self.bob, "two")
        self.assertEqual(self.remembered(), ["one", "two"])

    def test_missed(self) -> None:
        """Whoever comes back to it here is told that there may be more than was seen."""
        unseen = Unseen()
        tea = self.here.chat.rooms["tea"]
        self.assertTrue(has_missed(tea, self.here.journal.cursor, unseen))
        self.types(self.ada, "/join tea")
        self.assertFalse(has_missed(tea, self.here.journal.cursor, unseen))

    def test_read(self) -> None:
        """Everything but lines is read, and so are lines after somebody has come in."""
        said, topic = Said(room="tea", text="hi"), TopicChanged(room="tea", text="hi")
        for batch, found in (
            ([said, topic], [TopicChanged]),
            ([said, Joined(room="attic"), said], [Joined]),
            ([said, Joined(room="tea"), said], [Joined, Said]),
        ):
            events = read(spell(batch), 1, None, is_heard=lambda room: False)
            self.assertEqual([type(event) for event in events], found)
