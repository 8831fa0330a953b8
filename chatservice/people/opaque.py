"""The canonical form of a password, independent of the keyboard it was typed on."""

from __future__ import annotations

import unicodedata

from precis_i18n import get_profile

LOOKED_AT = 1024
"""Characters of a password that count: more than anybody uses."""

_PROFILE = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """Prepare a password by RFC 8265, section 4.2; spaces at its ends do not count.

    All kinds of spaces become U+0020, and letters with marks are composed (NFC). Capitals and wide
    characters stay as they are.

    @raise ValueError: the password is invalid; the message is one sentence.
    """
    try:
        # Composing marks takes time quadratic in their number (UAX #15, D108).
        enforced: str = _PROFILE.enforce(password[:LOOKED_AT])
    except UnicodeError:
        raise ValueError(
            "a password must not be empty, or contain control or invisible characters: choose "
            "another"
        ) from None
    return enforced.strip(" ")


def forms(password: str) -> list[str]:
    """List the forms in which a typed password may have been hashed: prepared, and just composed.

    Passwords were once only composed (NFC). For nearly all of them the two forms are the same.
    """
    composed = unicodedata.normalize("NFC", password[:LOOKED_AT])
    try:
        return list(dict.fromkeys((prepared(password), composed)))
    except ValueError:
        return [composed]
