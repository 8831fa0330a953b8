"""Who types what, and what each person then sees, at whatever door each of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.conversation import (
    TALK,
    ConversationCase,
    TextPerson,
    each_row,
)

EVERYBODY = ("ada", "bob", "eve")
Facts = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """Ada types something, beside bob and eve, who came to the lobby after her.

    @ivar others: what those who hear of it see at the text door, and C{own} what ada sees there.
    @ivar fact: what all of them see at the JSON door.
    @ivar answer: the sentences that answer a command; C{None} where it has no answer.
    @ivar error: the code and the sentence that refuse it instead.
    @ivar before: who typed what before.
    """

    typed: str
    others: str = ""
    own: str = ""
    fact: Facts = field(default_factory=dict)
    answer: list[str] | None = None
    error: tuple[str, str] | None = None
    before: tuple[tuple[str, str], ...] = ()
    hearers: tuple[str, ...] = EVERYBODY


def said(text: str, room: str = "lobby") -> Facts:
    """Ada said a line."""
    return {"type": "said", "room": room, "nick": "ada", "text": text}


def speech(typed: str, text: str) -> Row:
    """Ada types something that is said as a text."""
    return Row(typed, f"ada: {text}", fact=said(text))


def refused(typed: str, code: str, sentence: str, *before: tuple[str, str]) -> Row:
    """Ada types something that is refused."""
    return Row(typed, error=(code, sentence), before=before)


def answered(typed: str, *lines: str, before: tuple[tuple[str, str], ...] = ()) -> Row:
    """Ada types something that is answered to her alone."""
    return Row(typed, answer=list(lines), before=before)


def whispered(to: str, text: str) -> Facts:
    """Ada said something in private."""
    return {"type": "whispered", "nick": "ada", "to": to, "text": text}


def topic_changed(topic: str) -> Facts:
    """Ada changed the topic of the lobby."""
    return {"type": "topic_changed", "room": "lobby", "nick": "ada", "topic": topic}


SPEECH = {
    "line": speech("hello everyone", "hello everyone"),
    "inner_spaces": speech("  two  words  ", "  two  words"),
    "literal_slash": speech("//quit", "/quit"),
    "three_slashes": speech("///", "//"),
    "slash_inside": speech("and/or", "and/or"),
    "every_script": speech("Ωραία 太郎 שלום 🎉", "Ωραία 太郎 שלום 🎉"),
    "colours": speech("\x1b[31mred\x1b[0m", "red"),
    "window_title": speech("\x1b]0;owned\x07hi", "hi"),
    "one_byte_escape": speech("\x9b2Jhi", "hi"),
    "bell_and_nul": speech("a\x07\x00b", "ab"),
    "tabs": speech("a\tb", "a b"),
    "separators": speech("a\u2028b\u2029c\x85d", "a b c d"),
    "unbalanced_bidi": speech("a\u202eb", "ab"),
    "balanced_bidi": speech("a \u2067b\u2069 c", "a \u2067b\u2069 c"),
    "looks_like_the_server": speech("-- bob left the chat", "-- bob left the chat"),
    "longest": speech("é" * 2048, "é" * 2048),
    "action": Row(
        "/me waves",
        "* ada waves",
        fact={"type": "acted", "room": "lobby", "nick": "ada", "text": "waves"},
    ),
    "action_in_capitals": Row(
        "/ME  waves ",
        "* ada waves",
        fact={"type": "acted", "room": "lobby", "nick": "ada", "text": "waves"},
    ),
    "in_another_room_than_the_reader": Row(
        "hi",
        "[#python] ada: hi",
        fact=said("hi", "python"),
        before=(("bob", "/join python"), ("bob", "/join lobby"), ("ada", "/join python")),
        hearers=("ada", "bob"),
    ),
    "in_the_reader's_current_room": Row(
        "hi",
        "ada: hi",
        fact=said("hi", "python"),
        before=(("bob", "/join python"), ("ada", "/join python")),
        hearers=("ada", "bob"),
    ),
    "private": Row(
        "/msg bob psst",
        "[ada -> you] psst",
        fact=whispered("bob", "psst"),
        hearers=("ada", "bob"),
    ),
    "private_by_another_spelling": Row(
        "/query BOB psst",
        "[ada -> you] psst",
        fact=whispered("bob", "psst"),
        hearers=("ada", "bob"),
    ),
    "private_to_oneself": Row(
        "/msg ada note",
        own="[ada -> you] note",
        fact=whispered("ada", "note"),
        hearers=("ada",),
    ),
    "private_without_a_room": Row(
        "/msg bob psst",
        "[ada -> you] psst",
        fact=whispered("bob", "psst"),
        before=(("ada", "/part"),),
        hearers=("ada", "bob"),
    ),
}

COMMANDS = {
    "topic": Row(
        "/topic all about snakes",
        "-- ada changed the topic of lobby: all about snakes",
        "-- you changed the topic of lobby: all about snakes",
        topic_changed("all about snakes"),
        [],
    ),
    "topic_cleared": Row(
        "/topic -",
        "-- ada cleared the topic of lobby",
        "-- you cleared the topic of lobby",
        topic_changed(""),
        [],
        before=(("bob", "/topic snakes"),),
    ),
    "topic_asked": answered(
        "/topic", "the topic of lobby is: snakes (set by bob)", before=(("bob", "/topic snakes"),)
    ),
    "no_topic": answered("/topic", "lobby has no topic"),
    "no_topic_any_more": answered(
        "/topic", "lobby has no topic", before=(("bob", "/topic snakes"), ("bob", "/topic -"))
    ),
    "rename": Row(
        "/nick grace",
        "-- ada is now grace",
        "-- you are now grace",
        {"type": "renamed", "nick": "ada", "now": "grace"},
        [],
    ),
    "rename_in_case_alone": Row(
        "/nick ADA",
        "-- ada is now ADA",
        "-- you are now ADA",
        {"type": "renamed", "nick": "ada", "now": "ADA"},
        [],
    ),
    "rename_to_the_same": refused("/nick ada", "nick-taken", "you are ada already"),
    "nick_asked": answered("/nick", "you are ada"),
    "join": Row(
        "/join #Python",
        own="-- you joined #python: nobody else (1 here)",
        fact={"type": "joined", "room": "python", "nick": "ada", "arrived": False},
        answer=[],
        hearers=("ada",),
    ),
    "join_somebody": Row(
        "/join python",
        "-- ada joined #python",
        "-- you joined #python: bob (2 here)",
        {"type": "joined", "room": "python", "nick": "ada", "arrived": False},
        [],
        before=(("bob", "/join python"),),
        hearers=("ada", "bob"),
    ),
    "join_where_one_is": answered(
        "/join lobby", "you are talking in lobby", before=(("ada", "/join python"),)
    ),
    "part_the_lobby": Row(
        "/part",
        "-- ada left lobby",
        "-- you left lobby: you are in no room",
        {"type": "parted", "room": "lobby", "nick": "ada"},
        [],
    ),
    "part_by_name": Row(
        "/leave #lobby",
        "-- ada left lobby",
        "-- you left lobby: you are talking in #python now",
        {"type": "parted", "room": "lobby", "nick": "ada"},
        [],
        before=(("ada", "/join python"),),
    ),
    "part_the_current_room": Row(
        "/part",
        "",
        "-- you left #python: you are talking in lobby now",
        {"type": "parted", "room": "python", "nick": "ada"},
        [],
        before=(("ada", "/join python"),),
        hearers=("ada",),
    ),
    "names": answered("/names", "in lobby (3 here):", "ada, bob, eve"),
    "names_of_a_room": answered(
        "/names #python",
        "in #python (2 here):",
        "ada, eve",
        before=(("eve", "/join python"), ("ada", "/join python"), ("ada", "/join lobby")),
    ),
    "who": answered(
        "/who",
        "ada: lobby",
        "bob: in no room",
        "eve: lobby, #python",
        before=(("bob", "/part"), ("eve", "/join python")),
    ),
    "who_is_one": answered("/who BOB", "bob: lobby"),
    "list": answered(
        "/list",
        "lobby (3 here)",
        "#python (1 here): snakes",
        before=(("eve", "/join python"), ("eve", "/topic snakes")),
    ),
    "list_what_is_remembered": answered(
        "/list",
        "lobby (3 here)",
        "#python (0 here): snakes",
        before=(("eve", "/join python"), ("eve", "/topic snakes"), ("eve", "/part")),
    ),
    "list_without_what_is_over": answered(
        "/list", "lobby (3 here)", before=(("eve", "/join python"), ("eve", "/part"))
    ),
    "motd": answered("/motd", "there is no message of the day"),
    "ping": answered("/ping", "pong"),
}

MISTAKES = {
    "unknown": refused(
        "/xyzzy", "unknown", "there is no command /xyzzy: /help lists those there are"
    ),
    "mistyped": refused("/jion x", "unknown", "there is no command /jion: did you mean /join?"),
    "mistyped_alias": refused("/exti", "unknown", "there is no command /exti: did you mean /exit?"),
    "slash_alone": refused("/", "unknown", "there is no command /: /help lists those there are"),
    "help_of_unknown": refused(
        "/help jion", "unknown", "there is no command /jion: did you mean /join?"
    ),
    "escape_in_command": refused(
        "/\x1b[2Jxyzzy", "unknown", "there is no command /xyzzy: /help lists those there are"
    ),
    "rename_taken": refused("/nick Bob", "nick-taken", "Bob is taken: choose another nickname"),
    "rename_alike": refused(
        "/nick b0b",
        "nick-taken",
        "b0b looks too much like bob, who is here: choose another nickname",
    ),
    "rename_reserved": refused(
        "/nick server",
        "bad-nick",
        "server is reserved, or looks like a name that is: choose another one",
    ),
    "rename_malformed": refused("/nick 9", "bad-nick", 'a nickname cannot start with "9"'),
    "line_without_a_room": refused(
        "hi",
        "no-room",
        "you are in no room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "action_without_a_room": refused(
        "/me waves",
        "no-room",
        "you are in no room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "part_without_a_room": refused(
        "/part",
        "no-room",
        "you are in no room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "part_elsewhere": refused("/part python", "no-room", "you are not in #python"),
    "names_elsewhere": refused("/names lobby", "no-room", "you are not in lobby", ("ada", "/part")),
    "join_nothing": refused("/join", "usage", "use it like this: /join ROOM"),
    "join_two": refused("/join a b", "usage", "use it like this: /join ROOM"),
    "join_malformed": refused("/join a!", "bad-room", 'a room\'s name cannot have "!" in it'),
    "nothing_done": refused("/me", "empty", "there is nothing to say"),
    "nothing_but_controls": refused("\x1b[2J", "empty", "there is nothing to say"),
    "too_long": refused(
        "é" * 2049, "too-long", "that has 4,098 bytes, and a line at most 4,096: not sent"
    ),
    "topic_too_long": refused(
        f"/topic {'x' * 4097}",
        "too-long",
        "that has 4,097 bytes, and a line at most 4,096: not sent",
    ),
    "topic_somewhat_long": refused(
        f"/topic {'x' * 401}", "too-long", "a topic has at most 400 bytes"
    ),
    "long_goodbye": refused(
        f"/quit {'x' * 4097}",
        "too-long",
        "that has 4,097 bytes, and a line at most 4,096: not sent",
    ),
    "blank_after_slash": refused(
        "/ quit", "unknown", "there is no command /: /help lists those there are"
    ),
    "help_on_a_text": refused(
        "/help //x", "unknown", "there is no command //x: /help lists those there are"
    ),
    "private_to_nobody": refused("/msg grace hi", "no-nick", "nobody here is called grace"),
    "private_nothing": refused("/msg bob ", "usage", "use it like this: /msg NICK TEXT"),
    "who_is_nobody": refused("/who grace", "no-nick", "nobody here is called grace"),
    "history_of_none": refused("/history 0", "usage", "/history takes a number from 1 to 100"),
    "history_of_too_many": refused(
        "/history 101", "usage", "/history takes a number from 1 to 100"
    ),
    "history_of_a_word": refused("/history all", "usage", "/history takes a number from 1 to 100"),
    "history_of_a_huge_number": refused(
        f"/history {'9' * 4000}", "usage", "/history takes a number from 1 to 100"
    ),
    "history_of_another_digit": refused(
        "/history ٣", "usage", "/history takes a number from 1 to 100"
    ),
}


def at_all_doors(table: dict[str, Row]) -> dict[str, tuple[Row, tuple[str, ...]]]:
    """Every row with ada, bob and eve at every combination of the two doors."""
    return {
        f"{name}__{'_'.join(doors)}": (row, doors)
        for name, row in table.items()
        for doors in product(("text", "json"), repeat=len(EVERYBODY))
    }


class TableTests(ConversationCase):
    """What ada types, and what each of three then sees."""

    @each_row(at_all_doors(SPEECH))
    def test_speech(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What is said reaches those it is for, cleaned, in the spelling of each one's door."""
        self.play(*case)

    @each_row(at_all_doors(COMMANDS))
    def test_command(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """A command has its effect for all, and its answer for who gave it alone."""
        self.play(*case)

    @each_row(at_all_doors(MISTAKES))
    def test_mistake(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """A mistake is told to who made it, in one sentence, and nobody else sees anything."""
        self.play(*case)

    def play(self, row: Row, doors: tuple[str, ...]) -> None:
        """Let ada type, and compare what all three see."""
        people = {nick: self.at(door, nick) for nick, door in zip(EVERYBODY, doors, strict=True)}
        for nick, line in row.before:
            people[nick].types(line)
        for person in people.values():
            person.sees()
        people["ada"].types(row.typed, ref="r1")
        by_program = people["ada"].is_program
        for nick, person in people.items():
            seen = person.sees()
            if isinstance(person, TextPerson):
                self.assertEqual(seen, expected_text(row, nick), nick)
            else:
                for facts in seen:
                    facts.pop("rooms", None)
                self.assertEqual(seen, expected_objects(row, nick, by_program), nick)


def expected_text(row: Row, nick: str) -> list[str]:
    """What a person at the text door sees of a row."""
    if nick != "ada":
        return [row.others] if row.others and nick in row.hearers else []
    own = [row.own] if row.own else []
    error = [f"-- {row.error[1]}"] if row.error else []
    return own + [f"-- {line}" for line in row.answer or ()] + error


def expected_objects(row: Row, nick: str, by_program: bool) -> list[Facts]:
    """What a program at the JSON door sees of a row, without ids."""
    objects: list[Facts] = []
    if row.fact and nick in row.hearers:
        ref = {"ref": "r1"} if by_program and row.fact["type"] in TALK else {}
        objects.append(row.fact | ref)
    if nick == "ada" and row.answer is not None:
        objects.append({"type": "ok", "lines": row.answer, "ref": "r1"})
    if nick == "ada" and row.error:
        code, sentence = row.error
        objects.append({"type": "error", "code": code, "text": sentence, "ref": "r1"})
    return objects
