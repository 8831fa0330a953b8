"""Counts, as sentences spell them and as people type them."""


def counted(count: int, one: str, many: str) -> str:
    """Spell a count and what is counted: C{1 line}, C{1,200 lines}.

    @param one: the words after a count of 1; C{many} follows any other count.
    """
    return f"{count:,} {one if count == 1 else many}"


def number(text: str, most: int) -> int | None:
    """Read a text that is a number from 1 to C{most}; C{None} if it is not."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if 1 <= int(text) <= most else None
