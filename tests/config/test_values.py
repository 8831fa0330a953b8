"""The values of options: what is taken, and what an operator is told of everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatservice.config import values
from chatservice.config.values import BadValue, whole_number
from chatservice.people.addresses import network_named
from chatservice.protocol.durations import NO_DURATION
from chatservice.protocol.origins import Origin
from tests.conversation import TableCase, each_row

NO_NUMBER = "it must be a whole number, 0 or more"
NO_SIZE = "it must be a number of bytes, 1024 or more; K, M or G may follow, as in 512K"
NO_SECONDS = "it must be a number of seconds, 0 or more, or a duration such as 2m"
NO_NETWORK = "an address is written like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24"
NO_ORIGIN = "an origin is written like https://chat.example.org or http://tea:8080"

Read = Callable[[Any], Any]

GOOD: dict[str, tuple[Read, Any, Any]] = {
    "number": (whole_number(0), "7", 7),
    "number_from_a_file": (whole_number(0), 7, 7),
    "least": (whole_number(3), "3", 3),
    "most": (whole_number(0, 200), "200", 200),
    "size": (values.size, "4096", 4096),
    "size_from_a_file": (values.size, 4096, 4096),
    "kibibytes": (values.size, "512K", 512 * 1024),
    "mebibytes": (values.size, "4MiB", 4 * 1024**2),
    "gigabytes": (values.size, "1gb", 1024**3),
    "text": (values.some_text, " tea\t", " tea\t"),
    "line": (values.line, "tea\x1b[2J\ttime", "tea time"),
    "duration": (values.duration, "12h", 43200),
    "no_duration": (values.duration, "0", 0),
    "no_duration_from_a_file": (values.duration, 0, 0),
    "seconds": (values.seconds, "30", 30),
    "no_seconds": (values.seconds, 0, 0),
    "minutes": (values.seconds, "2m", 120),
    "nickname": (values.nickname, "ada", "ada"),
    "on": (values.flag, 1, True),
    "off": (values.flag, False, False),
    "address": (values.network, "192.0.2.7", network_named("192.0.2.7/32")),
    "network": (values.network, "10.1.2.3/8", network_named("10.0.0.0/8")),
    "network_of_ipv6": (values.network, "2001:db8::7", network_named("2001:db8::/64")),
    "origin": (values.web_origin, "https://tea", Origin("https", "tea", 443)),
    "origin_with_a_slash": (values.web_origin, "http://Tea:81/", Origin("http", "tea", 81)),
}

BAD: dict[str, tuple[Read, Any, str]] = {
    "word": (whole_number(0), "many", NO_NUMBER),
    "nothing": (whole_number(0), None, NO_NUMBER),
    "fraction": (whole_number(0), 1.5, NO_NUMBER),
    "true": (whole_number(0), True, NO_NUMBER),
    "negative": (whole_number(0), "-1", NO_NUMBER),
    "suffix": (whole_number(0), "5k", f"{NO_NUMBER}; there are no suffixes"),
    "too_small": (whole_number(3), "2", "it must be a whole number, 3 or more"),
    "too_large": (whole_number(0, 200), 201, "it must be a whole number from 0 to 200"),
    "small_size": (values.size, "1023", NO_SIZE),
    "no_size": (values.size, "big", NO_SIZE),
    "unit_alone": (values.size, "K", NO_SIZE),
    "negative_size": (values.size, "-5M", NO_SIZE),
    "no_text": (values.some_text, 7, "it must be a text in quotation marks"),
    "empty_text": (values.some_text, "", "it must not be empty"),
    "invisible_line": (values.line, "\x1b[2J ", "it must not be empty"),
    "no_duration": (values.duration, "soon", NO_DURATION),
    "duration_without_a_unit": (values.duration, 30, NO_DURATION),
    "no_seconds": (values.seconds, "soon", NO_SECONDS),
    "negative_seconds": (values.seconds, -1, NO_SECONDS),
    "no_unit": (values.seconds, "2x", NO_DURATION),
    "nickname": (values.nickname, "a b", "a nickname must not contain a space"),
    "no_flag": (values.flag, "yes", "it must be true or false"),
    "another_number": (values.flag, 2, "it must be true or false"),
    "network": (values.network, "everywhere", NO_NETWORK),
    "network_too_long": (values.network, "10.0.0.0/33", NO_NETWORK),
    "origin": (values.web_origin, "tea", NO_ORIGIN),
    "origin_with_a_path": (values.web_origin, "https://tea/chat", NO_ORIGIN),
    "origin_with_a_large_port": (
        values.web_origin,
        "http://tea:70000",
        "a port must be 65535 or less",
    ),
}


class ValueTests(TableCase):
    """From what is written to what is used."""

    @each_row(GOOD)
    def test_good(self, row: tuple[Read, Any, Any]) -> None:
        """A value on the command line or in the file is read as it is meant."""
        read, written, value = row
        found = read(written)
        self.assertEqual((found, type(found)), (value, type(value)))

    @each_row(BAD)
    def test_bad(self, row: tuple[Read, Any, str]) -> None:
        """Any other value is refused with one clause that says what it must be."""
        read, written, clause = row
        error = self.assertRaises(BadValue, read, written)
        self.assertEqual(str(error), clause)
