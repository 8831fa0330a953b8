"""Text files that people write, on whatever system."""

from __future__ import annotations

import codecs

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(data: bytes, errors: str = "replace") -> str:
    """Decode a file in UTF-8, with a byte order mark or without one.

    @param errors: see C{bytes.decode}.
    @raise ValueError: it is in UTF-16, with a clause; or not in UTF-8, if errors are C{strict}.
    """
    if data.startswith(_UTF_16):
        raise ValueError("is in UTF-16: save it as UTF-8")
    # RFC 3629, section 6.
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors)
