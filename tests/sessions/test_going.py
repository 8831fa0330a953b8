"""One person with several connections: how they end, log in and log out."""

from __future__ import annotations

from tests.conversation import TOKEN, JsonPerson, at_each_door, said
from tests.recording import kick
from tests.sessions.test_alongside import SECRET, AlongsideCase

NEW_SECRET = "battery-staple"
GOODBYE = "-- goodbye (if your prompt does not come back, press Ctrl-C)"


class GoingTests(AlongsideCase):
    """How connections end, and when the person leaves."""

    def test_quit(self) -> None:
        """/quit ends one connection, and says on how many others you are."""
        phone, second = self.program(), self.terminal()
        second.sees()
        second.types("/quit")
        self.assertEqual(second.sees(), ["-- you are still here on 2 others", GOODBYE])
        phone.types("/quit", ref="r1")
        (error,) = phone.sees()
        self.assertEqual((error["code"], error["ref"]), ("goodbye", "r1"))
        self.assertEqual(error["text"], "you are still here on 1 other")
        self.assertEqual(self.bob.sees(), [])
        self.text.types("/quit bye now")
        self.assertEqual([facts["why"] for facts in self.bob.sees()], ["bye now"])

    def test_end_of_input(self) -> None:
        """So does the end of the input."""
        second = self.terminal()
        second.wire.ends()
        second.sees()
        self.assertIsNotNone(second.wire.lost)
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(len(self.ada.devices), 1)

    @at_each_door
    def test_quit_all(self, door: str) -> None:
        """/quit all leaves altogether, and closes all connections."""
        second = self.program() if door == "json" else self.terminal()
        second.types("/quit all")
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["left"])
        self.assertEqual(self.text.sees(), ["-- you left the chat on another device"])
        second.sees()
        for person in (self.text, second):
            self.assertIsNotNone(person.wire.lost)

    def test_lost(self) -> None:
        """A lost connection is no matter while others stay; with the last one you linger."""
        self.rules.linger = 30
        phone = self.program()
        phone.wire.vanishes()
        self.clock.advance(31)
        self.assertEqual(self.bob.sees(), [])
        self.text.wire.vanishes()
        self.clock.advance(29)
        self.assertEqual((self.bob.sees(), self.ada.devices), ([], ()))
        self.clock.advance(1)
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["left"])

    def test_kick(self) -> None:
        """A kick from the chat turns out all connections."""
        phone = self.program()
        kick(self.chat, self.chat.roster["bob"].devices[0], self.ada, "", "out")
        for person in (self.text, phone):
            person.sees()
            self.assertIsNotNone(person.wire.lost)
        self.assertNotIn("ada", self.chat.roster)

    def test_devices(self) -> None:
        """/devices lists them: door, name, address, since when, idle, and which this one is."""
        self.clock.advance(3600)
        phone = self.program()
        self.clock.advance(120)
        phone.types("/devices")
        (ok,) = phone.sees()
        self.assertEqual(
            ok["lines"],
            [
                "1: text, from 192.0.2.1, for 1h, silent for 1h",
                "2: JSON phone, from 192.0.2.1, for 2m, silent for less than a minute (this one)",
            ],
        )

    def test_close(self) -> None:
        """/devices close N ends one, and tells it why."""
        phone = self.program()
        phone.types("/devices close 1")
        self.assertEqual(phone.sees()[-1]["lines"], ["connection 1 is closed"])
        self.assertEqual(self.text.sees(), ["-- you closed this connection from another one"])
        self.assertIsNotNone(self.text.wire.lost)
        self.assertEqual(self.bob.sees(), [])

    def test_close_this_one(self) -> None:
        """Closing the connection itself is like /quit."""
        self.program()
        self.text.types("/devices close 1")
        self.assertEqual(self.text.sees(), ["-- you are still here on 1 other"])
        self.assertIsNotNone(self.text.wire.lost)

    def test_close_others(self) -> None:
        """/devices close others ends all but this one."""
        phone, second = self.program(), self.terminal()
        second.sees()
        self.text.types("/devices close others")
        self.assertEqual(self.text.sees(), ["-- 2 connections are closed"])
        for person in (phone, second):
            person.sees()
            self.assertIsNotNone(person.wire.lost)

    def test_password(self) -> None:
        """A changed password closes the others, and their token brings nobody back."""
        phone = self.program()
        token = self.ada.token
        self.text.types(f"/password {SECRET} {NEW_SECRET}")
        self.assertEqual(phone.sees()[-1]["text"], "your password was changed: log in again")
        self.assertIsNotNone(phone.wire.lost)
        self.assertIsNone(self.text.wire.lost)
        thief = JsonPerson(self.connect())
        thief.asks("hello", token=token, client="phone")
        self.assertEqual([facts["code"] for facts in thief.sees()], ["not-joined"])

    def test_whois(self) -> None:
        """/whois shows the doors to everybody, and the rest to server operators."""
        self.program()
        self.bob.types("/whois ada")
        lines = self.bob.sees()[-1]["lines"]
        self.assertIn("doors: telnet, nc or the like, a program", lines[1])
        self.assertNotIn("192.0.2.1", str(lines))
        self.patch(self.chat.permissions, "is_operator", lambda member: member.nick == "bob")
        self.bob.types("/whois ada")
        lines = self.bob.sees()[-1]["lines"]
        since = "for less than a minute, silent for less than a minute"
        self.assertEqual(
            lines[-2:],
            [f"1: text, from 192.0.2.1, {since}", f"2: JSON phone, from 192.0.2.1, {since}"],
        )


