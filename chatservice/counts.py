"""Counts in sentences."""


def counted(count: int, one: str, many: str) -> str:
    """Spell a count and what is counted: C{1 line}, C{1,200 lines}.

    @param one: the words that follow a count of 1, and C{many} those that follow any other.
    """
    return f"{count:,} {one if count == 1 else many}"
