"""Spans of time, as people write them."""

from __future__ import annotations

from chatservice.protocol.durations import LONGEST, NO_DURATION, first_duration, seconds_of, spelled
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
    "min": ("10min", 600),
    "long_unit": ("2hours", 7_200),
    "unit_as_the_next_word": ("2 hours", 7_200),
    "one_day": ("1 day", 86_400),
    "sum": ("1h30m", 5_400),
    "sum_of_words": ("1 week 2 days 3 hrs", 788_400),
    "fraction": ("1.5h", 5_400),
    "fraction_without_whole": (".5h", 1_800),
    "fraction_of_a_second": ("0.2s", 1),
    "nothing_and_something": ("0h30m", 1_800),
}
REFUSED = {
    "empty": ("", NO_DURATION),
    "no_unit": ("90", NO_DURATION),
    "no_number": ("h", NO_DURATION),
    "unknown_unit": ("2y", NO_DURATION),
    "unknown_next_word": ("2 strikes", NO_DURATION),
    "last_unit_is_missing": ("1h30", NO_DURATION),
    "twice_the_same_unit": ("1h1h", NO_DURATION),
    "smaller_unit_first": ("30m1h", NO_DURATION),
    "clock": ("1:30", NO_DURATION),
    "nothing": ("0h", NO_DURATION),
    "negative": ("-2h", NO_DURATION),
    "comma": ("1,5h", NO_DURATION),
    "other_digits": ("٢h", NO_DURATION),
    "end_of_line": ("2h\n", NO_DURATION),
    "more_words": ("2h spam", NO_DURATION),
    "endless_digits": ("9" * 5000 + "s", NO_DURATION),
    "too_long": (f"{LONGEST + 1}s", "a duration must be at most ten years"),
}
FIRST = {
    "none": ("spam", 0, "spam"),
    "nothing": ("", 0, ""),
    "alone": ("10min", 600, ""),
    "before_a_reason": ("2h spam", 7_200, "spam"),
    "unit_as_the_next_word": ("2 hours  of silence", 7_200, "of silence"),
    "sum": ("1h 30m spam", 5_400, "spam"),
    "before_a_number": ("2h 2 warnings", 7_200, "2 warnings"),
}
NO_FIRST = {
    "no_unit": "90 spam",
    "other_words": "3 strikes",
    "no_end": "2hundred times",
    "negative": "-2h spam",
    "other_digits": "٢h",
    "a_half": "½h",
    "list": "2h, and no more",
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
        """Numbers and units are so many seconds."""
        text, seconds = row
        self.assertEqual(seconds_of(text), seconds)

    @each_row(REFUSED)
    def test_refused(self, row: tuple[str, str]) -> None:
        """What is no duration is refused in a sentence."""
        text, sentence = row
        with self.assertRaises(ValueError) as caught:
            seconds_of(text)
        self.assertEqual(str(caught.exception), sentence)

    @each_row(FIRST)
    def test_first(self, row: tuple[str, int, str]) -> None:
        """A duration is taken from the beginning of a text, if it begins with a number."""
        text, seconds, rest = row
        self.assertEqual(first_duration(text), (seconds, rest))

    @each_row(NO_FIRST)
    def test_no_first(self, text: str) -> None:
        """A text that begins with a number begins with a duration, or is refused."""
        with self.assertRaises(ValueError) as caught:
            first_duration(text)
        self.assertEqual(str(caught.exception), NO_DURATION)

    @each_row(SPELLED)
    def test_spelled(self, row: tuple[int, str]) -> None:
        """Seconds are spelled in the greatest unit that needs no fraction, and read back."""
        seconds, text = row
        self.assertEqual(spelled(seconds), text)
        self.assertEqual(seconds_of(text), seconds)
