"""What happens to devices while a password is being hashed, or the disk is slow."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.door import Fenced
from chatservice.protocol.events import Left
from tests.conversation import ConversationCase, JsonPerson
from tests.journals import HeldJournal

SECRET = "correct-horse"
OTHER = "another-horse"


class HashingCase(ConversationCase):
    """Tests in which passwords are hashed and checked when the test says so."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.linger = 30
        self.open_chat()

    def put_off(self, method: str) -> list[Deferred[Any]]:
        """Have the hasher answer later, with what it would answer at once."""
        work = getattr(self.chat.accounts.passwords, method)
        waiting: list[Deferred[Any]] = []

        def later(*args: Any) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            done.addCallback(lambda _: work(*args))
            waiting.append(done)
            return done

        self.patch(self.chat.accounts.passwords, method, later)
        return waiting

    def answer(self, waiting: list[Deferred[Any]]) -> None:
        """Let the hasher do all that it was asked."""
        while waiting:
            waiting.pop(0).callback(None)
            self.clock.advance(0)

    def comes(self, nick: str, **hello: Any) -> JsonPerson:
        person = JsonPerson(self.connect())
        person.asks("hello", nick=nick, **hello)
        person.sees()
        return person

    def registered(self, nick: str, **hello: Any) -> JsonPerson:
        """Have somebody come, and register the nickname."""
        person = self.comes(nick, **hello)
        person.types(f"/register {SECRET}")
        person.sees()
        return person


class EndedTests(HashingCase):
    """A device that has ended by the time that its password is known to be right."""

    def test_logging_in(self) -> None:
        """It does not become one more of the account's owner, and the guest is where it was."""
        self.registered("ada")
        eve = self.comes("eve", client="phone")
        waiting = self.put_off("check")
        eve.types(f"/login ada {SECRET}")
        again = self.comes("", token=eve.welcome["token"], client="phone")
        self.answer(waiting)
        roster = self.chat.roster
        self.assertEqual([len(roster[nick].devices) for nick in ("ada", "eve")], [1, 1])
        self.assertIsNone(roster["eve"].account)
        self.assertIsNone(again.wire.lost)

    def test_logging_in_as_somebody_who_lingers(self) -> None:
        """Nor does an owner without a connection have one by that."""
        ada = self.registered("ada")
        eve = self.comes("eve")
        waiting = self.put_off("check")
        eve.types(f"/login ada {SECRET}")
        ada.wire.vanishes()
        eve.wire.vanishes()
        self.answer(waiting)
        self.assertEqual(self.chat.roster["ada"].devices, ())
        self.clock.advance(31)
        self.assertEqual((self.chat.roster, self.chat.rooms), ({}, {}))

    def test_changing_the_password(self) -> None:
        """The one that took its place is closed, and its member is waited for and then leaves."""
        ada = self.registered("ada", client="phone")
        bob = self.comes("bob")
        waiting = self.put_off("hash")
        ada.types(f"/password {SECRET} {OTHER}")
        again = self.comes("", token=ada.welcome["token"], client="phone")
        bob.sees()
        self.answer(waiting)
        self.assertEqual(again.sees()[-1]["code"], "taken-over")
        self.assertIsNotNone(again.wire.lost)
        self.clock.advance(29)
        self.assertEqual((self.chat.roster["ada"].devices, bob.sees()), ((), []))
        self.clock.advance(2)
        self.assertNotIn("ada", self.chat.roster)
        self.assertEqual([facts["type"] for facts in bob.sees()], ["left"])

    def test_changing_the_password_from_one_that_stays(self) -> None:
        """If the device is still there, the others are closed and it stays."""
        ada = self.registered("ada")
        others = [self.comes("ada", password=SECRET, client=name) for name in ("phone", "tablet")]
        ada.types(f"/password {SECRET} {OTHER}")
        self.assertEqual([other.sees()[-1]["code"] for other in others], ["taken-over"] * 2)
        self.assertEqual(len(self.chat.roster["ada"].devices), 1)
        self.assertIsNone(ada.wire.lost)


class ReadingTests(HashingCase):
    """Somebody who logs in, and was in the lobby under that account before."""

    def catches_up(self, person: JsonPerson) -> list[str]:
        """Return the lines that somebody has missed."""
        person.sees()
        person.types("/catchup")
        (answer,) = person.sees()
        return [event["text"] for event in answer["events"]]

    def test_as_they_come(self) -> None:
        """What is said before that or after it, and seen, is not missed."""
        self.registered("ada").types("/quit")
        bob = self.comes("bob")
        bob.types("missed")
        eve = self.comes("eve")
        bob.types("seen as eve")
        eve.types(f"/login ada {SECRET}")
        self.assertEqual(self.catches_up(eve), ["missed"])
        bob.types("seen as ada")
        member = self.chat.roster["ada"]
        self.assertTrue(member.reading.is_followed("lobby"))
        self.assertEqual(member.seen_last(), ())
        eve.wire.vanishes()
        bob.types("missed again")
        ada = self.comes("ada", password=SECRET)
        self.assertEqual(self.catches_up(ada), ["missed again"])


class SlowDiskTests(ConversationCase):
    """Devices of somebody whose events are being stored."""

    def setUp(self) -> None:
        super().setUp()
        self.held = HeldJournal()
        self.open_chat(self.held)

    def test_goodbye_before_the_arrival(self) -> None:
        """Somebody who hangs up before the arrival has passed is shown nothing, and leaves."""
        for nick in ("bob", "ada"):
            person = JsonPerson(self.connect())
            person.asks("hello", nick=nick)
            self.clock.advance(0)
        self.held.held.pop(0).callback(None)
        self.clock.advance(0)
        person.wire.hangs_up()
        self.held.release(self.clock)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(list(self.chat.roster), ["bob"])
        self.assertEqual(type(self.held.batches[-1][-1]), Left)

    def test_gone_before_the_fence(self) -> None:
        """A device that ends before its fence has passed leaves the others as they are."""
        ada = JsonPerson(self.connect())
        ada.asks("hello", nick="ada", client="phone")
        self.held.release(self.clock)
        token = ada.sees()[0]["token"]
        tablet = JsonPerson(self.connect())
        tablet.asks("hello", token=token, client="tablet")
        member = self.chat.roster["ada"]
        self.assertIsInstance(member.devices[1].door, Fenced)
        tablet.wire.vanishes()
        self.held.release(self.clock)
        self.assertEqual([device.client for device in member.devices], ["phone"])
        self.assertEqual(set(self.chat.rooms["lobby"].audience), set(member.devices))
        self.assertEqual([facts["type"] for facts in tablet.sees()], [])
