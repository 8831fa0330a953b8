"""The hosts that people are shown to be at: they hide addresses, and can still be banned."""

from __future__ import annotations

import re
from hashlib import blake2b

USER_LENGTH = 9
"""The most characters of a user name, without the C{~} before it."""

_LETTERS = 10
_NOT_A_USER = re.compile(r"[^A-Za-z0-9._-]")


def hidden_host(origin: str, key: bytes) -> str:
    """Make the host of everybody with an origin: ten letters that tell nothing of the address.

    It has exactly one dot, because clients ban C{*.b.chat} for C{a.b.chat}.

    @param origin: see L{chatservice.people.addresses.origin_of}.
    @param key: the secret of the chat, without which the address cannot be found by trying all.
    """
    number = int.from_bytes(blake2b(origin.encode(), key=key, digest_size=8).digest(), "big")
    letters = ""
    for _ in range(_LETTERS):
        number, letter = divmod(number, 26)
        letters += chr(ord("a") + letter)
    return f"{letters}.chat"


def user_name(given: str, door: str) -> str:
    """Make the user name that somebody is shown with: what they gave, or else the door's name.

    The C{~} says that nobody has checked it (RFC 1413).
    """
    bare = _NOT_A_USER.sub("", given)[:USER_LENGTH]
    return f"~{bare or _NOT_A_USER.sub('', door.lower())[:USER_LENGTH]}"
