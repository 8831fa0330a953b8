"""The passwords that anybody would try first. This module knows nothing of the chat."""

from __future__ import annotations

from unicodedata import normalize

LENGTH = 256
"""Characters that are looked at."""

PERIOD_MOST = 4
"""The longest period of a repetition that is obvious, as in C{abcabcabc}."""

_MOST_USED = """
    admin administrator baseball basketball changeme chat chatservice chocolate computer default
    dragon football hallo hello helloworld iloveyou internet jennifer letmein liverpool login master
    michelle mercedes midnight minecraft monkey mypassword newpassword nickname nopassword pass
    passphrase passord passwd password passwort pokemon princess qazwsx qazwsxedc qwert qwerty
    qwertz samantha samsung scorpion secret server shadow starwars sunshine superman superstar
    swordfish system test testing topsecret trustno trustnoone victoria welcome whatever
    yourpassword
"""
_WORDS = frozenset(_MOST_USED.split())
# Keys in a row, the alphabet and digits; they count backwards too.
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb",
    "q1w2e3r4t5y6u7i8o9p0",
)
_IN_A_ROW = (*_ROWS, *(row[::-1] for row in _ROWS))
_INSTEAD = str.maketrans("013457@$!|", "oleastasil")
_ENDS = "0123456789!?.,;:-_*#+$&@ "


def is_obvious(password: str, *names: str) -> bool:
    """Tell whether a password is among the first that anybody would try.

    These are the most used ones, repetitions, rows of keys or characters, and names; all of them
    also with digits and marks around them, with digits for letters, in upper or lower case.

    @param names: names that everybody here knows.
    """
    folded = normalize("NFKC", password[:LENGTH]).casefold()
    bare = folded.strip(_ENDS)
    words = {bare, bare.translate(_INSTEAD), folded.translate(_INSTEAD).strip(_ENDS)}
    known = {name.casefold().strip(_ENDS) for name in names} - {""}
    return (
        0 <= (folded + folded).find(folded, 1) <= min(PERIOD_MOST, len(folded) - 1)
        or any(part in row for part in {folded, bare} - {""} for row in _IN_A_ROW)
        or not words.isdisjoint(_WORDS | known)
    )
