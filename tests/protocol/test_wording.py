"""How a line of text tells an event."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.rooms import Member, Room
from chatservice.doors.formats import TEXT, arrival, format_for
from chatservice.protocol import actions
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Deopped,
    Devoiced,
    Founded,
    Invited,
    Kicked,
    LockedDown,
    Muted,
    OperatorAct,
    Opped,
    RoomSet,
    Unbanned,
    Uninvited,
    Unmuted,
    Voiced,
)
from chatservice.protocol.events import (
    KINDS,
    Acted,
    CameAndWent,
    CameBack,
    Event,
    Introduced,
    Joined,
    Left,
    Noticed,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Watched,
    WentAway,
    Whispered,
)
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.signals import Signalled
from chatservice.protocol.wording import (
    clock_time,
    line_of,
    names_in_a_line,
    retold,
    second_person,
    spelled,
    time_of,
    when,
)

ID = 1_763_712_000_000_000  # 2025-11-21 08:00 UTC

# Events, and how they are shown where their room is the current one.
LINES: list[tuple[Event, str]] = [
    (Said(id=ID, nick="ada", room="lobby", text="hi"), "ada: hi"),
    (Acted(id=ID, nick="ada", room="lobby", text="waves"), "* ada waves"),
    (Noticed(id=ID, nick="ada", room="lobby", text="tea"), "-ada- tea"),
    (Whispered(id=ID, nick="ada", to="bob", text="psst"), "(ada to you) psst"),
    (
        TopicChanged(id=ID, nick="ada", room="python", text="snakes"),
        "-- ada changed the topic of #python: snakes",
    ),
    (TopicChanged(id=ID, nick="ada", room="lobby", text=""), "-- ada cleared the topic of lobby"),
    (Joined(id=ID, nick="ada", room="lobby", arrived=True), "-- ada joined the chat"),
    (Joined(id=ID, nick="ada", room="python"), "-- ada joined #python"),
    (Parted(id=ID, nick="ada", room="lobby"), "-- ada left lobby"),
    (Left(id=ID, nick="ada", goodbye=True, why=""), "-- ada left the chat"),
    (Left(id=ID, nick="ada", goodbye=True, why="tea"), "-- ada left the chat: tea"),
    (
        Left(id=ID, nick="ada", goodbye=False, why="connection lost"),
        "-- ada left the chat (connection lost)",
    ),
    (Renamed(id=ID, nick="bob", now="robert"), "-- bob is now robert"),
    (WentAway(id=ID, nick="ada", why="lunch"), "-- ada is away: lunch"),
    (WentAway(id=ID, nick="ada", why=""), "-- ada is away"),
    (Introduced(id=ID, nick="ada", account_name="ada"), ""),
    (
        Introduced(id=ID, nick="ada", real_name="Ada L.", renamed=True),
        "-- ada has a real name now: Ada L.",
    ),
    (Introduced(id=ID, nick="ada", renamed=True), "-- ada has no real name any more"),
    (CameBack(id=ID, nick="ada"), "-- ada is back"),
    (Watched(id=ID, nick="ada", here=True), "-- ada is here"),
    (Watched(id=ID, nick="ada", here=False), "-- ada is gone"),
    (
        CameAndWent(id=ID, room="python", came=1234, went=12),
        "-- #python: 1,234 came and 12 went",
    ),
    (CameAndWent(id=ID, room="lobby", came=21, went=0), "-- lobby: 21 came"),
    (CameAndWent(id=ID, room="lobby", came=0, went=21), "-- lobby: 21 went"),
]


def act(kind: type[OperatorAct], target: str = "", **facts: Any) -> OperatorAct:
    """Something that eve did, in #python if nothing else is said."""
    return kind(**{"id": ID, "nick": "eve", "target": target, "room": "python"} | facts)


