"""What is told to who types something that cannot be done, at whatever door each person is."""

from __future__ import annotations

from tests.conversation import Row, RowCase, at_all_doors, each_row, refused

HISTORY_USAGE = "/history takes a number from 1 to 100, a time such as 2h, more, or before ID"

MISTAKES = {
    "unknown": refused(
        "/xyzzy", "unknown", "there is no command /xyzzy: /help lists the commands"
    ),
    "mistyped": refused("/jion x", "unknown", "there is no command /jion: did you mean /join?"),
    "like_nothing": refused(
        "/foobar", "unknown", "there is no command /foobar: /help lists the commands"
    ),
    "like_short_ones": refused(
        "/xe", "unknown", "there is no command /xe: /help lists the commands"
    ),
    "page_after_none": refused(
        "/history more",
        "usage",
        "there is no next page: /history shows the newest lines",
    ),
    "search_after_none": refused(
        "/search More",
        "usage",
        'there is no next page: /search WORDS finds the newest lines, and /search "more" '
        "looks for that word",
    ),
    "who_after_none": refused(
        "/who more", "usage", "there is no next page: /who shows the first one"
    ),
    "mistyped_alias": refused("/exti", "unknown", "there is no command /exti: did you mean /exit?"),
    "slash_alone": refused("/", "unknown", "there is no command /: /help lists the commands"),
    "help_of_unknown": refused(
        "/help jion", "unknown", "there is no command /jion: did you mean /join?"
    ),
    "escape_in_command": refused(
        "/\x1b[2Jxyzzy", "unknown", "there is no command /xyzzy: /help lists the commands"
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
    "rename_malformed": refused("/nick 9", "bad-nick", 'a nickname must not start with "9"'),
    "line_without_a_room": refused(
        "hi",
        "no-room",
        "you are not in a room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "action_without_a_room": refused(
        "/me waves",
        "no-room",
        "you are not in a room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "part_without_a_room": refused(
        "/part",
        "no-room",
        "you are not in a room: /join one first, such as /join lobby",
        ("ada", "/part"),
    ),
    "part_elsewhere": refused("/part python", "no-room", "you are not in #python"),
    "names_elsewhere": refused("/names lobby", "no-room", "you are not in lobby", ("ada", "/part")),
    "join_nothing": refused("/join", "usage", "use it like this: /join ROOM [PASSWORD]"),
    "join_malformed": refused("/join a!", "bad-room", 'a room\'s name must not contain "!"'),
    "nothing_done": refused("/me", "empty", "there is nothing to say"),
    "nothing_but_controls": refused("\x1b[2J", "empty", "there is nothing to say"),
    "too_long": refused(
        "é" * 2049, "too-long", "that line is too long (4,098 bytes, at most 4,096): not sent"
    ),
    "topic_too_long": refused(
        f"/topic {'x' * 4097}",
        "too-long",
        "that line is too long (4,097 bytes, at most 4,096): not sent",
    ),
    "topic_somewhat_long": refused(
        f"/topic {'x' * 401}", "too-long", "a topic must have at most 400 bytes"
    ),
    "long_goodbye": refused(
        f"/quit {'x' * 4097}",
        "too-long",
        "that line is too long (4,097 bytes, at most 4,096): not sent",
    ),
    "blank_after_slash": refused(
        "/ quit", "unknown", "there is no command /: /help lists the commands"
    ),
    "help_on_a_text": refused(
        "/help //x", "unknown", "there is no command //x: /help lists the commands"
    ),
    "notice_of_nothing": refused(
        "/notice #lobby", "usage", "use it like this: /notice NICK|#ROOM TEXT"
    ),
    "notice_elsewhere": refused("/notice #python tea", "no-room", "you are not in #python"),
    "notice_in_a_malformed_room": refused(
        "/notice #a! tea", "bad-room", 'a room\'s name must not contain "!"'
    ),
    "notice_to_nobody": refused("/notice grace tea", "no-nick", "nobody here is called grace"),
    "private_to_nobody": refused("/msg grace hi", "no-nick", "nobody here is called grace"),
    "private_nothing": refused("/msg bob ", "usage", "use it like this: /msg NICK TEXT"),
    "who_is_nobody": refused("/who grace", "no-nick", "nobody here is called grace"),
    "who_without_such_a_page": refused(
        "/who 2", "usage", "there is no such page: the last one is /who 1"
    ),
    "history_of_none": refused("/history 0", "usage", HISTORY_USAGE),
    "history_of_too_many": refused("/history 101", "usage", HISTORY_USAGE),
    "history_with_zeros": refused(f"/history {'0' * 8}1999", "usage", HISTORY_USAGE),
    "history_of_a_word": refused("/history all", "usage", HISTORY_USAGE),
    "history_of_a_huge_number": refused(f"/history {'9' * 4000}", "usage", HISTORY_USAGE),
    "history_of_another_digit": refused("/history ٣", "usage", HISTORY_USAGE),
}


class MistakeTests(RowCase):
    """What ada should not have typed, and what each of three then sees."""

    @each_row(at_all_doors(MISTAKES))
    def test_mistake(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """A mistake is told to who made it, in one sentence, and nobody else sees anything."""
        self.play(*case)
