"""Programs that pipe their lines into the chat under the nickname of somebody who is there."""

from __future__ import annotations

from chatservice.client.front import GOODBYE, REFUSED
from tests.client.alongside import AlongsideCase


class ProgramTests(AlongsideCase):
    """A program of ada's, who is in the lobby with her phone; it talks in a room for builds."""

    def setUp(self) -> None:
        super().setUp()
        self.bob_types("/join builds")
        self.bob.sees()

    def test_room(self) -> None:
        """It joins its room, though the person is in others, and says everything there."""
        program = self.device("pipe-1", rooms=["builds"], typed=False)
        program.types("/usr/bin/ld: failed", "done")
        self.assertEqual(
            self.bob.sees(),
            ["-- ada joined #builds", "ada: /usr/bin/ld: failed", "ada: done"],
        )
        self.assertEqual(self.phone.current, "lobby")

    def test_lines_that_came_early(self) -> None:
        """Lines that were there before the room was joined wait for that."""
        program = self.device("pipe-1", rooms=["builds"], typed=False, lines=["one", "two"])
        self.assertEqual(self.bob.sees()[1:], ["ada: one", "ada: two"])
        self.assertEqual(program.front.code, GOODBYE)

    def test_room_is_left(self) -> None:
        """If its room is left on another device, it says nothing in any other."""
        program = self.device("pipe-1", rooms=["builds"], typed=False)
        self.phone.types("/join python", "/part builds")
        program.types("done")
        self.assertEqual(self.bob.sees()[1:], ["-- ada left #builds"])
        self.assertEqual(program.complaints, ["you are not in the room that these lines are for"])
        self.assertEqual(program.front.code, REFUSED)

    def test_room_is_closed(self) -> None:
        """If it may not join its room, it is refused, and says nothing in any other."""
        self.bob_types("/register correct-stable", "/join vault", "/room invite-only on")
        program = self.device("pipe-1", rooms=["vault"], typed=False, lines=["done"])
        self.assertEqual(
            program.complaints,
            [
                "#vault is invite-only: ask one of its operators to invite you",
                "you are not in the room that these lines are for",
            ],
        )
        self.assertEqual(program.front.code, REFUSED)

    def test_end(self) -> None:
        """It ends well though the person stays."""
        program = self.device("pipe-1", rooms=["builds"], typed=False)
        program.front.readConnectionLost()
        self.go_on()
        self.assertTrue(program.is_over)
        self.assertEqual((program.front.code, program.front.last_words), (GOODBYE, None))


class WantedTests(AlongsideCase):
    """Rooms that are wanted on the command line by a person who is there already."""

    def test_joined(self) -> None:
        """They are joined, and the first of them is the current one."""
        for rooms in (["python", "lobby", "attic"], ["lobby", "tea", "milk"]):
            laptop = self.device("laptop-1", rooms=rooms)
            self.assertEqual(laptop.current, rooms[0])
            self.assertLessEqual(set(rooms), set(laptop.session.places.shown))
            laptop.types("/quit")

    def test_typed_ahead(self) -> None:
        """What was typed before that goes to the first of them."""
        laptop = self.device("laptop-1", rooms=["python", "attic"], lines=["hi"])
        self.assertEqual(laptop.sees()[-1], "ada: hi")
        self.assertEqual(self.phone.sees()[-1], "#python ada: hi")

    def test_all_there(self) -> None:
        """If the person is in all of them, nothing is joined."""
        laptop = self.device("laptop-1", rooms=["lobby"])
        self.assertEqual(laptop.sees(), ["-- you joined lobby: bob (2 here)"])

    def test_not_again(self) -> None:
        """A room that the person has left since is not joined again by a reconnection."""
        laptop = self.device("laptop-1", rooms=["python"])
        self.phone.types("/part python")
        laptop.connect()
        self.assertEqual(list(laptop.session.places.shown), ["lobby"])
