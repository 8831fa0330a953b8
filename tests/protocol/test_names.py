"""What may be called what, and which nicknames look the same."""

import unicodedata
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol import names
from chatservice.protocol.names import check_nick, check_room, nearest, nick_key

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=300)

# What people type: any text, and text close to the names that are admitted.
TYPED = st.text(max_size=40) | st.text(
    st.characters(categories=["L", "M", "Nd"]) | st.sampled_from(" #_[]|^`-.{}1Ilm"), max_size=40
)


def outcome(check: Callable[[str], str], text: str) -> str:
    """The name as it is admitted, or the sentence that refuses it."""
    try:
        return check(text)
    except ValueError as refusal:
        assert type(refusal) is ValueError, "an exception of PRECIS escaped"
        return str(refusal)


def admitted(check: Callable[[str], str], text: str) -> str | None:
    """The name as it is admitted, None if it is refused."""
    try:
        return check(text)
    except ValueError:
        return None


RTL = (
    "a nickname with right-to-left letters must start with one of them, "
    "end with one or with a digit, and have no left-to-right letters"
)

ADMITTED = {
    "ada": "ada",
    "  Ada ": "Ada",
    "x" * 32: "x" * 32,
    "_[]|^`-.{}9": "_[]|^`-.{}9",
    "`tick": "`tick",
    "Straße": "Straße",
    "Zoe\u0308": "Zoë",
    "e\u0301" * 32: "é" * 32,
    "\u03b1\u0313\u0300\u0345" * 32: "\u1f82" * 32,
    "İpek": "İpek",
    "ａｄａ１": "ada1",
    "Gal·la": "Gal·la",
    "Σωκράτης": "Σωκράτης",
    "Наташа": "Наташа",
    "محمد": "محمد",
    "דוד": "דוד",
    "דוד_7": "דוד_7",
    "太郎": "太郎",
    "ｶﾞ": "ガ",
    "ジョン・スミス": "ジョン・スミス",
    "नमस्ते": "नमस्ते",
    "김철수": "김철수",
    "สมชาย": "สมชาย",
}

REFUSED = {
    "": "a nickname must have at least one character",
    "   ": "a nickname must have at least one character",
    "x" * 33: "a nickname must have at most 32 characters",
    "x" * 100_000: "a nickname must have at most 32 characters",
    "ada love": "a nickname must not contain a space",
    "ada!": 'a nickname must not contain "!"',
    "ada！": 'a nickname must not contain "!"',
    "ada\tb": "a nickname must not contain the character (U+0009)",
    "ada\x1b[1m": "a nickname must not contain the character (U+001B)",
    "ada\ud800": "a nickname must not contain the character (U+D800)",
    "a\u200bda": "a nickname must not contain ZERO WIDTH SPACE (U+200B)",
    "a\u202eda": "a nickname must not contain RIGHT-TO-LEFT OVERRIDE (U+202E)",
    "a\u200dda": "a nickname must not contain ZERO WIDTH JOINER (U+200D)",
    "\u3000ada": "a nickname must not contain IDEOGRAPHIC SPACE (U+3000)",
    "ada😀": "a nickname must not contain GRINNING FACE (U+1F600)",
    "ﬁona": "a nickname must not contain LATIN SMALL LIGATURE FI (U+FB01)",
    "a·b": "a nickname must not contain MIDDLE DOT (U+00B7)",
    "9ada": 'a nickname must not start with "9"',
    "-ada": 'a nickname must not start with "-"',
    "{ada": 'a nickname must not start with "{"',
    "\u0301ada": "a nickname must not start with COMBINING ACUTE ACCENT (U+0301)",
    "adaדוד": RTL,
    "_דוד": RTL,
}

SPOOFS_OF_RESERVED = [
    *("you", "Server", "SYSTEM", "nickserv", "ChanServ", " root ", "ｅrror"),
    *("аdmin", "аԁmіn", "ADMİN", "admın", "admi\u0307n", "adrnin", "adm1n", "admln", "adm|n"),
    *("r00t", "hеre", "уou", "еvеryone", "NlckServ", "СhаnSеrv"),
]


