"""What a lost connection had not sent is not taken for seen."""

from tests.conversation import ConversationCase, TextPerson, Wire

LINES = 400
SILENCE = 200.0


class UnsentTests(ConversationCase):
    """Bob, who comes back after his connection did not take what was sent."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.linger = 300
        self.rules.send_queue = 4000
        self.open_chat()
        self.ada = self.at_text("ada")

    def bob_comes(self) -> tuple[TextPerson, str]:
        """Bob at the text door, and his token."""
        bob = self.at_text("bob")
        self.clock.advance(1)
        bob.types("/token")
        token = bob.sees()[0].rpartition(" ")[2]
        self.ada.sees()
        return bob, token

    def talks(self, first: int, last: int) -> None:
        """Ada says lines, with a moment between them."""
        for number in range(first, last):
            self.ada.types(f"line {number}")
            self.clock.advance(0.001)
            self.clock.advance(0)

    def numbers(self, lines: list[str]) -> list[int]:
        """Which of ada's lines somebody sees."""
        return [int(line.rpartition(" ")[2]) for line in lines if "ada: line " in line]

    def comes_back(self, token: str) -> TextPerson:
        """Bob, on a new connection, with his token."""
        bob = TextPerson(self.connect())
        bob.types(f"/resume {token}")
        return bob

    def catches_up(self, bob: TextPerson) -> list[int]:
        """All the lines that bob sees in the end, asking for more where there are more."""
        seen = bob.sees()
        found = self.numbers(seen)
        while any("there is more" in line for line in seen):
            bob.types("/catchup")
            seen = bob.sees()
            found += self.numbers(seen)
        return found

    def test_overflow(self) -> None:
        """Who was dropped for not reading sees, on return, all that was not sent."""
        bob, token = self.bob_comes()
        self.talks(0, 3)
        self.assertEqual(self.numbers(bob.sees()), [0, 1, 2])
        bob.wire.window = 40
        self.talks(3, LINES)
        self.assertIsNotNone(bob.wire.lost)
        seen = self.numbers(bob.sees())
        back = self.comes_back(token)
        found = self.catches_up(back)
        self.assertEqual(sorted({*seen, *found}), list(range(3, LINES)))
        self.assertEqual(found, list(range(min(found), LINES)))

    def test_reset_while_waiting(self) -> None:
        """So does whoever is reset while something waits, though there was room for it."""
        bob, token = self.bob_comes()
        bob.wire.window = 5
        self.talks(0, 10)
        self.assertIsNone(bob.wire.lost)
        bob.wire.vanishes()
        self.talks(10, 12)
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(12)))

    def test_nothing_waits(self) -> None:
        """Whoever was sent everything is shown nothing twice."""
        bob, token = self.bob_comes()
        self.talks(0, 10)
        bob.sees()
        bob.wire.vanishes()
        self.talks(10, 12)
        self.assertEqual(self.catches_up(self.comes_back(token)), [10, 11])

    def test_waited_once(self) -> None:
        """What waited and was sent in the end counts as seen."""
        bob, token = self.bob_comes()
        bob.wire.window = 5
        self.talks(0, 10)
        bob.wire.window = None
        self.assertEqual(self.numbers(bob.sees()), list(range(10)))
        bob.wire.vanishes()
        self.talks(10, 12)
        self.assertEqual(self.catches_up(self.comes_back(token)), [10, 11])

    def test_lost_while_catching_up(self) -> None:
        """What was to be shown of the last time, and was not sent, is shown the next time."""
        bob, token = self.bob_comes()
        bob.wire.vanishes()
        self.talks(0, 30)
        again = TextPerson(self.connect())
        again.sees()
        again.wire.window = 30
        again.types(f"/resume {token}")
        again.sees()
        again.wire.vanishes()
        self.talks(30, 32)
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(32)))

    def test_lost_after_catching_up(self) -> None:
        """The same goes for what was asked for with /catchup."""
        bob, token = self.bob_comes()
        bob.wire.vanishes()
        self.talks(0, 600)
        again = self.comes_back(token)
        self.assertEqual(self.numbers(again.sees()), list(range(500)))
        again.wire.window = 30
        again.types("/catchup")
        again.sees()
        again.wire.vanishes()
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(500, 600)))

    def test_lost_long_after_catching_up(self) -> None:
        """What was shown, and sent, is not shown again because of what was not sent later."""
        bob, token = self.bob_comes()
        bob.wire.vanishes()
        self.talks(0, 10)
        again = self.comes_back(token)
        self.assertEqual(self.catches_up(again), list(range(10)))
        again.wire.window = 5
        self.talks(10, 20)
        again.wire.vanishes()
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(10, 20)))

    def test_private_lines(self) -> None:
        """Nor are private lines, which are delivered without being asked for."""
        bob, _ = self.bob_comes()
        bob.types("/register correct-horse")
        bob.types("/quit")
        self.ada.types("/msg bob line 0")
        self.clock.advance(0.001)

        def comes() -> TextPerson:
            person = TextPerson(self.connect())
            person.types("bob")
            person.types("correct-horse")
            return person

        def private(person: TextPerson) -> list[str]:
            return [line for line in person.sees() if "to you)" in line]

        bob = comes()
        self.assertEqual(len(private(bob)), 1)
        bob.wire.window = 5
        self.talks(1, 5)
        bob.wire.vanishes()
        self.assertEqual(private(comes()), [])

    def test_taken_over(self) -> None:
        """It is no other when the new connection comes before the old one is lost."""
        bob, token = self.bob_comes()
        bob.wire.window = 5
        self.talks(0, 10)
        self.clock.advance(0.5)
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(10)))

    def test_silence(self) -> None:
        """After a long silence the connection may have been dead for as long as that can be."""
        bob, token = self.bob_comes()
        self.clock.advance(SILENCE)
        self.talks(0, 3)
        bob.sees()
        bob.wire.vanishes()
        self.assertEqual(self.catches_up(self.comes_back(token)), [0, 1, 2])

    def test_goodbye(self) -> None:
        """A goodbye that comes while something waits leaves that to be caught up on, too."""
        bob, token = self.bob_comes()
        bob.wire.window = 5
        self.talks(0, 10)
        wire: Wire = bob.wire  # type: ignore[assignment]
        wire.hangs_up()
        self.clock.advance(1)
        self.assertNotIn("bob", self.chat.roster)
        self.assertEqual(self.catches_up(self.comes_back(token)), list(range(10)))
