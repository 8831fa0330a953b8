"""The decoding of text files that people write, on any system."""

from __future__ import annotations

import codecs

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(data: bytes, errors: str = "replace") -> str:
    """Decode a file in UTF-8, with or without a byte order mark.

    @param errors: see C{bytes.decode}.
    @raise ValueError: it is in UTF-16 (the message is a clause); or, with C{strict}, not in UTF-8.
    """
    if data.startswith(_UTF_16):
        raise ValueError("is in UTF-16: save it as UTF-8")
    # RFC 3629, section 6.
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors)
