"""What was said before, and what was missed, at either door."""

from __future__ import annotations

from chatservice.commands.history import CATCH_UP_MOST, HISTORY_MOST
from tests.conversation import (
    DOORS,
    ConversationCase,
    JsonPerson,
    Person,
    Row,
    RowCase,
    at_all_doors,
    at_each_door,
    each_row,
    refused,
)

IN_PYTHON = (("bob", "/join python"), ("ada", "/join python"), ("ada", "/join lobby"))
NO_ROOM = "you are not in a room: /join one first, such as /join lobby"
HISTORY_USAGE = "/history takes a number from 1 to 100, a time such as 2h, more, or before ID"


def answered(typed: str, *lines: str, before: tuple[tuple[str, str], ...] = ()) -> Row:
    """Ada types something that is answered to her alone, without any history."""
    return Row(typed, answer=list(lines), before=before)


NOTHING = {
    "history": answered("/history", "nothing has been said here yet"),
    "history_elsewhere": answered(
        "/history #python", "nothing has been said here yet", before=IN_PYTHON
    ),
    "history_since": answered("/history 2h", "nothing has been said since then"),
    "history_before": answered(
        "/history before 1000", "nothing was said before that", before=(("bob", "hi"),)
    ),
    "history_of_the_ignored": answered(
        "/history",
        "all of it was said by people you ignore",
        before=(("bob", "hi"), ("ada", "/ignore bob")),
    ),
    "catchup": answered("/catchup", "you have missed nothing"),
    "catchup_of_a_room": answered("/catchup lobby", "you have missed nothing"),
    "catchup_without_a_room": answered(
        "/catchup", "you have missed nothing", before=(("ada", "/part"),)
    ),
}

REFUSED = {
    "history_elsewhere": refused("/history #attic", "no-room", "you are not in #attic"),
    "history_nowhere": refused("/history", "no-room", NO_ROOM, ("ada", "/part")),
    "history_malformed": refused(
        "/history #a!", "bad-room", 'a room\'s name must not contain "!"'
    ),
    "history_of_a_word": refused("/history #lobby all", "usage", HISTORY_USAGE),
    "history_of_two": refused("/history 20 30", "usage", HISTORY_USAGE),
    "history_of_years": refused("/history 11y", "usage", HISTORY_USAGE),
    "history_before_nothing": refused("/history before", "usage", HISTORY_USAGE),
    "history_before_a_word": refused("/history before noon", "usage", HISTORY_USAGE),
    "history_before_too_much": refused(f"/history before {2**63}", "usage", HISTORY_USAGE),
    "catchup_elsewhere": refused("/catchup attic", "no-room", "you are not in #attic"),
}


