"""The line being typed: keys, words, lines entered before, and completion."""

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from chatservice import commands as chat_commands
from chatservice.client.commands import COMMANDS, completions
from chatservice.terminal.editor import Editor, Entered, Pasted, Wish
from chatservice.terminal.keys import Key, KeyReader

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"
E_ACUTE = "e\N{COMBINING ACUTE ACCENT}"


class KeyTests(SynchronousTestCase):
    """Bytes from a terminal become keys."""

    def check(self, data: bytes, *expected: Key) -> None:
        """However the bytes are cut, they are these keys."""
        for size in range(1, len(data) + 1):
            reader, keys = KeyReader(), list[Key]()
            for start in range(0, len(data), size):
                keys += reader.feed(data[start : start + size])
            self.assertEqual(_joined(keys), list(expected), size)

    def test_text(self) -> None:
        """Text of any script is text; what is no UTF-8 is replaced."""
        self.check("héllo 日本".encode(), Key("text", "héllo 日本"))
        self.check(b"a\xffb", Key("text", "a\N{REPLACEMENT CHARACTER}b"))

    def test_controls(self) -> None:
        """Control characters are keys by their usual names."""
        self.check(
            b"\x01\r\n\t\x7f\x08\x04",
            *map(Key, ["ctrl-a", "enter", "enter", "tab", "backspace", "backspace", "ctrl-d"]),
        )

    def test_c1(self) -> None:
        """A C1 control character is not taken for the key of the C0 one below it."""
        self.check("\x81".encode(), Key("ctrl-á"))

    def test_sequences(self) -> None:
        """Cursor and editing keys are known in the spellings of several terminals."""
        self.check(
            b"\x1b[A\x1bOB\x1b[C\x1b[D\x1b[H\x1bOF\x1b[1~\x1b[4~\x1b[3~\x1b[1;5D",
            *map(Key, ["up", "down", "right", "left", "home", "end", "home", "end", "delete"]),
            Key("alt-b"),
        )

    def test_unknown_sequence(self) -> None:
        """A key that is not known is nothing, not text."""
        self.check(b"\x1b[15~\x1b[?62;c\x1b[<0;1;1Mx", Key("text", "x"))

    def test_alt(self) -> None:
        """Alt with a letter, also a wide one, and with backspace."""
        self.check("\x1bb\x1bé\x1b\x7f".encode(), *map(Key, ["alt-b", "alt-é", "alt-backspace"]))

    def test_paste(self) -> None:
        """What is pasted is one key, whatever is in it, and nothing in it is another key."""
        text = "one\r\ntwo\rthree\n\tfour\x04\x1b[x\x1b[20"
        self.check(
            f"\x1b[200~{text}\x1b[201~\x04\x1b[200~\x1b[201~".encode(),
            Key("paste", text),
            Key("ctrl-d"),
            Key("paste", ""),
        )

    def test_endless_paste(self) -> None:
        """A paste takes no more memory than a large one, and its end is found all the same."""
        reader = KeyReader()
        self.assertEqual(reader.feed(b"\x1b[200~"), [])
        for _ in range(80):
            self.assertEqual(reader.feed(b"x" * 65536), [])
        (key,) = reader.feed(b"\x1b[201~")
        self.assertEqual(len(key.text), 4 * 1024 * 1024)


def _joined(keys: Sequence[Key]) -> list[Key]:
    """The keys, with text in one piece that came in several."""
    joined: list[Key] = []
    for key in keys:
        if key.name == "text" and joined and joined[-1].name == "text":
            key = Key("text", joined.pop().text + key.text)
        joined.append(key)
    return joined


