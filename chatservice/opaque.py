"""The one meaning of a password, wherever and on whatever keyboard it is typed."""

from __future__ import annotations

import unicodedata

from precis_i18n import get_profile

LOOKED_AT = 1024
"""Characters of a password that count: more than anybody's has."""

_PROFILE = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """Prepare a password as RFC 8265, section 4.2, has it; spaces at its ends do not count.

    Spaces of all kinds become the same, and letters with marks are composed (NFC). Capitals and
    wide characters stay what they are.

    @raise ValueError: nobody can have it, with one sentence.
    """
    try:
        # To compose marks takes time quadratic in them (UAX #15, D108).
        enforced: str = _PROFILE.enforce(password[:LOOKED_AT])
    except UnicodeError:
        raise ValueError(
            "a password cannot be empty, or contain control or invisible characters: choose another"
        ) from None
    return enforced.strip(" ")


def forms(password: str) -> list[str]:
    """List what a typed password may have been hashed as: prepared, and as it was before that.

    Until passwords were prepared, they were composed and nothing else. Of nearly all the two are
    the same.
    """
    composed = unicodedata.normalize("NFC", password[:LOOKED_AT])
    try:
        return list(dict.fromkeys((prepared(password), composed)))
    except ValueError:
        return [composed]
