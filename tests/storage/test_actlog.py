"""The log of acts: what is read at start, and what is deleted, and that it comes to the same."""

from __future__ import annotations

import random
from typing import Any

from chatservice.chat.permissions import Permissions
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Deopped,
    Devoiced,
    Extended,
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
from chatservice.protocol.events import LATEST
from chatservice.storage import actlog
from chatservice.storage.actlog import EVERY, KEPT_FOR, STEP, ActLog
from tests.databases import DatabaseJournalTestCase, JournalCase

START = 1_763_712_000_000_000
SECOND = 1_000_000
SURPLUS = actlog._SURPLUS
PEOPLE = [b"%016d" % number for number in range(6)]


class ActLogCase(JournalCase):
    """A log in a database of whatever kind, of which few acts are kept."""

    def setUp(self) -> None:
        super().setUp()
        self.now = START
        self.permissions = self.new()
        self.log = ActLog(self.database_, self.permissions.holding, lambda: self.now)
        self.keep(10)

    def new(self) -> Permissions:
        return Permissions(["sysop"], lambda: self.now)

    def keep(self, count: int) -> None:
        """Have so many acts be kept that do not hold."""
        self.patch(actlog, "_SURPLUS", SURPLUS.replace(str(actlog.KEPT), str(count)))

    def did(self, kind: type[OperatorAct], room: str = "den", by: int = 0, **facts: Any) -> None:
        """Let somebody have done something, a second after the last."""
        self.now += SECOND
        if "whom" in facts:
            number = facts.pop("whom")
            facts |= {"target": f"guest{number}", "target_identity": PEOPLE[number]}
        act = kind(id=self.now, nick=f"op{by}", identity=PEOPLE[by], room=room, **facts)
        self.assertIsNone(self.successResultOf(self.journal.store([act])))
        self.permissions.apply(act)

    def tidy(self) -> int:
        """Let all be deleted that is over; gives how many steps that took."""
        self.now += EVERY
        steps = 1
        while self.successResultOf(self.log.step()):
            steps += 1
        return steps

    def stored(self) -> list[OperatorAct]:
        """All acts that there are."""
        sql = f"SELECT {actlog.ACT} FROM acts ORDER BY id"

        def read(connection: Any) -> list[OperatorAct]:
            return list(actlog.acts_of(connection.execute(sql)))

        return self.successResultOf(self.database_.read(read))

    def recalled(self) -> Permissions:
        """What holds in the next run."""
        again = self.new()
        for act in self.database_.at_start(lambda connection: list(actlog.acts(connection))):
            again.apply(act)
        return again


def state(permissions: Permissions) -> Any:
    """Everything that can be asked, but how people are called."""
    rooms = ("", "den", "attic")
    return [
        permissions.locked_down,
        [[act.id for act in permissions.against(identity)] for identity in PEOPLE],
        *(
            (
                permissions.owner(room),
                permissions.operators(room),
                permissions.voiced(room),
                permissions.invited(room),
                permissions.rules(room),
                [(act.id, act.text) for act in permissions.sanctions(room)],
                permissions._places[room].closed_since() if room in permissions._places else 0,
            )
            for room in rooms
        ),
    ]


