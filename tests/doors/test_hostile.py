"""What no well-behaved program sends, and what it is answered."""

from __future__ import annotations

import json
from typing import Any

from chatservice.doors.json import JSON, MALFORMED_IN_A_ROW
from chatservice.protocol.events import Event
from tests.conversation import (
    ConversationCase,
    JsonPerson,
    each_row,
    error,
    malformed,
    said,
)

Facts = dict[str, Any]

NOT_JSON = malformed("this is not JSON in UTF-8")
NO_OBJECT = malformed("a request must be a JSON object")
ROOMS_WRONG = malformed('"rooms" must be an object of last ids by room', "r")

# What a peer that has not joined sends, and the answer.
HOSTILE: dict[str, tuple[bytes, Facts]] = {
    "not_json": (b"{hello", NOT_JSON),
    "half_an_object": (b'{"type":', NOT_JSON),
    "two_objects": (b'{"type":"ping"}{"type":"ping"}', NOT_JSON),
    "deep_arrays": (b'{"type":' + b"[" * 16000, NOT_JSON),
    "deep_objects": (b'{"a":' * 3000, NOT_JSON),
    "invalid_utf8": (b'{"type":"\xc3\x28"}', NOT_JSON),
    "telnet": (b'{"type":"ping\xff\xf1"}', error("not-joined", 'join first, with a "hello"')),
    "utf16": ('{"type":"ping"}'.encode("utf-16-le"), NOT_JSON),
    "byte_order_mark": (b'\xef\xbb\xbf{"type":"ping"}', NOT_JSON),
    "nul": (b'{"type":"ping"}\0', NOT_JSON),
    "huge_number": (b'{"type":"ping","n":' + b"9" * 5000 + b"}", NOT_JSON),
    "array": (b'["type","hello"]', NO_OBJECT),
    "string": (b'"hello"', NO_OBJECT),
    "number": (b"1e999", NO_OBJECT),
    "null": (b"null", NO_OBJECT),
    "no_type": (b"{}", malformed('"type" must be a string')),
    "type_is_null": (b'{"type":null}', malformed('"type" must be a string')),
    "type_is_a_number": (b'{"type":7,"ref":"r"}', malformed('"type" must be a string', "r")),
    "type_is_an_object": (b'{"type":{}}', malformed('"type" must be a string')),
    "ref_is_a_number": (b'{"type":"hello","ref":7}', malformed('"ref" must be a string')),
    "ref_is_null": (b'{"type":"hello","ref":null}', malformed('"ref" must be a string')),
    "ref_too_long": (
        b'{"type":"hello","ref":"' + b"x" * 65 + b'"}',
        malformed('"ref" must have at most 64 characters, and no control characters'),
    ),
    "ref_with_controls": (
        b'{"type":"hello","ref":"a\\u2028b"}',
        malformed('"ref" must have at most 64 characters, and no control characters'),
    ),
    "no_nick": (b'{"type":"hello","ref":"r"}', malformed('"nick" must be a string', "r")),
    "nick_is_a_list": (
        b'{"type":"hello","nick":["ada"],"ref":"r"}',
        malformed('"nick" must be a string', "r"),
    ),
    "nick_is_a_surrogate": (
        b'{"type":"hello","nick":"\\ud800","ref":"r"}',
        error("bad-nick", 'a nickname must not contain "?"', "r"),
    ),
    "token_is_a_number": (
        b'{"type":"hello","nick":"ada","token":1,"ref":"r"}',
        malformed('"token" must be a string', "r"),
    ),
    "token_too_short": (
        b'{"type":"hello","nick":"ada","token":"short","ref":"r"}',
        malformed('"token" is not a token of this server', "r"),
    ),
    "token_too_long": (
        b'{"type":"hello","nick":"ada","token":"' + b"x" * 65 + b'","ref":"r"}',
        malformed('"token" is not a token of this server', "r"),
    ),
    "token_with_a_line_end": (
        b'{"type":"hello","nick":"ada","token":"a-token-of-22-letters_\\n","ref":"r"}',
        malformed('"token" is not a token of this server', "r"),
    ),
    "rooms_is_a_list": (b'{"type":"hello","nick":"ada","rooms":["x"],"ref":"r"}', ROOMS_WRONG),
    "rooms_is_an_empty_list": (b'{"type":"hello","nick":"ada","rooms":[],"ref":"r"}', ROOMS_WRONG),
    "rooms_is_null": (b'{"type":"hello","nick":"ada","rooms":null,"ref":"r"}', ROOMS_WRONG),
    "room_id_is_true": (
        b'{"type":"hello","nick":"ada","rooms":{"lobby":true},"ref":"r"}',
        ROOMS_WRONG,
    ),
    "room_id_is_nan": (
        b'{"type":"hello","nick":"ada","rooms":{"lobby":NaN},"ref":"r"}',
        ROOMS_WRONG,
    ),
    "room_id_is_a_float": (
        b'{"type":"hello","nick":"ada","rooms":{"lobby":1.0},"ref":"r"}',
        ROOMS_WRONG,
    ),
    "room_is_malformed": (
        b'{"type":"hello","nick":"ada","rooms":{"a b":0},"ref":"r"}',
        error("bad-room", "a room's name must not contain a space", "r"),
    ),
    "too_many_rooms": (
        json.dumps(
            {"type": "hello", "nick": "ada", "ref": "r", "rooms": {f"r{n}": 0 for n in range(51)}}
        ).encode(),
        error("too-many", "that is more than 50 rooms", "r") | {"cause": "rooms"},
    ),
    "not_joined": (
        b'{"type":"say","room":"lobby","text":"hi","ref":"r"}',
        error("not-joined", 'join first, with a "hello"', "r"),
    ),
    "unknown_and_not_joined": (
        b'{"type":"xyzzy","ref":"r"}',
        error("not-joined", 'join first, with a "hello"', "r"),
    ),
    "reserved": (
        b'{"type":"hello","nick":"root","ref":"r"}',
        error(
            "bad-nick", "root is reserved, or looks like a name that is: choose another one", "r"
        ),
    ),
    "taken": (
        b'{"type":"hello","nick":"BOB","ref":"r"}',
        error("nick-taken", "BOB is taken: choose another nickname", "r"),
    ),
    "overlong": (
        b'{"type":"ping","x":"' + b"x" * 16364 + b'"}',
        error("too-long", "that line is too long: not sent"),
    ),
}

