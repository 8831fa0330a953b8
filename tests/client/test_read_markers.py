"""What a real chat makes of what the client tells it of its person's reading."""

from __future__ import annotations

from chatservice.client.front import READ
from tests.client.alongside import AlongsideCase, Run
from tests.conversation import JsonPerson

MISSED = ["bob: one", "bob: two"]


class MarkerTests(AlongsideCase):
    """Read markers, which all devices share."""

    def marks(self, program: JsonPerson) -> list[tuple[str, int]]:
        """List what a program of ada's is told that she has read."""
        found = [each for each in program.sees_all() if each["type"] == "seen"]
        return [(each.get("room", ""), each["id"]) for each in found]

    def program(self) -> JsonPerson:
        """Bring a program of ada's alongside, which shows what the chat tells her devices."""
        token = self.chat.member_named("ada").token
        return self.at_json("ada", token=token, client="watch-1")

    def last_id(self, program: JsonPerson) -> int:
        return max(each["id"] for each in program.sees_all() if "id" in each)

    def test_read(self) -> None:
        """What a device has shown for a few seconds is read on all of them."""
        program = self.program()
        self.bob_types("hi")
        last = self.last_id(program)
        self.wait(READ - 1)
        self.assertEqual(self.marks(program), [])
        self.wait(1)
        self.assertEqual(self.marks(program), [("lobby", last)])

    def test_private(self) -> None:
        """So is a private line."""
        program = self.program()
        self.bob_types("/msg ada psst")
        last = self.last_id(program)
        self.wait(READ)
        self.assertEqual(self.marks(program), [("", last)])

    def test_other_room(self) -> None:
        """What is said in a room that is not in view waits until it is."""
        program = self.program()
        self.phone.types("/join python", "/join lobby")
        self.bob_types("/join python", "hi")
        last = self.last_id(program)
        self.wait(READ)
        self.assertEqual(self.marks(program), [])
        self.phone.types("/join python")
        self.wait(READ)
        self.assertEqual(self.marks(program), [("python", last)])


class MissedTests(AlongsideCase):
    """What was said while the person was away."""

    def setUp(self) -> None:
        super().setUp()
        self.phone.types("/quit")
        self.bob_types("one", "two")

    def come_back(self) -> Run:
        """Come back, and hear something more."""
        run = self.device("terminal-1")
        run.sees()
        self.bob_types("three")
        self.wait(READ)
        run.sees()
        return run

    def caught_up(self, run: Run) -> list[str]:
        """List what /catchup shows."""
        run.types("/catchup")
        return [each for each in run.sees() if not each.startswith("--")]

    def test_kept(self) -> None:
        """New lines that are read do not hide the missed ones from /catchup."""
        run = self.come_back()
        self.assertEqual(self.caught_up(run)[:2], MISSED)

    def test_read_afterwards(self) -> None:
        """After it, new lines are read as they come."""
        run = self.come_back()
        run.types("/catchup")
        self.bob_types("four")
        self.wait(READ)
        run.types("/quit")
        self.bob_types("five")
        run = self.device("terminal-2")
        run.sees()
        self.assertEqual(self.caught_up(run), ["bob: five"])

    def test_private(self) -> None:
        """Private lines are shown once, on coming back."""
        self.bob_types("/msg ada psst")
        run = self.device("terminal-1")
        self.assertEqual(run.sees().count("(bob to you) psst"), 1)
        run.types("/quit")
        self.assertNotIn("(bob to you) psst", self.device("terminal-2").sees())
