"""Whether an event is what a request asked for: the receipt for a line of talk.

A nickname proves nothing: it may be another's by now. Nor does a ref, which everybody sees with
the event. That an event is one's *own* the chat alone can tell; and it counts for a request only
if it says the same, in the same room.
"""

import unicodedata

from chatservice.client.commands import command_word
from chatservice.client.requests import Command, Say
from chatservice.client.wire import is_own
from chatservice.events import Acted, Said, Talk, Whispered


def answers(event: Talk, request: Say | Command) -> bool:
    """Whether *event* tells that what *request* says was said.

    To whom a private line went is not compared: whoever has registered the nickname that was
    written may be here under another one, and that is what the event names.
    """
    if not is_own(event):
        return False
    match event, request:
        case Said(), Say():
            return event.room == request.room and is_same(event.text, request.text)
        case Acted(), Command(line=line) if command_word(line) == "/me":
            here = request.room in (None, event.room)
            return here and is_same(event.text, _after_word(line))
        case Whispered(), Command(line=line) if command_word(line) == "/msg":
            return is_same(event.text, _after_word(_after_word(line)))
    return False


def is_same(said: str, asked: str) -> bool:
    """Whether *said* is what is left of *asked* once the chat has cleaned it.

    That takes out, or makes blanks of, what is not seen, and combining marks that are too many.
    What is seen stays, in its order.
    """
    said, at = _seen(said), 0
    for char in _seen(asked):
        if said[at : at + 1] == char:
            at += 1
        elif not unicodedata.category(char).startswith("M"):
            return False
    return at == len(said)


def _seen(text: str) -> str:
    """The text without blanks, controls and what only formats."""
    return "".join(char for char in text if unicodedata.category(char)[0] not in "CZ")


def _after_word(line: str) -> str:
    return line.lstrip(" ").partition(" ")[2]
