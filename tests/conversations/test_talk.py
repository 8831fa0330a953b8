"""Who types what, and what each person then sees, at whatever door each of them is."""

from __future__ import annotations

from tests.conversation import Facts, Row, RowCase, at_all_doors, each_row, refused, said


def speech(typed: str, text: str) -> Row:
    """Ada types something that is said as a text."""
    return Row(typed, f"ada: {text}", fact=said("ada", text))


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
    "notice": Row(
        "/notice #LOBBY  tea  at five ",
        "-ada- tea  at five",
        fact={"type": "noticed", "room": "lobby", "nick": "ada", "text": "tea  at five"},
    ),
    "notice_in_the_lobby_by_its_bare_name": Row(
        "/notice lobby tea",
        "-ada- tea",
        fact={"type": "noticed", "room": "lobby", "nick": "ada", "text": "tea"},
    ),
    "notice_in_another_room_than_the_reader's": Row(
        "/notice #python tea",
        "#python -ada- tea",
        fact={"type": "noticed", "room": "python", "nick": "ada", "text": "tea"},
        before=(("bob", "/join python"), ("bob", "/join lobby"), ("ada", "/join python")),
        hearers=("ada", "bob"),
    ),
    "notice_from_another_room": Row(
        "/notice #python tea",
        "-ada- tea",
        fact={"type": "noticed", "room": "python", "nick": "ada", "text": "tea"},
        before=(("bob", "/join python"), ("ada", "/join python"), ("ada", "/join lobby")),
        hearers=("ada", "bob"),
    ),
    "in_another_room_than_the_reader": Row(
        "hi",
        "#python ada: hi",
        fact=said("ada", "hi", room="python"),
        before=(("bob", "/join python"), ("bob", "/join lobby"), ("ada", "/join python")),
        hearers=("ada", "bob"),
    ),
    "in_the_reader's_current_room": Row(
        "hi",
        "ada: hi",
        fact=said("ada", "hi", room="python"),
        before=(("bob", "/join python"), ("ada", "/join python")),
        hearers=("ada", "bob"),
    ),
    "private": Row(
        "/msg bob psst",
        "(ada to you) psst",
        fact=whispered("bob", "psst"),
        hearers=("ada", "bob"),
    ),
    "private_notice": Row(
        "/notice bob  tea  at five",
        "-ada to you- tea  at five",
        fact=whispered("bob", "tea  at five") | {"manner": "noticed"},
        hearers=("ada", "bob"),
    ),
    "private_by_another_spelling": Row(
        "/query BOB psst",
        "(ada to you) psst",
        fact=whispered("bob", "psst"),
        hearers=("ada", "bob"),
    ),
    "private_to_oneself": Row(
        "/msg ada note",
        own="(ada to you) note",
        fact=whispered("ada", "note"),
        hearers=("ada",),
    ),
    "private_without_a_room": Row(
        "/msg bob psst",
        "(ada to you) psst",
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
        "/topic", "the topic of lobby (set by bob): snakes", before=(("bob", "/topic snakes"),)
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
    "rename_to_the_same": refused("/nick ada", "nick-taken", "you are already ada"),
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
    "part_and_why": Row(
        "/part #lobby back at noon",
        "-- ada left lobby: back at noon",
        "-- you left lobby: you are in no room",
        {"type": "parted", "room": "lobby", "nick": "ada", "why": "back at noon"},
        [],
    ),
    "part_by_name_and_why": Row(
        "/part LOBBY tea",
        "-- ada left lobby: tea",
        "-- you left lobby: you are talking in #python now",
        {"type": "parted", "room": "lobby", "nick": "ada", "why": "tea"},
        [],
        before=(("ada", "/join python"),),
    ),
    "part_the_current_room_and_why": Row(
        "/part why not",
        "-- ada left lobby: why not",
        "-- you left lobby: you are in no room",
        {"type": "parted", "room": "lobby", "nick": "ada", "why": "why not"},
        [],
    ),
    "part_another_room_and_why": refused("/part #den tea", "no-room", "you are not in #den"),
    "part_one_word": refused("/part tea", "no-room", "you are not in #tea"),
    "part_with_a_long_why": refused(
        f"/part #lobby {'x' * 4_097}",
        "too-long",
        "that line is too long (4,097 bytes, at most 4,096): not sent",
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


class TableTests(RowCase):
    """What ada types, and what each of three then sees."""

    @each_row(at_all_doors(SPEECH))
    def test_speech(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What is said reaches those it is for, cleaned, in the spelling of each one's door."""
        self.play(*case)

    @each_row(at_all_doors(COMMANDS))
    def test_command(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """A command has its effect for all, and its answer for who gave it alone."""
        self.play(*case)
