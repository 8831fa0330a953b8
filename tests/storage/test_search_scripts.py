"""Finding lines in every script; and leaving nothing of them in the index."""

from __future__ import annotations

import unicodedata
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from chatservice.protocol.events import ChatError
from chatservice.protocol.query import Query, parse
from chatservice.protocol.tokenizer import tokens_of
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import line
from tests.storage.test_search import EXAMPLES

CHINESE, JAPANESE, KOREAN, THAI = (
    "明天去公园吃蛋糕吧",
    "東京へ行きました。",
    "학교에서 만나요",
    "พรุ่งนี้ไปกินข้าว",
)
EMOJI = "yes 👍🏽 👨‍👩‍👧 🇩🇪🇫🇷 ❤️"
MIXED = "Ｐｙｔｈｏｎ3の本をbuyした"
LINES = (CHINESE, JAPANESE, KOREAN, THAI, EMOJI, MIXED)
FOUND = {
    "公园": CHINESE,
    "吃": CHINESE,
    "吧": CHINESE,
    "公园 蛋糕": CHINESE,
    "天去公园吃蛋": CHINESE,
    "“公园吃”": CHINESE,
    "東京": JAPANESE,
    "行き": JAPANESE,
    "ました。": JAPANESE,
    "학교": KOREAN,
    "교에": KOREAN,
    "만": KOREAN,
    '"에서 만나"': KOREAN,
    unicodedata.normalize("NFD", "학교"): KOREAN,
    "นี้": THAI,
    "ข้าว": THAI,
    "กิน": THAI,
    "👍🏽": EMOJI,
    "👍": EMOJI,
    "👨‍👩‍👧": EMOJI,
    "👧": EMOJI,
    "🇩🇪": EMOJI,
    "🇫🇷": EMOJI,
    "❤": EMOJI,
    '"yes 👍"': EMOJI,
    "Python3": MIXED,
    "buy": MIXED,
    "の本": MIXED,
    '"本をbuy"': MIXED,
    "pyth*": MIXED,
}
NOT_FOUND = (
    "园公",
    "吃公",
    "公吃",
    "京東",
    "교학",
    "👍🏿",
    "👧👦",
    "🇪🇫",
    "🇪🇸",
    '"公园 蛋糕"',
    "ข้ากิน",
    "buyする",
)

LETTERS = (
    "蜂",
    "蜜",
    "飞",
    "が",
    "か\u3099",
    "학",
    "กิ",
    "น",
    "bee",
    "BEES",
    "é",
    "e\u0301",
    "5",
    "x",
)
OTHERS = (" ", "  ", "-", "，", "👍", "🏽", "\u200d", "👧", "🇩", "🇪", "❤\ufe0f")
PIECES = st.sampled_from(LETTERS + OTHERS)
TEXTS = st.lists(PIECES, min_size=1, max_size=8).map("".join)


def has_all(text: str, query: Query) -> bool:
    """Whether the tokens of a text have all that is looked for, by comparing them one by one."""
    tokens = f" {' '.join(tokens_of(text))} "
    ends = [(" ".join(term.tokens), "" if term.goes_on else " ") for term in query.terms]
    return all(f" {term}{end}" in tokens for term, end in ends)


class ScriptsContract(JournalCase):
    """What searching finds.

    @ivar firsts: ids that no earlier example has had.
    """

    firsts = count(10, 10)

    def tokens(self) -> list[str]:
        """All that the index has."""
        raise NotImplementedError

    def found(self, words: str) -> list[str]:
        found = self.successResultOf(self.journal.search(parse(words), ["lobby"], 50))
        return [event.text for event in found.events]

    def test_found(self) -> None:
        """Any part is found, of one character too."""
        self.append(*(line(id, text) for id, text in enumerate(LINES, 1)))
        missed = {words: self.found(words) for words, text in FOUND.items()}
        wrong = {words: texts for words, texts in missed.items() if texts != [FOUND[words]]}
        self.assertEqual(wrong, {})

    def test_not_found(self) -> None:
        """What is not written so is not found."""
        self.append(*(line(id, text) for id, text in enumerate(LINES, 1)))
        self.assertEqual([words for words in NOT_FOUND if self.found(words)], [])

    def test_accents(self) -> None:
        """A word is found with and without the accents on its letters."""
        self.append(line(1, "Grüße"), line(2, "cafe"))
        self.assertEqual((self.found("gruße"), self.found("café")), (["Grüße"], ["cafe"]))

    @settings(EXAMPLES, max_examples=150)
    @given(st.lists(TEXTS, min_size=1, max_size=6), TEXTS)
    def test_tokens(self, texts: list[str], words: str) -> None:
        """A line is found by its tokens; and what is erased leaves nothing in the index."""
        first = next(self.firsts)
        self.append(*(line(id, text) for id, text in enumerate(texts, first)))
        for wanted in (f'bee "{words}"', f"蜂 {words}", f'"{words}" 5', *texts):
            try:
                query = parse(wanted)
            except ChatError:
                continue
            having = [text for text in texts if has_all(text, query)]
            self.assertEqual(self.found(wanted), having, wanted)
        self.check_index()
        ids = range(first, first + len(texts))
        self.erase(ids)
        self.check_index()
        self.assertEqual(self.tokens(), [])


class ScriptsTests(ScriptsContract, DatabaseJournalTestCase):
    """What searching finds in SQLite."""

    path = ":memory:"

    def setUp(self) -> None:
        super().setUp()
        sql = "CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, words, row)"
        self.database_.at_start(lambda connection: connection.execute(sql))

    def tokens(self) -> list[str]:
        return self.database_.at_start(
            lambda connection: [
                token for (token,) in connection.execute("SELECT term FROM temp.terms")
            ]
        )
