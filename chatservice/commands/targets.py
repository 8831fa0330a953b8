"""The places and people that operators' commands name."""

from __future__ import annotations

from dataclasses import replace

from chatservice.chat.access import Person, is_among
from chatservice.chat.places import CHAT
from chatservice.chat.sanctions import is_by_network
from chatservice.commands.table import Call
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.names import LOBBY, nick_key

WHERE = (
    "#ROOM means that room, * the whole chat (server operators); without either, the current room."
)


def place_meant(call: Call) -> tuple[str, str]:
    """Read the room that a command is about, or L{CHAT}, and what follows.

    @raise ChatError: C{bad-room} or C{no-room}.
    """
    first, _, rest = call.rest.partition(" ")
    if first == "*":
        return CHAT, rest.strip(" ")
    if first.startswith("#"):
        return call.chat.room_name(first), rest.strip(" ")
    return call.room.name, call.rest


def is_room(word: str) -> bool:
    """Tell whether a word is a room's name, as line doors spell it."""
    return word.startswith("#") or word.casefold() == LOBBY


def first_word(call: Call, text: str) -> tuple[str, str]:
    """Split a text into its first word, which is required, and the rest.

    @raise ChatError: C{usage}: there is no word.
    """
    first, _, rest = text.partition(" ")
    if not first:
        raise call.wrong()
    return first, rest.strip(" ")


def person_meant(call: Call) -> Person:
    """Find the person that a command names as its only argument.

    @raise ChatError: C{usage} or C{no-nick}: there is more than a name, or no such person.
    """
    nick, more = first_word(call, call.rest)
    if more:
        raise call.wrong()
    return call.chat.nicknames.person_named(nick)


def anyone(call: Call, nick: str) -> Person:
    """Find the person who has a nickname or has registered it, or else a former holder by name."""
    return call.chat.nicknames.person(nick) or Person(nick, b"")


def holder_named(call: Call, holders: list[Person]) -> Person:
    """Find the person that the command names, first among the holders of some right.

    A holder who is neither here nor registered any more is found by the nickname of that time.
    """
    nick, _ = first_word(call, call.rest)
    person = anyone(call, nick)
    if is_among(person, holders):
        return person
    named = (holder for holder in holders if nick_key(holder.nick) == nick_key(nick))
    return next(named, person)


def for_reader(call: Call, act: OperatorAct) -> OperatorAct:
    """Adapt an act of the log to what the asker may see: only server operators see addresses."""
    if not act.network:
        return act
    if not call.chat.permissions.is_operator(call.member):
        return replace(act, target="an address") if is_by_network(act) else act
    return act if is_by_network(act) else replace(act, target=f"{act.target} ({act.network})")