ACTS: list[tuple[OperatorAct, str]] = [
    (act(Kicked, "ada", room="lobby", text="spam"), "-- eve kicked ada from lobby: spam"),
    (act(Kicked, "ada", room=""), "-- eve kicked ada from the chat"),
    (
        act(Banned, "ada", room="", until=ID, text="spam"),
        "-- eve banned ada from the chat until 2025-11-21 08:00 (UTC): spam",
    ),
    (
        act(Banned, "192.0.2.0/24"),
        "-- eve banned 192.0.2.0/24 from #python until an operator ends it",
    ),
    (act(Unbanned, "ada"), "-- eve unbanned ada from #python"),
    (
        act(Muted, "ada", until=ID),
        "-- eve muted ada in #python until 2025-11-21 08:00 (UTC)",
    ),
    (act(Unmuted, "ada", room="", text="sorry"), "-- eve unmuted ada in the chat: sorry"),
    (act(Founded), "-- eve is the owner of #python"),
    (act(Opped, "ada"), "-- eve made ada an operator of #python"),
    (act(Deopped, "ada"), "-- eve removed ada as an operator of #python"),
    (act(Voiced, "ada"), "-- eve gave ada a voice in #python"),
    (act(Devoiced, "ada"), "-- eve took the voice in #python from ada"),
    (act(Uninvited, "ada"), "-- eve no longer invites ada to #python"),
    (act(Invited, "ada"), "-- eve invited ada to #python"),
    (act(RoomSet, "moderated", text="on"), "-- eve set moderated of #python to on"),
    (act(RoomSet, "password", text="$argon2"), "-- eve set password of #python to on"),
    (act(RoomSet, "password"), "-- eve set password of #python to off"),
    (act(RoomSet, "keep", text="7200"), "-- eve set keep of #python to 2h"),
    (act(RoomSet, "keep", text="0"), "-- eve set keep of #python to off"),
    (act(RoomSet, "keep-lines", text="500"), "-- eve set keep-lines of #python to 500"),
    (act(Announced, room="", text="tea"), "-- eve announces: tea"),
    (
        act(LockedDown, room="", text="on"),
        "-- eve locked the chat down: only registered names may join now",
    ),
    (
        act(LockedDown, room="", text="off"),
        "-- eve ended the lockdown: anybody may join again",
    ),
]

# What else those see who are in it: eve, who did it, and ada, to whom it was done.
SECOND_PERSON: list[tuple[OperatorAct, str, str]] = [
    (
        act(Kicked, "ada", room="lobby", text="spam"),
        "-- you kicked ada from lobby: spam",
        "-- eve kicked you from lobby: spam",
    ),
    (
        act(Invited, "ada"),
        "-- you invited ada to #python",
        "-- eve invited you to #python: /join #python",
    ),
    (
        act(Devoiced, "ada"),
        "-- you took the voice in #python from ada",
        "-- eve took the voice in #python from you",
    ),
    (act(Founded), "-- you are the owner of #python", "-- eve is the owner of #python"),
    (act(Announced, text="tea"), "-- you announce: tea", "-- eve announces: tea"),
]