class HistoryTableTests(RowCase):
    """What ada asks for in vain, and what each of three then sees."""

    @each_row(at_all_doors(NOTHING))
    def test_nothing(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """Where there is nothing, a sentence says so to who asked."""
        self.play(*case)

    @each_row(at_all_doors(REFUSED))
    def test_refused(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What cannot be asked for is refused to who asked, and nobody else sees anything."""
        self.play(*case)


class Scene(ConversationCase):
    """People whose lines are asked for."""

    def seen(self, person: Person, line: str) -> list[str]:
        """What somebody sees who types something: history as C{ROOM/NICK: TEXT}, then sentences."""
        person.sees()
        person.types(line)
        if isinstance(person, JsonPerson):
            (answer,) = person.sees()
            self.assertEqual(answer["type"], "ok")
            return [told(event) for event in answer.get("events", [])] + answer["lines"]
        return [without_time(line) for line in person.sees()]

    def says(self, person: Person, *lines: str) -> None:
        """Somebody types lines."""
        for line in lines:
            person.types(line)


def told(event: dict[str, str]) -> str:
    """An event at the JSON door, in a line."""
    where = event.get("room", "private")
    return f"{where}/{event['nick']}: {event['text']}"


def without_time(line: str) -> str:
    """A line of the text door in the same form."""
    if not line[0].isdigit():
        return line.removeprefix("-- ")
    line = line.partition(" ")[2]
    if line.startswith("#"):
        room, _, line = line[1:].partition(" ")
        return f"{room}/{line}"
    if line.startswith("("):
        nick, _, text = line[1:].partition(" to you) ")
        return f"private/{nick}: {text}"
    return f"lobby/{line}"


class HistoryCommandTests(Scene):
    """Parts of what was said."""

    @at_each_door
    def test_of_another_room(self, door: str) -> None:
        """/history #ROOM shows a room that one is in, whatever the current one is."""
        ada, bob = self.at(door, "ada"), self.at_text("bob")
        self.says(bob, "in the lobby", "/join python", "one", "two")
        self.says(ada, "/join python", "/join lobby")
        for line in ("/history #python", "/history #PYTHON 2"):
            self.assertEqual(self.seen(ada, line), ["python/bob: one", "python/bob: two"])
        ada.types("/join python")
        for line in ("/history lobby", "/history #lobby 1"):
            self.assertEqual(self.seen(ada, line), ["lobby/bob: in the lobby"])

    @at_each_door
    def test_page_by_page(self, door: str) -> None:
        """Each page tells how to go on, up to the first line."""
        ada = self.at(door, "ada")
        self.says(self.at_text("bob"), *map(str, range(250)))
        command, pages = "/history #lobby 100", []
        while command:
            *page, last = self.seen(ada, command)
            pages.append(page)
            command = last.removesuffix(" shows what was said before")
            if command == last:
                page.append(last)
                command = ""
        expected = [f"lobby/bob: {number}" for number in range(250)]
        self.assertEqual(pages, [expected[150:], expected[50:150], expected[:50]])

    @at_each_door
    def test_since(self, door: str) -> None:
        """/history 2h shows what was said in the last two hours, and no older line."""
        bob = self.at_json("bob")
        self.says(bob, "three hours ago", "/quit")
        self.clock.advance(3600)
        bob = self.at_json("bob")
        self.says(bob, "two hours ago", "/quit")
        self.clock.advance(7201)
        ada = self.at(door, "ada")
        self.assertEqual(self.seen(ada, "/history 2h")[-1:], ["nothing has been said since then"])
        self.assertEqual(self.seen(ada, "/history 121m"), ["lobby/bob: two hours ago"])
        self.assertEqual(len(self.seen(ada, "/history 1d")), 2)

    @at_each_door
    def test_since_and_no_more(self, door: str) -> None:
        """/history 2h does not go on to what was said before that."""
        bob = self.at_json("bob")
        self.says(bob, *map(str, range(HISTORY_MOST)), "/quit")
        self.clock.advance(7201)
        ada = self.at(door, "ada")
        self.says(self.at_text("grace"), "now")
        self.assertEqual(self.seen(ada, "/history 2h"), ["lobby/grace: now"])

    @at_each_door
    def test_since_at_most_a_page(self, door: str) -> None:
        """/history 2h shows the newest lines of a busy room, and how to see those before."""
        ada = self.at(door, "ada")
        self.says(self.at_text("bob"), *map(str, range(HISTORY_MOST + 1)))
        *lines, last = self.seen(ada, "/history 2h")
        self.assertEqual(len(lines), HISTORY_MOST)
        self.assertEqual(lines[0], "lobby/bob: 1")
        self.assertEqual(last, "/history more shows what was said before")
        self.assertEqual(self.seen(ada, "/history more"), ["lobby/bob: 0"])

    @at_each_door
    def test_ignored(self, door: str) -> None:
        """/history leaves out what those say whom one ignores."""
        ada, bob, eve = self.at(door, "ada"), self.at_text("bob"), self.at_text("eve")
        for person, line in ((bob, "one"), (eve, "two"), (bob, "three")):
            person.types(line)
        ada.types("/ignore bob")
        self.assertEqual(self.seen(ada, "/history"), ["lobby/eve: two"])


class CatchUpTests(Scene):
    """What somebody missed who has a registered name."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_text("bob")
        self.bob.types("/join python")

    def goes(self, door: str) -> None:
        """Ada registers, enters a second room, and leaves."""
        ada = self.at(door, "ada")
        self.says(ada, "/register correct-horse", "/join python", "/quit")
        self.clock.advance(1)

    def comes_back(self, door: str) -> Person:
        """Ada is there again, in the rooms that she was in, and told what she missed."""
        if DOORS[door].is_program:
            ada = JsonPerson(self.connect())
            ada.asks("hello", nick="ada", password="correct-horse")
            ada.sees()
            return ada
        person = self.at_text("guest")
        person.types("/quit")
        wire = self.connect()
        wire.sends(b"ada\ncorrect-horse\n")
        person.wire = wire
        return person

    @at_each_door
    def test_all_rooms(self, door: str) -> None:
        """/catchup shows what was missed in all rooms, in its order, and only once."""
        self.goes(door)
        self.says(self.bob, "one", "/join lobby", "two", "/join python", "three")
        ada = self.comes_back(door)
        self.says(self.bob, "seen live")
        self.assertEqual(
            self.seen(ada, "/catchup"), ["python/bob: one", "lobby/bob: two", "python/bob: three"]
        )
        self.assertEqual(self.seen(ada, "/catchup"), ["you have missed nothing"])

    @at_each_door
    def test_a_room(self, door: str) -> None:
        """/catchup ROOM shows what was missed there, and leaves the rest for later."""
        self.goes(door)
        self.says(self.bob, "one", "/join lobby", "two")
        ada = self.comes_back(door)
        self.assertEqual(self.seen(ada, "/catchup lobby"), ["lobby/bob: two"])
        self.assertEqual(self.seen(ada, "/catchup"), ["python/bob: one"])

    @at_each_door
    def test_step_by_step(self, door: str) -> None:
        """/catchup shows a hundred lines of each room at a time, and tells where there is more."""
        self.goes(door)
        self.says(self.bob, *map(str, range(CATCH_UP_MOST + 5)), "/join lobby", "last")
        ada = self.comes_back(door)
        *lines, more = self.seen(ada, "/catchup")
        self.assertEqual(len(lines), CATCH_UP_MOST + 1)
        self.assertEqual(more, "there is more in #python: /catchup")
        self.assertEqual(
            self.seen(ada, "/catchup"),
            [f"python/bob: {number}" for number in range(CATCH_UP_MOST, CATCH_UP_MOST + 5)],
        )

    @at_each_door
    def test_private_step_by_step(self, door: str) -> None:
        """Private lines that were not delivered on return are caught up on as well."""
        self.goes(door)
        self.says(self.bob, *(f"/msg ada {number}" for number in range(205)))
        ada = self.comes_back(door)
        *lines, more = self.seen(ada, "/catchup")
        self.assertEqual((len(lines), lines[0]), (100, "private/bob: 100"))
        self.assertEqual(more, "there is more in private: /catchup")
        self.assertEqual(len(self.seen(ada, "/catchup")), 5)

    @at_each_door
    def test_ignored(self, door: str) -> None:
        """/catchup leaves out what those said whom one ignores."""
        self.goes(door)
        eve = self.at_text("eve")
        self.says(self.bob, "one")
        self.says(eve, "two")
        ada = self.comes_back(door)
        ada.types("/ignore bob")
        self.assertEqual(self.seen(ada, "/catchup"), ["lobby/eve: two"])
