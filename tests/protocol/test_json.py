"""Events as objects on the wire."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.formats import JSON
from chatservice.protocol import actions, events
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Founded,
    Kicked,
    LockedDown,
    OperatorAct,
    RoomSet,
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
    Said,
    TopicChanged,
    Watched,
    WentAway,
    Whispered,
)
from chatservice.protocol.json import ONESELF, event_line, event_of, facts_of, json_line, own_facts
from chatservice.protocol.signals import Signalled
from chatservice.protocol.wording import WORDS

ROOM = {"room": "lobby"}
ADA: Any = {"id": 1, "nick": "ada"}
SERVERS_OWN: Any = {"target_identity": b"", "network": ""}

# Events, and what they are on the wire besides their ids and authors.
FACTS: list[tuple[Event, dict[str, Any]]] = [
    (Said(**ADA, **ROOM, text="hi", ref="7"), {"type": "said", **ROOM, "text": "hi", "ref": "7"}),
    (
        Said(**ADA, **ROOM, text="hi", ref="7", tags={"+a": "b", "+c": ""}),
        {"type": "said", **ROOM, "text": "hi", "tags": {"+a": "b", "+c": ""}, "ref": "7"},
    ),
    (Said(**ADA, **ROOM, text="hi"), {"type": "said", **ROOM, "text": "hi"}),
    (Acted(**ADA, **ROOM, text="waves"), {"type": "acted", **ROOM, "text": "waves"}),
    (Noticed(**ADA, **ROOM, text="tea"), {"type": "noticed", **ROOM, "text": "tea"}),
    (TopicChanged(**ADA, **ROOM, text=""), {"type": "topic_changed", **ROOM, "topic": ""}),
    (Whispered(**ADA, to="bob", text="hi"), {"type": "whispered", "to": "bob", "text": "hi"}),
    (
        Whispered(**ADA, to="bob", text="hi", manner="acted"),
        {"type": "whispered", "to": "bob", "text": "hi", "manner": "acted"},
    ),
    (
        Signalled(**ADA, **ROOM, tags={"+typing": "active"}, ref="7"),
        {"type": "signalled", **ROOM, "tags": {"+typing": "active"}, "ref": "7"},
    ),
    (
        Signalled(**ADA, to="bob", tags={"+typing": "done"}),
        {"type": "signalled", "to": "bob", "tags": {"+typing": "done"}},
    ),
    (Joined(**ADA, **ROOM), {"type": "joined", **ROOM, "arrived": False}),
    (
        Joined(**ADA, **ROOM, arrived=True, folded=True),
        {"type": "joined", **ROOM, "arrived": True, "folded": True},
    ),
    (Parted(**ADA, **ROOM), {"type": "parted", **ROOM}),
    (Parted(**ADA, **ROOM, why="tea"), {"type": "parted", **ROOM, "why": "tea"}),
    (Parted(**ADA, **ROOM, folded=True), {"type": "parted", **ROOM, "folded": True}),
    (Left(**ADA, goodbye=True, why="tea"), {"type": "left", "goodbye": True, "why": "tea"}),
    (
        Left(**ADA, goodbye=False, why="lost", folded=True, seen=(("lobby", 1),)),
        {"type": "left", "goodbye": False, "why": "lost", "folded": True},
    ),
    (
        Introduced(**ADA, account_name="ada", real_name="", renamed=True),
        {"type": "introduced", "account_name": "ada", "real_name": ""},
    ),
    (WentAway(**ADA, why=""), {"type": "went_away", "why": ""}),
    (CameBack(**ADA), {"type": "came_back"}),
    (Watched(**ADA, here=True), {"type": "watched", "here": True}),
    (
        Watched(**ADA, here=False, folded=True),
        {"type": "watched", "here": False, "folded": True},
    ),
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

    def test_lines(self) -> None:
        """An event's line has the same members in the same order, whatever is in them."""
        odd = Said(**ADA, **ROOM, time=0, text='"\\\n\x7f\u2028\U0001f600', ref="7")
        for event, _ in [*FACTS, *ACTS, (odd, {})]:
            self.assertEqual(event_line(event), json_line(facts_of(event)))

    def test_sum(self) -> None:
        """What nobody did has no author."""
        self.assertEqual(
            facts_of(CameAndWent(id=1, room="lobby", came=37, went=12)),
            {"type": "came_and_went", "id": 1, "room": "lobby", "came": 37, "went": 12},
        )

    def test_read(self) -> None:
        """An event that is read is the one that was spelled, as anybody may see it."""
        for event, facts in [*FACTS, *ACTS]:
            public = replace(event, **SERVERS_OWN) if isinstance(event, OperatorAct) else event
            self.assertEqual(event_of(ADA | facts), public.public)

    def test_tags(self) -> None:
        """Tags are read as strings that control no terminal; anything else counts as none."""
        for given, read in (
            ({"+a": "b\x1b[31m"}, {"+a": "b"}),
            ({"+a": 1}, {"+a": ""}),
            ("+a", {}),
            (None, {}),
        ):
            event = event_of({"type": "said", "tags": given})
            assert isinstance(event, Said)
            self.assertEqual(event.tags, read)

    def test_last(self) -> None:
        """The ref is the last member, so that it can be taken off for other devices."""
        event = Said(**ADA, **ROOM, text="hi", ref="7", tags={"+a": "b"})
        line = json.loads(JSON.render_own(event, "7"))
        self.assertEqual(line, own_facts(replace(event, ref="")))

    def test_own(self) -> None:
        """An event that is one's own is done by oneself, and no other is."""
        said = FACTS[0][0]
        for facts, author in ((own_facts(said), ONESELF), (facts_of(said) | {"own": 1}, b"")):
            event = event_of(facts)
            assert event is not None
            self.assertEqual(event.identity, author)

    def test_every_kind(self) -> None:
        """Each kind of event has a row above, and one of words; but what is never told."""
        told = set(KINDS.values()) - {actions.Extended}
        kinds = {type(event) for event, _ in FACTS} | {CameAndWent}
        self.assertEqual({kind for kind in told if not issubclass(kind, OperatorAct)}, kinds)
        self.assertEqual(told | {actions.Extended, events.Resumed}, set(WORDS))
        for kind in told - kinds:
            spelled = facts_of(kind(**ADA, target="bob", text="x"))  # type: ignore[call-arg]
            self.assertEqual(spelled, ADA | {"type": kind.kind, "target": "bob", "text": "x"})

    def test_format(self) -> None:
        """An event is a line of UTF-8 without needless spaces, wherever its reader is."""
        event = Said(id=1, nick="grün", room="lobby", text="hi")
        line = '{"type":"said","id":1,"room":"lobby","nick":"grün","text":"hi"}\n'.encode()
        self.assertEqual([JSON.render(event, True), JSON.render(event, False)], [line, line])