class LoginTests(AlongsideCase):
    """/login and /logout of one connection."""

    @at_each_door
    def test_login(self, door: str) -> None:
        """A guest who logs in to an account that is here becomes one of its connections."""
        zoe = self.at(door, "zoe")
        self.forget()
        zoe.types(f"/login ada {SECRET}")
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["left"])
        self.assertEqual(self.text.sees(), ["-- zoe left the chat"])
        self.assertIn("you are logged in as ada", str(zoe.sees()))
        zoe.types("hi")
        self.assertEqual(self.bob.sees(), [said("ada", "hi", room="python")])
        self.assertEqual(self.text.sees(), ["ada: hi"])

    def test_login_of_one_of_two(self) -> None:
        """The other connection of the guest goes on as the guest."""
        first = self.at_json("zoe", token=TOKEN, client="1")
        second = self.at_json("zoe", token=TOKEN, client="2")
        first.types(f"/login ada {SECRET}")
        self.assertIn("zoe", self.chat.roster)
        second.types("still zoe")
        self.assertIn(said("zoe", "still zoe"), second.sees())

    @at_each_door
    def test_logout(self, door: str) -> None:
        """/logout makes this connection a guest's alone; the others stay, with a new token."""
        second = self.program() if door == "json" else self.terminal()
        token = self.ada.token
        second.types("/logout")
        self.assertEqual(len(self.ada.devices), 1)
        self.assertNotEqual(self.ada.token, token)
        self.assertIsNone(self.chat.accounts.proven_by(token))
        self.assertIsNotNone(self.chat.accounts.proven_by(self.ada.token))
        self.assertIn(
            "-- your token has changed, for another of your connections logged out: /token",
            self.text.sees(),
        )
        (guest,) = [each for each in self.chat.roster.values() if each.nick.startswith("guest")]
        self.assertEqual(list(guest.rooms), ["lobby", "python"])
        self.assertIn(f"you are {guest.nick} now", str(second.sees()))
        second.types("hi")
        self.assertEqual(self.bob.sees()[-1], said(guest.nick, "hi", room="python"))

    def test_logout_of_the_last(self) -> None:
        """The last one becomes a guest as it is, and the account is gone."""
        self.text.types("/logout")
        self.assertIsNone(self.chat.roster.of(self.chat.accounts.named("ada")))