class TextFormatTests(SynchronousTestCase):
    def test_here(self) -> None:
        """Every event is one line, in words."""
        self.assertEqual(
            [TEXT.render(event, True) for event, _ in [*LINES, *ACTS]],
            [f"{line}\r\n".encode() if line else b"" for _, line in [*LINES, *ACTS]],
        )

    def test_elsewhere(self) -> None:
        """What is said in a room that one is not looking at names the room."""
        said = Said(id=ID, nick="eve", room="python", text="hi")
        acted = Acted(id=ID, nick="eve", room="lobby", text="waves")
        topic = TopicChanged(id=ID, nick="eve", room="python", text="")
        self.assertEqual(
            [TEXT.render(event, False) for event in (said, acted, topic)],
            [
                b"#python eve: hi\r\n",
                b"#lobby * eve waves\r\n",
                b"-- eve cleared the topic of #python\r\n",
            ],
        )

    def test_nothing_to_show(self) -> None:
        """That somebody took a connection over is shown to nobody."""
        self.assertEqual(TEXT.render(Resumed(id=ID, nick="ada"), True), b"")

    def test_folded(self) -> None:
        """Joins and leaves that are told in a sum are not shown one by one."""
        for event in (
            Joined(id=ID, nick="ada", room="lobby", folded=True),
            Parted(id=ID, nick="ada", room="lobby", folded=True),
            Left(id=ID, nick="ada", goodbye=True, why="", folded=True),
            Watched(id=ID, nick="ada", here=True, folded=True),
        ):
            self.assertEqual(TEXT.render(event, True), b"")

    def test_unknown(self) -> None:
        """An event that has no words yet is a bug that shows."""
        self.assertRaises(KeyError, TEXT.render, Event(id=ID, nick="ada"), True)

    def test_every_event_has_words(self) -> None:
        """There are words for every kind of event that there is."""
        told = {type(event) for event, _ in [*LINES, *ACTS]}
        self.assertEqual(set(KINDS.values()) - {actions.Extended}, told | {Signalled})

    def test_signals(self) -> None:
        """What programs tell each other is shown to nobody, wherever they look."""
        signalled = Signalled(id=ID, nick="ada", room="lobby", tags={"+typing": "active"})
        for likes in (Preferences(), Preferences(time=True, bell=True)):
            wire = format_for(TEXT, likes, (), "bob")
            self.assertEqual({wire.render(signalled, here) for here in (True, False)}, {b""})

    def test_password_of_a_room(self) -> None:
        """What a password is, or its hash, is shown to nobody: only whether there is one."""
        for text, shown in (("$argon2id$x", "on"), ("on", "on"), ("off", "off"), ("", "off")):
            self.assertEqual(act(RoomSet, "password", text=text).public.text, shown)
        self.assertEqual(act(Announced, "password", text="tea").public.text, "tea")

    def test_spelled(self) -> None:
        """A room has a # but for the lobby."""
        self.assertEqual([spelled("lobby"), spelled("python")], ["lobby", "#python"])


class SecondPersonTests(SynchronousTestCase):
    """Events for somebody who is in them."""

    def line(self, event: Event, mine: bool) -> str:
        to_you = isinstance(event, OperatorAct) and (
            not mine or event.target_identity == event.identity != b""
        )
        return line_of(second_person(event, mine, to_you))

    def test_acts(self) -> None:
        """Who did it, and to whom it was done, is called you."""
        for event, for_eve, for_ada in SECOND_PERSON:
            self.assertEqual(self.line(event, mine=True), for_eve)
            if event.target:
                self.assertEqual(self.line(event, mine=False), for_ada)

    def test_to_oneself(self) -> None:
        """Who did it to itself did it to yourself."""
        event = replace(act(Muted, "eve"), identity=b"eve", target_identity=b"eve")
        words = "-- you muted yourself in #python until an operator ends it"
        self.assertEqual(self.line(event, mine=True), words)

    def test_one_self(self) -> None:
        """What one does oneself is told in the second person."""
        events: dict[Event, str] = {
            WentAway(id=ID, nick="eve", why="tea"): "-- you are away: tea",
            CameBack(id=ID, nick="eve"): "-- you are back",
            Renamed(id=ID, nick="eve", now="eva"): "-- you are now eva",
        }
        self.assertEqual({event: self.line(event, mine=True) for event in events}, events)


def said_at(year: int, month: int, day: int, hour: int, minute: int, second: float = 0) -> Said:
    """A line that was said at some time (UTC)."""
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() + second
    return Said(id=int(moment * 1_000_000), nick="bob", room="lobby", text="hi")


NOON = said_at(2026, 11, 21, 12, 0).id


