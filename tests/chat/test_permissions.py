"""Who may do what by what operators did: roles, whom one may act on, and the next run."""

from __future__ import annotations

from typing import Any

from chatservice.chat.access import Person, RoomRules
from chatservice.chat.authority import ROOMS_OWNED
from chatservice.chat.permissions import Permissions
from chatservice.protocol import actions
from chatservice.protocol.events import KINDS
from tests.moderating import HOUR, START, ModerationCase, guest, registered

ACTS = {kind for kind in KINDS.values() if issubclass(kind, actions.OperatorAct)}
ACTS.remove(actions.Extended)


class NothingTests(ModerationCase):
    """Where no operator has done anything."""

    def test_all_may(self) -> None:
        """Everybody may come, enter, speak and change the topic of a room nobody owns."""
        self.permissions.check_arrival(self.bob)
        self.permissions.check_entry(self.bob, "attic")
        self.permissions.check_speech(self.bob, "attic")
        self.permissions.check_speech(self.bob, "")
        self.permissions.check_topic(self.bob, "attic")
        self.assertEqual(self.permissions.needs_password(self.bob, "attic"), "")

    def test_no_roles(self) -> None:
        """A room that nobody made while registered has no owner, no operators and no rules."""
        self.assertFalse(self.permissions.has_owner("attic"))
        self.assertIsNone(self.permissions.owner("attic"))
        self.assertEqual(self.permissions.operators("attic"), [])
        self.assertEqual(self.permissions.voiced("attic"), [])
        self.assertEqual(self.permissions.invited("attic"), [])
        self.assertEqual(self.permissions.sanctions("attic"), [])
        self.assertEqual(self.permissions.rules("attic"), RoomRules())

    def test_bounds_of_rooms(self) -> None:
        """Rooms have bounds of their own while one of them is set."""
        self.assertEqual(self.permissions.bounded(), [])
        for target, text in (("keep", "3600"), ("keep-lines", "5"), ("keep", "")):
            self.did(self.sysop, actions.RoomSet, "python", target=target, text=text)
            self.assertEqual(self.permissions.bounded(), ["python"])
        self.did(self.sysop, actions.RoomSet, "python", target="keep-lines", text="")
        self.assertEqual(self.permissions.bounded(), [])

    def test_speech_is_fast(self) -> None:
        """Speech is not looked into where there is no mute and the room is not moderated."""
        self.permissions.check_speech(None, "python")  # type: ignore[arg-type]

    def test_what_changes_nothing(self) -> None:
        """Acts that are told and no more leave everything as it is."""
        before = self.permissions.holding()[1]
        self.did(self.sysop, actions.Announced, text="hello")
        self.did(self.sysop, actions.Kicked, whom=self.bob)
        self.did(self.sysop, actions.RoomSet, "python", target="colour", text="red")
        self.assertEqual(self.permissions.holding()[1], before)
        self.assertEqual(self.permissions.rules("python"), RoomRules())


