"""The canonical form of a password, independent of the keyboard it was typed on."""

from __future__ import annotations

import unicodedata

from precis_i18n import get_profile

PASSWORD_MOST = 1024
"""The most characters of a password; further ones of a text are not looked at."""

_PROFILE = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """Prepare a password by RFC 8265, section 4.2; spaces at its ends do not count.

    All kinds of spaces become U+0020, and letters with marks are composed (NFC). Capitals and wide
    characters stay as they are.

    @raise ValueError: the password is invalid; the message is one sentence.
    """
    try:
        # Composing marks takes time quadratic in their number (UAX #15, D108).
        enforced: str = _PROFILE.enforce(password[:PASSWORD_MOST])
    except UnicodeError:
        raise ValueError(
            "a password must not be empty, or contain control or invisible characters: choose "
            "another"
        ) from None
    return enforced.strip(" ")


def prepared_anew(password: str) -> str:
    """Prepare a password that somebody chooses; see L{prepared}.

    @raise ValueError: it is invalid or too long; the message is one sentence.
    """
    if len(password) > PASSWORD_MOST:
        raise ValueError(f"a password must have at most {PASSWORD_MOST:,} characters")
    return prepared(password)


def forms(password: str) -> list[str]:
    """List the forms in which a typed password may have been hashed: prepared, and just composed.

    Passwords were once only composed (NFC). For nearly all of them the two forms are the same.
    """
    composed = unicodedata.normalize("NFC", password[:PASSWORD_MOST])
    try:
        return list(dict.fromkeys((prepared(password), composed)))
    except ValueError:
        return [composed]