class EditorTests(SynchronousTestCase):
    """Each test types, and looks at the text with ``|`` for the cursor."""

    def setUp(self) -> None:
        self.editor = Editor(lambda before: completions(before, ["ada", "Adele", "bob"], ["lobby"]))

    def type(self, *keys: str) -> Entered | Wish | None:
        """Press keys by their names, in angle brackets, or type text; what the last one gave."""
        outcome = None
        for key in keys:
            named = key.startswith("<")
            outcome = self.editor.press(Key(key[1:-1]) if named else Key("text", key))
        return outcome

    def check(self, expected: str, *keys: str) -> None:
        self.assertIsNone(self.type(*keys))
        text, cursor = self.editor.text, self.editor.cursor
        self.assertEqual(f"{text[:cursor]}|{text[cursor:]}", expected)

    def test_insert(self) -> None:
        """Text goes in at the cursor."""
        self.check("axb|c", "abc", "<left>", "<left>", "x", "<ctrl-f>")

    def test_pasted_control(self) -> None:
        """Control characters in what is typed become spaces."""
        self.check("a b|", "a\tb")

    def test_unknown_key(self) -> None:
        """A key without a meaning changes nothing."""
        self.check("a|", "a", "<ctrl-g>")

    def test_ends(self) -> None:
        """Home, end and their Ctrl keys; and no way beyond."""
        self.check("|ab", "ab", "<home>", "<left>")
        self.check("ab|", "<end>", "<right>")
        self.check("|ab", "<ctrl-a>")
        self.check("ab|", "<ctrl-e>")

    def test_erase(self) -> None:
        """Backspace takes what is before the cursor, delete what is under it."""
        self.check("a|d", "abcd", "<left>", "<left>", "<backspace>", "<delete>")
        self.check("a|", "<ctrl-d>", "<delete>")
        self.check("|", "<backspace>", "<backspace>")

    def test_combined_characters(self) -> None:
        """A character is moved over and erased together with what combines with it."""
        self.check(f"|{E_ACUTE}x", E_ACUTE, "x", "<left>", "<left>")
        self.check(f"{E_ACUTE}|x", "<right>")
        self.check("|x", "<backspace>")
        self.check("|", "<ctrl-e>", "<ctrl-u>")
        self.check("|x", E_ACUTE, "x", "<home>", "<delete>")

    def test_clusters(self) -> None:
        """A family, a flag and a letter with its marks are one step each."""
        flag = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}"
        typed = f"a{FAMILY}{flag}{E_ACUTE}"
        self.check(f"a{FAMILY}{flag}|{E_ACUTE}", typed, "<left>")
        self.check(f"a{FAMILY}|{flag}{E_ACUTE}", "<left>")
        self.check(f"a|{FAMILY}{flag}{E_ACUTE}", "<left>")
        self.check(f"a{FAMILY}|{flag}{E_ACUTE}", "<right>")
        self.check(f"a|{flag}{E_ACUTE}", "<backspace>")
        self.check(f"a|{E_ACUTE}", "<delete>")

    def test_paste_of_a_line(self) -> None:
        """A pasted line is left to be read, with an end of line or without, in the text."""
        for end in ("", "\n", "\r\n", "\r"):
            self.setUp()
            self.editor.press(Key("text", "say "))
            self.assertIsNone(self.editor.press(Key("paste", f"/quit\tnow{end}")))
            self.assertEqual(self.editor.text, "say /quit now")

    def test_paste_of_lines(self) -> None:
        """Of several pasted lines those are given back that are complete; the rest is typed."""
        self.editor.press(Key("text", "<>"))
        self.editor.press(Key("left"))
        pasted = self.editor.press(Key("paste", "one\r\n\n /two\rthree"))
        self.assertEqual(pasted, Pasted(["<one", " /two"]))
        self.assertEqual((self.editor.text, self.editor.cursor), ("three>", 5))

    def test_words(self) -> None:
        """Alt-B and Alt-F go word by word."""
        self.check("one  |two ", "one  two ", "<alt-b>")
        self.check("|one  two ", "<alt-b>", "<alt-b>")
        self.check("one|  two ", "<alt-f>")
        self.check("one  two| ", "<alt-f>")
        self.check("one  two |", "<alt-f>")

    def test_cut(self) -> None:
        """Ctrl-W, Ctrl-U and Ctrl-K cut, and Ctrl-Y puts back what was cut last."""
        self.check("one |", "one two ", "<ctrl-w>")
        self.check("|", "<ctrl-u>", "<ctrl-u>")
        self.check("one |", "<ctrl-y>")
        self.check("o|", "<home>", "<right>", "<ctrl-k>")
        self.check("one |", "<ctrl-y>")
        self.check("|", "<alt-backspace>")

    def test_enter(self) -> None:
        """Enter gives the line; an empty one is nothing."""
        self.assertEqual(self.type("hi", "<left>", "<enter>"), Entered("hi"))
        self.check("|")
        self.assertIsNone(self.type("  ", "<enter>"))
        self.check("|")

    def test_recall(self) -> None:
        """Lines entered come back with the arrow keys, and the one begun after them."""
        self.type("one", "<enter>", "two", "<enter>", "two", "<enter>")
        self.check("two|", "draft", "<up>")
        self.check("one|", "<up>")
        self.check("one|", "<ctrl-p>")
        self.check("two|", "<down>")
        self.check("draft|", "<ctrl-n>")
        self.check("draft|", "<down>")

    def test_recall_begins_anew(self) -> None:
        """After a line was entered or given up, up is the latest one again."""
        self.type("one", "<enter>", "two", "<enter>", "<up>", "<up>")
        self.assertEqual(self.type("<enter>"), Entered("one"))
        self.check("one|", "<up>")
        self.type("<up>", "<ctrl-c>")
        self.check("one|", "<up>")

    def test_remembers_so_many(self) -> None:
        """Only the latest 500 lines are remembered."""
        for number in range(502):
            self.type(str(number), "<enter>")
        self.check("2|", *["<up>"] * 600)

    def test_wishes(self) -> None:
        """Some keys ask for what is not the editor's."""
        self.assertIs(self.type("<ctrl-l>"), Wish.CLEAR)
        self.assertIs(self.type("<ctrl-z>"), Wish.SUSPEND)
        self.assertIs(self.type("<ctrl-d>"), Wish.LEAVE)
        self.assertIs(self.type("<ctrl-c>"), Wish.INTERRUPT)
        self.check("|", "text", "<ctrl-c>")

    def test_tab(self) -> None:
        """Tab completes, goes round, and begins anew after another key."""
        self.check("ada: |", "AD", "<tab>")
        self.check("Adele: |", "<tab>")
        self.check("ada: |", "<tab>")
        self.check("ada: |", "<tab>", "<tab>")
        self.check("ada: bob |", "bo", "<tab>")
        self.check("ada: bob x|", "x", "<tab>")

    def test_tab_inside(self) -> None:
        """Tab completes the word before the cursor and leaves what follows."""
        self.check("bob: | x", "bo x", "<left>", "<left>", "<tab>")


class CompletionTests(SynchronousTestCase):
    """What a word could become."""

    def check(self, before: str, *expected: str) -> None:
        found = completions(before, ["ada", "Adele", "bob"], ["lobby", "python"])
        self.assertEqual(found, list(expected))

    def test_nothing(self) -> None:
        """There is nothing to complete in no word."""
        self.check("")
        self.check("ada ")

    def test_nicknames(self) -> None:
        """A nickname at the beginning is whom one talks to."""
        self.check("a", "ada: ", "Adele: ")
        self.check("hi AD", "ada ", "Adele ")

    def test_commands(self) -> None:
        """Commands are completed at the beginning of a line alone."""
        self.check("/m", "/me ", "/modlog ", "/motd ", "/msg ", "/mute ")
        self.check("x /m")

    def test_all_commands(self) -> None:
        """Every command that the chat has can be completed, and no other."""
        self.assertEqual(set(COMMANDS), {f"/{name}" for name in chat_commands.COMMANDS})

    def test_rooms(self) -> None:
        """Rooms are completed after # and after the commands that take one."""
        self.check("see #p", "#python ")
        self.check("/join p", "#python ")
        self.check("/join lo", "lobby ")
        self.check("/j lo", "lobby ")