class DeletedContract(ActLogCase):
    """What is deleted."""

    def test_what_holds_no_more(self) -> None:
        """Of old acts those stay that hold, in their order."""
        self.did(Founded)
        self.did(Muted, whom=1, text="forever")
        self.did(Muted, whom=2, until=self.now + 5 * SECOND)
        for _ in range(30):
            self.did(Kicked, whom=3)
        self.tidy()
        kinds = [act.kind for act in self.stored()]
        self.assertEqual(kinds, ["founded", "muted", *["kicked"] * 10])
        self.assertEqual(state(self.recalled()), state(self.permissions))

    def test_all_that_holds(self) -> None:
        """Every kind of act stays for as long as it holds, and not longer."""
        deeds: list[tuple[type[OperatorAct], dict[str, Any], type[OperatorAct], dict[str, Any]]] = [
            (Banned, {"whom": 1}, Unbanned, {"whom": 1}),
            (Banned, {"target": "10.0.0.0/8", "network": "10.0.0.0/8"}, Unbanned, {
                "target": "10.0.0.0/8", "network": "10.0.0.0/8"
            }),
            (Muted, {"whom": 1}, Unmuted, {"whom": 1}),
            (Opped, {"whom": 1}, Deopped, {"whom": 1}),
            (Opped, {"whom": 1}, Banned, {"whom": 1, "until": START}),
            (Voiced, {"whom": 1}, Devoiced, {"whom": 1}),
            (Invited, {"whom": 1}, Uninvited, {"whom": 1}),
            (Invited, {"whom": 1}, Kicked, {"whom": 1}),
            (
                RoomSet, {"target": "password", "text": "hash"},
                RoomSet, {"target": "password", "text": ""},
            ),
            (
                RoomSet, {"target": "keep", "text": "90"},
                RoomSet, {"target": "keep", "text": ""},
            ),
            (LockedDown, {"room": "", "text": "on"}, LockedDown, {"room": "", "text": "off"}),
        ]
        self.keep(0)
        for begun, first, ended, second in deeds:
            self.did(begun, **first)
            self.did(Announced, room="")
            self.tidy()
            self.assertEqual(next(act.kind for act in self.stored()), begun.kind)
            self.did(ended, **second)
            self.tidy()
            self.assertEqual(self.stored(), [])

    def test_age(self) -> None:
        """What holds no more is deleted at some age, however little was done since."""
        self.did(Founded)
        self.did(Kicked, whom=1)
        self.now += KEPT_FOR
        self.did(Kicked, whom=2)
        self.tidy()
        self.assertEqual([act.target for act in self.stored()], ["", "guest2"])

    def test_little_at_a_time(self) -> None:
        """A step deletes few rows, the oldest first; and it is not looked again for a while."""
        for _ in range(STEP + 20):
            self.did(Kicked, whom=1)
        first = self.stored()
        self.now += EVERY
        self.assertTrue(self.successResultOf(self.log.step()))
        self.assertEqual(self.stored(), first[STEP:])
        self.assertFalse(self.successResultOf(self.log.step()))
        self.assertEqual(self.stored(), first[-10:])
        for _ in range(5):
            self.did(Kicked, whom=1)
        self.assertFalse(self.successResultOf(self.log.step()))
        self.assertEqual(len(self.stored()), 15)

    def test_what_is_not_known_yet(self) -> None:
        """What is stored, and was not applied yet, is not taken for over."""
        self.keep(0)
        self.did(Muted, whom=1)
        late = Extended(
            id=self.now + 1, nick="op", room="den", target_identity=PEOPLE[2], text=f"{self.now} x"
        )
        self.successResultOf(self.journal.store([late]))
        self.tidy()
        self.assertIn(late, self.stored())

    def test_extended(self) -> None:
        """A later word on a mute holds against all whom it was extended to; so all three stay."""
        self.keep(0)
        self.did(Muted, whom=1)
        muted = self.now
        self.did(Extended, target="guest1", target_identity=PEOPLE[2], text=f"{muted} x")
        self.did(Muted, whom=1, until=muted + 10**12)
        self.tidy()
        self.assertEqual(len(self.stored()), 3)
        self.assertEqual(state(self.recalled()), state(self.permissions))
        self.assertEqual([act.id for act in self.recalled().against(PEOPLE[2])], [self.now - EVERY])
        self.did(Unmuted, whom=1)
        self.tidy()
        self.assertEqual([act.kind for act in self.stored()], [])

    def test_no_part_of_the_log(self) -> None:
        """Who reads the log is not shown how often somebody logged out, nor does it fill it."""
        self.did(Muted, whom=1)
        muted = self.now
        for _ in range(30):
            self.did(Extended, target="guest1", target_identity=PEOPLE[2], text=f"{muted} x")
        shown = self.successResultOf(self.journal.modlog(None, LATEST, 9))
        self.assertEqual([act.id for act in shown], [muted])
        self.tidy()
        self.assertEqual([act.kind for act in self.stored()], ["muted", "extended"])


class SameContract(ActLogCase):
    """Whatever was done, what is kept comes to the same."""

    def anything(self, chance: random.Random) -> None:
        """Do something."""
        kind = chance.choice(
            [Banned, Muted, Unbanned, Unmuted, Kicked, Opped, Deopped, Voiced, Devoiced, Invited]
            * 2
            + [Uninvited, RoomSet, RoomSet, Founded, LockedDown, Extended]
        )
        room = chance.choice(["den", "attic", ""])
        facts: dict[str, Any] = {"whom": chance.randrange(len(PEOPLE))}
        if kind in (Banned, Muted):
            facts |= {"until": chance.choice([0, self.now + 20 * SECOND]), "text": str(self.now)}
        if kind is RoomSet:
            target = chance.choice(["password", "invite-only", "moderated", "topic"])
            facts = {"target": target, "text": chance.choice(["on", ""])}
        if kind in (Founded, LockedDown):
            facts = {"text": chance.choice(["on", "off"]), "by": chance.randrange(len(PEOPLE))}
        if kind is Extended:
            room = "den"
            held = self.permissions.sanctions(room)
            if not held:
                return
            act = chance.choice(held)
            identity = chance.choice(PEOPLE)
            facts = {"target": act.target, "target_identity": identity, "text": f"{act.id} x"}
        if kind is Founded and not (room and self.permissions._places.get(room) is None):
            return
        self.did(kind, room, **facts)

    def test_same(self) -> None:
        """In the next run the same holds, whenever it was tidied up, and wherever that stopped."""
        for seed in range(5):
            chance = random.Random(seed)
            for _ in range(60):
                self.anything(chance)
                if chance.random() < 0.05:
                    self.tidy()
                if chance.random() < 0.1:
                    expected = state(self.permissions)
                    self.assertEqual(state(self.recalled()), expected, f"seed {seed}")

    def test_next_run(self) -> None:
        """What was read at start is deleted later like anything else."""
        self.did(Founded)
        for _ in range(30):
            self.did(Muted, whom=1)
        self.permissions = self.recalled()
        self.log = ActLog(self.database_, self.permissions.holding, lambda: self.now)
        self.tidy()
        self.assertEqual([act.kind for act in self.stored()], ["founded", *["muted"] * 10])


class MemoryContract(ActLogCase):
    """What is kept in memory."""

    def test_rooms(self) -> None:
        """A room where nothing holds any more is forgotten."""
        self.did(Muted, whom=1, until=self.now + 2 * SECOND)
        self.did(Kicked, "attic", whom=1)
        self.now += 7200 * SECOND
        self.permissions.holding()
        self.assertEqual(list(self.permissions._places), [""])
        self.assertEqual((self.permissions._hushed, self.permissions._against), (set(), {}))


class DeletedTests(DeletedContract, DatabaseJournalTestCase):
    """What is deleted from an SQLite file."""


class SameTests(SameContract, DatabaseJournalTestCase):
    """Whatever was done, what an SQLite file keeps comes to the same."""


class MemoryTests(MemoryContract, DatabaseJournalTestCase):
    """What is kept in memory."""
