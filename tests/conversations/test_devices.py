"""Every row of the tables once more, with ada at the text door and at the JSON door at once."""

from __future__ import annotations

from typing import Any

from tests.conversation import ConversationCase, Facts, JsonPerson, Person, Row, TextPerson
from tests.conversations import (
    test_history,
    test_mistakes,
    test_names,
    test_operators,
    test_people,
    test_personal,
    test_search,
    test_server_operators,
    test_talk,
)
from tests.operating import Deed, readable
from tests.persons import without_id

ELSEWHERE = {
    "whispered": "(you to {to}) {text}",
    "joined": "-- you joined {room}, from your {device}",
    "parted": "-- you left {room}, from your {device}",
    "renamed": "-- you are now {now}, from your {device}",
    "came_back": "-- you are back, from your {device}",
}
"""The lines at the text door about what ada did on another device."""

ONE_DEVICE = ("/quit", "/logout", "/devices", "/password", "/login")
"""The commands that do something else for somebody who has other devices; see test_alongside.py."""


class Program(JsonPerson):
    """A program of somebody who has a terminal too; it is told how far that one reads."""

    def sees(self) -> list[Facts]:
        """Return the objects since the last call, but for read markers."""
        return [facts for facts in super().sees() if facts["type"] != "seen"]


class Alongside(ConversationCase):
    """Ada has another device at the other door, which must see what she does in its place."""

    other: Person
    is_alone = False

    def play(self, row: Any, doors: tuple[str, ...]) -> None:
        """Play a row; one about a single device with that alone."""
        self.is_alone = row.typed.startswith(ONE_DEVICE)
        super().play(row, doors)  # type: ignore[misc]

    def at(self, door: str, nick: str, password: str = "") -> Person:
        """Join; ada comes alongside herself, a program always as the second."""
        if nick != "ada" or self.is_alone:
            return super().at(door, nick, password)
        terminal = super().at("text", nick, password)
        program = Program(self.connect())
        program.asks("hello", token=self.chat.roster["ada"].token, client="phone")
        program.sees()
        acting, self.other = (terminal, program) if door == "text" else (program, terminal)
        return acting

    def about_to_type(self) -> None:
        """Forget what came before."""
        if not self.is_alone:
            self.other.sees()

    def typed(self, row: Row | Deed) -> None:
        """Check what the other device has seen of a row."""
        if self.is_alone:
            return
        seen = readable(self.other.sees())
        if isinstance(self.other, TextPerson):
            notices = [line for line in seen if line.endswith(" (from your phone)")]
            rest = [line for line in seen if line not in notices]
            self.assertEqual(rest, self._expected_lines(row))
        else:
            notices = [facts for facts in seen if facts["type"] == "notice"]
            rest = [without(facts) for facts in seen if facts not in notices]
            self.assertEqual(rest, expected_facts(row))
        told = [each for each in rest if "introduced" not in str(each)]
        self.assertEqual(bool(notices) and not told, is_told(row) and not row.error)

    def _expected_lines(self, row: Row | Deed) -> list[str]:
        """List what the terminal shows of what the program did."""
        if isinstance(row, Deed):
            return list(row.ada)
        (fact,) = expected_facts(row) or ({},)
        kind = fact.get("type", "")
        if fact.get("manner") == "noticed":
            return [f"-you to {fact['to']}- {fact['text']}"]
        if kind in ELSEWHERE:
            room = fact.get("room", "").replace("python", "#python").replace("tea", "#tea")
            return [ELSEWHERE[kind].format(**fact | {"room": room}, device="phone")]
        if kind in ("said", "acted", "noticed"):
            return [self._as_heard(row)]
        if kind == "went_away" and not fact["why"]:
            return ["-- you are away, from your phone"]
        return [row.own] if row.own else []

    def _as_heard(self, row: Row) -> str:
        """Give a line of talk as it looks in the terminal's current room."""
        terminal, _ = self.chat.roster["ada"].devices
        assert terminal.current is not None
        where = "" if terminal.current.name == row.fact["room"] else f"#{row.fact['room']} "
        return where + row.others.removeprefix(f"#{row.fact['room']} ")


def expected_facts(row: Row | Deed) -> list[Facts]:
    """List the objects of a row that all of its author's devices get."""
    if isinstance(row, Deed):
        return list(row.facts)
    return [row.fact] if row.fact and "ada" in row.hearers else []


def is_told(row: Row | Deed) -> bool:
    """Tell whether a command has changed a setting, of which no event tells."""
    name, _, rest = row.typed.partition(" ")
    if (name, rest) == ("/forget", "everything"):
        return False
    if row.typed == "/oper off" and not row.before:
        return False
    told = ("/set", "/ignore", "/unignore", "/register", "/unregister", "/forget")
    told += ("/watch", "/unwatch", "/oper")
    return bool(rest) and name in told


def without(facts: Facts) -> Facts:
    """Remove what differs from what other people get."""
    return {name: value for name, value in without_id(facts).items() if name != "rooms"}


class TalkTests(Alongside, test_talk.TableTests):
    """What people say."""


class PeopleTests(Alongside, test_people.PeopleTableTests):
    """Presence and settings."""


class NameTests(Alongside, test_names.NameTableTests):
    """Accounts and nicknames."""


class PersonalTests(Alongside, test_personal.PersonalTableTests):
    """Stored personal data."""


class HistoryTests(Alongside, test_history.HistoryTableTests):
    """The past."""


class SearchTests(Alongside, test_search.VainTests):
    """Searching."""


class MistakeTests(Alongside, test_mistakes.MistakeTests):
    """Mistakes."""


class OperatorTests(Alongside, test_operators.OperatorTableTests):
    """What operators do."""


class ServerOperatorTests(Alongside, test_server_operators.ServerOperatorTableTests):
    """What operators of the whole chat do."""
