"""What is looked for, at either door, and how the answer says that it was taken."""

from __future__ import annotations

from chatservice.commands.search import SEARCH_MOST
from tests.conversation import (
    DOORS,
    JsonPerson,
    Person,
    Row,
    RowCase,
    at_all_doors,
    at_each_door,
    each_row,
    refused,
)
from tests.conversations.test_history import IN_PYTHON, NO_ROOM, Scene, answered

NOTHING = {
    "search": answered("/search cake", 'nothing in lobby with "cake"', before=(("bob", "hi"),)),
    "by_ignored": answered(
        "/search cake",
        'nothing in lobby with "cake": all of it was said by people you ignore',
        before=(("bob", "cake"), ("ada", "/ignore bob")),
    ),
    "another_room": answered(
        "/search cake in:#python",
        'nothing in #python with "cake"',
        before=(*IN_PYTHON, ("bob", "cheese")),
    ),
    "nobody": answered("/search from:nobody", "nothing in lobby by nobody"),
}
REFUSED = {
    "nothing": refused(
        "/search", "usage", "use it like this: /search WORDS [in:#ROOM] [from:NICK] | more"
    ),
    "no_word": refused("/search -- in:lobby", "usage", "there are no words to search for"),
    "elsewhere": refused("/search cake in:#attic", "no-room", "you are not in #attic"),
    "malformed_room": refused(
        "/search cake in:a!", "bad-room", 'a room\'s name must not contain "!"'
    ),
    "nowhere": refused("/search cake", "no-room", NO_ROOM, ("ada", "/part")),
    "from_nobody": refused(
        "/search cake from:",
        "usage",
        "right after from: there must be a nickname, such as from:ada",
    ),
    "in_nothing": refused(
        "/search IN: lobby cake", "usage", "right after in: there must be a room, such as in:#den"
    ),
    "from_no_nickname": refused(
        "/search from:@bob", "bad-nick", 'a nickname must not contain "@"'
    ),
    "from_twice": refused(
        "/search from:bob cake from:eve", "usage", "write from: only once in a search"
    ),
    "mistyped": refused(
        "/search cake frm:bob",
        "usage",
        'a search has no frm: (did you mean from:?); write "frm:bob" to find these words',
    ),
    "of_another_program": refused(
        "/search room:python cake",
        "usage",
        'a search has no room: (did you mean in:?); write "room:python" to find these words',
    ),
    "unknown_limit": refused(
        "/search Before:2025 cake",
        "usage",
        'a search has no before: (it has from: and in:); write "Before:2025" to find these words',
    ),
}

IN = {
    "last": "cake in:#python",
    "first": "in:#python cake",
    "bare": "cake IN:Python",
    "wide": "cake in：python",
}


