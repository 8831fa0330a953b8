"""Pages of history for who ignores somebody: none of them is the end of what there is."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import Wanted
from chatservice.commands.history import ALL_IGNORED
from chatservice.storage.pages import PAGE_BYTES, SCAN_BYTES, SCAN_MOST
from tests.conversation import (
    DOORS,
    ConversationCase,
    Facts,
    JsonPerson,
    Person,
    TextPerson,
    at_each_door,
    each_row,
)
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, line, private_line

LONG = "x" * 4000
SIZES = {"33_long": [LONG] * 33, "100_short": ["hi"] * 100, "one": ["hi"], "none": []}


class FilteredCase(ConversationCase):
    """Bob ignores eve, and has everything in front of him that was said."""

    def setUp(self) -> None:
        super().setUp()
        self.ada, self.eve = self.at_text("ada"), self.at_text("eve")

    def bob_at(self, door: str) -> Any:
        bob = self.at(door, "bob")
        bob.types("/ignore eve")
        bob.sees()
        return bob

    def say(self, texts: list[str]) -> None:
        for text in texts:
            self.eve.types(text)

    def to_the_end(self, bob: JsonPerson, **wanted: Any) -> list[Facts]:
        """All pages, as a program asks for them that goes on from C{next}."""
        on = "after" if "after" in wanted else "before"
        found: list[Facts] = []
        for _ in range(20):
            bob.asks("history", **wanted)
            (page,) = [facts for facts in bob.sees_all() if facts["type"] == "history"]
            self.assertEqual("next" in page, page["more"])
            found = found + page["events"] if on == "after" else page["events"] + found
            if not page["more"]:
                return found
            wanted[on] = page["next"]
        raise AssertionError("there is no end")


class HistoryRequestTests(FilteredCase):
    """C{history} at the JSON door."""

    @each_row(SIZES)
    def test_after(self, texts: list[str]) -> None:
        """What is said after any number of lines of an ignored person is come to."""
        bob = self.bob_at("json")
        self.say(texts)
        self.ada.types("found")
        bob.sees()
        (event,) = self.to_the_end(bob, room="lobby", after=0)
        self.assertEqual(event["text"], "found")

    @each_row(SIZES)
    def test_before(self, texts: list[str]) -> None:
        """So is what was said before them."""
        bob = self.bob_at("json")
        self.ada.types("found")
        self.say(texts)
        bob.sees()
        (event,) = self.to_the_end(bob, room="lobby")
        self.assertEqual(event["text"], "found")

    @each_row({"after": {"after": 0}, "before": {}})
    def test_private(self, wanted: dict[str, int]) -> None:
        """Private lines of an ignored person do not end the others either."""
        bob = self.bob_at("json")
        self.ada.types("/msg bob one")
        self.say([f"/msg bob {LONG}"] * 40)
        self.ada.types("/msg bob two")
        bob.sees()
        found = self.to_the_end(bob, **wanted)
        self.assertEqual([event["text"] for event in found], ["one", "two"])

    @each_row({"after": {"after": 0}, "before": {}})
    def test_not_ignoring(self, wanted: dict[str, int]) -> None:
        """Who ignores nobody goes on from there as well, and sees everything once."""
        grace = self.at_json("grace")
        self.say([str(number) for number in range(7)])
        grace.sees()
        found = self.to_the_end(grace, room="lobby", limit=3, **wanted)
        self.assertEqual([event["text"] for event in found], [str(n) for n in range(7)])


class CommandTests(FilteredCase):
    """Commands, at both doors."""

    @at_each_door
    def test_history(self, door: str) -> None:
        """/history goes on to the lines that are shown."""
        self.ada.types("found")
        self.say(["hi"] * 150)
        bob = self.bob_at(door)
        bob.types("/history")
        self.assertIn("found", str(bob.sees()))

    def test_history_before(self) -> None:
        """/history says where to go on, also when there is nothing to show."""
        self.ada.types("found")
        self.say(["hi"] * (SCAN_MOST + 10))
        bob = self.bob_at("text")
        bob.types("/history")
        ignored, more = bob.sees()
        self.assertEqual(ignored, f"-- {ALL_IGNORED}")
        self.assertEqual(more, "-- /history more shows what was said before")
        bob.types("/history more")
        self.assertIn("found", str(bob.sees()))

    @at_each_door
    def test_search(self, door: str) -> None:
        """/search finds the newest lines that are shown."""
        self.ada.types("cake found")
        self.say(["cake"] * 30)
        bob = self.bob_at(door)
        bob.types("/search cake")
        self.assertIn("cake found", str(bob.sees()))

    @at_each_door
    def test_catchup(self, door: str) -> None:
        """/catchup goes on to the lines that are shown."""
        bob = self.bob_at("json")
        bob.types("/register correct-horse")
        bob.types("/quit")
        self.say(["hi"] * 150)
        self.ada.types("found")
        if DOORS[door].is_program:
            again: Person = self.at_json("bob", password="correct-horse")
        else:
            again = TextPerson(self.connect())
            again.types("bob")
            again.types("correct-horse")
        again.sees()
        again.types("/catchup")
        self.assertIn("found", str(again.sees()))

    def test_catchup_goes_on(self) -> None:
        """Where there is more than is looked at, the next /catchup goes on from there."""
        bob = self.bob_at("text")
        bob.types("/register correct-horse")
        bob.types("/quit")
        self.say(["hi"] * (SCAN_MOST + 10))
        self.ada.types("found")
        bob = self.at_json("bob", password="correct-horse")
        bob.types("/catchup")
        self.assertIn("there is more in lobby", str(bob.sees()))
        bob.types("/catchup")
        self.assertIn("found", str(bob.sees()))
        bob.types("/catchup")
        self.assertIn("you have missed nothing", str(bob.sees()))

    def test_replay(self) -> None:
        """Who enters is shown the last lines of those who are not ignored."""
        bob = self.bob_at("text")
        bob.types("/part lobby")
        self.ada.types("found")
        self.say(["hi"] * 30)
        bob.sees()
        bob.types("/join lobby")
        self.assertIn("found", str(bob.sees()))


class PageTests(DatabaseJournalTestCase, JournalCase):
    """What a filtered page costs, and where it ends."""

    def page(self, **wanted: Any) -> Any:
        left_of = lambda event: None if event.nick == "eve" else event  # noqa: E731
        given = {"of": "lobby", "left_of": left_of} | wanted
        return self.successResultOf(self.journal.page(Wanted(**given)))

    def eves(self, ids: range, text: str = "hi") -> None:
        self.append(*(line(id, text, nick="eve") for id in ids))

    def test_next(self) -> None:
        """It is the last id that was looked at, and none where there is no more."""
        self.append(line(1), line(2))
        self.eves(range(3, 6))
        self.append(line(6), line(7))
        for wanted, ids, next, hidden in (
            ({"limit": 2}, [6, 7], 6, 0),
            ({"limit": 3}, [2, 6, 7], 2, 3),
            ({"limit": 4}, [1, 2, 6, 7], None, 3),
            ({"limit": 2, "after": 0}, [1, 2], 2, 0),
            ({"limit": 2, "after": 1}, [2, 6], 6, 3),
            ({"limit": 9, "after": 5}, [6, 7], None, 0),
            ({"before": 6, "after": 2}, [], None, 3),
        ):
            page = self.page(**wanted)
            found = [event.id for event in page.events]
            self.assertEqual((found, page.next, page.hidden), (ids, next, hidden), wanted)
            self.assertEqual(page.more, next is not None)

    def test_looks(self) -> None:
        """So many events are looked at, and no more, whoever said them."""
        self.append(line(1))
        self.eves(range(2, SCAN_MOST + 3))
        page = self.page(after=1)
        self.assertEqual((page.events, page.next, page.hidden), ([], SCAN_MOST + 1, SCAN_MOST))
        self.assertEqual(self.page(after=page.next).hidden, 1)

    def test_bytes(self) -> None:
        """So much text is read, and what is left out takes no room on the page."""
        self.eves(range(1, 301), LONG)
        page = self.page(after=0)
        self.assertEqual((page.events, page.hidden), ([], SCAN_BYTES // len(LONG)))
        self.assertGreater(page.hidden * len(LONG), PAGE_BYTES)

    def test_private(self) -> None:
        """Private lines are left out in the same way."""
        self.append(private_line(1, "eve", "ada"), private_line(2, "bob", "ada"))
        page = self.page(of=ADA, after=0)
        self.assertEqual(([event.id for event in page.events], page.hidden), ([2], 1))
