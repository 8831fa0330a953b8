"""Spans of time, as people write them."""

from __future__ import annotations

from chatservice.durations import LONGEST, seconds_of, spelled
from tests.conversation import TableCase, each_row

READ = {
    "seconds": ("90s", 90),
    "minutes": ("30m", 1_800),
    "hours": ("2h", 7_200),
    "days": ("7d", 604_800),
    "weeks": ("2w", 1_209_600),
    "a_capital": ("2H", 7_200),
    "leading_zeros": ("007m", 420),
    "the_longest": ("3650d", LONGEST),
}
NO_DURATION = "a duration is a number and one of s, m, h, d, w, such as 30m, 2h or 7d"
REFUSED = {
    "empty": ("", NO_DURATION),
    "no_unit": ("90", NO_DURATION),
    "no_number": ("h", NO_DURATION),
    "unknown_unit": ("2y", NO_DURATION),
    "two_units": ("1h30m", NO_DURATION),
    "nothing": ("0h", NO_DURATION),
    "negative": ("-2h", NO_DURATION),
    "fraction": ("1.5h", NO_DURATION),
    "other_digits": ("٢h", NO_DURATION),
    "end_of_line": ("2h\n", NO_DURATION),
    "endless_digits": ("9" * 5000 + "s", NO_DURATION),
    "too_long": (f"{LONGEST + 1}s", "a duration is at most ten years"),
}
SPELLED = {
    "seconds": (90, "90s"),
    "minutes": (5_400, "90m"),
    "hours": (7_200, "2h"),
    "days": (1_209_600, "14d"),
}


class DurationTests(TableCase):
    """Durations read and written."""

    @each_row(READ)
    def test_read(self, row: tuple[str, int]) -> None:
        """A number and a unit are so many seconds."""
        text, seconds = row
        self.assertEqual(seconds_of(text), seconds)

    @each_row(REFUSED)
    def test_refused(self, row: tuple[str, str]) -> None:
        """What is no duration is refused in a sentence."""
        text, sentence = row
        with self.assertRaises(ValueError) as caught:
            seconds_of(text)
        self.assertEqual(str(caught.exception), sentence)

    @each_row(SPELLED)
    def test_spelled(self, row: tuple[int, str]) -> None:
        """Seconds are spelled in the greatest unit that needs no fraction, and read back."""
        seconds, text = row
        self.assertEqual(spelled(seconds), text)
        self.assertEqual(seconds_of(text), seconds)
