"""What the client paints, as a terminal shows it."""

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.terminal.columns import cells, fold, lay_out
from chatservice.terminal.screen import Screen

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


class ScreenCase(SynchronousTestCase):
    """A screen of 20 by 6, and the terminal that shows it."""

    def setUp(self) -> None:
        self.terminal = pyte.Screen(20, 6)
        self.stream = pyte.Stream(self.terminal)
        self.screen = Screen(20, 6)

    def paint(self, text: str) -> None:
        self.stream.feed(text)

    def rows(self) -> list[str]:
        """What is seen, without what is empty below it."""
        rows = [row.rstrip() for row in self.terminal.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def cursor(self) -> tuple[int, int]:
        return self.terminal.cursor.y, self.terminal.cursor.x


class LayOutTests(SynchronousTestCase):
    """Text cut into rows."""

    def test_wide(self) -> None:
        """A wide character that does not fit goes to the next row whole."""
        self.assertEqual(lay_out("abc日", 3, 4), (["abc", "日"], 1, 0))

    def test_combining(self) -> None:
        """What combines stays with its letter in a full row."""
        self.assertEqual(lay_out("abce\u0301x", 5, 4), (["abce\u0301", "x"], 1, 0))

    def test_full_row(self) -> None:
        """The cursor after a full row is at the beginning of the next one."""
        self.assertEqual(lay_out("abcd", 4, 4), (["abcd", ""], 1, 0))

    def test_cluster(self) -> None:
        """A family of emoji is one wide character, wherever it stands."""
        self.assertEqual(cells(FAMILY), 2)
        self.assertEqual(lay_out(f"abc{FAMILY}d", 3, 4), (["abc", f"{FAMILY}d"], 1, 0))
        self.assertEqual(fold(f"abcdefg{FAMILY}x", 8), ["abcdefg", f"  {FAMILY}x"])

    def test_too_narrow(self) -> None:
        """A terminal narrower than a character does not stop anything."""
        self.assertEqual(lay_out("日本", 2, 1).rows[1:3], ["日", "本"])


class FoldTests(SynchronousTestCase):
    """A line that is shown, cut into rows."""

    def test_fits(self) -> None:
        """A line of at most one row is left as it is, blanks and all."""
        self.assertEqual(fold("ab  c de", 8), ["ab  c de"])
        self.assertEqual(fold("", 8), [""])

    def test_at_blanks(self) -> None:
        """A line is cut between words, and the blanks there are dropped."""
        self.assertEqual(
            fold("14:02 -- /history [N]  the last N lines", 30),
            ["14:02 -- /history [N]  the", " " * 7 + "last N lines"],
        )

    def test_long_word(self) -> None:
        """A word that is longer than a row begins where it can, and is cut at the edge."""
        self.assertEqual(fold("ab " + "x" * 12, 8), ["ab xxxxx", "  xxxxxx", "  x"])
        self.assertEqual(fold("abcdefgh " + "x" * 12, 8), ["abcdefgh", "  xxxxxx", "  xxxxxx"])

    def test_word_of_an_unindented_row(self) -> None:
        """A word that only the first row could hold is cut as well."""
        self.assertEqual(fold("ab xxxxxxx", 8), ["ab xxxxx", "  xx"])

    def test_padded(self) -> None:
        """However many blanks come before it, no text but the line's own begins a row."""
        for blanks in range(90):
            forged = fold("bob: x" + " " * blanks + "-- bob left the chat", 30)
            self.assertEqual([row[:2] for row in forged], ["bo"] + ["  "] * (len(forged) - 1))
            self.assertEqual(len(forged), 1 if blanks <= 4 else 2)

    def test_wide(self) -> None:
        """Wide characters count twice, and what combines stays with its letter."""
        self.assertEqual(fold("日本 日本語", 8), ["日本", "  日本語"])
        self.assertEqual(fold("abcdefge\u0301x", 8), ["abcdefge\u0301", "  x"])

    def test_colour(self) -> None:
        """Colours take no room and are not cut."""
        red, usual = "\x1b[91m", "\x1b[39m"
        self.assertEqual(fold(f"{red}abcd{usual}: hi", 8), [f"{red}abcd{usual}: hi"])
        self.assertEqual(
            fold(f"{red}abcdefgh{usual}ij: x", 8), [f"{red}abcdefgh{usual}", "  ij: x"]
        )

    def test_too_narrow(self) -> None:
        """A terminal narrower than a character does not stop anything."""
        self.assertEqual(fold("日 ab", 1)[1:], ["日", "a", "b"])

    @settings(max_examples=200, deadline=None)
    @given(st.text("ab 日", max_size=90), st.integers(8, 40))
    def test_anything(self, text: str, columns: int) -> None:
        """No row is longer than the screen is wide, and no letter is lost."""
        rows = fold("x" + text, columns)
        self.assertLessEqual(max(sum(map(cells, row)) for row in rows), columns)
        self.assertEqual("".join(rows).replace(" ", ""), ("x" + text).replace(" ", ""))
        self.assertTrue(all(row.startswith("  ") for row in rows[1:]), rows)


class PaintTests(ScreenCase):
    """The line being typed is whole, whatever happens above it."""

    def test_line_above(self) -> None:
        """A line goes above the one being typed, and the cursor stays in its place."""
        self.paint(self.screen.edit("> ", "hello", 3))
        self.paint(self.screen.show(["bob: hi", "bob: you"]))
        self.assertEqual(self.rows(), ["bob: hi", "bob: you", "> hello"])
        self.assertEqual(self.cursor(), (2, 5))

    def test_wrapped_input(self) -> None:
        """A typed line of several rows is moved down as a whole."""
        text = "abcdefghij" * 4
        self.paint(self.screen.edit("> ", text, 5))
        self.paint(self.screen.show(["bob: hi"]))
        self.assertEqual(self.rows(), ["bob: hi", "> " + text[:18], text[18:38], text[38:]])
        self.assertEqual(self.cursor(), (1, 7))

    def test_wrapped_output(self) -> None:
        """A line of several rows, or of exactly one, leaves no hole and breaks nothing."""
        self.paint(self.screen.edit("> ", "typed", 5))
        self.paint(self.screen.show(["x" * 20, "y" * 25]))
        self.assertEqual(self.rows(), ["x" * 20, "y" * 20, " " * 5 + "y" * 5, "> typed"])

    def test_wide_input(self) -> None:
        """With wide characters the cursor is where the next one goes."""
        self.paint(self.screen.edit("> ", "日本語", 2))
        self.paint(self.screen.show(["bob: 日本"]))
        self.assertEqual(self.cursor(), (1, 6))
        self.paint(self.screen.edit("> ", "日本語" * 4, 12))
        self.assertEqual(self.cursor(), (2, 6))

    def test_exactly_full(self) -> None:
        """A typed line that fills its row has the cursor below, and stays whole."""
        self.paint(self.screen.edit("> ", "x" * 18, 18))
        self.assertEqual(self.cursor(), (1, 0))
        self.paint(self.screen.show(["bob: hi"]))
        self.assertEqual(self.rows(), ["bob: hi", "> " + "x" * 18])
        self.paint(self.screen.edit("> ", "", 0))
        self.assertEqual(self.rows(), ["bob: hi", ">"])

    def test_shorter_input(self) -> None:
        """Nothing is left of a longer line."""
        self.paint(self.screen.edit("> ", "x" * 50, 50))
        self.paint(self.screen.edit("> ", "y", 1))
        self.assertEqual(self.rows(), ["> y"])

    def test_bottom(self) -> None:
        """At the bottom of the screen the lines scroll."""
        self.paint(self.screen.edit("> ", "x" * 30, 3))
        for number in range(9):
            self.paint(self.screen.show([f"line {number}"]))
        self.assertEqual(
            self.rows(), [f"line {n}" for n in range(5, 9)] + ["> " + "x" * 18, "x" * 12]
        )
        self.assertEqual(self.cursor(), (4, 5))

    def test_taller_than_the_screen(self) -> None:
        """Of a line with more rows than the screen, those around the cursor are seen."""
        text = "".join(f"{number:<20}" for number in range(10))
        self.paint(self.screen.edit("", text, 0))
        self.paint(self.screen.show(["above"]))
        self.assertEqual(self.rows()[0], "above")
        self.assertEqual(self.rows()[1:], ["0", "1", "2", "3", "4"])
        self.paint(self.screen.edit("", text, len(text)))
        self.assertEqual(self.rows()[-1], "9")
        self.assertEqual(self.cursor(), (5, 0))

    def test_erase(self) -> None:
        """In the end only what was said is left, and the cursor is below it."""
        self.paint(self.screen.show(["bob: hi"]))
        self.paint(self.screen.edit("> ", "x" * 50, 50))
        self.paint(self.screen.erase())
        self.assertEqual(self.rows(), ["bob: hi"])
        self.assertEqual(self.cursor(), (1, 0))

    def test_clear(self) -> None:
        """Clearing leaves the line being typed, at the top."""
        self.paint(self.screen.show(["bob: hi"]))
        self.paint(self.screen.edit("> ", "typed", 5))
        self.paint(self.screen.clear())
        self.assertEqual(self.rows(), ["> typed"])

    def test_resize(self) -> None:
        """After a change of size the line being typed is laid out anew, and nothing else."""
        self.screen = Screen(20, 6, reflows=False)
        self.paint(self.screen.show(["line 1", "line 2"]))
        self.paint(self.screen.edit("> ", "a typed line of two", 19))
        for columns, rows, typed in (
            (10, 6, ["> a typed", "line of tw", "o"]),
            (30, 6, ["> a typed line of two"]),
            (20, 6, ["> a typed line of tw", "o"]),
        ):
            self.terminal.resize(rows, columns)
            painted = self.screen.resize(columns, rows)
            self.assertNotIn("line 1", painted)
            self.assertNotIn("\x1b[2J", painted)
            self.paint(painted)
            self.assertEqual([row.rstrip() for row in self.rows()], ["line 1", "line 2", *typed])

    def test_reflow(self) -> None:
        """Where the terminal has laid the rows out anew, the input begins further above."""
        self.screen.edit("> ", "x" * 33, 33)  # rows of 20 and 15, the cursor behind the 15
        for columns, above in ((20, 1), (19, 2), (15, 3), (10, 3), (8, 4), (7, 5)):
            screen = Screen(20, 9)
            screen.edit("> ", "x" * 33, 33)
            erased = screen.resize(columns, 9).partition("\x1b[J")[0]
            self.assertEqual(erased, f"\r\x1b[{above}A", columns)

    def test_reflow_of_a_tall_input(self) -> None:
        """It begins no further above than the screen does."""
        self.screen.edit("", "x" * 90, 90)
        self.assertTrue(self.screen.resize(2, 6).startswith("\r\x1b[5A"))

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.text("ab日", min_size=1, max_size=70).map(lambda t: ("edit", t)),
                st.text("xy", min_size=1, max_size=45).map(lambda t: ("show", t)),
            ),
            max_size=12,
        ),
        st.integers(0, 70),
    )
    def test_anything(self, steps: list[tuple[str, str]], cursor: int) -> None:
        """Whatever is typed and shown, the rows of the input are whole at the end."""
        self.setUp()
        typed = ""
        for kind, text in steps:
            if kind == "edit":
                typed = text
                self.paint(self.screen.edit("> ", typed, min(cursor, len(typed))))
            else:
                self.paint(self.screen.show([text]))
        self.paint(self.screen.edit("> ", typed, min(cursor, len(typed))))
        laid = lay_out("> " + typed, 2 + min(cursor, len(typed)), 20)
        row, column = self.cursor()
        self.assertEqual(column, laid.column)
        if len(laid.rows) < 6:
            top = row - laid.row
            painted = self.terminal.display[top : top + len(laid.rows)]
            expected = [each.rstrip() for each in laid.rows]
            self.assertEqual([each.rstrip() for each in painted], expected)
