"""Test cases for operators: acts of people with special rights, and what everybody sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatservice.people.identity import identity_of
from chatservice.protocol.wording import when
from tests.conversation import (
    EVERYBODY,
    ConversationCase,
    Facts,
    Person,
    TextPerson,
    Wire,
    error,
)
from tests.irc_rows import IrcMember, can_type, shown

PASSWORD = "correct-horse"
FOR_NOW = " until an operator ends it"
IN_PYTHON = tuple((nick, "/join python") for nick in EVERYBODY)


@dataclass(frozen=True)
class Deed:
    """A line that ada types, with bob and eve in the same rooms, and what all three see.

    @ivar ada: the lines that she sees at the text door; likewise C{bob} and C{eve}.
    @ivar facts: the objects that all of them see at the JSON door.
    @ivar answer: the sentences that answer it, unless C{error}, a code and a sentence, refuses it.
    @ivar before: the lines typed before, each with its author.
    """

    typed: str
    ada: tuple[str, ...] = ()
    bob: tuple[str, ...] = ()
    eve: tuple[str, ...] = ()
    facts: tuple[Facts, ...] = ()
    answer: tuple[str, ...] = ()
    error: tuple[str, str] | None = None
    before: tuple[tuple[str, str], ...] = ()

    @property
    def at_irc(self) -> bool:
        """Whether it can be typed in an IRC client."""
        return can_type(self.typed)


def told(typed: str, *answer: str, before: tuple[tuple[str, str], ...] = ()) -> Deed:
    """Make a deed with an answer to ada, and no other effect."""
    return Deed(typed, answer=answer, before=before)


def refused(typed: str, code: str, sentence: str, *before: tuple[str, str]) -> Deed:
    """Make a deed that the chat refuses ada."""
    return Deed(typed, error=(code, sentence), before=before)


def act(kind: str, room: str = "python", target: str = "bob", **facts: Any) -> Facts:
    """Make an act of ada's, as programs see it."""
    place = {"room": room} if room else {}
    return {"type": kind, **place, "nick": "ada", "target": target, **facts}


def to_bob(typed: str, kind: str, words: str, *before: tuple[str, str], **facts: Any) -> Deed:
    """Make a deed that ada does to bob in #python.

    @param words: the line that everybody sees, with C{ADA} and C{BOB} for the nicknames.
    """
    return Deed(
        typed,
        ada=(words.replace("ADA", "you").replace("BOB", "bob"),),
        bob=(words.replace("ADA", "ada").replace("BOB", "you"),),
        eve=(words.replace("ADA", "ada").replace("BOB", "bob"),),
        facts=(act(kind, **facts),),
        before=before,
    )


def to_all(typed: str, kind: str, words: str, *before: tuple[str, str], **facts: Any) -> Deed:
    """Make a deed that ada does in #python, to nobody who is there."""
    others = (f"-- ada {words}",)
    return Deed(typed, (f"-- you {words}",), others, others, (act(kind, **facts),), before=before)


def room_set(typed: str, setting: str, value: str) -> Deed:
    """Make a deed in which ada changes a setting of #python."""
    return to_all(
        f"/room {typed}",
        "room_set",
        f"set {setting} of #python to {value}",
        target=setting,
        text=value,
    )