# What a member sends, and the answer.
WRONG: dict[str, tuple[Facts, Facts]] = {
    "second_hello": (
        {"type": "hello", "nick": "ada"},
        error("joined", "you have already joined, as ada", "r"),
    ),
    "unknown": ({"type": "xyzzy"}, error("unknown-type", "there is no request 'xyzzy'", "r")),
    "unknown_and_long": (
        {"type": "x" * 99},
        error("unknown-type", f"there is no request {'x' * 40!r}", "r"),
    ),
    "say_without_room": (
        {"type": "say", "text": "hi"},
        malformed('"room" must be a string', "r"),
    ),
    "say_without_text": (
        {"type": "say", "room": "lobby"},
        malformed('"text" must be a string', "r"),
    ),
    "say_a_number": (
        {"type": "say", "room": "lobby", "text": 5},
        malformed('"text" must be a string', "r"),
    ),
    "say_elsewhere": (
        {"type": "say", "room": "python", "text": "hi"},
        error("no-room", "you are not in python", "r"),
    ),
    "say_by_another_spelling": (
        {"type": "say", "room": "#lobby", "text": "hi"},
        error("no-room", "you are not in #lobby", "r"),
    ),
    "say_nothing": (
        {"type": "say", "room": "lobby", "text": " \n"},
        error("empty", "there is nothing to say", "r"),
    ),
    "say_too_much": (
        {"type": "say", "room": "lobby", "text": "x" * 4097},
        error("too-long", "that line is too long (4,097 bytes, at most 4,096): not sent", "r"),
    ),
    "command_without_line": ({"type": "command"}, malformed('"line" must be a string', "r")),
    "command_is_null": (
        {"type": "command", "line": None},
        malformed('"line" must be a string', "r"),
    ),
    "command_in_a_number": (
        {"type": "command", "line": "/topic", "room": 1},
        malformed('"room" must be a string', "r"),
    ),
    "command_elsewhere": (
        {"type": "command", "line": "/topic", "room": "python"},
        error("no-room", "you are not in python", "r"),
    ),
    "command_unknown": (
        {"type": "command", "line": "/jion x"},
        error("unknown", "there is no command /jion: did you mean /join?", "r"),
    ),
    "command_empty": (
        {"type": "command", "line": ""},
        error("empty", "there is nothing to say", "r"),
    ),
    "history_elsewhere": (
        {"type": "history", "room": "python"},
        error("no-room", "you are not in python", "r"),
    ),
    "history_of_no_room": (
        {"type": "history", "room": ""},
        error("no-room", "you are not in ", "r"),
    ),
    "history_of_a_list": (
        {"type": "history", "room": []},
        malformed('"room" must be a string', "r"),
    ),
    "history_of_none": (
        {"type": "history", "limit": 0},
        malformed('"limit" must be a whole number from 1 to 100', "r"),
    ),
    "history_of_too_many": (
        {"type": "history", "limit": 101},
        malformed('"limit" must be a whole number from 1 to 100', "r"),
    ),
    "history_of_true": (
        {"type": "history", "limit": True},
        malformed('"limit" must be a whole number from 1 to 100', "r"),
    ),
    "history_after_a_string": (
        {"type": "history", "after": "0"},
        malformed('"after" must be a whole number from 0 to 9223372036854775807', "r"),
    ),
    "history_after_null": (
        {"type": "history", "after": None},
        malformed('"after" must be a whole number from 0 to 9223372036854775807', "r"),
    ),
    "history_before_too_much": (
        {"type": "history", "before": 2**63},
        malformed('"before" must be a whole number from 0 to 9223372036854775807', "r"),
    ),
    "history_before_less_than_nothing": (
        {"type": "history", "before": -1},
        malformed('"before" must be a whole number from 0 to 9223372036854775807', "r"),
    ),
}