class NickTests(SynchronousTestCase):
    """check_nick."""

    def test_admitted(self) -> None:
        """Names of every script are admitted, and shown composed and of ordinary width."""
        self.assertEqual({text: outcome(check_nick, text) for text in ADMITTED}, ADMITTED)

    def test_refused(self) -> None:
        """What is malformed is refused with a sentence that names the trouble."""
        self.assertEqual({text: outcome(check_nick, text) for text in REFUSED}, REFUSED)

    def test_reserved(self) -> None:
        """Reserved names are refused in any case, and so is what looks like them."""
        tried = [*names.RESERVED, *SPOOFS_OF_RESERVED]
        passed = [text for text in tried if "is reserved" not in outcome(check_nick, text)]
        self.assertEqual(passed, [])

    def test_not_reserved(self) -> None:
        """A name that merely contains a reserved one is free."""
        self.assertEqual(check_nick("administrator"), "administrator")

    @deterministic
    @given(TYPED)
    @example("\u0345a")
    @example("ｶﾞ")
    def test_idempotent(self, text: str) -> None:
        """Whatever is typed is admitted in its final form, or refused printably."""
        self.assertTrue(outcome(check_nick, text).isprintable(), ascii(text))
        shown = admitted(check_nick, text)
        if shown is not None:
            self.assertEqual(check_nick(shown), shown)
            self.assertTrue(1 <= len(shown) <= names.NICK_LENGTH)


