"""A random walk over both doors, on several devices: who is who, and who hears what."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.task import Clock

from chatservice.chat import devices
from chatservice.chat.door import Fenced
from chatservice.chat.rooms import Device, Member, Room
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.accounts import Accounts
from chatservice.protocol.events import LATEST
from chatservice.protocol.ids import EventIds
from chatservice.protocol.names import nick_key
from chatservice.server import ChatFactory
from chatservice.sessions.session import State
from tests.conversation import NOON, TableCase, Wire, each_row, tokens
from tests.journals import SlowJournal, Waiting
from tests.recording import kick
from tests.registered import SlowPasswords, SlowStore

NICKS = ("ada", "Ada", "аdа", "bob", "grace", "eve")
ROOMS = ("lobby", "python", "tea")
CLIENTS = ("", "", "phone", "tablet")
SECRET = "correct-horse"
SEEDS = 25
STEPS = 500
WALKERS = 7


class Walker:
    """A person or a program: at the text door, at the JSON door, or nowhere at the moment."""

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
            client = self._choose.choice(CLIENTS)
            hello |= {"client": client} if client else {}
            self._sends(json.dumps(hello))
        else:
            lines = [f"/resume {token}"] if token else [nick, *([password] if password else [])]
            self._sends("\n".join(lines))

    def types(self, line: str) -> None:
        if self._is_program:
            line = json.dumps({"type": "command", "line": line})
        self._sends(line)

    def reads(self, id: int, room: str) -> None:
        """Say that everything up to an id is read, if this is a program."""
        if self._is_program:
            self._sends(json.dumps({"type": "seen", "id": id} | ({"room": room} if room else {})))

    def _sends(self, text: str) -> None:
        assert self.wire is not None
        self.wire.sends(f"{text}\n".encode())

    def leaves(self, way: str) -> None:
        assert self.wire is not None
        getattr(self.wire, way)()


class Walk:
    """A chat, those who come to it, and what they happen to do."""

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
        self.front = FrontFactory(self.chat, Admission(), PortKind(direct=True))
        self.wires: list[Wire] = []
        self.walkers = [Walker(self._connect, self.random) for _ in range(WALKERS)]
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
        tokens = (member.token for member in self.chat.roster.values())
        self.tokens = list(dict.fromkeys([*self.tokens, *tokens]))[-12:]

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
        connected = [device for member in members for device in member.devices]
        if connected:
            by, whom = self.random.choice(connected), self.random.choice(members)
            room = self.random.choice(("", *whom.rooms))
            self.done[-1] = f"{by.member.nick} kicks {whom.nick} from {room}"
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
        elif self.random.random() < 0.05:
            id, room = self.chat.ids.last - self.random.choice((0, 9)), self.random.choice(ROOMS)
            self.done.append(f"{number} has read {room} up to {id}")
            walker.reads(id, self.random.choice(("", room)))
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
                "/quit all",
                "/devices",
                f"/devices close {self.random.randint(1, 4)}",
                "/devices close others",
                f"/ignore {nick}",
                f"/set time {self.random.choice(('on', 'off'))}",
            )
        )


def check(chat: ChatFactory) -> None:
    """Check what holds at any moment, whatever is on its way."""
    for key, member in chat.roster.items():
        assert key == member.key == nick_key(member.nick), member.nick
        assert chat.roster.bearer(member.token) is member, member.nick
        assert chat.roster.find(member.identity, LATEST) is member, member.nick
        owner = chat.accounts.named(key)
        assert owner is None or owner is member.account, f"{member.nick} is not logged in"
        check_account(chat, member)
        check_rooms(chat, member)
        check_devices(chat, member)
    assert len(chat.roster._by_digest) == len(chat.roster)
    for account in chat.accounts._by_key.values():
        holder = chat.roster.of(account)
        if holder is not None:
            assert chat.is_here(holder), f"{account.nick} is somebody who has gone"
            assert holder.account is account, account.nick
    for room in chat.rooms.values():
        for member in room.members:
            assert chat.is_here(member), f"{member.nick} is in {room.name} and not in the chat"
            assert member.rooms[room.name] is room
        check_hearers(room)


def check_account(chat: ChatFactory, member: Member) -> None:
    if member.account is not None:
        here = chat.roster.of(member.account)
        assert here is member, f"{member.account.nick} has two members"
        assert member.identity == member.account.identity


def check_rooms(chat: ChatFactory, member: Member) -> None:
    for name, room in member.rooms.items():
        assert chat.rooms[name] is room, name
        assert member in room.members, name


def check_devices(chat: ChatFactory, member: Member) -> None:
    """Check that a member has devices, or else is waited for."""
    if not member.devices:
        wait = chat.lingering.waits.get(member)
        assert wait is not None and wait.end.active(), f"{member.nick} is a ghost"
        return
    assert member not in chat.lingering.waits, f"{member.nick} is waited for, and here"
    assert len(member.devices) <= devices.DEVICES_MOST, f"{member.nick} has too many devices"
    for device in member.devices:
        assert device.member is member, f"a device of {member.nick} is somebody else's"
        door = session_of(device)
        assert door in chat.sessions, f"{member.nick} has a door that is gone"
        assert door.device is device, f"the door of {member.nick} has another device"
        rooms = [room.name for room in member.rooms.values() if room is device.current]
        assert len(rooms) == bool(member.rooms), f"{member.nick} talks nowhere, or elsewhere"


def session_of(device: Device) -> Any:
    """Return the session of a device, fenced or not."""
    return device.door.door if isinstance(device.door, Fenced) else device.door


def check_hearers(room: Room) -> None:
    """Check that whoever hears a room is a device of somebody, and in the group of its view."""
    for view, group in room.audience.groups.items():
        assert group, f"nobody sees {room.name} like this"
        for device in group:
            nick = device.member.nick
            assert not device.is_over, f"a device of {nick} hears {room.name} though it has ended"
            assert room in device.heard, f"a device of {nick} does not know that it hears"
            assert device.view(room) == view, f"{nick} sees {room.name} as it is no more"


def check_settled(chat: ChatFactory) -> None:
    """Check what holds when nothing is on its way."""
    check(chat)
    for name, room in chat.rooms.items():
        assert room.present == room.members, f"not who is in {name} is seen there"
        hearing = {device for member in room.members for device in member.devices}
        assert set(room.audience) == hearing, f"not who is in {name} hears it"
        assert room.members and not room.departing, f"{name} is empty"
    for member in chat.roster.values():
        check_reading(member)
        for device in member.devices:
            assert not isinstance(device.door, Fenced), f"{member.nick} waits for ever"
            assert set(device.heard) == set(member.rooms.values()), member.nick
    for door in chat.sessions:
        if door.state is State.PRESENT:
            assert chat.is_here(door.member), "somebody has gone and is still connected"
            assert door.device in door.member.devices and door.device.door is door


def check_reading(member: Member) -> None:
    """Check that lines count as read as they come just where a device reads them."""
    for room in ("", *member.rooms):
        is_read = any(device.reads(room) for device in member.devices)
        followed = member.reading.is_followed(room)
        assert followed == is_read, f"{member.nick} follows #{room}: {followed}, reads: {is_read}"


class WalkTests(TableCase):
    """Who bears a registered nickname is logged in to it, and nobody is there who is not.

    In every other walk, so few devices are allowed that the idlest one is often closed.
    """

    @each_row(
        {
            f"{way}_{seed}": (seed, way == "late")
            for way in ("late", "at_once")
            for seed in range(SEEDS)
        }
    )
    def test_walk(self, row: tuple[int, bool]) -> None:
        """Whatever people do at both doors, it holds, and afterwards nothing is left over."""
        if row[0] % 2:
            self.patch(devices, "DEVICES_MOST", 2)
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
        self.assertEqual((chat.roster, chat.roster._by_digest, chat.rooms), ({}, {}, {}))
        self.assertEqual(chat.sessions, set())
        self.assertEqual(walk.clock.getDelayedCalls(), [])