class RoleTests(ModerationCase):
    """Who is what."""

    def test_server_operator(self) -> None:
        """A server operator is one everywhere, and only while the name is proved."""
        self.assertTrue(self.permissions.is_operator(self.sysop))
        self.assertTrue(self.permissions.is_room_operator(self.sysop, "python"))
        self.assertTrue(self.permissions.is_room_operator(self.sysop, "attic"))
        self.assertFalse(self.permissions.is_owner(self.sysop, "python"))
        self.assertFalse(self.permissions.is_operator(guest("sysop")))
        self.assertFalse(self.permissions.is_operator(self.ada))

    def test_owner(self) -> None:
        """Who makes a room owns it, and is its operator, and of no other one."""
        self.assertEqual(self.permissions.owner("python"), Person("ada", self.ada.identity))
        self.assertTrue(self.permissions.has_owner("python"))
        self.assertTrue(self.permissions.is_owner(self.ada, "python"))
        self.assertTrue(self.permissions.is_room_operator(self.ada, "python"))
        self.assertFalse(self.permissions.is_room_operator(self.ada, "attic"))
        self.assertFalse(self.permissions.is_room_operator(self.ada, ""))
        self.assertFalse(self.permissions.is_operator(self.ada))

    def test_operator(self) -> None:
        """Who is made an operator is one, and not the owner, until that is taken back."""
        self.assertTrue(self.permissions.is_room_operator(self.op, "python"))
        self.assertFalse(self.permissions.is_owner(self.op, "python"))
        self.assertEqual(self.permissions.operators("python"), [Person("op", self.op.identity)])
        self.did(self.ada, actions.Deopped, "python", self.op)
        self.assertFalse(self.permissions.is_room_operator(self.op, "python"))
        self.assertEqual(self.permissions.operators("python"), [])
        self.assertTrue(self.permissions.has_owner("python"))

    def test_not_logged_in(self) -> None:
        """Whoever has not proved a registered name has no rights, whatever was given before."""
        for member in (self.ada, self.op):
            member.account = None
            self.assertFalse(self.permissions.is_room_operator(member, "python"))
            self.assertFalse(self.permissions.is_owner(member, "python"))

    def test_another_founder(self) -> None:
        """A room that has an owner is not taken by whoever makes it again."""
        self.did(self.op, actions.Founded, "python")
        self.assertTrue(self.permissions.is_owner(self.ada, "python"))
        self.assertFalse(self.permissions.is_owner(self.op, "python"))

    def test_end_of_ownership(self) -> None:
        """Who is not an operator any more does not own the room, and nobody else comes to."""
        self.did(self.sysop, actions.Deopped, "python", self.ada)
        self.assertFalse(self.permissions.has_owner("python"))
        self.assertFalse(self.permissions.is_room_operator(self.ada, "python"))
        self.assertFalse(self.permissions.may_found(self.ada, "python"))
        self.assertFalse(self.permissions.may_found(self.op, "python"))

    def test_op_without_owner(self) -> None:
        """Who is made an operator of a room without an owner does not own it."""
        self.did(self.sysop, actions.Opped, "attic", self.op)
        self.assertTrue(self.permissions.is_room_operator(self.op, "attic"))
        self.assertFalse(self.permissions.has_owner("attic"))

    def test_deop_of_nobody(self) -> None:
        """Somebody is not an operator of a room without an owner, and then still is not."""
        self.did(self.sysop, actions.Deopped, "attic", self.op)
        self.assertFalse(self.permissions.is_room_operator(self.op, "attic"))

    def test_may_found(self) -> None:
        """Only who is registered comes to own a room, one without an owner, and never the lobby."""
        self.assertTrue(self.permissions.may_found(self.ada, "attic"))
        self.assertFalse(self.permissions.may_found(self.bob, "attic"))
        self.assertFalse(self.permissions.may_found(self.op, "python"))
        self.assertFalse(self.permissions.may_found(self.ada, "lobby"))

    def test_rooms_owned(self) -> None:
        """One person owns fifty rooms at most, and one more for each that is given up."""
        for number in range(ROOMS_OWNED - 1):
            self.assertTrue(self.permissions.may_found(self.ada, "attic"))
            self.did(self.ada, actions.Founded, f"room{number}")
        self.assertFalse(self.permissions.may_found(self.ada, "attic"))
        self.assertTrue(self.permissions.may_found(self.op, "attic"))
        self.did(self.sysop, actions.Deopped, "room7", self.ada)
        self.assertTrue(self.permissions.may_found(self.ada, "attic"))