ALIKE = [
    ("paypal", "PAYPAL"),
    ("paypal", "раураl"),
    ("paypal", "pаypa1"),
    ("paypal", "ｐａｙｐａｌ"),
    ("bill|", "BI1l1"),
    ("modern", "rnodem"),
    ("Oleg", "0leg"),
    ("Fiona", "ﬁona"),
    ("Straße", "STRASSE"),
    ("Zoë", "zoe\u0308"),
    ("İpek", "ipek"),
    ("ışık", "IŞIK"),
    ("ian", "i\u0307an"),
    ("ian", "I\u0307AN"),
    ("ịan", "i\u0323\u0307an"),
    ("Kate", "Кate"),
    ("Max", "Мaχ"),
    ("Harry", "Ηarry"),
    ("Eva", "Εva"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("ᾷ", "ᾼ\u0342"),
    ("Наташа", "НАТАША"),
]

# Casing is worth more than the look-alikes of capitals: the docstring of nick_key says why.
UNLIKE = [
    ("Kari", "Karl"),
    ("Ian", "lan"),
    ("paypal", "PayPaI"),
    ("Nick", "Νick"),
    ("Yuri", "Υuri"),
    ("Jerzy", "Jerży"),
    ("Євген", "Евген"),
    ("太郎", "次郎"),
    ("a.b", "a-b"),
]


class KeyTests(SynchronousTestCase):
    """nick_key."""

    def test_alike(self) -> None:
        """Nicknames that look the same, or differ in case alone, have one key."""
        self.assertEqual([pair for pair in ALIKE if len(set(map(nick_key, pair))) != 1], [])

    def test_unlike(self) -> None:
        """Nicknames that can be told apart in their own script have two keys."""
        self.assertEqual([pair for pair in UNLIKE if len(set(map(nick_key, pair))) != 2], [])

    def test_every_mapping(self) -> None:
        """Every character of the table has the key of its look-alike, between letters too."""
        for source, target in names._LOOKS_LIKE.items():
            self.assertEqual(nick_key(f"x{chr(source)}x"), nick_key(f"x{target}x"), hex(source))

    def test_ascii_as_elsewhere(self) -> None:
        """An ASCII nickname has the key that it would have among other letters."""
        printable = "".join(map(chr, range(33, 127)))
        self.assertEqual(nick_key(printable) + nick_key("я"), nick_key(printable + "я"))

    def test_key_of_key(self) -> None:
        """A key is its own key for every letter: the table is closed."""
        letters = [char for char in map(chr, range(0x110000)) if char.isalnum()]
        changed = [char for char in letters if nick_key(nick_key(char)) != nick_key(char)]
        self.assertEqual(changed, [])

    def test_case_of_every_letter(self) -> None:
        """No letter escapes its key by its case."""
        letters = [char for char in map(chr, range(0x110000)) if char.isalpha()]
        escaped = [
            char
            for char in letters
            if {nick_key(char.upper()), nick_key(char.lower()), nick_key(char.title())}
            != {nick_key(char)}
        ]
        self.assertEqual(escaped, [])

    @deterministic
    @given(TYPED)
    def test_any_text(self, text: str) -> None:
        """Any text has a key, the same however it is composed."""
        decomposed = unicodedata.normalize("NFD", text)
        self.assertEqual(nick_key(text), nick_key(decomposed))

    @deterministic
    @given(TYPED)
    def test_shown_form(self, text: str) -> None:
        """A nickname has the key of what its owner typed."""
        shown = admitted(check_nick, text)
        if shown is not None:
            self.assertEqual(nick_key(shown), nick_key(text.strip(" ")))


ROOMS = {
    "python": "python",
    "#Python": "python",
    " #PYTHON ": "python",
    "2026": "2026",
    "#３": "3",
    "STRASSE": "strasse",
    "straße": "strasse",
    "Кухня": "кухня",
    "Cafe\u0301": "café",
    "admin": "admin",
    "ǰaz": "ǰaz",
    "ß" * 25: "ss" * 25,
    "": "a room's name must have at least one character",
    "#": "a room's name must have at least one character",
    "##python": 'a room\'s name must not contain "#"',
    "＃python": 'a room\'s name must not contain "#"',
    "a b": "a room's name must not contain a space",
    "-a": 'a room\'s name must not start with "-"',
    "x" * 51: "a room's name must have at most 50 characters",
    "ß" * 26: "a room's name must have at most 50 characters",
    "\u0345": "a room's name must not start with COMBINING GREEK YPOGEGRAMMENI (U+0345)",
}


class RoomTests(SynchronousTestCase):
    """check_room."""

    def test_rooms(self) -> None:
        """A room has one name, however it is cased and composed, with # or without."""
        self.assertEqual({text: outcome(check_room, text) for text in ROOMS}, ROOMS)

    @deterministic
    @given(TYPED)
    def test_idempotent(self, text: str) -> None:
        """A room's name is the name of the same room, in any case."""
        room = admitted(check_room, text)
        if room is not None:
            self.assertEqual(check_room(f"#{room}"), room)
            self.assertTrue(1 <= len(room) <= names.ROOM_LENGTH)


class NearestTests(SynchronousTestCase):
    """nearest."""

    def test_mistyped(self) -> None:
        """The known name most like the word is found."""
        self.assertEqual(nearest("jion", ["part", "join", "joiner"]), "join")

    def test_one_slip(self) -> None:
        """A letter may be missing, too many, another one, or in its neighbour's place."""
        for typed in ("serch", "seearch", "saarch", "saerch", "search"):
            self.assertEqual(nearest(typed, ["names", "search"]), "search", typed)

    def test_two_slips(self) -> None:
        """Two slips are too many, but in a long name."""
        self.assertIsNone(nearest("saerhc", ["search"]))
        self.assertEqual(nearest("regsitre", ["register"]), "register")
        self.assertIsNone(nearest("rgesitre", ["register"]))

    def test_short(self) -> None:
        """Of a name of one or two letters only its letters in another order are a near miss."""
        known = ["op", "me", "q"]
        self.assertEqual([nearest(typed, known) for typed in ("po", "em")], ["op", "me"])
        for typed in ("x", "mx", "o", "ope", "ab", ""):
            self.assertIsNone(nearest(typed, known), typed)

    def test_best(self) -> None:
        """Of several near misses it is the one with the fewest slips, then of the first letter."""
        self.assertEqual(nearest("unmute1", ["unmutes1", "unmute"]), "unmutes1")
        self.assertEqual(nearest("bars", ["wars", "bans"]), "bans")
        self.assertEqual(nearest("registry", ["register", "registro"]), "registro")

    def test_nothing_like_it(self) -> None:
        """A word like no known name has no nearest one."""
        self.assertIsNone(nearest("xyzzy", iter(["part", "join"])))
