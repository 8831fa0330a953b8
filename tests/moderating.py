"""Test cases for a chat's moderation without the chat: people, and acts applied to them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.permissions import Permissions
from chatservice.chat.rooms import Member
from chatservice.people.account import Account
from chatservice.protocol.actions import Banned, Founded, OperatorAct, Opped
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import nick_key
from tests.conversation import NOON

START = int(NOON.timestamp()) * 1_000_000
HOUR = 3_600_000_000
ADDRESS = "192.0.2.1"


def guest(nick: str, address: str = "") -> Member:
    """Make a member who has proved nothing."""
    return Member(nick, nick_key(nick), f"token of {nick}", address)


def registered(nick: str, address: str = "") -> Member:
    """Make a member who is logged in to the account of that name."""
    member = guest(nick, address)
    member.account = Account(nick_key(nick), nick, member.identity, "", 0)
    return member


class ModerationCase(SynchronousTestCase):
    """Tests with sysop, the server operator, ada, who owns #python, and op, an operator of it."""

    def setUp(self) -> None:
        self.now = START
        self.ids = count(START)
        self.acts: list[OperatorAct] = []
        self.permissions = Permissions(["sysop"], lambda: self.now)
        self.sysop = registered("sysop", ADDRESS)
        self.ada = registered("ada", ADDRESS)
        self.op = registered("op", ADDRESS)
        self.bob = guest("bob", ADDRESS)
        self.did(self.ada, Founded, "python")
        self.did(self.ada, Opped, "python", self.op)

    def did(
        self,
        who: Member,
        kind: type[OperatorAct],
        room: str = "",
        whom: Member | None = None,
        **facts: Any,
    ) -> None:
        """Apply an act as if it had been committed."""
        if whom is not None:
            facts = {"target": whom.nick, "target_identity": whom.identity} | facts
        act = kind(
            id=next(self.ids),
            nick=who.nick,
            identity=who.identity,
            room=room,
            **facts,
        )
        self.acts.append(act)
        self.permissions.apply(act)

    def banned_network(self, text: str, room: str = "", kind: type[OperatorAct] = Banned) -> None:
        """Apply a ban of a network, or another act about it."""
        self.did(self.sysop, kind, room, target=text, network=text)

    def refused(self, code: str, sentence: str, check: Callable[..., object], *facts: Any) -> None:
        """Check that a check refuses, with this code and sentence."""
        with self.assertRaises(ChatError) as caught:
            check(*facts)
        error = caught.exception
        self.assertEqual((error.code, error.sentence), (code, sentence))

    def is_banned(self, member: Member, room: str = "") -> bool:
        """Tell whether a ban keeps somebody out."""
        try:
            if room:
                self.permissions.check_entry(member, room, seen=next(self.ids))
            else:
                self.permissions.check_arrival(member)
        except ChatError as error:
            self.assertEqual(error.code, "banned")
            return True
        return False

    def is_muted(self, member: Member, room: str = "python") -> bool:
        """Tell whether a mute keeps somebody from speaking."""
        try:
            self.permissions.check_speech(member, room)
        except ChatError as error:
            self.assertEqual(error.code, "muted")
            return True
        return False
