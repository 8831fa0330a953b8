"""Conversations in memory: people at any door of one chat, and tests made from tables."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.clock import WallClock
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.text import BYE_TO_NC
from chatservice.doors.visit import PortKind
from chatservice.people.accounts import Accounts
from chatservice.protocol.ids import EventIds
from chatservice.server import ChatFactory
from tests.doubles import PlainPasswords, Wire
from tests.irc_rows import IrcMember, can_type, shown, unnumbered
from tests.persons import TALK, Facts, JsonPerson, TextPerson, WebPerson

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKEN = "a-token-of-22-letters_"
"""A token that a client made up."""

EVERYBODY = ("ada", "bob", "eve")

Method = TypeVar("Method", bound=Callable[..., None])


def each_row(table: Mapping[str, Any]) -> Callable[[Method], Method]:
    """Make one test from the decorated method for each row, and pass it the row."""

    def mark(method: Method) -> Method:
        method.table = table  # type: ignore[attr-defined]
        return method

    return mark


class TableCase(SynchronousTestCase):
    """Tests, some of which are tables (L{each_row})."""

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            table = getattr(method, "table", None)
            if table is None:
                continue
            delattr(cls, name)
            for row_name, row in table.items():
                setattr(cls, f"{name}__{_identifier(row_name)}", _with_row(method, row_name, row))


def _identifier(row_name: str) -> str:
    """Return a row's name as trial's workers can import it: without dots, slashes and such."""
    return re.sub(r"\W", "_", row_name)


def _with_row(method: Callable[..., None], name: str, row: Any) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        method(self, row)

    test.__doc__ = f"{method.__doc__} ({name})"
    return test


Person = TextPerson | JsonPerson

DOORS: dict[str, type[Person]] = {"text": TextPerson, "json": JsonPerson, "web": WebPerson}
"""The doors for conversations, and the class of people at each. A new door is a row here."""

ROW_DOORS: dict[str, type[Person | IrcMember]] = {**DOORS, "irc": IrcMember}
"""The doors for rows: also that of IRC, which has its own words, and tests of its own besides."""


def at_each_door(method: Method) -> Method:
    """Make one test from the decorated method for each door, and pass it the door's name."""
    return each_row({door: door for door in DOORS})(method)


