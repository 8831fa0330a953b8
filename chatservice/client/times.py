"""Times as the clock of this machine shows them (tzset(3)), whatever the chat's own shows."""

import re
import time
from collections.abc import Mapping

_WITHOUT_DATE = len("14:03")


def zone(seconds: float | None = None) -> str:
    """What the local time is called, now or at a time."""
    return time.strftime("%Z", time.localtime(seconds))


def local_time(microseconds: int, with_date: bool) -> str:
    """A time since the epoch as a clock here shows it, and what that is called."""
    moment = time.localtime(microseconds / 1e6)
    return time.strftime("%Y-%m-%d %H:%M (%Z)" if with_date else "%H:%M (%Z)", moment)


def in_local_time(sentence: str, times: Mapping[str, int]) -> str:
    """A sentence of the chat, with the times in it as a clock here shows them.

    *times* are those in it, as they are spelled and since the epoch. One may be a part of another,
    and one be spelled here as another is there: so each place is looked at once.
    """
    spelled = "|".join(re.escape(each) for each in times if each)
    if not spelled:
        return sentence
    today = time.localtime()[:3]

    def here(found: re.Match[str]) -> str:
        microseconds = times[found[0]]
        is_today = time.localtime(microseconds / 1e6)[:3] == today
        return local_time(microseconds, len(found[0]) > _WITHOUT_DATE or not is_today)

    return re.sub(rf"(?<!\S)(?:{spelled})(?!\w)", here, sentence)
