"""Two devices of one person, each a run of the client, at a real chat in memory."""

from __future__ import annotations

from chatservice.client.view import State
from tests.client.alongside import PASSWORD, AlongsideCase
from tests.conversation import each_row

ACTS = {
    "said": ("hi", "ada: hi"),
    "acted": ("/me waves", "* ada waves"),
    "whispered": ("/msg bob psst", "(you to bob) psst"),
    "topic": ("/topic tea", "-- you changed the topic of lobby: tea"),
    "renamed": ("/nick eve", "-- you are now eve"),
    "away": ("/away lunch", "-- you are away: lunch"),
}
"""What ada types on one device, and what both show."""


class ShownTests(AlongsideCase):
    """What a person says and does on another device."""

    @each_row(ACTS)
    def test_shown(self, row: tuple[str, str]) -> None:
        """It is shown there as it is on the device on which it was typed."""
        typed, shown = row
        laptop = self.laptop()
        laptop.types(typed)
        self.assertEqual((laptop.sees(), self.phone.sees()), ([shown], [shown]))
        self.assertEqual(laptop.session.unanswered, 0)

    def test_private_line_from_somebody(self) -> None:
        """What somebody writes to the person comes to every device."""
        laptop = self.laptop()
        self.bob_types("/msg ada psst")
        self.assertEqual([self.phone.sees(), laptop.sees()], [["(bob to you) psst"]] * 2)

    def test_renamed(self) -> None:
        """A device goes by the nickname that was chosen on another one."""
        laptop = self.laptop()
        self.phone.types("/nick eve")
        self.assertEqual(laptop.session.nick, "eve")
        laptop.types("hi")
        self.assertEqual(self.bob.sees()[-1], "eve: hi")

    def test_back(self) -> None:
        """Being back is told, too."""
        laptop = self.laptop()
        self.phone.types("/away", "/back")
        self.assertEqual(laptop.sees(), ["-- you are away", "-- you are back"])


class RoomTests(AlongsideCase):
    """Rooms that the person enters and leaves on another device."""

    def test_joined(self) -> None:
        """The device is in the room as well, and stays where it talks."""
        laptop = self.laptop()
        self.bob_types("/join python", "/topic snakes", "/join lobby")
        self.phone.types("/join python")
        shown = ["-- you joined #python: bob (2 here)", "-- the topic of #python is: snakes"]
        self.assertEqual(laptop.sees(), shown)
        self.assertEqual((self.phone.current, laptop.current), ("python", "lobby"))
        self.phone.types("hello snakes")
        laptop.types("hello lobby")
        self.assertEqual(laptop.sees(), ["#python ada: hello snakes", "ada: hello lobby"])

    def test_joined_from_nowhere(self) -> None:
        """A device that is in no room talks in the one that was entered."""
        laptop = self.laptop()
        laptop.types("/part", "hello?")
        self.assertEqual(laptop.complaints, ["you are not in a room: /join one first"])
        self.assertEqual(laptop.current, "")
        self.phone.types("/join python")
        self.assertEqual(laptop.current, "python")

    def test_joined_on_both(self) -> None:
        """Typing the same there makes the room the current one, and enters it no second time."""
        laptop = self.laptop()
        self.phone.types("/join python")
        laptop.sees()
        laptop.types("/join python", "hi")
        self.assertEqual(laptop.sees(), ["-- you are talking in #python", "ada: hi"])

    def test_parted(self) -> None:
        """A room that was left there is left here; who talked in it talks in the last one left."""
        laptop = self.laptop()
        laptop.types("/join python")
        laptop.sees()
        self.phone.types("/join python", "/part")
        self.assertEqual((laptop.sees(), laptop.current), (["-- you left #python"], "lobby"))
        self.bob_types("/join python", "anybody here?")
        self.assertEqual(laptop.sees(), [])


class EndTests(AlongsideCase):
    """The end of one device, and of all."""

    def test_quit(self) -> None:
        """A goodbye ends one device, with the word on how many stay; that is no failure."""
        laptop = self.laptop()
        laptop.types("/quit")
        self.assertEqual(laptop.sees(), ["-- you are still here on 1 other"])
        self.assertTrue(laptop.is_over)
        self.assertEqual((laptop.front.code, laptop.front.last_words), (0, None))
        self.phone.types("still here")
        self.assertEqual(self.bob.sees(), ["ada: still here"])

    def test_quit_all(self) -> None:
        """After /quit all no device is here, and none comes back."""
        laptop = self.laptop()
        self.phone.types("/quit all")
        self.assertEqual(self.bob.sees(), ["-- ada left the chat"])
        self.assertTrue(self.phone.is_over)
        self.assertTrue(laptop.is_over)

    def test_closed(self) -> None:
        """A device that is closed from another one ends, with the chat's sentence."""
        laptop = self.laptop()
        self.phone.types("/devices close others")
        self.assertTrue(laptop.is_over)
        self.assertEqual(laptop.front.last_words, "you closed this connection from another one")
        self.assertEqual(self.phone.session.state, State.LIVE)

    def test_closed_by_itself(self) -> None:
        """One that closes itself so has said goodbye."""
        laptop = self.laptop()
        laptop.types("/devices close 2")
        self.assertEqual(laptop.sees(), ["-- you are still here on 1 other"])
        self.assertEqual((laptop.is_over, laptop.front.code), (True, 0))


