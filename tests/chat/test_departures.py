"""How people go, on purpose or not, and what those who stay see of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.error import ConnectionAborted
from wsproto.events import CloseConnection, Event
from wsproto.frame_protocol import CloseReason

from chatservice.protocol.events import ChatError
from tests.conversation import (
    DOORS,
    ConversationCase,
    JsonPerson,
    Person,
    WebPerson,
    each_row,
    with_doors,
)
from tests.recording import deliver_through


def resets(case: ConversationCase, ada: Person) -> None:
    """Her connection is reset."""
    ada.wire.vanishes()


def says(ada: Person, event: Event) -> None:
    """She sends a frame."""
    assert isinstance(ada, WebPerson)
    ada.says(event)


def sends_endlessly(case: ConversationCase, ada: Person) -> None:
    """She sends a line without an end."""
    for _ in range(20):
        ada.wire.sends(b"x" * 65536)


def stops_reading(case: ConversationCase, ada: Person) -> None:
    """She reads nothing, and a lot is said."""
    ada.wire.window = 0
    flooder = case.at_text("flooder")
    for _ in range(4):
        flooder.types("x" * 4000)


def breaks(case: ConversationCase, ada: Person) -> None:
    """Delivering to her raises an error."""
    (device,) = case.chat.roster["ada"].devices
    deliver_through(device, lambda data: 1 // 0)
    case.at_text("grace").types("oops")


@dataclass(frozen=True)
class Ending:
    """How ada's connection ends, and what bob then sees at each door."""

    happens: Callable[[ConversationCase, Person], None]
    text: str
    goodbye: bool
    why: str


ENDINGS = {
    "quit": Ending(lambda case, ada: ada.types("/quit"), "-- ada left the chat", True, ""),
    "quit_with_a_word": Ending(
        lambda case, ada: ada.types("/quit it is late"),
        "-- ada left the chat: it is late",
        True,
        "it is late",
    ),
    "bye": Ending(
        lambda case, ada: ada.types("/bye tea\x1b[2J\ttime"),
        "-- ada left the chat: tea time",
        True,
        "tea time",
    ),
    "end_of_file": Ending(lambda case, ada: ada.wire.ends(), "-- ada left the chat", True, ""),
    "reset": Ending(resets, "-- ada left the chat (connection lost)", False, "connection lost"),
    "endless_line": Ending(
        sends_endlessly,
        "-- ada left the chat (a line had no end)",
        False,
        "a line had no end",
    ),
    "not_reading": Ending(
        stops_reading,
        "-- ada left the chat (did not read what was sent)",
        False,
        "did not read what was sent",
    ),
    "bug": Ending(
        breaks,
        "-- ada left the chat (something went wrong in the server)",
        False,
        "something went wrong in the server",
    ),
}


def lost(happens: Callable[[ConversationCase, Person], None]) -> tuple[Ending, str]:
    """Make a row of the WebSocket, whose every end but C{/quit} is a lost connection."""
    why = "connection lost"
    return Ending(happens, f"-- ada left the chat ({why})", False, why), "web"


ROWS = with_doors(ENDINGS) | {
    "end_of_file__web": lost(lambda case, ada: ada.wire.ends()),
    "closed__web": lost(lambda case, ada: says(ada, CloseConnection(CloseReason.NORMAL_CLOSURE))),
    "gone_away__web": lost(lambda case, ada: says(ada, CloseConnection(CloseReason.GOING_AWAY))),
    "endless_line__web": lost(lambda case, ada: ada.types("x" * 1_000_000)),
}


class EndingTests(ConversationCase):
    """Goodbyes and lost connections."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.send_queue = 8192

    @each_row(ROWS)
    def test_ending(self, case: tuple[Ending, str]) -> None:
        """However somebody goes, it is announced once, with the reason if it was no goodbye."""
        ending, ada_door = case
        ada = self.at(ada_door, "ada")
        hearers = [self.at(door, f"bob-at-{door}") for door in DOORS]
        for person in (ada, *hearers):
            person.types("/join python")
        ending.happens(self, ada)
        self.clock.advance(5)
        for bob in hearers:
            self.check_heard(bob, ending)
        self.assertIsNotNone(ada.wire.lost)
        self.assertNotIn("ada", self.chat.roster)
        self.flushLoggedErrors(ZeroDivisionError)

    def check_heard(self, bob: Person, ending: Ending) -> None:
        """Check that somebody saw ada leave, once, and why."""
        seen = bob.sees()
        if isinstance(bob, JsonPerson):
            left = {"type": "left", "nick": "ada", "goodbye": ending.goodbye, "why": ending.why}
            self.assertEqual([facts for facts in seen if facts["type"] == "left"], [left])
        else:
            self.assertEqual([line for line in seen if "ada left the chat" in line], [ending.text])

    def test_does_not_read_on_entering(self) -> None:
        """Who does not read what is told on entering is dropped, and in the chat no more."""

        def refuse(*_: object) -> None:
            raise ChatError("closed", "closed " + "x" * 9000)

        self.patch(self.chat.permissions, "check_entry", refuse)
        wire = self.connect()
        wire.window = 0
        ada = JsonPerson(wire)
        ada.asks("nothing")
        ada.asks("hello", nick="ada", rooms={"attic": 0})
        self.clock.advance(0)
        self.assertIs(wire.lost, ConnectionAborted)
        self.assertEqual((self.chat.roster, self.clock.getDelayedCalls()), ({}, []))

    def test_reset_is_no_error(self) -> None:
        """A lost connection leaves nothing behind: no member, no door, no timer."""
        ada = self.at_text("ada")
        ada.wire.vanishes()
        ada.wire.turn()
        self.assertEqual(
            (self.chat.roster, self.chat.sessions, self.chat.rooms, self.clock.getDelayedCalls()),
            ({}, set(), {}, []),
        )
