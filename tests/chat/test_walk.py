"""A random walk of five people over both doors: who bears which name, after every step."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import count

from twisted.internet.task import Clock

from chatservice.chat.door import NOWHERE, Fenced
from chatservice.chat.rooms import Member
from chatservice.config import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.people.accounts import Accounts
from chatservice.protocol.events import EventIds
from chatservice.protocol.names import nick_key
from chatservice.server import ChatFactory
from chatservice.sessions.session import State
from tests.conversation import NOON, TableCase, Wire, each_row, tokens
from tests.journals import SlowJournal, Waiting
from tests.recording import kick
from tests.registered import SlowPasswords, SlowStore

NICKS = ("ada", "Ada", "аdа", "bob", "grace", "eve")
ROOMS = ("lobby", "python", "tea")
SECRET = "correct-horse"
SEEDS = 8
STEPS = 500


class Walker:
    """One of the five: at the text door, at the JSON door, or nowhere at the moment."""

    def __init__(self, connect: Callable[[], Wire], choose: random.Random) -> None:
        self._connect = connect
        self._choose = choose
        self._is_program = False
        self.wire: Wire | None = None

    @property
    def is_connected(self) -> bool:
        return self.wire is not None and self.wire.connected and not self.wire.disconnecting

    def comes(self, nick: str, password: str, token: str) -> None:
        """Come in by any door, with or without a proof."""
        self.wire = self._connect()
        self._is_program = self._choose.random() < 0.5
        if self._is_program:
            hello = {"type": "hello", "nick": nick}
            hello |= {"token": token} if token else {}
            hello |= {"password": password} if password else {}
            self._sends(json.dumps(hello))
        else:
            lines = [f"/resume {token}"] if token else [nick, *([password] if password else [])]
            self._sends("\n".join(lines))

    def types(self, line: str) -> None:
        if self._is_program:
            line = json.dumps({"type": "command", "line": line})
        self._sends(line)

    def _sends(self, text: str) -> None:
        assert self.wire is not None
        self.wire.sends(f"{text}\n".encode())

    def leaves(self, way: str) -> None:
        assert self.wire is not None
        getattr(self.wire, way)()


class Walk:
    """A chat, five people, and what they happen to do."""

    def __init__(self, seed: int, is_slow: bool) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.waiting = Waiting()
        self.waiting.is_slow = is_slow
        ids = EventIds(lambda: NOON.timestamp() + self.clock.seconds())
        journal = SlowJournal(self.waiting)
        journal.ids = ids
        hours = count(0, 3600)
        # By this clock no limit of tries is ever reached.
        passwords = SlowPasswords(self.waiting)
        store = SlowStore(self.waiting)
        accounts = Accounts(passwords, lambda: next(hours), ids.now, store)
        new_token = tokens()
        self.chat = ChatFactory(
            self.clock,
            journal,
            Settings(rate_limit=0),
            accounts,
            new_token=lambda: next(new_token),
        )
        self.front = FrontFactory(self.chat, Admission(), direct=True)
        self.wires: list[Wire] = []
        self.walkers = [Walker(self._connect, self.random) for _ in range(5)]
        self.tokens: list[str] = []
        self.done: list[str] = []

    def _connect(self) -> Wire:
        wire = Wire(self.clock)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        self.wires.append(wire)
        return wire

    def step(self) -> None:
        """Let one of them do something, or time pass."""
        chance = self.random.random()
        if chance < 0.3 and len(self.waiting):
            self.done.append("answer")
            self.waiting.answer(self.random.randrange(len(self.waiting)))
            self.clock.advance(0)
        elif chance < 0.35:
            self.settle()
        elif chance < 0.4:
            self.done.append("time passes")
            self.clock.advance(self.random.choice((1, 10, 29, 31)))
        elif chance < 0.45:
            self._kick()
        else:
            self._act(self.random.choice(self.walkers))
        self.tokens = list(dict.fromkeys([*self.tokens, *self.chat.roster.by_token]))[-12:]

    def settle(self) -> None:
        """Let everything that is on its way come to its end."""
        self.done.append("settle")
        self.wires = [wire for wire in self.wires if wire.connected]
        for wire in self.wires:
            wire.gets()
        while len(self.waiting) or not self.chat._publisher.all_settled().called:
            if len(self.waiting):
                self.waiting.answer(0)
            self.clock.advance(0)

    def _kick(self) -> None:
        self.done.append("somebody is kicked")
        members = list(self.chat.roster.values())
        if members:
            by, whom = self.random.choice(members), self.random.choice(members)
            room = self.random.choice(("", *whom.rooms))
            self.done[-1] = f"{by.nick} kicks {whom.nick} from {room}"
            kick(self.chat, by, whom, room, "why not")

    def _act(self, walker: Walker) -> None:
        number = self.walkers.index(walker)
        if not walker.is_connected or self.random.random() < 0.05:
            nick = self.random.choice(NICKS)
            password = self.random.choice(("", SECRET, SECRET, "wrong"))
            token = self.random.choice(["", "", *self.tokens])
            self.done.append(f"{number} comes: {nick} {password!r} {token}")
            walker.comes(nick, password, token)
        elif self.random.random() < 0.2:
            way = self.random.choice(("vanishes", "vanishes", "hangs_up", "ends"))
            self.done.append(f"{number} {way}")
            walker.leaves(way)
        else:
            line = self._line()
            self.done.append(f"{number} types {line}")
            walker.types(line)

    def _line(self) -> str:
        nick, room = self.random.choice(NICKS), self.random.choice(ROOMS)
        return self.random.choice(
            (
                f"/register {SECRET}",
                f"/register {SECRET}",
                f"/login {nick} {SECRET}",
                f"/login {nick} {SECRET}",
                "/logout",
                f"/password {SECRET} {SECRET}",
                f"/unregister {SECRET}",
                f"/nick {nick}",
                f"/nick {nick}",
                f"/join {room}",
                f"/part {room}",
                f"/msg {nick} psst",
                "hello",
                "/quit",
            )
        )


def check(chat: ChatFactory) -> None:
    """Check what holds at any moment, whatever is on its way."""
    for key, member in chat.roster.items():
        assert key == member.key == nick_key(member.nick), member.nick
        assert chat.roster.by_token[member.token] is member, member.nick
        owner = chat.accounts.named(key)
        assert owner is None or owner is member.account, f"{member.nick} is not logged in"
        check_account(chat, member)
        check_rooms(chat, member)
        check_door(chat, member)
    assert len(chat.roster.by_token) == len(chat.roster)
    for account in chat.accounts._by_key.values():
        holder = chat.roster.of(account)
        if holder is not None:
            assert chat.is_here(holder), f"{account.nick} is somebody who has gone"
            assert holder.account is account, account.nick
    for room in chat.rooms.values():
        for member in room.members:
            assert chat.is_here(member), f"{member.nick} is in {room.name} and not in the chat"
            assert member.rooms[room.name] is room


def check_account(chat: ChatFactory, member: Member) -> None:
    if member.account is not None:
        here = chat.roster.of(member.account)
        assert here is member, f"{member.account.nick} has two members"
        assert member.identity == member.account.identity


def check_rooms(chat: ChatFactory, member: Member) -> None:
    for name, room in member.rooms.items():
        assert chat.rooms[name] is room, name
        assert member in room.members, name
    assert member.current is (None if not member.rooms else member.rooms[member.current.name])


def check_door(chat: ChatFactory, member: Member) -> None:
    if member.door is NOWHERE:
        wait = chat.lingering.waits.get(member)
        assert wait is not None and wait.end.active(), f"{member.nick} is a ghost"
        return
    assert member not in chat.lingering.waits
    door = member.door.door if isinstance(member.door, Fenced) else member.door
    assert door in chat.sessions, f"{member.nick} has a door that is gone"
    assert door.member is member


def check_settled(chat: ChatFactory) -> None:
    """Check what holds when nothing is on its way."""
    check(chat)
    for name, room in chat.rooms.items():
        assert room.audience == room.members, f"not who is in {name} hears it"
        assert room.members and not room.departing, f"{name} is empty"
    for door in chat.sessions:
        assert not isinstance(getattr(door.member, "door", None), Fenced)
        if door.state is State.PRESENT:
            assert chat.is_here(door.member), "somebody has gone and is still connected"
            assert door.member.door is door


class WalkTests(TableCase):
    """Who bears a registered nickname is logged in to it, and nobody is there who is not."""

    @each_row(
        {
            f"{way}_{seed}": (seed, way == "late")
            for way in ("late", "at_once")
            for seed in range(SEEDS)
        }
    )
    def test_walk(self, row: tuple[int, bool]) -> None:
        """Whatever five people do at both doors, it holds, and afterwards nothing is left over."""
        walk = Walk(*row)
        try:
            for _ in range(STEPS):
                walk.step()
                check(walk.chat)
                if walk.done[-1] == "settle":
                    check_settled(walk.chat)
            self.everybody_leaves(walk)
        except Exception as error:
            raise self.failureException(f"{error!r} after {walk.done[-12:]}") from error

    def everybody_leaves(self, walk: Walk) -> None:
        for wire in walk.wires:
            wire.vanishes()
        walk.settle()
        walk.clock.advance(31)
        walk.settle()
        check_settled(walk.chat)
        chat = walk.chat
        self.assertEqual((chat.roster, chat.roster.by_token, chat.rooms), ({}, {}, {}))
        self.assertEqual(chat.sessions, set())
        self.assertEqual(walk.clock.getDelayedCalls(), [])