class PlaceTests(AlongsideCase):
    """Which connection of a person a new one replaces."""

    def devices(self) -> list[str]:
        """List the devices that the chat knows, by their names."""
        return [device.name for device in self.chat.member_named("ada").devices]

    def test_reconnection(self) -> None:
        """A run whose link is made anew takes its own place, also before the loss is noticed."""
        laptop = self.laptop()
        self.phone.connect()
        self.assertEqual(sorted(self.devices()), ["laptop-1", "phone-1"])
        self.assertEqual(self.phone.sees()[-1], "-- connected again as ada")
        laptop.types("hi")
        self.assertEqual(self.phone.sees(), ["ada: hi"])

    def test_rooms_meanwhile(self) -> None:
        """What was entered and left elsewhere meanwhile is told after the reconnection."""
        laptop = self.laptop()
        assert laptop.wire is not None
        laptop.wire.vanishes()
        self.go_on()
        self.phone.types("/join python", "/part lobby", "hi")
        laptop.sees()
        laptop.connect()
        self.assertEqual(
            laptop.sees(),
            [
                "-- connected again as ada",
                "-- you are no longer in lobby",
                "-- you joined #python: nobody else is here",
                "ada: hi",
            ],
        )
        self.assertEqual(laptop.current, "python")

    def test_said_before_the_loss(self) -> None:
        """What was said elsewhere meanwhile does not confirm what this device has kept."""
        laptop = self.laptop()
        assert laptop.wire is not None
        laptop.wire.vanishes()
        self.go_on()
        laptop.types("hi")
        self.phone.types("hi")
        self.assertEqual(laptop.session.unanswered, 1)
        laptop.connect()
        self.assertEqual(laptop.session.unanswered, 0)
        self.assertEqual(self.bob.sees(), ["ada: hi", "ada: hi"])


class AccountTests(AlongsideCase):
    """Commands on one device that change what all of them are."""

    def test_settings(self) -> None:
        """A setting that is changed on one device holds on the other."""
        laptop = self.laptop()
        self.phone.types("/set quiet on")
        laptop.sees()
        laptop.types("/set quiet")
        self.assertEqual(laptop.sees(), ["-- quiet is on: you are not shown who comes and goes"])

    def test_token(self) -> None:
        """A token that changes as another device logs out brings this one back all the same."""
        self.laptop().types("/logout")
        self.phone.connect()
        self.assertEqual(self.phone.session.state, State.LIVE)
        self.assertEqual(self.phone.session.nick, "ada")


class LoginTests(AlongsideCase):
    """A device that becomes another person's in the middle of its session."""

    def test_login(self) -> None:
        """Who logs in to an account that is here has its nickname, its rooms and its token."""
        self.phone.types("/join python", "hi snakes")
        laptop = self.laptop(nick="eve", rooms=["lobby", "attic"])
        self.bob_types("one")
        laptop.types(f"/login ada {PASSWORD}")
        self.assertEqual(
            laptop.sees(),
            [
                "bob: one",
                "-- you are now ada",
                "-- you are no longer in #attic",
                "-- you joined #python: nobody else is here",
                "-- you are logged in as ada",
                "#python ada: hi snakes",
                "-- eve left the chat",
                "-- 1 new line in lobby since 2026-11-21 12:00 (UTC): /catchup",
            ],
        )
        self.assertEqual((laptop.current, laptop.session.nick), ("lobby", "ada"))
        self.bob_types("two", "/msg ada psst")
        self.assertEqual(laptop.sees(), ["bob: two", "(bob to you) psst"])
        laptop.connect()
        self.assertEqual(self.phone.session.state, State.LIVE)
        self.assertEqual(len(self.chat.member_named("ada").devices), 2)

    def test_logout(self) -> None:
        """Who logs out while other devices stay is a new guest, and comes back as that."""
        laptop = self.laptop()
        laptop.types("/logout")
        guest = laptop.session.nick
        self.assertRegex(guest, r"^guest\d+$")
        self.assertEqual(laptop.sees()[0], f"-- you are now {guest}")
        laptop.types("hi")
        self.assertEqual(self.bob.sees()[-1], f"{guest}: hi")
        laptop.connect()
        self.assertEqual(laptop.session.nick, guest)
        self.assertEqual(len(self.chat.member_named("ada").devices), 1)
