"""The rules for the names of people and rooms, and for nicknames that look the same.

The module knows nothing of the chat: text in, text or C{ValueError} out, whose message is one
sentence for the person who chose the name. PRECIS (RFC 8264) says which letters exist, in its
profile UsernameCasePreserved (RFC 8265, section 3.4), and UTS #39 which look alike.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.resources import files

from precis_i18n import get_profile

NICK_LENGTH = 32
"""The most characters of a nickname, as it is shown."""

NICK_INPUT = 4 * NICK_LENGTH
"""The most characters read of the text typed as a nickname."""

ROOM_LENGTH = 50
"""The most characters of a room's name, without the C{#}."""

LOBBY = "lobby"
"""The room that always exists, and that newcomers enter."""

PASSWORD_LEAST = 8
"""The fewest characters of a password for registering a nickname, unless an operator chose."""

PASSWORD_TRIES = 3
"""The number of wrong passwords in a row after which the chat closes the connection."""

RESERVED = frozenset(
    {"you", "server", "system", "chatservice", "error", "everyone", "here", "admin", "root"}
    | {"NickServ", "ChanServ"}
)
"""Nicknames that nobody may take, and nothing that looks like them either."""

_FIRST_MARKS = "_[]|^`"
_MARKS = _FIRST_MARKS + "-.{}"
_PRECIS = get_profile("UsernameCasePreserved")
_MOST_COMPOSED = 4  # NFC makes one character of at most this many, as in U+1F82
_MARKS_MOST = 4  # on one letter (UTS #39, 5.4)
_SHORT, _LONG = 2, 8  # letters; see nearest


def check_nick(text: str) -> str:
    """Normalize a nickname to the form that is shown: no surrounding spaces, width-mapped, NFC.

    Checking the result again returns it unchanged. Two different nicknames may still look the
    same: compare their keys (L{nick_key}).

    @raise ValueError: the nickname is malformed, too long, or reserved.
    """
    nick = _admit(text.strip(" "), "nickname", NICK_LENGTH, str.isalpha)
    if _reserved_key(nick) in _RESERVED_KEYS:
        raise ValueError(f"{nick} is reserved, or looks like a name that is: choose another one")
    return nick


def check_room(text: str) -> str:
    """Normalize a room's name: no leading C{#}, no surrounding spaces, case-folded, NFC.

    It may begin with a digit; otherwise its characters are those of nicknames. Checking the result
    again returns it unchanged.

    @raise ValueError: the name is malformed or too long.
    """
    return _checked_room(text.strip(" ").removeprefix("#"))


# Programs name the room in every line. Errors are not kept, so nothing long is.
@lru_cache(maxsize=1024)
def _checked_room(bare: str) -> str:
    room = _admit(bare, "room's name", ROOM_LENGTH, str.isalnum)
    # Folding can lengthen and decompose it.
    return _admit(room.casefold(), "room's name", ROOM_LENGTH, str.isalnum)


