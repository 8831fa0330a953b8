"""People of whom some have a right to more than talk, and what they then see of each other."""

from __future__ import annotations

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

PASSWORD = "correct-horse"
IN_PYTHON = tuple((nick, "/join python") for nick in EVERYBODY)


@dataclass(frozen=True)
class Deed:
    """Ada types something, beside bob and eve, who are in the same rooms.

    @ivar ada: what she sees of it at the text door, and C{bob} and C{eve} what they see there.
    @ivar facts: what all of them see at the JSON door.
    @ivar answer: the sentences that answer it, unless C{error}, a code and a sentence, refuses it.
    @ivar before: who typed what before.
    """

    typed: str
    ada: tuple[str, ...] = ()
    bob: tuple[str, ...] = ()
    eve: tuple[str, ...] = ()
    facts: tuple[Facts, ...] = ()
    answer: tuple[str, ...] = ()
    error: tuple[str, str] | None = None
    before: tuple[tuple[str, str], ...] = ()


def told(typed: str, *answer: str, before: tuple[tuple[str, str], ...] = ()) -> Deed:
    """Ada is told something, and nothing happens."""
    return Deed(typed, answer=answer, before=before)


def refused(typed: str, code: str, sentence: str, *before: tuple[str, str]) -> Deed:
    """Ada is refused something."""
    return Deed(typed, error=(code, sentence), before=before)


def act(kind: str, room: str = "python", target: str = "bob", **facts: Any) -> Facts:
    """What ada did, as programs see it."""
    place = {"room": room} if room else {}
    return {"type": kind, **place, "nick": "ada", "target": target, **facts}


def to_bob(typed: str, kind: str, words: str, *before: tuple[str, str], **facts: Any) -> Deed:
    """Ada does something to bob in #python.

    @param words: what all see of it, with C{ADA} and C{BOB} in the place of the nicknames.
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
    """Ada does something in #python, and to nobody who is there."""
    others = (f"-- ada {words}",)
    return Deed(typed, (f"-- you {words}",), others, others, (act(kind, **facts),), before=before)


def room_set(typed: str, setting: str, value: str) -> Deed:
    """Ada sets #python."""
    return to_all(
        f"/room {typed}",
        "room_set",
        f"set {setting} of #python to {value}",
        target=setting,
        text=value,
    )


class OperatorCase(ConversationCase):
    """Ada, bob and eve, some of them with a right to more than talk."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.keep, self.rules.keep_lines = 30 * 86_400, 1_000

    def register(self, nick: str) -> None:
        """Let a nickname be somebody's already."""
        identity = identity_of(f"the first token of {nick}")
        accounts = self.chat.accounts
        self.successResultOf(accounts.register(nick, identity, PASSWORD, "198.51.100.1"))

    def server_operator(self, nick: str) -> None:
        """Begin with a new chat, of which a nickname is the operator's."""
        self.rules.operators = frozenset({nick})
        self.open_chat()
        self.register(nick)

    def at(self, door: str, nick: str, password: str = "") -> Person:
        """Somebody who has joined, with the password of a registered nickname."""
        is_registered = self.chat.accounts.named(nick) is not None
        return super().at(door, nick, PASSWORD if is_registered else password)

    def play(self, deed: Deed, doors: tuple[str, ...]) -> None:
        """Let ada type, and compare what all three see."""
        people = {nick: self.at(door, nick) for nick, door in zip(EVERYBODY, doors, strict=True)}
        for nick, line in (*IN_PYTHON, *deed.before):
            people[nick].types(line)
        for person in people.values():
            person.sees()
        people["ada"].types(deed.typed, ref="r1")
        for nick, person in people.items():
            expected = expected_lines if isinstance(person, TextPerson) else expected_objects
            self.assertEqual(readable(person.sees()), expected(deed, nick), nick)


class DenCase(OperatorCase):
    """Sysop is the server's operator; ada, who is registered, made #den; eve, a guest, is in it.

    Each has an address of its own. Bob is a guest in the lobby alone.
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
        """Somebody has joined and entered rooms, or tried to."""
        self.host = host or self.HOSTS.get(nick, "203.0.113.1")
        person = self.at(door, nick)
        for room in rooms:
            person.types(f"/join {room}")
        return person

    def connect(self, host: str = "") -> Wire:
        return super().connect(host or self.host)

    def see_all(self) -> None:
        """Let everybody have seen everything."""
        for person in (self.sysop, self.ada, self.eve, self.bob):
            person.sees()

    def asks(self, person: Person, line: str) -> list[Any]:
        """What somebody sees who types something."""
        person.sees()
        person.types(line)
        return person.sees()

    def says(self, person: Person, line: str) -> str:
        """The same in one text, from whatever door."""
        return "\n".join(map(str, self.asks(person, line)))

    def run_again(self) -> None:
        """Let another run begin with what is stored; nobody is there yet."""
        accounts = self.chat.accounts
        for person in (self.sysop, self.ada, self.eve, self.bob):
            person.types("/quit")
        self.new_accounts = lambda ids: accounts  # type: ignore[method-assign]
        self.journal.open()
        self.open_chat(self.journal)
        self.chat.restore()


def readable(seen: list[Any]) -> list[Any]:
    """What somebody sees, with moments that people can read."""
    for facts in seen:
        if isinstance(facts, dict) and "until" in facts:
            facts["until"] = when(facts["until"])
        if isinstance(facts, dict):
            facts.pop("cause", None)
    return seen


def expected_lines(deed: Deed, nick: str) -> list[str]:
    """What a person at the text door sees of a deed."""
    seen = list({"ada": deed.ada, "bob": deed.bob, "eve": deed.eve}[nick])
    if nick == "ada":
        answer = [deed.error[1]] if deed.error else deed.answer
        seen += [f"-- {line}" for line in answer]
    return seen


def expected_objects(deed: Deed, nick: str) -> list[Facts]:
    """What a program at the JSON door sees of a deed."""
    seen = list(deed.facts)
    if nick == "ada" and deed.error:
        seen.append(error(*deed.error, ref="r1"))
    elif nick == "ada":
        seen.append({"type": "ok", "lines": list(deed.answer), "ref": "r1"})
    return seen