class OperatorCase(ConversationCase):
    """Tests with ada, bob and eve, some of whom have special rights."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.keep, self.rules.keep_lines = 30 * 86_400, 1_000

    def register(self, nick: str) -> None:
        """Register a nickname for somebody who is not here."""
        identity = identity_of(f"the first token of {nick}")
        accounts = self.chat.accounts
        self.successResultOf(accounts.register(nick, identity, PASSWORD, "198.51.100.1"))

    def server_operator(self, nick: str) -> None:
        """Open a new chat, whose server operator has this nickname."""
        self.rules.operators = frozenset({nick})
        self.open_chat()
        self.register(nick)

    def at(self, door: str, nick: str, password: str = "") -> Person:
        """Join at a door, with the password if the nickname is registered."""
        is_registered = self.chat.accounts.named(nick) is not None
        return super().at(door, nick, PASSWORD if is_registered else password)

    def play(self, deed: Deed, doors: tuple[str, ...]) -> None:
        """Have ada type, and compare what all three see."""
        people = {nick: self.at(door, nick) for nick, door in zip(EVERYBODY, doors, strict=True)}
        members = {nick: self.chat.roster.named(nick) for nick in people}
        for nick, line in (*IN_PYTHON, *deed.before):
            people[nick].types(line)
        for person in people.values():
            person.sees()
        self.about_to_type()
        in_python = self.chat.rooms["python"].members
        there = {nick: who.nick for nick, who in members.items() if who in in_python}
        people["ada"].types(deed.typed, ref="r1")
        for nick, person in people.items():
            if isinstance(person, TextPerson):
                expected: list[Any] = expected_lines(deed, nick)
            elif isinstance(person, IrcMember):
                expected = expected_irc(deed, nick, there)
            else:
                expected = expected_objects(deed, nick)
            self.assertEqual(readable(person.sees()), expected, nick)
        self.typed(deed)


class DenCase(OperatorCase):
    """Tests with sysop, the server operator; ada, registered, who made #den; eve, a guest in it.

    Each has a different address. Bob is a guest in the lobby only.
    """

    HOSTS = {"sysop": "192.0.2.9", "ada": "192.0.2.1", "eve": "198.51.100.7", "bob": "192.0.2.2"}

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("sysop")
        self.register("ada")
        self.sysop = self.comes("text", "sysop")
        self.ada = self.comes("text", "ada", "den")
        self.eve = self.comes("text", "eve", "den")
        self.bob = self.comes("text", "bob")
        self.see_all()

    def comes(self, door: str, nick: str, *rooms: str, host: str = "") -> Person:
        """Join, and enter rooms or try to."""
        self.host = host or self.HOSTS.get(nick, "203.0.113.1")
        person = self.at(door, nick)
        for room in rooms:
            person.types(f"/join {room}")
        return person

    def connect(self, host: str = "") -> Wire:
        return super().connect(host or self.host)

    def see_all(self) -> None:
        """Discard everything that anybody has seen so far."""
        for person in (self.sysop, self.ada, self.eve, self.bob):
            person.sees()

    def asks(self, person: Person, line: str) -> list[Any]:
        """Type a line for somebody, and return what that person sees."""
        person.sees()
        person.types(line)
        return person.sees()

    def says(self, person: Person, line: str) -> str:
        """Do the same, but return one text, at any door."""
        return "\n".join(map(str, self.asks(person, line)))

    def run_again(self) -> None:
        """Start another run with the stored data, before anybody has joined."""
        accounts = self.chat.accounts
        for person in (self.sysop, self.ada, self.eve, self.bob):
            person.types("/quit")
        self.new_accounts = lambda ids: accounts  # type: ignore[method-assign]
        self.journal.open()
        self.open_chat(self.journal)
        self.chat.restore()


def readable(seen: list[Any]) -> list[Any]:
    """Make the times in what somebody sees readable, and drop the causes of errors."""
    for facts in seen:
        if isinstance(facts, dict) and "until" in facts:
            facts["until"] = when(facts["until"])
        if isinstance(facts, dict):
            facts.pop("cause", None)
    return seen


def expected_lines(deed: Deed, nick: str) -> list[str]:
    """List the lines that a person at the text door sees of a deed."""
    seen = list({"ada": deed.ada, "bob": deed.bob, "eve": deed.eve}[nick])
    if nick == "ada":
        answer = [deed.error[1]] if deed.error else deed.answer
        seen += [f"-- {line}" for line in answer]
    return seen


def expected_objects(deed: Deed, nick: str) -> list[Facts]:
    """List the objects that a program at the JSON door sees of a deed."""
    seen = list(deed.facts)
    if nick == "ada" and deed.error:
        seen.append(error(*deed.error, ref="r1"))
    elif nick == "ada":
        seen.append({"type": "ok", "lines": list(deed.answer), "ref": "r1"})
    return seen


def expected_irc(deed: Deed, nick: str, there: Mapping[str, str]) -> list[str]:
    """List the lines that somebody at the IRC door sees of a deed.

    @param there: the nicknames of those who were in #python before, by what the row calls them.
    """
    seen = [line for fact in deed.facts for line in shown(fact, nick, there)]
    if nick == "ada":
        answer = [deed.error[1]] if deed.error else deed.answer
        seen += [f"-- {line}" for line in answer]
    return seen