class RetoldTests(SynchronousTestCase):
    def test_today(self) -> None:
        """History bears its time, in UTC, and today goes without saying."""
        lines = [said_at(2026, 11, 21, 0, 0), said_at(2026, 11, 21, 23, 59, 59.999)]
        self.assertEqual(list(retold(lines, NOON)), ["00:00 bob: hi", "23:59 bob: hi"])

    def test_dates(self) -> None:
        """There is a line wherever the date changes, with the first event too."""
        lines = [
            said_at(2025, 12, 31, 23, 59, 59.999),
            said_at(2026, 1, 1, 0, 0),
            said_at(2026, 1, 1, 9, 5),
            said_at(2026, 11, 21, 14, 2),
        ]
        self.assertEqual(
            list(retold(lines, NOON)),
            [
                "-- 2025-12-31 (UTC)",
                "23:59 bob: hi",
                "-- 2026-01-01 (UTC)",
                "00:00 bob: hi",
                "09:05 bob: hi",
                "-- 2026-11-21 (UTC)",
                "14:02 bob: hi",
            ],
        )

    def test_rooms(self) -> None:
        """History of several rooms names the room of each line that does not tell it."""
        lines = [
            said_at(2026, 11, 21, 0, 0),
            TopicChanged(id=NOON, nick="ada", room="python", text="snakes"),
        ]
        self.assertEqual(
            list(retold(lines, NOON, rooms=True)),
            ["00:00 #lobby bob: hi", "12:00 -- ada changed the topic of #python: snakes"],
        )

    def test_nothing(self) -> None:
        """No history has no lines."""
        self.assertEqual(list(retold([], NOON)), [])


class TimeTests(SynchronousTestCase):
    def test_when(self) -> None:
        """A time has its date, and is UTC."""
        self.assertEqual(when(NOON + 125_000_000), "2026-11-21 12:02 (UTC)")
        self.assertEqual(clock_time(NOON + 125_000_000), "12:02")

    def test_time_of(self) -> None:
        """A time of today goes without its date."""
        self.assertEqual(time_of(said_at(2026, 11, 21, 0, 0).id, NOON), "00:00")
        self.assertEqual(
            time_of(said_at(2026, 11, 20, 23, 59).id, NOON), "2026-11-20 23:59 (UTC)"
        )


class NamesInALineTests(SynchronousTestCase):
    def test_names(self) -> None:
        """Names stand in the order of the alphabet, and those left out are counted."""
        self.assertEqual(
            [
                names_in_a_line(["eve", "Bob", "ada"], 3),
                names_in_a_line(["bob"], 1),
                names_in_a_line(["bob", "ada"], 1236),
            ],
            ["ada, Bob, eve", "bob", "ada, bob and 1,234 more"],
        )


class ArrivalTests(SynchronousTestCase):
    """What somebody is told who has just entered a room."""

    def setUp(self) -> None:
        self.room = Room("python")
        self.room.recent.refill(said_at(2026, 11, 21, 11, minute) for minute in range(5))
        self.enter("ada")

    def enter(self, nick: str) -> None:
        self.room.present[Member(nick, nick, "token")] = None

    def test_nobody_else(self) -> None:
        """Who is alone is told so."""
        self.assertEqual(
            arrival(self.room, "ada", None, [], NOON),
            ["-- you joined #python: nobody else (1 here)"],
        )

    def test_others(self) -> None:
        """Those who are there are told, the topic, and the last lines, each with its time."""
        self.enter("bob")
        topic = TopicChanged(id=1, nick="eve", room="python", text="snakes")
        self.assertEqual(
            arrival(self.room, "ada", topic, list(self.room.recent)[-2:], NOON),
            [
                "-- you joined #python: bob (2 here)",
                "-- the topic (set by eve): snakes",
                "11:03 bob: hi",
                "11:04 bob: hi",
            ],
        )

    def test_many(self) -> None:
        """Of many only some are told, and how many the others are."""
        for number in range(30):
            self.enter(f"bob{number}")
        line, = arrival(self.room, "ada", None, [], NOON)
        self.assertTrue(line.endswith(" and 10 more (31 here)"), line)
        self.assertEqual(line.count("bob"), 20)