class HostileTests(ConversationCase):
    """What no well-behaved client sends."""

    @each_row(HOSTILE)
    def test_hostile(self, row: tuple[bytes, Facts]) -> None:
        """It is answered with one error and costs nothing else."""
        line, answer = row
        self.at_text("bob")
        person = JsonPerson(self.connect())
        person.asks("ping", ref="of the line before")
        person.sees()
        person.wire.sends(line + b"\n")
        self.assertEqual(person.sees(), [answer])
        person.asks("hello", nick="ada")
        self.assertEqual(person.sees()[0]["type"], "welcome")

    @each_row(WRONG)
    def test_wrong(self, row: tuple[Facts, Facts]) -> None:
        """A member's mistake is answered with one error, with its ref, and nobody else sees it."""
        request, answer = row
        bob, ada = self.at_text("bob"), self.at_json("ada")
        bob.sees()
        ada.sends_object(request | {"ref": "r"})
        self.assertEqual((ada.sees(), bob.sees()), ([answer], []))

    def test_longest_line(self) -> None:
        """A line of 16,384 bytes is read."""
        ada = self.at_json("ada")
        start = b'{"type":"ping","x":"'
        ada.wire.sends(start + b"x" * (16384 - len(start) - 2) + b'"}\n')
        self.assertEqual(ada.sees(), [{"type": "pong"}])

    def test_overlong_has_no_ref(self) -> None:
        """The error for an overlong line does not bear the ref of the line before it."""
        ada = self.at_json("ada")
        ada.asks("ping", ref="r1")
        ada.sees()
        ada.wire.sends(b"{" * 17000 + b"\n")
        self.assertEqual(ada.sees(), [error("too-long", "that line is too long: not sent")])

    def test_ten_in_a_row(self) -> None:
        """Ten lines in a row that are no requests close the connection, with the reason."""
        bob, ada = self.at_text("bob"), self.at_json("ada")
        bob.sees()
        ada.wire.sends(b"oops\n" * 9)
        self.assertEqual((ada.sees(), ada.wire.lost), ([NOT_JSON] * 9, None))
        ada.wire.sends(b"oops\n" * 5)
        reason = "10 lines in a row were not valid requests"
        self.assertEqual(ada.sees(), [NOT_JSON, error("closing", reason)])
        self.assertIsNotNone(ada.wire.lost)
        self.assertEqual(bob.sees(), [f"-- ada left the chat ({reason})"])

    @each_row(
        {
            "request": b'{"type":"ping"}\n',
            "another_mistake": b'{"type":"say","room":"x","text":"y"}\n',
            "overlong": b"x" * 16385 + b"\n",
        }
    )
    def test_not_in_a_row(self, between: bytes) -> None:
        """Whatever else comes in between begins the count again."""
        ada = self.at_json("ada")
        for _ in range(3):
            ada.wire.sends(b"oops\n" * (MALFORMED_IN_A_ROW - 1) + between)
        self.assertIsNone(ada.wire.lost)

    def test_blank_lines(self) -> None:
        """Blank lines are nothing, however many."""
        ada = self.at_json("ada")
        ada.wire.sends(b"\n \r\n" * 20)
        self.assertEqual((ada.sees(), ada.wire.lost), ([], None))

    def test_bug(self) -> None:
        """An error that is a bug is in the log, answered with failed, and the chat goes on."""
        ada = self.at_json("ada")
        self.patch(self.chat, "say", lambda *args: 1 // 0)
        ada.asks("say", room="lobby", text="hi", ref="r")
        text = "something went wrong in the server, and its log says what: not done"
        self.assertEqual(ada.sees(), [error("failed", text, "r")])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        ada.asks("ping")
        self.assertEqual(ada.sees(), [{"type": "pong"}])

    def test_surrogates_in_a_line(self) -> None:
        """Halves of characters, which UTF-8 cannot spell, are replaced."""
        ada = self.at_json("ada")
        ada.wire.sends(b'{"type":"say","room":"lobby","text":"a\\ud800b"}\n')
        self.assertEqual(ada.sees(), [said("ada", "a?b")])

    def test_no_spelling(self) -> None:
        """An event that no client is ever shown has no spelling."""
        self.assertRaises(ValueError, JSON.render, Event(id=1, nick="ada"), True)
