"""Which place and whom a command of an operator means."""

from __future__ import annotations

from dataclasses import replace

from chatservice.chat.access import Person, is_among
from chatservice.chat.authority import CHAT
from chatservice.chat.sanctions import is_by_network
from chatservice.commands.table import Call
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.names import nick_key

WHERE = (
    "#ROOM means that room, * the whole chat (server operators); without either, the current room."
)


def place_meant(call: Call) -> tuple[str, str]:
    """Find the room that a command is about, or L{CHAT}, and the rest of the text."""
    first, _, rest = call.rest.partition(" ")
    if first == "*":
        return CHAT, rest.strip(" ")
    if first.startswith("#"):
        return call.chat.room_name(first), rest.strip(" ")
    return call.room.name, call.rest


def first_word(call: Call, text: str) -> tuple[str, str]:
    """Split a text into its first word, which must be there, and the rest.

    @raise ChatError: C{usage}.
    """
    first, _, rest = text.partition(" ")
    if not first:
        raise call.wrong()
    return first, rest.strip(" ")


def person_meant(call: Call) -> Person:
    """Find the one person whom a command names, and nothing else.

    @raise ChatError: there is nobody.
    """
    nick, more = first_word(call, call.rest)
    if more:
        raise call.wrong()
    return call.chat.nicknames.person_named(nick)


def anyone(call: Call, nick: str) -> Person:
    """Find whoever has a nickname or has registered it, or else whoever may have had it once."""
    return call.chat.nicknames.person(nick) or Person(nick, b"")


def holder_named(call: Call, holders: list[Person]) -> Person:
    """Find the person whom the command names, first among those who hold something.

    It may be somebody who is not here and no longer registered, by the nickname of that time.
    """
    nick, _ = first_word(call, call.rest)
    person = anyone(call, nick)
    if is_among(person, holders):
        return person
    named = (holder for holder in holders if nick_key(holder.nick) == nick_key(nick))
    return next(named, person)


def for_reader(call: Call, act: OperatorAct) -> OperatorAct:
    """Give an act of the log as the asker may see it: addresses are for server operators."""
    if not act.network:
        return act
    if not call.chat.permissions.is_operator(call.member):
        return replace(act, target="an address") if is_by_network(act) else act
    return act if is_by_network(act) else replace(act, target=f"{act.target} ({act.network})")
