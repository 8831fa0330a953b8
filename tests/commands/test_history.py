"""Pages of what was said, at the door for programs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.conversation import (
    TOKEN,
    ConversationCase,
    error,
)


class HistoryTests(ConversationCase):
    """Pages of what was said."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_json("ada")

    def say(self, count: int) -> list[int]:
        """Let ada say numbered lines; gives back their ids."""
        for number in range(count):
            self.ada.asks("say", room="lobby", text=str(number))
        return [facts["id"] for facts in self.ada.sees_all()]

    def page(self, **wanted: Any) -> tuple[list[int], bool]:
        """The ids and C{more} of a page, which is the only answer."""
        self.ada.asks("history", ref="9", **wanted)
        (page,) = self.ada.sees_all()
        self.assertEqual((page["type"], page["ref"]), ("history", "9"))
        self.assertEqual(page.get("room"), wanted.get("room"))
        return [event["id"] for event in page["events"]], page["more"]

    def test_newest(self) -> None:
        """Without after, a page ends with the newest, and more tells of older ones."""
        ids = self.say(5)
        self.assertEqual(self.page(room="lobby", limit=3), (ids[2:], True))
        self.assertEqual(self.page(room="lobby", limit=3, before=ids[2]), (ids[:2], False))
        self.assertEqual(self.page(room="lobby", limit=5), (ids, False))
        self.assertEqual(self.page(room="lobby", before=ids[0]), ([], False))

    def test_oldest(self) -> None:
        """With after, a page begins with the oldest after it, and more tells of newer ones."""
        ids = self.say(5)
        self.assertEqual(self.page(room="lobby", after=0, limit=3), (ids[:3], True))
        self.assertEqual(self.page(room="lobby", after=ids[2], limit=3), (ids[3:], False))
        self.assertEqual(
            self.page(room="lobby", after=ids[0], before=ids[4], limit=3), (ids[1:4], False)
        )

    def test_events(self) -> None:
        """A page has stored events as they were seen, and no presence."""
        for line, ref in (("/me waves", "1"), ("/topic snakes", "2"), ("hi", "")):
            self.ada.types(line, ref)
        self.ada.types("/nick grace")
        seen = [facts for facts in self.ada.sees_all() if facts["type"] not in ("ok", "renamed")]
        self.ada.asks("history", room="lobby")
        (page,) = self.ada.sees_all()
        self.assertEqual(page, {"type": "history", "room": "lobby", "events": seen, "more": False})

    def test_fifty(self) -> None:
        """A page has fifty events if no limit is given."""
        ids = self.say(60)
        self.assertEqual(self.page(room="lobby"), (ids[10:], True))

    def say_much(self) -> list[int]:
        """Let ada say more than is kept; gives back all ids."""
        self.rules = replace(self.rules, keep_lines=10)
        self.open_chat()
        self.ada = self.at_json("ada")
        return self.say(200)

    def test_no_gap(self) -> None:
        """Nothing tells of a gap while everything asked for is kept."""
        ids = self.say_much()
        self.assertEqual(self.page(room="lobby", after=ids[-9]), (ids[-8:], False))
        self.assertEqual(self.page(room="lobby"), (ids[-50:], True))

    def test_gap(self) -> None:
        """What is no longer kept is told just before the page."""
        ids = self.say_much()
        self.ada.asks("history", room="lobby", after=ids[0], ref="9")
        gap, page = self.ada.sees_all()
        before = gap.pop("before")
        self.assertEqual(gap, {"type": "gap", "ref": "9", "room": "lobby"})
        self.assertGreater(before, ids[1])
        kept = [id for id in ids if id >= before]
        self.assertEqual([event["id"] for event in page["events"]], kept[:50])

    def test_private(self) -> None:
        """Without a room, a page has the private messages of this token, and nobody else's."""
        bob = self.at_json("bob", token=TOKEN)
        eve = self.at_json("eve")
        for person in (bob, eve):
            person.sees()
        self.ada.types("/msg bob psst", ref="1")
        bob.types("/msg ada what?")
        (first, second) = bob.sees_all()
        self.assertEqual(eve.sees(), [])
        for person, events in ((bob, [first, second]), (eve, [])):
            person.asks("history", ref="9")
            page = {"type": "history", "events": events, "more": False, "ref": "9"}
            self.assertEqual(person.sees_all(), [page])

    def test_with_one_person(self) -> None:
        """With a nickname, it has those exchanged with that person alone, in both directions."""
        bob, eve = self.at_json("bob"), self.at_json("eve")
        for line in ("/msg bob one", "/msg eve two", "/msg bob three"):
            self.ada.types(line)
        bob.types("/msg ada four")
        eve.types("/msg bob five")
        for person in (self.ada, bob, eve):
            person.sees()
        for asked, words, more in (
            ({"with": "BOB"}, ["one", "three", "four"], False),
            ({"with": "bob", "limit": 2}, ["three", "four"], True),
            ({"with": "bob", "after": 0, "limit": 2}, ["one", "three"], True),
            ({"with": "eve"}, ["two"], False),
            ({"with": "ada"}, [], False),
        ):
            self.ada.asks("history", **asked, ref="9")
            (page,) = self.ada.sees()
            self.assertEqual(page["with"], asked["with"].lower())
            self.assertEqual([event["text"] for event in page["events"]], words)
            self.assertEqual(page["more"], more)

    def test_with_nobody(self) -> None:
        """A nickname that is nobody's is refused; beside a room, it does not count."""
        self.ada.sees()
        self.ada.asks("history", **{"with": "grace"}, ref="9")
        sentence = "nobody here is called grace, and it is not registered"
        self.assertEqual(self.ada.sees(), [error("no-nick", sentence, "9")])
        self.ada.asks("history", room="lobby", **{"with": "grace"}, ref="9")
        (page,) = self.ada.sees()
        self.assertEqual((page["type"], page["room"], "with" in page), ("history", "lobby", False))

    def test_private_belongs_to_the_token(self) -> None:
        """Private messages are shown again to the token, not to whoever has the nickname."""
        self.at_json("bob", token=TOKEN).types("/quit")
        bob = self.at_json("bob", token=TOKEN)
        self.ada.types("/msg bob psst")
        bob.types("/quit")
        stranger = self.at_json("bob")
        stranger.asks("history")
        self.assertEqual(stranger.sees()[0]["events"], [])
        robert = self.at_json("robert", token=TOKEN)
        robert.asks("history")
        self.assertEqual([event["text"] for event in robert.sees()[0]["events"]], ["psst"])
