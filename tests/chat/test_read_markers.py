"""How far somebody who is here has read, in rooms and in private."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.read_markers import Reading, ReadMarker

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=500)


def stored(room: str, seen: int, time: int | None = None) -> ReadMarker:
    """Make a marker of the last time, as the journal returns it."""
    return ReadMarker(room=room, nick="ada", entered=1, seen=seen, time=time)


class ReadingTestCase(SynchronousTestCase):
    """Tests with somebody who has read everything in all rooms."""

    def setUp(self) -> None:
        self.reading = Reading()

    def state(self, room: str = "lobby") -> tuple[int | None, int | None]:
        """Return the ids between which a room is unread, if there are any."""
        return self.reading.missed.get(room), self.reading.until.get(room)


class FollowingTests(ReadingTestCase):
    """Lines that are read as they come, and lines that are not."""

    def test_at_first(self) -> None:
        """Everything is read, and what comes is read too."""
        self.assertTrue(self.reading.is_followed("lobby"))
        self.assertEqual(self.reading.marker("lobby", 9), 9)
        self.assertEqual(self.state(), (None, None))

    def test_followed_already(self) -> None:
        """That lines are read as they come is nothing new then."""
        self.assertIs(self.reading.follow("lobby", 5), False)
        self.assertEqual(self.state(), (None, None))

    def test_no_more(self) -> None:
        """From an id on lines are not read as they come: there is the marker."""
        self.assertIs(self.reading.follow_no_more("lobby", 5), True)
        self.assertIs(self.reading.is_followed("lobby"), False)
        self.assertEqual(self.state(), (5, None))
        self.assertEqual(self.reading.marker("lobby", 9), 5)

    def test_no_more_twice(self) -> None:
        """The marker stays where it is when that is noted again."""
        self.reading.follow_no_more("lobby", 5)
        self.assertIs(self.reading.follow_no_more("lobby", 7), False)
        self.assertEqual(self.state(), (5, None))

    def test_again(self) -> None:
        """Lines that are read as they come once more end the unread part, after the id itself."""
        self.reading.follow_no_more("lobby", 5)
        self.assertIs(self.reading.follow("lobby", 7), True)
        self.assertIs(self.reading.is_followed("lobby"), True)
        self.assertEqual(self.state(), (5, 8))
        self.assertEqual(self.reading.marker("lobby", 9), 5)

    def test_again_twice(self) -> None:
        """The unread part ends where it did when that is noted again."""
        self.reading.follow_no_more("lobby", 5)
        self.reading.follow("lobby", 7)
        self.assertIs(self.reading.follow("lobby", 9), False)
        self.assertEqual(self.state(), (5, 8))

    def test_on_and_off(self) -> None:
        """While something is missed, what was read after it becomes unread with what comes."""
        self.reading.follow_no_more("lobby", 5)
        self.reading.follow("lobby", 7)
        self.assertIs(self.reading.follow_no_more("lobby", 9), True)
        self.assertEqual(self.state(), (5, None))

    def test_each_room(self) -> None:
        """Rooms, and private lines, have nothing to do with each other."""
        self.reading.follow_no_more("", 5)
        self.reading.follow_no_more("python", 6)
        self.reading.follow("python", 7)
        self.assertEqual(self.reading.missed, {"": 5, "python": 6})
        self.assertEqual(self.reading.until, {"python": 8})
        followed = [self.reading.is_followed(room) for room in ("", "python", "lobby")]
        self.assertEqual(followed, [False, True, True])


class CatchingUpTests(ReadingTestCase):
    """Rooms of which everything after an id has been shown."""

    def test_all(self) -> None:
        """If nothing before it is missed, all is read."""
        for since in (4, 5):
            self.reading.follow_no_more("lobby", 5)
            self.reading.follow("lobby", 7)
            self.reading.catch_up("lobby", since)
            self.assertEqual(self.state(), (None, None))

    def test_more_before(self) -> None:
        """If more is missed before it, that stays missed."""
        self.reading.follow_no_more("lobby", 5)
        self.reading.catch_up("lobby", 6)
        self.assertEqual(self.state(), (5, None))

    def test_nothing_missed(self) -> None:
        """Where nothing is missed, nothing changes."""
        self.reading.follow_no_more("python", 5)
        self.reading.catch_up("lobby", 3)
        self.assertEqual(self.reading.missed, {"python": 5})


class MovingTests(ReadingTestCase):
    """A marker that moves on."""

    def test_on(self) -> None:
        """A marker moves to the id that is given, and only forward."""
        self.reading.follow_no_more("lobby", 5)
        self.assertIs(self.reading.move("lobby", 7), True)
        for id in (7, 6, 5):
            self.assertIs(self.reading.move("lobby", id), False)
        self.assertEqual(self.state(), (7, None))

    def test_nothing_missed(self) -> None:
        """Where everything is read as it comes, there is no marker to move."""
        self.assertIs(self.reading.move("lobby", 7), False)
        self.assertEqual(self.state(), (None, None))

    def test_within(self) -> None:
        """A marker that moves on in the unread part leaves the rest of it."""
        self.reading.follow_no_more("lobby", 5)
        self.reading.follow("lobby", 9)
        self.assertIs(self.reading.move("lobby", 8), True)
        self.assertEqual(self.state(), (8, 10))

    def test_to_the_end(self) -> None:
        """With the last id of the unread part, or a greater one, all is read."""
        for id in (9, 12):
            self.reading.follow_no_more("lobby", 5)
            self.reading.follow("lobby", 9)
            self.assertIs(self.reading.move("lobby", id), True)
            self.assertEqual(self.state(), (None, None))
            self.assertIs(self.reading.is_followed("lobby"), True)

    def test_no_end(self) -> None:
        """While lines are not read as they come, there is a marker, though it is at the last."""
        self.reading.follow_no_more("lobby", 5)
        self.reading.move("lobby", 99)
        self.assertIs(self.reading.is_followed("lobby"), False)
        self.assertEqual(self.state(), (99, None))


class TakingBackTests(ReadingTestCase):
    """Lines that may never have been sent."""

    def test_all_was_read(self) -> None:
        """What counted as read is unread again."""
        self.reading.take_back({"lobby": 5, "": 3})
        self.assertEqual(self.reading.missed, {"lobby": 5, "": 3})
        self.assertIs(self.reading.is_followed("lobby"), False)

    def test_some_was_read(self) -> None:
        """A marker goes back, and never on."""
        self.reading.follow_no_more("lobby", 7)
        self.reading.follow("lobby", 9)
        self.reading.take_back({"lobby": 5})
        self.assertEqual(self.state(), (5, 10))
        self.reading.take_back({"lobby": 8})
        self.assertEqual(self.state(), (5, 10))

    def test_nothing(self) -> None:
        """Without lines that were handed out nothing changes."""
        self.reading.follow_no_more("lobby", 7)
        self.reading.take_back({})
        self.assertEqual(self.reading.missed, {"lobby": 7})


class TakingUpTests(ReadingTestCase):
    """Markers of the last time."""

    def test_rooms(self) -> None:
        """What was said after them is missed, in the rooms that count."""
        markers = [stored("lobby", 5), stored("", 4), stored("attic", 3)]
        self.reading.take_up(iter(markers), {"", "lobby", "python"})
        self.assertEqual(self.reading.missed, {"lobby": 5, "": 4})
        self.assertEqual(self.reading.until, {})
        self.assertEqual(self.reading.times, {})

    def test_times(self) -> None:
        """The time of an id that does not tell it is known."""
        markers = [stored("lobby", 5, 70), stored("python", 6, 80), stored("attic", 7, 90)]
        self.reading.take_up(markers, {"lobby", "python"})
        self.assertEqual(self.reading.times, {5: 70, 6: 80})

    def test_instead(self) -> None:
        """They hold whatever was missed before."""
        self.reading.follow_no_more("lobby", 9)
        self.reading.take_up([stored("lobby", 5)], ["lobby"])
        self.assertEqual(self.state(), (5, None))


class ForgettingTests(ReadingTestCase):
    """Rooms that are left."""

    def test_forgotten(self) -> None:
        """A room is as if it had always been read, and no other one is."""
        for room in ("lobby", "python"):
            self.reading.follow_no_more(room, 5)
            self.reading.follow(room, 7)
        self.reading.forget("lobby")
        self.assertEqual(self.state(), (None, None))
        self.assertEqual(self.state("python"), (5, 8))

    def test_nothing_to_forget(self) -> None:
        """A room of which nothing is missed is forgotten as well."""
        self.reading.forget("lobby")
        self.assertEqual(self.state(), (None, None))


STEPS = st.tuples(
    st.sampled_from(["line", "line", "line", "follow", "follow_no_more", "move", "show", "lose"]),
    st.integers(0, 20),
)


class Reader:
    """A reader of one room who knows of every line whether it is read.

    @ivar unread: the ids of the lines that are not; C{last} is that of the last line.
    """

    def __init__(self) -> None:
        self.reading = Reading()
        self.unread: set[int] = set()
        self.last = 0
        self._is_there = True

    def claimed(self) -> set[int]:
        """List the lines that are unread by the marker, and by where that ends."""
        marker = self.reading.marker("lobby", self.last)
        end = self.reading.until.get("lobby", self.last + 1)
        return set(range(marker + 1, end))

    def do(self, step: tuple[str, int]) -> None:
        kind, number = step
        getattr(self, f"_{kind}")(min(number, self.last))

    def _line(self, _: int) -> None:
        self.last += 1
        if not self._is_there:
            self.unread.add(self.last)

    def _follow(self, _: int) -> None:
        self._is_there = True
        self.reading.follow("lobby", self.last)

    def _follow_no_more(self, _: int) -> None:
        self._is_there = False
        self.reading.follow_no_more("lobby", self.last)

    def _move(self, id: int) -> None:
        """Read the lines up to one, if the marker moves there."""
        if self.reading.move("lobby", id):
            self.unread -= set(range(id + 1))

    def _show(self, since: int) -> None:
        """Turn to the room at a device that has shown all lines after one."""
        self.reading.catch_up("lobby", since)
        self.unread -= set(range(since + 1, self.last + 1))
        self._follow(since)

    def _lose(self, since: int) -> None:
        """Lose a device to which the lines after one were perhaps never sent."""
        self.reading.take_back({"lobby": since})
        self.unread |= set(range(since + 1, self.last + 1))
        self.reading.follow_no_more("lobby", self.last)
        self._is_there = False


class NoLineIsLostTests(SynchronousTestCase):
    """The two ids of a room, which stand for all the lines in it."""

    @deterministic
    @given(st.lists(STEPS, max_size=30))
    def test_no_line_is_lost(self, steps: list[tuple[str, int]]) -> None:
        """Whatever happens, a line that is not read never counts as read."""
        reader = Reader()
        for step in steps:
            reader.do(step)
            self.assertLessEqual(reader.unread, reader.claimed())
            self.assertEqual(reader.reading.is_followed("lobby"), reader._is_there)
