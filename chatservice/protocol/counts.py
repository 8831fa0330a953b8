"""Counts, in sentences and as they are typed."""


def counted(count: int, one: str, many: str) -> str:
    """Spell a count and what is counted: C{1 line}, C{1,200 lines}.

    @param one: the words that follow a count of 1.
    @param many: the words that follow any other count.
    """
    return f"{count:,} {one if count == 1 else many}"


def number(text: str, most: int) -> int | None:
    """Read the number from 1 to C{most} that a text is; C{None} if it is none of those."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if 1 <= int(text) <= most else None