class VainTests(RowCase):
    """What ada asks for in vain, and what each of three then sees."""

    @each_row(at_all_doors(NOTHING))
    def test_nothing(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """Where nothing is found, it is said what was looked for, and if somebody is ignored."""
        self.play(*case)

    @each_row(at_all_doors(REFUSED))
    def test_refused(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What cannot be searched for is refused in one sentence that helps."""
        self.play(*case)


class SearchTests(Scene):
    """Lines in three rooms; ada is in two of them."""

    def setUp(self) -> None:
        super().setUp()
        bob, eve = self.at_text("bob"), self.at_text("eve")
        self.says(bob, "cake one", "/join python", "cake two")
        self.says(eve, "cake three", "cheese", "/join attic", "cake in secret")

    def ada_at(self, door: str) -> Person:
        ada = self.at(door, "ada")
        self.says(ada, "/join python", "/join lobby")
        return ada

    def searches(self, door: str, words: str) -> list[str]:
        """What ada finds, who is in two rooms."""
        return self.seen(self.ada_at(door), f"/search {words}")

    @at_each_door
    def test_all_rooms(self, door: str) -> None:
        """Lines are found in all rooms that one is in, and in no other."""
        self.assertEqual(
            self.searches(door, "cake"),
            [
                "lobby/bob: cake one",
                "python/bob: cake two",
                "lobby/eve: cake three",
                '3 lines in your 2 rooms with "cake"',
            ],
        )

    @each_row({f"{door}_{name}": (door, typed) for door in DOORS for name, typed in IN.items()})
    def test_in_a_room(self, row: tuple[str, str]) -> None:
        """in:#ROOM finds lines there alone, wherever it stands."""
        door, typed = row
        self.assertEqual(
            self.searches(door, typed), ["python/bob: cake two", '1 line in #python with "cake"']
        )

    @at_each_door
    def test_from_somebody(self, door: str) -> None:
        """from:NICK finds what was said by that nickname, with words and without."""
        found = ["lobby/bob: cake one", "python/bob: cake two"]
        ada = self.ada_at(door)
        self.assertEqual(
            self.seen(ada, "/search FROM:BOB cake"),
            [*found, '2 lines in your 2 rooms by BOB with "cake"'],
        )
        self.assertEqual(
            self.seen(ada, "/search from:bob"), [*found, "2 lines in your 2 rooms by bob"]
        )
        quoted = self.seen(ada, '/search from:"bob" cake')
        self.assertEqual(quoted, [*found, '2 lines in your 2 rooms by bob with "cake"'])
        self.assertEqual(
            self.seen(ada, "/search cake from:bob in:lobby one"),
            ["lobby/bob: cake one", '1 line in lobby by bob with "cake" and "one"'],
        )
        self.assertEqual(
            self.seen(ada, "/search from:nobody"), ["nothing in your 2 rooms by nobody"]
        )

    @at_each_door
    def test_words_of_the_grammar(self, door: str) -> None:
        """Without a colon, and within quotes or an address, words are words."""
        grace = self.at_text("grace")
        self.says(grace, "a letter from home in time", "see http://frm.example/a frm:ada", "home")
        ada = self.ada_at(door)
        letter, link = "lobby/grace: a letter from home in time", "see http://frm.example/a frm:ada"
        for words, found in (
            ("letter from home", letter),
            ("from home", letter),
            ("in time", letter),
            ("http://frm.example/a", f"lobby/grace: {link}"),
            ('"frm:ada"', f"lobby/grace: {link}"),
            ("example:", f"lobby/grace: {link}"),
        ):
            self.assertEqual(self.seen(ada, f"/search {words}")[:-1], [found], words)

    @at_each_door
    def test_phrase(self, door: str) -> None:
        """Words in quotes follow each other; a quote that is not closed lasts to the end."""
        grace = self.at_text("grace")
        self.says(grace, "tea or cake", "cake or tea", "Or, cake")
        ada = self.ada_at(door)
        for words in ('"or cake"', '"or cake', "“or cake”", "„or cake“"):
            found = self.seen(ada, f"/search {words}")
            self.assertEqual(found[:-1], ["lobby/grace: tea or cake", "lobby/grace: Or, cake"])
            self.assertEqual(found[-1], '2 lines in your 2 rooms with "or cake"')
        found = self.seen(ada, '/search cake* "or cake" tea')
        told = '1 line in your 2 rooms with "cake*", "or cake" and "tea"'
        self.assertEqual(found, ["lobby/grace: tea or cake", told])

    @at_each_door
    def test_most(self, door: str) -> None:
        """The newest lines are shown, and it is said if there may be more."""
        self.says(self.at_text("grace"), *(f"pie {number}" for number in range(SEARCH_MOST + 1)))
        *lines, told, last = self.searches(door, "pie in:lobby")
        self.assertEqual(
            lines, [f"lobby/grace: pie {number}" for number in range(1, SEARCH_MOST + 1)]
        )
        self.assertEqual(told, 'the 20 newest lines in lobby with "pie": more words find fewer')
        self.assertEqual(last, "/search more shows older lines")

    def test_cleaned(self) -> None:
        """Nothing that steers a terminal comes back in the answer."""
        ada = self.ada_at("json")
        for words in ("ca\x1b[31mke", '"cheese\x07"', "b\x1b[31my:x"):
            answer = str(self.told(ada, words))
            self.assertFalse("x1b" in answer or "x07" in answer, answer)

    def told(self, ada: Person, words: str) -> object:
        ada.types("/ping")
        ada.sees()
        ada.types(f"/search {words}")
        return ada.sees()

    def test_for_programs(self) -> None:
        """A program is told how the query was taken in members of an object."""
        ada = self.ada_at("json")
        assert isinstance(ada, JsonPerson)
        ada.sees()
        for words, taken in (
            (
                'from:bob cake "in secret" in:#python',
                {"words": ["cake", "in secret"], "rooms": ["python"], "from": "bob"},
            ),
            ("cake*", {"words": ["cake*"], "rooms": ["lobby", "python"]}),
        ):
            ada.types(f"/search {words}")
            (answer,) = ada.sees()
            self.assertEqual(answer["search"], taken)
        ada.types("/history")
        self.assertNotIn("search", ada.sees()[0])

    @at_each_door
    def test_unspaced(self, door: str) -> None:
        """Words of two characters and of one are found within a line of Chinese, and emoji."""
        grace = self.at_text("grace")
        self.says(grace, "我们明天去公园吃蛋糕吧", "好吃 👩‍👩‍👧‍👦👍🏽")
        ada = self.ada_at(door)
        park, family = "lobby/grace: 我们明天去公园吃蛋糕吧", "lobby/grace: 好吃 👩‍👩‍👧‍👦👍🏽"
        for words, found in (
            ("蛋糕", [park]),
            ("园", [park]),
            ("公园 蛋糕", [park]),
            ("吃", [park, family]),
            ("👍", [family]),
            ("👩‍👩‍👧‍👦", [family]),
        ):
            self.assertEqual(self.seen(ada, f"/search {words}")[:-1], found, words)
