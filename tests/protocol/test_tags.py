"""The tags that programs send along with a line."""

from __future__ import annotations

from chatservice.protocol.tags import TAGS_BYTES, check_tags, spelled
from tests.conversation import TableCase, each_row


class TagTests(TableCase):
    """What tags may be, and how IRC spells them."""

    @each_row(
        {
            "none": ({}, ""),
            "one": ({"+a": "b"}, "+a=b"),
            "no_value": ({"+a": ""}, "+a"),
            "several": ({"+a": "b", "+draft/x.y-Z0": "c"}, "+a=b;+draft/x.y-Z0=c"),
            "escaped": ({"+a": "; \\\r\n:="}, "+a=\\:\\s\\\\\\r\\n:="),
        }
    )
    def test_spelled(self, row: tuple[dict[str, str], str]) -> None:
        """They are allowed, and spelled in one way."""
        tags, expected = row
        self.assertIs(check_tags(tags), tags)
        self.assertEqual(spelled(tags), expected)

    def test_names(self) -> None:
        """No other names are."""
        for name in ("", "+", "a", "+a b", "+a=b", "++a", "+é", "+a\n"):
            with self.assertRaisesRegex(ValueError, "the name of a tag must be"):
                check_tags({name: "b"})

    def test_values(self) -> None:
        """A value must have a spelling."""
        with self.assertRaisesRegex(ValueError, "must not contain U.0000"):
            check_tags({"+a": "b\0c"})

    def test_size(self) -> None:
        """All together have so many bytes as IRC spells them, and no more."""
        tags = {"+a": "é" * 1000, "+b": ";" * 1043}
        self.assertEqual(len(spelled(tags).encode()), TAGS_BYTES - 1)
        check_tags({**tags, "+b": ";" * 1043 + "x"})
        with self.assertRaisesRegex(ValueError, r"too long .4,095 bytes, at most 4,094."):
            check_tags({**tags, "+b": ";" * 1044})