def nick_key(nick: str) -> str:
    """Make the key of a nickname, equal for nicknames that look the same or differ only in case.

    The key is NFKD, case-folded, then the skeleton of UTS #39, section 4, which is case-folded and
    mapped in turn until nothing changes: the table does that in one pass. Any text has a key.

    Case is folded first, so that no choice of capitals evades the check. The price is that a
    capital that looks like another letter's small form is missed: "PayPaI" is not "paypal". If
    I equalled l, then i would equal l too, since I equals i, and Kari could not join while Karl is
    here. The same goes for the Greek capitals that look like N and Y. Greek and Cyrillic capitals
    that look like B, E, H, K, M, T, X or Z are caught, for the table lists them in addition to
    Unicode's. Those of rarer scripts are not.
    """
    # Sorting the marks of a long text (UAX #15, D108) would take quadratic time.
    nick = nick[:NICK_INPUT]
    if nick.isascii():
        return nick.lower().translate(_LOOKS_LIKE)
    folded = unicodedata.normalize("NFKD", nick).casefold()
    skeleton = unicodedata.normalize("NFD", folded.translate(_LOOKS_LIKE))
    return _HIDDEN_DOT.sub(r"\1", skeleton)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known name that a word was probably meant to be; C{None} if it is close to none.

    A slip is a letter that is missing, added, wrong, or swapped with its neighbour. One slip is
    allowed, and two in a long name. In a name of one or two letters only a swap counts, or it
    would be close to everything.
    """
    slips = {name: _slips(word, name) for name in known if abs(len(name) - len(word)) <= 2}
    near = [name for name in slips if slips[name] <= _slips_allowed(word, name)]
    return min(near, key=lambda name: (slips[name], name[:1] != word[:1]), default=None)


def _slips_allowed(word: str, name: str) -> int:
    if min(len(word), len(name)) <= _SHORT:
        return 1 if sorted(word) == sorted(name) else 0
    return 2 if max(len(word), len(name)) >= _LONG else 1


def _slips(word: str, name: str) -> int:
    """Count the fewest slips between two words: the optimal string alignment distance."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for i, char in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(name, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == name[j - 2] and word[i - 2] == other:
                slips = min(slips, earlier[j - 2] + 1)
            row.append(slips)
    return row[-1]


def _admit(text: str, kind: str, length: int, can_start: Callable[[str], bool]) -> str:
    """Enforce PRECIS on a text, and check our own alphabet and the length."""
    if not text:
        raise ValueError(f"a {kind} must have at least one character")
    try:
        name = _PRECIS.enforce(text[: length * _MOST_COMPOSED + 1])
    except UnicodeEncodeError as refusal:
        raise ValueError(_sentence(refusal, kind)) from None
    for char in name:
        if char.isascii() and not char.isalnum() and char not in _MARKS:
            raise ValueError(f"a {kind} must not contain {_describe(char)}")
    if not can_start(name[0]) and name[0] not in _FIRST_MARKS:
        raise ValueError(f"a {kind} must not start with {_describe(name[0])}")
    if len(name) > length:
        raise ValueError(f"a {kind} must have at most {length} characters")
    _check_marks(name, kind)
    return name


def _check_marks(name: str, kind: str) -> None:
    """Refuse repeated marks, and too many on a letter (UTS #39, 5.4)."""
    before, marks = "", 0
    for char in unicodedata.normalize("NFD", name):
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks and char == before:
            raise ValueError(f"a {kind} must not have {_describe(char)} twice in a row")
        if marks > _MARKS_MOST:
            raise ValueError(f"a {kind} must have at most {_MARKS_MOST} marks on a letter")
        before = char


def _sentence(refusal: UnicodeEncodeError, kind: str) -> str:
    """Explain to a person why PRECIS refused a name."""
    if refusal.reason.endswith("bidi_rule"):
        return (
            f"a {kind} with right-to-left letters must start with one of them, end with one "
            "or with a digit, and have no left-to-right letters"
        )
    return f"a {kind} must not contain {_describe(refusal.object[refusal.start])}"


def _describe(char: str) -> str:
    """Describe a character in words that are safe to show, whatever the character does."""
    if char == " ":
        return "a space"
    if char.isascii() and char.isprintable():
        return f'"{char}"'
    return f"{unicodedata.name(char, 'the character')} (U+{ord(char):04X})"


def _read_table() -> dict[int, str]:
    """Read the look-alike of each character that has one."""
    text = files("chatservice.protocol").joinpath("confusables.txt").read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {int(row[0], 16): "".join(chr(int(point, 16)) for point in row[1:]) for row in rows}


def _reserved_key(nick: str) -> str:
    """Make a key in which i also equals l, and so 1; among reserved names that does no harm."""
    return nick_key(nick).replace("i", "l")


_LOOKS_LIKE = _read_table()
# A dot above is invisible on a letter that has one: i and j, and l, which stands for I.
_HIDDEN_DOT = re.compile("([ijl][\u0316-\u0338]*)\u0307+")
_RESERVED_KEYS = frozenset(map(_reserved_key, RESERVED))
