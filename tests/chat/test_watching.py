"""Watching nicknames: who is told of what, where in the order, and how often."""

from __future__ import annotations

from dataclasses import replace

from chatservice.chat.broadcast import broadcast
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Room
from chatservice.chat.watching import WATCHED_MOST, Watching
from chatservice.protocol.events import Joined, WentAway
from tests.chat.test_broadcast import BroadcastTestCase
from tests.conversation import ConversationCase, JsonPerson, Person, TextPerson, at_each_door
from tests.recording import (
    another,
    door_of,
    joined,
    left,
    recorded,
    renamed,
    said,
    seen,
    sent,
    whispered,
)


def sees(person: Person) -> list[object]:
    """Return what somebody sees of others' coming and going."""
    if isinstance(person, TextPerson):
        return [line for line in person.sees() if line.startswith("-- ")]
    kinds = ("joined", "left", "renamed", "watched")
    return [
        {name: facts[name] for name in ("type", "nick", "here", "folded") if name in facts}
        for facts in person.sees()
        if facts["type"] in kinds
    ]


def watched(nick: str, here: bool, **more: bool) -> dict[str, object]:
    """Make what a program is told."""
    return {"type": "watched", "nick": nick, "here": here, **more}


class WatchingTests(ConversationCase):
    """Ada, in #attic alone, watches bob."""

    def ada_at(self, door: str) -> Person:
        ada = self.at(door, "ada")
        for line in ("/join attic", "/part lobby", "/watch bob"):
            ada.types(line)
        ada.sees()
        return ada

    @at_each_door
    def test_apart(self, door: str) -> None:
        """She is told that bob comes and goes, though they share no room."""
        ada = self.ada_at("text")
        bob = self.at(door, "bob")
        self.assertEqual(sees(ada), ["-- bob is here"])
        bob.types("hi")
        bob.types("/away")
        self.assertEqual(sees(ada), [])
        bob.types("/quit")
        self.assertEqual(sees(ada), ["-- bob is gone"])

    def test_program_apart(self) -> None:
        """A program gets an event for it, with the id of the one that it tells of."""
        ada, eve = self.ada_at("json"), self.at_json("eve")
        self.at_text("bob").types("/quit")
        assert isinstance(ada, JsonPerson)
        facts = ada.sees_all()
        self.assertEqual([each["here"] for each in facts], [True, False])
        ids = [each["id"] for each in eve.sees_all() if each["type"] in ("joined", "left")]
        self.assertEqual([each["id"] for each in facts], ids)

    def test_together(self) -> None:
        """Where she sees it in a room, a person sees it once, and a program both events."""
        text, json = self.ada_at("text"), self.at_json("eve")
        for person in (text, json):
            person.types("/join lobby")
            person.types("/watch bob")
            person.sees()
        bob = self.at_text("bob")
        self.assertEqual(sees(text), ["-- bob joined the chat"])
        joined = {"type": "joined", "nick": "bob"}
        self.assertEqual(sees(json), [joined, watched("bob", True, folded=True)])
        bob.types("/quit")
        self.assertEqual(sees(text), ["-- bob left the chat"])
        self.assertEqual(
            sees(json), [{"type": "left", "nick": "bob"}, watched("bob", False, folded=True)]
        )

    def test_quiet(self) -> None:
        """People who hide joins and leaves still see those of the people whom they watch."""
        ada = self.ada_at("text")
        for line in ("/join lobby", "/set quiet on"):
            ada.types(line)
        ada.sees()
        self.at_text("bob").types("/quit")
        self.assertEqual(sees(ada), ["-- bob is here", "-- bob is gone"])

    def test_ignored(self) -> None:
        """Somebody who is ignored can be watched."""
        ada = self.ada_at("text")
        ada.types("/ignore bob")
        ada.sees()
        self.at_text("bob")
        self.assertEqual(sees(ada), ["-- bob is here"])

    def test_renamed(self) -> None:
        """A nickname goes with another one, and comes with it."""
        ada, dan = self.ada_at("text"), self.at_text("dan")
        dan.types("/nick bob")
        self.assertEqual(sees(ada), ["-- bob is here"])
        dan.types("/nick Bob")
        self.assertEqual(sees(ada), [])
        dan.types("/nick dan")
        self.assertEqual(sees(ada), ["-- Bob is gone"])

    def test_in_no_room(self) -> None:
        """Somebody who comes and may enter no room is seen to come, but no device after that."""
        ada, eve = self.ada_at("text"), self.at_text("eve")
        eve.types("/register correct-horse")
        eve.types("/join den")
        eve.types("/room invite-only on")
        bob = self.at_json("bob", rooms={"den": 0})
        self.assertEqual(sees(ada), ["-- bob is here"])
        token = self.chat.member_named("bob").token
        self.at_json("bob", token=token, client="phone")
        self.assertEqual(sees(ada), [])
        bob.types("/quit all")
        self.assertEqual(sees(ada), ["-- bob is gone"])

    def test_logged_out_device(self) -> None:
        """The guest that a device becomes by logging out is somebody new."""
        ada, bob = self.ada_at("text"), self.at_text("bob")
        bob.types("/register correct-horse")
        phone = self.at("json", "bob", "correct-horse")
        for number in range(1000, 1020):
            ada.types(f"/watch guest{number}")
        ada.sees()
        phone.types("/logout")
        (guest,) = set(self.chat.roster) - {"ada", "bob"}
        self.assertEqual(sees(ada), [f"-- {self.chat.roster[guest].nick} is here"])

    def test_each_device(self) -> None:
        """All devices of the watcher are told, each once."""
        ada = self.ada_at("text")
        ada.types("/register correct-horse")
        phone = self.at("json", "ada", "correct-horse")
        for person in (ada, phone):
            person.sees()
        self.at_text("bob")
        self.assertEqual((sees(ada), sees(phone)), (["-- bob is here"], [watched("bob", True)]))

    def test_unwatched(self) -> None:
        """It ends when it is given up, and when the watcher leaves."""
        ada = self.ada_at("text")
        ada.types("/unwatch B0B")
        ada.sees()
        bob = self.at_text("bob")
        self.assertEqual(sees(ada), [])
        ada.types("/watch bob")
        ada.types("/watch eve")
        ada.types("/quit")
        self.assertEqual(self.chat.watching.watchers, {})
        ada = self.at_text("ada")
        ada.types("/part lobby")
        ada.sees()
        bob.types("/quit")
        self.assertEqual(sees(ada), [])

    def test_most(self) -> None:
        """A member watches a hundred nicknames, and may write one of them again in another way."""
        ada = self.at_text("ada")
        for number in range(WATCHED_MOST):
            ada.types(f"/watch dan-{number}-x")
        ada.sees()
        ada.types("/watch bob")
        ada.types("/watch Dan-7-x")
        sentence = f"-- you already watch {WATCHED_MOST} nicknames: /unwatch one first"
        answer = "-- you watch Dan-7-x from now on, who is not here"
        self.assertEqual(ada.sees(), [sentence, answer])

    def test_others_watch(self) -> None:
        """Two who watch the same nickname do not take it from each other."""
        watching = Watching()
        ada, eve = recorded("ada"), recorded("eve")
        for member in (ada, eve):
            watching.begin(member, "bob")
        self.assertTrue(watching.end(ada, "bob"))
        self.assertFalse(watching.end(ada, "bob"))
        self.assertEqual(watching.watchers, {"bob": {eve}})


