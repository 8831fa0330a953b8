"""The hearers of a room, grouped by what they see."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.audience import Audience, View
from tests.recording import RecordingFormat

deterministic = settings(derandomize=True, database=None, deadline=None)

X, Y = RecordingFormat("x"), RecordingFormat("y")
VIEWS: list[View] = [(X, True), (X, False), (Y, True)]


class Name(str):
    """Somebody who is just a name, and what sends to it."""

    deliver: Any = staticmethod(len)


class AudienceTests(SynchronousTestCase):
    """An audience of people who are just names."""

    def setUp(self) -> None:
        self.audience: Any = Audience()

    def groups(self, audience: Any = None) -> dict[View, set[str]]:
        """Give the hearers by what they see."""
        groups = (audience or self.audience).groups
        return {view: set(group) for view, group in groups.items()}

    def test_nobody(self) -> None:
        """Nobody hears a new room."""
        self.assertEqual(self.groups(), {})
        self.assertEqual((list(self.audience), len(self.audience)), ([], 0))

    def test_same_view(self) -> None:
        """Hearers who see the same are in one group, however many they are."""
        for name in ("ada", "bob", "carol"):
            self.audience.add(Name(name), (X, True))
        self.assertEqual(self.groups(), {(X, True): {"ada", "bob", "carol"}})
        self.assertEqual(sorted(self.audience), ["ada", "bob", "carol"])
        self.assertEqual(len(self.audience), 3)

    def test_other_views(self) -> None:
        """Another format, and another current room, make a group of their own."""
        for name, view in zip(("ada", "bob", "carol"), VIEWS, strict=True):
            self.audience.add(Name(name), view)
        self.assertEqual(
            self.groups(), {(X, True): {"ada"}, (X, False): {"bob"}, (Y, True): {"carol"}}
        )
        self.assertEqual((sorted(self.audience), len(self.audience)), (["ada", "bob", "carol"], 3))

    def test_equal_formats(self) -> None:
        """Two formats are two, though they are spelled alike: one renders for the other never."""
        self.audience.add(Name("ada"), (RecordingFormat("x"), True))
        self.audience.add(Name("bob"), (RecordingFormat("x"), True))
        self.assertEqual(len(self.audience.groups), 2)

    def test_discarded(self) -> None:
        """Somebody who is taken out is in no group, and the others stay."""
        self.audience.add(Name("ada"), (X, True))
        self.audience.add(Name("bob"), (X, True))
        self.audience.discard(Name("ada"), (X, True))
        self.assertEqual(self.groups(), {(X, True): {"bob"}})
        self.assertNotIn("ada", self.audience)

    def test_last_of_a_group(self) -> None:
        """A group goes with its last hearer, so that nothing is rendered for nobody."""
        self.audience.add(Name("ada"), (X, True))
        self.audience.add(Name("bob"), (Y, True))
        self.audience.discard(Name("ada"), (X, True))
        self.assertEqual(self.groups(), {(Y, True): {"bob"}})

    def test_not_there(self) -> None:
        """Taking out somebody who is not in that group, or from no group, changes nothing."""
        self.audience.add(Name("ada"), (X, True))
        for name, view in (("ada", (X, False)), ("bob", (X, True)), ("bob", (Y, True))):
            self.audience.discard(Name(name), view)
        self.assertEqual(self.groups(), {(X, True): {"ada"}})

    def test_deliver(self) -> None:
        """A group has what sends to each hearer at the moment."""
        ada = Name("ada")
        self.audience.add(ada, (X, True))
        self.assertIs(self.audience.groups[X, True][ada], len)
        ada.deliver = hash
        self.audience.add(ada, (X, True))
        self.assertIs(self.audience.groups[X, True][ada], hash)

    @deterministic
    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(VIEWS))))
    def test_any_changes(self, changes: list[tuple[str, View]]) -> None:
        """Whatever views people change to, or leave with, all are in the group of their view."""
        audience: Any = Audience()
        views: dict[str, View] = {}
        for name, view in changes:
            former = views.pop(name, None)
            if former is not None:
                audience.discard(Name(name), former)
            if former != view:
                views[name] = view
                audience.add(Name(name), view)
        groups = {
            view: {name for name in views if views[name] == view} for view in views.values()
        }
        self.assertEqual(self.groups(audience), groups)
        self.assertEqual(sorted(audience), sorted(views))
        self.assertEqual(len(audience), len(views))
