"""How texts are split, by which they are found."""

from __future__ import annotations

import sqlite3
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.tokenizer import fold, indexable, tokens_of

SPLIT = {
    "Hello, big_World! it's 5": ["hello", "big", "world", "it", "s", "5"],
    "蜜蜂飞，好": ["蜜蜂", "蜂飞", "飞", "好"],
    "東京・ひらがな": ["東京", "京", "ひら", "らが", "がな", "な"],
    "iPhone15手机": ["iphone15", "手机", "机"],
    "한국어": ["한국", "국어", "어"],
    "กินข้าว": ["กิ", "ิน", "นข", "ข้", "้า", "าว", "ว"],
    "ລາວ": ["ລາ", "າວ", "ວ"],
    "😂😂 ok": ["😂", "😂", "ok"],
    "a❤️b": ["a", "❤", "b"],
    "👍🏽👨‍👧": ["👍", "🏽", "👨", "👧"],
    "🇩🇪🇫🇷": ["🇩🇪", "🇫🇷"],
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿!": ["🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"],
    "हिन्दी है": ["हिन्दी", "है"],
    "мой Ёж": ["мой", "ёж"],
    "x\u0331 y": ["x", "y"],
}
SAME = {
    "composed": ("Ame\u0301lie", "amélie"),
    "without_accents": ("Amélie", "amelie"),
    "greek": ("Αθήνα", "ΑΘΗΝΑ"),
    "folded": ("Straße", "STRASSE"),
    "turkish": ("İstanbul", "istanbul"),
    "hangul": (unicodedata.normalize("NFD", "한국"), "한국"),
    "kana": ("か\u3099", "が"),
    "wide": ("Ｐｙｔｈｏｎ３", "python3"),
    "narrow": ("ｶﾞｷﾞ", "ガギ"),
    "jamo": ("하ㄳ", "하ㄳ"),
    "vowel_points": ("שָׁלוֹם", "שלום"),
    "soft_hyphen": ("honey\u00adcomb", "honeycomb"),
    "zero_width_space": ("ไทย\u200bคำ", "ไทยคำ"),
    "shape": ("❤\ufe0f", "❤"),
}
SCRIPTS = "aZé ß٣ .-_\0가ᄒ\u1161กิ蜂飞がㅋ😂🇩🇪👍🏽\u200d\ufe0f\u0301हि𝒳"


class TokenizerTests(SynchronousTestCase):
    """tokens_of."""

    def test_split(self) -> None:
        """Words, pairs of characters with the last one by itself, and symbols, in their order."""
        for text, tokens in SPLIT.items():
            self.assertEqual(tokens_of(text), tokens, text)

    def test_same(self) -> None:
        """What is the same for a reader has the same tokens."""
        for name, (one, other) in SAME.items():
            self.assertEqual(tokens_of(one), tokens_of(other), name)

    def test_different(self) -> None:
        """What a reader takes for another letter is another one."""
        for one, other in (("мой", "мои"), ("が", "か"), ("กา", "ก"), ("🇩🇪", "🇪🇩"), ("ㅋ", "ㅎ")):
            self.assertNotEqual(tokens_of(one), tokens_of(other), one)

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.text(st.sampled_from(SCRIPTS) | st.characters(), max_size=30))
    def test_index(self, text: str) -> None:
        """Of any text SQLite makes the tokens that are said here, and each is in it when folded."""
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'ascii')")
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, instance)")
        given = indexable(text).encode("utf-8", "replace").decode()
        connection.execute("INSERT INTO words VALUES (?)", (given,))
        found = connection.execute("SELECT term FROM terms ORDER BY offset").fetchall()
        connection.close()
        self.assertEqual([token for (token,) in found], tokens_of(text))
        folded = fold(text)
        self.assertEqual([token for token in tokens_of(text) if token not in folded], [])
