"""Search, and the cost of the verbs about the past, at the IRC door."""

from __future__ import annotations

from typing import Any

from tests.conversation import each_row
from tests.doors.irc.asking import ClientCase, texts
from tests.doors.irc.counting import HistoryCase, time


class SearchTests(HistoryCase):
    """SEARCH."""

    def setUp(self) -> None:
        super().setUp()
        for each in ("tea at noon", "coffee", "tea again"):
            self.clock.advance(1)
            self.bob.types(each)

    @each_row(
        {
            "words": (r"text=again\stea", ["tea again"]),
            "a word in all rooms": ("text=tea", ["tea at noon", "tea again"]),
            "a nickname": ("from=bob;limit=2", ["coffee", "tea again"]),
            "words of somebody": ("text=tea;from=eve", []),
            "words as they are typed": (r"text=tea\sfrom:bob", ["tea at noon", "tea again"]),
            "a room": ("in=#Lobby;text=coffee", ["coffee"]),
            "before": (f"text=tea;before={time(3)}", ["tea at noon"]),
            "after": (f"text=tea;after={time(1)}", ["tea again"]),
            "a limit": ("text=tea;limit=1", ["tea again"]),
        }
    )
    def test_found(self, row: tuple[str, list[str]]) -> None:
        """A search finds the newest lines, the oldest of them first, as a batch."""
        attributes, expected = row
        first, *lines, last = self.asks(f"SEARCH {attributes}")
        self.assertTrue(first.endswith(" soju.im/search"))
        self.assertIn(" BATCH -", last)
        self.assertEqual(texts(lines), expected)

    def test_own_rooms(self) -> None:
        """A search finds nothing in rooms of others."""
        eve = self.client("eve")
        self.assertEqual(texts(eve.asks("SEARCH text=tea")), [])

    @each_row(
        {
            "nothing": ("", "there are no words to search for"),
            "no nickname": ("from=a\\sb", ""),
            "a wrong limit": ("text=tea;limit=x", "the limit must be a whole number, 1 or more"),
            "a wrong time": ("text=tea;after=now", ""),
            "another room": ("text=tea;in=#den", ""),
            "a person": ("text=tea;in=bob", "only channels can be searched"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is answered by one failure."""
        attributes, expected = row
        (answer,) = self.asks(f"SEARCH {attributes}")
        head, _, sentence = answer.partition(" :")
        self.assertEqual(head.removeprefix(":"), "chatservice FAIL SEARCH INVALID_PARAMS")
        self.assertTrue(sentence.endswith(expected) and sentence)

    def test_failure(self) -> None:
        """A database that fails is told so."""
        self.breaks("search")
        self.assertEqual(
            self.asks("SEARCH text=tea"),
            [":chatservice FAIL SEARCH INTERNAL_ERROR :not done: the disk is gone"],
        )


class CostTests(ClientCase):
    """What the flood limit takes."""

    @each_row(
        {
            "a page": ("CHATHISTORY LATEST #lobby * 9", 1.0),
            "a mark": ("MARKREAD #lobby", 0.2),
            "a moved mark": (f"MARKREAD #lobby timestamp={time(0)}", 1.0),
            "a moved mark of a person": (f"MARKREAD ada timestamp={time(0)}", 1.0),
            "a search": ("SEARCH text=tea", 5.0),
            "a scan": ("WHO", 5.0),
            "a scan by mask": ("WHO a*", 5.0),
            "a scan for everybody": ("WHO 0", 5.0),
            "a nickname": ("WHO ADA", 0.2),
            "nobody's nickname": ("WHO zed", 5.0),
            "one room": ("WHO :#lobby", 0.2),
            "a room and a mask": ("LIST :#lobby *", 5.0),
            "behind strange tags": ("@x\t@y WHO", 5.0),
            "with NUL in it": ("W\0HO", 5.0),
            "with another space": ("WHO\x1c*", 5.0),
        }
    )
    def test_cost(self, row: tuple[str, float]) -> None:
        """A page and a moved mark cost a line, a question less, a search or a scan more."""
        ada = self.client("ada", "JOIN #lobby")
        paid: list[float] = []

        def spend(payer: Any, origin: Any, lines: float, price: float) -> float:
            paid.append(lines)
            return 0.0

        self.patch(self.chat.flood, "is_limited", True)
        self.patch(self.chat.flood, "spend", spend)
        line, expected = row
        ada.asks(line)
        self.assertAlmostEqual(sum(paid), expected)