class PowerTests(ModerationCase):
    """Who may act on whom."""

    def test_in_a_room(self) -> None:
        """What operators of a room do, its operators and server operators may do, and no others."""
        for member in (self.ada, self.op, self.sysop):
            self.permissions.check_power(member, "python")
        for member in (self.bob, registered("eve")):
            self.refused(
                "not-allowed",
                "only an operator of #python may do that",
                self.permissions.check_power,
                member,
                "python",
            )

    def test_in_the_chat(self) -> None:
        """What is done to the whole chat, server operators alone may do."""
        self.permissions.check_power(self.sysop, "")
        for member in (self.ada, self.bob):
            self.refused(
                "not-allowed",
                "only a server operator may do that",
                self.permissions.check_power,
                member,
                "",
            )

    def test_kick(self) -> None:
        """An operator kicks guests, other operators and itself."""
        for whom in (self.bob, self.op, registered("eve")):
            self.permissions.check_may_kick(self.ada, whom, "python")
            self.permissions.check_may_kick(self.op, whom, "python")
            self.permissions.check_may_kick(self.sysop, whom, "")

    def test_kick_without_power(self) -> None:
        """Nobody else kicks anybody."""
        for room, sentence in (
            ("python", "only an operator of #python may do that"),
            ("", "only a server operator may do that"),
        ):
            check = self.permissions.check_may_kick
            self.refused("not-allowed", sentence, check, self.bob, self.bob, room)

    def test_the_owner(self) -> None:
        """The owner is kicked and banned by server operators alone, and kicked by itself."""
        sentence = "ada owns #python: only a server operator may do that to them"
        absent = Person("ada", self.ada.identity, self.ada.account)
        for check in (self.permissions.check_may_kick, self.permissions.check_may_sanction):
            for ada in (self.ada, absent):
                self.refused("not-allowed", sentence, check, self.op, ada, "python")
                check(self.sysop, ada, "python")
        self.permissions.check_may_kick(self.ada, self.ada, "python")

    def test_the_owner_of_another_room(self) -> None:
        """The owner of one room is anybody in another one."""
        self.did(self.op, actions.Founded, "attic")
        self.permissions.check_may_kick(self.op, self.ada, "attic")

    def test_a_room_without_an_owner(self) -> None:
        """An operator of a room without an owner kicks everybody there."""
        self.did(self.sysop, actions.Opped, "attic", self.op)
        self.permissions.check_may_kick(self.op, self.ada, "attic")

    def test_a_server_operator(self) -> None:
        """A server operator is kicked by another one alone, and banned or muted by nobody."""
        other = Permissions(["sysop", "sysop2"], lambda: self.now)
        sysop2 = registered("sysop2")
        self.permissions = other
        self.did(self.ada, actions.Founded, "python")
        other.check_may_kick(self.sysop, sysop2, "python")
        other.check_may_kick(self.sysop, sysop2, "")
        for check in (other.check_may_kick, other.check_may_sanction):
            self.refused(
                "not-allowed",
                "sysop is a server operator: only another one may do that to them",
                check,
                self.ada,
                self.sysop,
                "python",
            )
        for room in ("python", ""):
            self.refused(
                "not-allowed",
                "sysop2 is a server operator: you cannot do that to them",
                other.check_may_sanction,
                self.sysop,
                sysop2,
                room,
            )

    def test_sanction(self) -> None:
        """An operator bans and mutes everybody else, but not itself."""
        self.permissions.check_may_sanction(self.op, self.bob, "python")
        self.permissions.check_may_sanction(self.ada, self.op, "python")
        for member in (self.ada, self.op):
            self.refused(
                "not-allowed",
                "you cannot do that to yourself",
                self.permissions.check_may_sanction,
                member,
                member,
                "python",
            )


class RestoreTests(ModerationCase):
    """The next run."""

    def all_kinds(self) -> None:
        """Let one act of each kind happen, and some that end others."""
        self.did(self.op, actions.Founded, "attic")
        until = START + HOUR
        self.did(self.sysop, actions.Banned, whom=self.bob, network="192.0.2.1/32", until=until)
        self.did(self.ada, actions.Banned, "python", self.bob)
        self.did(self.ada, actions.Muted, "python", self.bob, text="spam")
        self.did(self.ada, actions.Unbanned, "python", self.bob)
        self.did(self.ada, actions.Muted, "python", self.op)
        self.did(self.ada, actions.Unmuted, "python", self.op)
        self.did(self.ada, actions.Voiced, "python", self.bob)
        self.did(self.ada, actions.Voiced, "python", self.op)
        self.did(self.ada, actions.Devoiced, "python", self.op)
        self.did(self.ada, actions.Invited, "python", self.bob)
        self.did(self.ada, actions.Invited, "python", self.op)
        self.did(self.ada, actions.Uninvited, "python", self.op)
        self.did(self.ada, actions.Kicked, "python", self.bob)
        self.did(self.ada, actions.RoomSet, "python", target="moderated", text="on")
        self.did(self.sysop, actions.Deopped, "attic", self.op)
        self.did(self.sysop, actions.Announced, text="hello")
        self.did(self.sysop, actions.LockedDown, text="on")

    def state(self, permissions: Permissions) -> Any:
        """Everything that can be asked."""
        return [
            permissions.locked_down,
            *(
                [
                    permissions.owner(room),
                    permissions.operators(room),
                    permissions.voiced(room),
                    permissions.invited(room),
                    permissions.rules(room),
                    permissions.sanctions(room),
                ]
                for room in ("", "python", "attic")
            ),
        ]

    def test_same_state(self) -> None:
        """The same acts in the same order come to the same, whenever they are applied."""
        self.all_kinds()
        self.assertEqual({type(act) for act in self.acts}, ACTS)
        for later in (0, HOUR):
            self.now = START + later
            again = Permissions(["sysop"], lambda: self.now)
            for act in self.acts:
                again.apply(act)
            self.assertEqual(self.state(again), self.state(self.permissions))

    def test_another_operator(self) -> None:
        """Who was a server operator in an earlier run only is none; what was done then holds."""
        self.did(self.sysop, actions.Banned, whom=self.bob)
        again = Permissions([], lambda: self.now)
        for act in self.acts:
            again.apply(act)
        self.assertFalse(again.is_operator(self.sysop))
        self.permissions = again
        self.assertTrue(self.is_banned(self.bob))
