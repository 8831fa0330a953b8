"""Events as objects on the wire."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice import acts, events
from chatservice.acts import (
    KINDS,
    Announced,
    Banned,
    Founded,
    Kicked,
    LockedDown,
    OperatorAct,
    RoomSet,
)
from chatservice.doors.facts import JSON, facts_of
from chatservice.events import (
    Acted,
    CameAndWent,
    CameBack,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)

ROOM = {"room": "lobby"}
ADA = {"id": 1, "nick": "ada"}

# Events, and what they are on the wire besides their ids and authors.
FACTS: list[tuple[Event, dict[str, Any]]] = [
    (Said(**ADA, **ROOM, text="hi", ref="7"), {"type": "said", **ROOM, "text": "hi", "ref": "7"}),
    (Said(**ADA, **ROOM, text="hi"), {"type": "said", **ROOM, "text": "hi"}),
    (Acted(**ADA, **ROOM, text="waves"), {"type": "acted", **ROOM, "text": "waves"}),
    (TopicChanged(**ADA, **ROOM, text=""), {"type": "topic_changed", **ROOM, "topic": ""}),
    (Whispered(**ADA, to="bob", text="hi"), {"type": "whispered", "to": "bob", "text": "hi"}),
    (Joined(**ADA, **ROOM), {"type": "joined", **ROOM, "arrived": False}),
    (
        Joined(**ADA, **ROOM, arrived=True, folded=True),
        {"type": "joined", **ROOM, "arrived": True, "folded": True},
    ),
    (Parted(**ADA, **ROOM), {"type": "parted", **ROOM}),
    (Parted(**ADA, **ROOM, folded=True), {"type": "parted", **ROOM, "folded": True}),
    (Left(**ADA, goodbye=True, why="tea"), {"type": "left", "goodbye": True, "why": "tea"}),
    (
        Left(**ADA, goodbye=False, why="lost", folded=True, seen=(("lobby", 1),)),
        {"type": "left", "goodbye": False, "why": "lost", "folded": True},
    ),
    (WentAway(**ADA, why=""), {"type": "went_away", "why": ""}),
    (CameBack(**ADA), {"type": "came_back"}),
    (Renamed(**ADA, now="eve"), {"type": "renamed", "now": "eve"}),
]

ACTS: list[tuple[OperatorAct, dict[str, Any]]] = [
    (
        Kicked(**ADA, **ROOM, target="bob", text="spam", target_identity=b"x"),
        {"type": "kicked", **ROOM, "target": "bob", "text": "spam"},
    ),
    (
        Banned(**ADA, target="bob", until=5, network="192.0.2.1/32"),
        {"type": "banned", "target": "bob", "until": 5},
    ),
    (Founded(**ADA, **ROOM), {"type": "founded", **ROOM, "target": ""}),
    (Announced(**ADA, text="tea"), {"type": "announced", "target": "", "text": "tea"}),
    (LockedDown(**ADA, text="off"), {"type": "locked_down", "target": "", "text": "off"}),
    (
        RoomSet(**ADA, **ROOM, target="password", text="$argon2id$"),
        {"type": "room_set", **ROOM, "target": "password", "text": "on"},
    ),
    (
        RoomSet(**ADA, **ROOM, target="password"),
        {"type": "room_set", **ROOM, "target": "password", "text": "off"},
    ),
    (
        RoomSet(**ADA, **ROOM, target="keep", text="7200"),
        {"type": "room_set", **ROOM, "target": "keep", "text": "7200"},
    ),
]


class FactsTests(SynchronousTestCase):
    def test_facts(self) -> None:
        """Every event says what it is, who did it, and what is to be known; and nothing else."""
        for event, facts in [*FACTS, *ACTS]:
            self.assertEqual(facts_of(event), ADA | facts)

    def test_sum(self) -> None:
        """What nobody did has no author."""
        self.assertEqual(
            facts_of(CameAndWent(id=1, room="lobby", came=37, went=12)),
            {"type": "came_and_went", "id": 1, "room": "lobby", "came": 37, "went": 12},
        )

    def test_acts(self) -> None:
        """Everything that operators do goes by its kind."""
        for kind, act in KINDS.items():
            self.assertEqual(
                facts_of(act(**ADA, target="bob", text="x")),
                ADA | {"type": kind, "target": "bob", "text": "x"},
            )

    def test_every_event(self) -> None:
        """There is no event that programs are not told of, but that somebody took over.

        Nor of what operators do, but that it holds against another identity as well.
        """
        kinds = {each for each in vars(events).values() if isinstance(each, type)}
        kinds = {each for each in kinds if issubclass(each, Event)}
        kinds -= {Event, events.RoomEvent, events.MemberEvent, Resumed}
        self.assertEqual(kinds - {CameAndWent}, {type(event) for event, _ in FACTS})
        defined = {each for each in vars(acts).values() if isinstance(each, type)}
        defined = {each for each in defined if issubclass(each, OperatorAct)}
        self.assertEqual(defined - {OperatorAct, acts.Extended}, set(KINDS.values()))
        self.assertRaises(NotImplementedError, facts_of, Resumed(**ADA))

    def test_format(self) -> None:
        """An event is a line of UTF-8 without needless spaces, wherever its reader is."""
        event = Said(id=1, nick="grün", room="lobby", text="hi")
        line = '{"type":"said","id":1,"room":"lobby","nick":"grün","text":"hi"}\n'.encode()
        self.assertEqual([JSON.render(event, True), JSON.render(event, False)], [line, line])
