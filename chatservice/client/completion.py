"""What a word that is being typed could become."""

from collections.abc import Iterable

from chatservice.client.commands import COMMANDS, command_word
from chatservice.wording import spelled

_WITH_ROOM = {"/join", "/names", "/part"}


def completions(before: str, nicknames: Iterable[str], rooms: Iterable[str]) -> list[str]:
    """What the last word of *before* could become, with what follows it; in order."""
    *earlier, word = before.split(" ")
    if not word:
        return []
    if not earlier and word.startswith("/"):
        return [f"{command} " for command in _starting(word, COMMANDS)]
    if word.startswith("#"):
        return [f"{room} " for room in _starting(word, (f"#{room}" for room in rooms))]
    if earlier and command_word(earlier[0]) in _WITH_ROOM:
        return [f"{spelled(room)} " for room in _starting(word, rooms)]
    end = " " if earlier else ": "
    return [nick + end for nick in _starting(word, nicknames)]


def _starting(word: str, names: Iterable[str]) -> list[str]:
    start = word.casefold()
    return sorted((n for n in names if n.casefold().startswith(start)), key=str.casefold)