class OrderTests(BroadcastTestCase):
    """What the devices of frank, in no room, are shown of a batch; he watches carol and zoe."""

    def setUp(self) -> None:
        super().setUp()
        self.frank = self.here("frank")
        self.watching = Watching()
        for nick in ("carol", "zoe"):
            self.watching.begin(self.frank, nick)

    def broadcast(self, *batch: Envelope) -> None:
        rooms: dict[str, Room] = {"lobby": self.lobby, "python": self.python}
        broadcast(batch, rooms, self.watching.watchers)

    def test_place(self) -> None:
        """He is told in its place among what else he is shown, in one delivery."""
        self.broadcast(
            whispered(1, self.ada, self.frank),
            left(2, self.carol, self.lobby, self.python),
            whispered(3, self.bob, self.frank),
            said(4, self.ada, self.lobby),
        )
        self.assertEqual(seen(self.frank), ["1", "carol-", "3"])
        self.assertEqual(len(door_of(self.frank).deliveries), 1)
        self.assertEqual(seen(self.ada), ["!1", "2", "!4"])

    def test_devices(self) -> None:
        """Each of his devices is told once, of whatever nicknames an event has."""
        phone = another(self.frank, self.wire)
        change = renamed(1, self.carol, self.lobby)
        event = replace(change.event, now="zoe")  # type: ignore[call-arg]
        self.broadcast(sent(event, self.carol))
        self.assertEqual(seen(self.frank.devices[0]), ["carol-", "zoe+"])
        self.assertEqual(seen(phone), ["carol-", "zoe+"])

    def test_heard(self) -> None:
        """A watcher who heard the event itself is told so."""
        self.watching.begin(self.ada, "carol")
        self.broadcast(left(1, self.carol, self.lobby), said(2, self.bob, self.lobby))
        self.assertEqual(seen(self.ada), ["1", "carol-*", "2"])
        self.assertEqual(seen(self.bob), ["1", "!2"])

    def test_folded(self) -> None:
        """An event that is folded is not shown, so it does not count as heard."""
        self.watching.begin(self.ada, "zoe")
        zoe = self.here("zoe")
        event = Joined(id=1, nick="zoe", room="lobby", arrived=True, folded=True)
        self.broadcast(sent(event, zoe))
        self.assertEqual(seen(self.ada), ["1", "zoe+"])

    def test_other_events(self) -> None:
        """Of another event about carol only who did not hear it is told, and of talk nobody."""
        self.watching.begin(self.ada, "carol")
        away = WentAway(id=1, nick="carol", why="", rooms=("lobby",))
        self.broadcast(sent(away, self.carol), said(2, self.carol, self.python))
        self.assertEqual(seen(self.frank), ["?1"])
        self.assertEqual(seen(self.ada), ["1"])

    def test_not_arrived(self) -> None:
        """Entering another room is no coming to the chat."""
        self.broadcast(joined(1, self.carol, self.python))
        self.assertEqual(seen(self.frank), [])

    def test_nobody(self) -> None:
        """What happens to others than those watched singles nobody out."""
        self.broadcast(left(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.assertEqual(seen(self.frank), [])

    def test_broken(self) -> None:
        """A door that cannot spell it is dropped, and the others are told."""
        phone = another(self.frank, self.wire)
        door_of(self.frank.devices[0]).broken = {"render_watched"}
        self.broadcast(left(1, self.carol, self.lobby))
        self.assertIn("drop", door_of(self.frank.devices[0]).asked)
        self.assertEqual(seen(phone), ["carol-"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