def with_doors(table: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Pair every row with every door."""
    return {f"{name}__{door}": (row, door) for name, row in table.items() for door in DOORS}


def doors_from(first: str, number: int, doors: Mapping[str, Any] = DOORS) -> tuple[str, ...]:
    """List C{number} doors from C{first} on, beginning again after the last one in the table."""
    names = list(doors)
    start = names.index(first)
    return tuple(names[(start + step) % len(names)] for step in range(number))


def error(code: str, text: str, ref: str = "") -> Facts:
    """Make an error of the JSON door."""
    return {"type": "error", "code": code, "text": text} | ({"ref": ref} if ref else {})


def malformed(text: str, ref: str = "") -> Facts:
    """Make the error for a line that is not a valid request."""
    return error("malformed", text, ref)


def said(nick: str, text: str, ref: str = "", room: str = "lobby") -> Facts:
    """Make a line of talk at the JSON door, without its id."""
    return {"type": "said", "room": room, "nick": nick, "text": text} | (
        {"ref": ref} if ref else {}
    )


def new_path(case: SynchronousTestCase) -> Path:
    """Make a path without a file, in a folder that is removed after the test."""
    folder = tempfile.mkdtemp()
    case.addCleanup(shutil.rmtree, folder)
    return Path(folder) / "file"


def tokens() -> Iterator[str]:
    """Generate predictable tokens."""
    return (f"token-of-a-test-{number:06}" for number in count(1))


class ConversationCase(TableCase):
    """Tests of a chat in memory with all its doors, on a clock that stands still at noon.

    @ivar rules: the settings of the chat.
    """

    checkers: Sequence[Any] = ()

    def setUp(self) -> None:
        self.clock = Clock()
        self.rules = Settings(rate_limit=0, linger=0)
        self.open_chat()

    def open_chat(self, journal: Any = None, admission: Admission | None = None) -> None:
        """Open a new chat."""
        new_token = tokens()
        wall = WallClock(lambda: NOON.timestamp() + self.clock.seconds(), self.clock.seconds)
        ids = EventIds(wall.time)
        if journal is not None:
            ids.start_above(journal.floor)
            journal.ids = ids
        accounts = self.new_accounts(ids)
        self.chat = ChatFactory(
            self.clock, journal, self.rules, accounts, wall, new_token=lambda: next(new_token)
        )
        self.journal: Any = self.chat.journal
        self.journal.host_key = b"a key of tests"
        self.front = FrontFactory(self.chat, admission or Admission(), PortKind(direct=True))

    def new_accounts(self, ids: EventIds) -> Accounts:
        """Make the accounts of a new chat, which has none yet."""
        return Accounts(
            PlainPasswords(), self.clock.seconds, ids.now, checkers=self.checkers
        )

    def connect(self, host: str = "192.0.2.1") -> Wire:
        """Make a new connection, on which nobody has said anything."""
        wire = Wire(self.clock, host=host)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def at_text(self, nick: str) -> TextPerson:
        """Join at the text door, and read everything so far."""
        person = TextPerson(self.connect())
        person.types(nick)
        self.assertIn("-- you joined lobby", person.wire.sees())
        return person

    def at_json(self, nick: str, **hello: Any) -> JsonPerson:
        """Join at the JSON door, and read everything so far."""
        person = JsonPerson(self.connect())
        person.asks("hello", nick=nick, **hello)
        self.assertIn("welcome", [facts["type"] for facts in person.sees()])
        return person

    def about_to_type(self) -> None:
        """Do nothing; a test may have more people than those of the table, who get ready here."""

    def typed(self, row: Any) -> None:
        """Do nothing; a test may check here what those have seen of a row."""

    def at(self, door: str, nick: str, password: str = "") -> Any:
        """Join at one of the L{ROW_DOORS}, and read everything so far."""
        person = ROW_DOORS[door](self.connect())
        person.joins(nick, password)
        self.assertIn(person.joined, "\n".join(map(str, person.sees())))
        return person


@dataclass(frozen=True)
class Row:
    """A line that ada types, with bob and eve in the lobby, and what all three see.

    @ivar others: the line that other hearers see at the text door; ada sees C{own} there.
    @ivar fact: the object that all of them see at the JSON door, and C{also} the one before it.
    @ivar answer: the sentences that answer a command; C{None} if it has no answer.
    @ivar error: the code and the sentence that refuse it instead.
    @ivar before: the lines typed before, each with its author.
    @ivar raw: whether the answer is for programs, and shown without change.
    """

    typed: str
    others: str = ""
    own: str = ""
    fact: Facts = field(default_factory=dict)
    answer: list[str] | None = None
    error: tuple[str, str] | None = None
    before: tuple[tuple[str, str], ...] = ()
    hearers: tuple[str, ...] = EVERYBODY
    raw: bool = False
    farewell: bool = False
    also: Facts = field(default_factory=dict)

    @property
    def at_irc(self) -> bool:
        """Whether it can be typed in an IRC client, to which nothing is answered as to programs."""
        return not self.raw and can_type(self.typed, self.error[0] if self.error else "")


def refused(typed: str, code: str, sentence: str, *before: tuple[str, str]) -> Row:
    """Make a row in which ada types something that is refused."""
    return Row(typed, error=(code, sentence), before=before)


def at_all_doors(table: Mapping[str, Any]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Repeat every row for each door of ada's, with bob and eve at the next doors in the table.

    A person's view depends on that person's door alone. In the tests of a row, each of the three
    is at every door once, so each door's view of each person is compared; and n doors make n
    tests of a row, not n^3.

    What cannot be typed in an IRC client is left out there; see C{at_irc} of the row.
    """
    return {
        f"{name}__{door}": (row, doors_from(door, len(EVERYBODY), ROW_DOORS))
        for name, row in table.items()
        for door in ROW_DOORS
        if door != "irc" or row.at_irc
    }


class RowCase(ConversationCase):
    """Tests that play each row with three people in the lobby."""

    def play(self, row: Row, doors: tuple[str, ...]) -> None:
        """Have ada type, and compare what all three see."""
        people = {nick: self.at(door, nick) for nick, door in zip(EVERYBODY, doors, strict=True)}
        for nick, line in row.before:
            people[nick].types(line)
        for person in people.values():
            person.sees()
        self.about_to_type()
        people["ada"].types(row.typed, ref="r1")
        by_program = people["ada"].is_program
        for nick, person in people.items():
            seen = unnumbered(person.sees())
            if isinstance(person, TextPerson):
                expected: list[Any] = expected_text(row, nick)
            elif isinstance(person, IrcMember):
                expected = expected_lines(row, nick)
            else:
                expected = expected_objects(row, nick, by_program)
                members = ("rooms", "account", "settings", "search", "cause", "times")
                members += ("list", "who", "left")
                for facts in seen:
                    for member in members:
                        facts.pop(member, None)
                    facts.pop("token", None)
            self.assertEqual(seen, unnumbered(expected), nick)
        self.typed(row)


def expected_text(row: Row, nick: str) -> list[str]:
    """List the lines that a person at the text door sees of a row."""
    if nick != "ada":
        return [row.others] if row.others and nick in row.hearers else []
    own = [row.own] if row.own else []
    error = [f"-- {row.error[1]}"] if row.error else []
    mark = "" if row.raw else "-- "
    goodbye = [BYE_TO_NC] if row.farewell else []
    return own + [f"{mark}{line}" for line in row.answer or ()] + error + goodbye


def expected_objects(row: Row, nick: str, by_program: bool) -> list[Facts]:
    """List the objects that a program at the JSON door sees of a row, without ids."""
    objects: list[Facts] = [row.also] if row.also and nick in row.hearers else []
    if row.fact and nick in row.hearers:
        ref = {"ref": "r1"} if by_program and row.fact["type"] in TALK else {}
        objects.append(row.fact | ref)
    if nick == "ada" and row.answer is not None:
        raw = {"raw": True} if row.raw else {}
        objects.append({"type": "ok", "lines": row.answer, "ref": "r1"} | raw)
    if nick == "ada" and row.error:
        objects.append(error(*row.error, ref="r1"))
    return objects


def expected_lines(row: Row, nick: str) -> list[str]:
    """List the lines that somebody at the IRC door sees of a row."""
    facts = [fact for fact in (row.also, row.fact) if fact and nick in row.hearers]
    seen = [line for fact in facts for line in shown(fact, nick)]
    if nick == "ada":
        answers = [row.error[1]] if row.error else row.answer or []
        seen += [f"-- {line}" for line in answers] + ["ERROR"] * row.farewell
    return seen
