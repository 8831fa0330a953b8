"""What an event is, whom it touches, and how ids are given out."""

from dataclasses import FrozenInstanceError, fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol import events
from chatservice.protocol.ids import EventIds
from tests.recording import recorded

deterministic = settings(derandomize=True, database=None, deadline=None)

NOW = 1_763_712_000


def one_of_each() -> list[events.Event]:
    """An event of every kind."""
    return [
        events.Said(id=1, nick="ada", room="lobby", text="hi", ref="r"),
        events.Acted(id=2, nick="ada", room="lobby", text="waves"),
        events.Noticed(id=2, nick="ada", room="lobby", text="tea"),
        events.TopicChanged(id=3, nick="ada", room="lobby", text="snakes"),
        events.Whispered(id=4, nick="ada", to="bob", text="psst"),
        events.Joined(id=5, nick="ada", room="lobby"),
        events.Parted(id=6, nick="ada", room="lobby"),
        events.Left(id=7, nick="ada", goodbye=True, why="", rooms=("lobby", "python")),
        events.Renamed(id=8, nick="ada", now="eve", rooms=("lobby", "python")),
        events.Resumed(id=9, nick="ada"),
    ]


class EventTests(SynchronousTestCase):
    """The facts themselves."""

    def test_frozen(self) -> None:
        """No field of an event can be changed."""
        for event in one_of_each():
            for field in fields(event):
                with self.assertRaises(FrozenInstanceError):
                    setattr(event, field.name, getattr(event, field.name))

    def test_stored(self) -> None:
        """Talk and topics are history; presence is not."""
        stored = {type(event) for event in one_of_each() if event.stored}
        lines = {events.Said, events.Acted, events.Noticed}
        self.assertEqual(stored, lines | {events.TopicChanged, events.Whispered})

    def test_tags(self) -> None:
        """Tags make no other event of a line, and are not kept with it."""
        plain = events.Said(id=1, nick="ada", room="lobby", text="hi")
        tagged = replace(plain, tags={"+a": "b"})
        self.assertEqual((tagged, hash(tagged)), (plain, hash(plain)))
        self.assertEqual(tagged.kept.tags, {})
        self.assertIs(plain.kept, plain)

    def test_touched(self) -> None:
        """A room's event touches its room, a member's event all its rooms, a private one none."""
        touched = {type(event).__name__: event.touched for event in one_of_each()}
        here, both = ("lobby",), ("lobby", "python")
        self.assertEqual(
            touched,
            dict.fromkeys(["Said", "Acted", "Noticed", "TopicChanged", "Joined", "Parted"], here)
            | dict.fromkeys(["Left", "Renamed"], both)
            | dict.fromkeys(["Whispered", "Resumed"], ()),
        )

    def test_equal_without_the_author(self) -> None:
        """An event that was read back equals the one that its author published."""
        ada, bob = recorded("ada"), recorded("bob")
        lived = events.Whispered(
            id=1,
            nick="ada",
            to="bob",
            text="psst",
            identity=ada.identity,
            to_identity=bob.identity,
        )
        self.assertEqual(lived, events.Whispered(id=1, nick="ada", to="bob", text="psst"))
        self.assertNotEqual(lived, events.Whispered(id=2, nick="ada", to="bob", text="psst"))

    def test_repr_keeps_secrets(self) -> None:
        """An event in the log shows no identity."""
        ada = recorded("ada")
        secrets = {"identity": ada.identity, "to_identity": ada.identity}
        event = events.Whispered(id=1, nick="ada", to="ada", text="", **secrets)
        self.assertNotIn(repr(ada.identity), repr(event))

    def test_chat_error(self) -> None:
        """A refusal has a code for programs, and its sentence is its text."""
        error = events.ChatError("empty", "there is nothing to say")
        self.assertEqual((error.code, error.sentence), ("empty", str(error)))


class EventIdsTests(SynchronousTestCase):
    """Ids are times, and strictly increase."""

    def setUp(self) -> None:
        self.time = float(NOW)
        self.ids = EventIds(lambda: self.time)

    def test_time(self) -> None:
        """An id is the wall clock's time in microseconds."""
        self.time += 0.25
        self.assertEqual(self.ids.next(), NOW * 1_000_000 + 250_000)

    def test_same_moment(self) -> None:
        """Ids of one moment go up by one."""
        first = self.ids.next()
        self.assertEqual([self.ids.next(), self.ids.next()], [first + 1, first + 2])

    def test_last(self) -> None:
        """The last id given out is known, and is 0 before the first."""
        self.assertEqual(self.ids.last, 0)
        self.assertEqual(self.ids.next(), self.ids.last)

    def test_clock_set_back(self) -> None:
        """A clock that is set back an hour does not make ids fall, nor repeat."""
        first = self.ids.next()
        self.time -= 3600
        self.assertEqual([self.ids.next(), self.ids.next()], [first + 1, first + 2])

    def test_clock_catches_up(self) -> None:
        """When the clock is ahead again, ids are its time again."""
        self.ids.next()
        self.time -= 1
        self.ids.next()
        self.time += 2
        self.assertEqual(self.ids.next(), (NOW + 1) * 1_000_000)

    def test_start_above(self) -> None:
        """The first id of a run is above all of the run before, though the clock is behind."""
        floor = NOW * 1_000_000 + 10_000_000
        self.ids.start_above(floor)
        self.assertEqual(self.ids.next(), floor + 1)

    def test_start_above_an_old_floor(self) -> None:
        """A floor in the past changes nothing, also after ids were given out."""
        first = self.ids.next()
        self.ids.start_above(first - 1000)
        self.assertEqual(self.ids.next(), first + 1)

    def test_wall_clock(self) -> None:
        """Without a clock of its own it takes the system's."""
        self.assertGreater(EventIds().next(), NOW * 1_000_000)

    def test_fits_a_json_number(self) -> None:
        """Ids are below 2**53 until the year 2255."""
        year_2255 = 285 * 365.2425 * 86400
        self.assertLess(EventIds(lambda: year_2255).next(), 2**53)

    @deterministic
    @given(st.lists(st.floats(min_value=0, max_value=2**33)))
    def test_any_clock(self, times: list[float]) -> None:
        """Ids strictly increase, and are never behind the clock, whatever the clock does."""
        clock = iter(times)
        ids = EventIds(lambda: next(clock))
        given_out = [ids.next() for _ in times]
        self.assertEqual(given_out, sorted(set(given_out)))
        for number, moment in zip(given_out, times, strict=True):
            self.assertGreaterEqual(number, int(moment * 1_000_000))
