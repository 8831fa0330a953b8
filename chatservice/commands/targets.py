"""Which place and whom a command of an operator means."""

from __future__ import annotations

from dataclasses import replace

from chatservice.acts import OperatorAct
from chatservice.authority import CHAT
from chatservice.commands.table import Call
from chatservice.events import ChatError
from chatservice.names import nick_key
from chatservice.sanctions import is_by_network
from chatservice.standing import Person

WHERE = (
    "#ROOM means that room, * the whole chat (server operators); without either, the current "
    "room is meant."
)


def place_meant(call: Call) -> tuple[str, str]:
    """The room that a command is about, or L{CHAT}, and what follows."""
    first, _, rest = call.rest.partition(" ")
    if first == "*":
        return CHAT, rest.strip(" ")
    if first.startswith("#"):
        return call.chat.room_name(first), rest.strip(" ")
    return call.room.name, call.rest


def first_word(call: Call, text: str) -> tuple[str, str]:
    """The first word, which has to be there, and what follows."""
    first, _, rest = text.partition(" ")
    if not first:
        raise call.wrong()
    return first, rest.strip(" ")


def found(call: Call, nick: str) -> Person | None:
    """Whoever has a nickname here, or else has registered it."""
    member = call.chat.roster.get(nick_key(nick))
    if member is not None:
        return Person(member.nick, member.identity, member.account, member)
    account = call.chat.accounts.named(nick)
    if account is not None:
        return Person(account.nick, account.identity, account, call.chat.roster.of(account))
    return None


def person_named(call: Call, nick: str) -> Person:
    """Whoever has a nickname here, or else has registered it.

    @raise ChatError: there is nobody.
    """
    person = found(call, nick)
    if person is None:
        raise ChatError("no-nick", f"nobody here is called {nick[:40]}, and it is not registered")
    return person


def meant_here(call: Call) -> tuple[str, Person]:
    """The current room, in which the giver has to be an operator, and whom the command names."""
    nick, more = first_word(call, call.rest)
    if more:
        raise call.wrong()
    call.chat.moderation.check_power(call.member, call.room.name)
    return call.room.name, person_named(call, nick)


def holder_named(call: Call, holders: list[Person]) -> Person | None:
    """Whom the command names among those who hold something.

    Also one who is not here and not registered any more, by the nickname of that time.
    """
    nick, _ = first_word(call, call.rest)
    person = found(call, nick)
    if person is not None and is_among(person, holders):
        return person
    named = (holder for holder in holders if nick_key(holder.nick) == nick_key(nick))
    return next(named, None)


def is_among(person: Person, holders: list[Person]) -> bool:
    """Whether a person holds something."""
    return any(person.identity == holder.identity for holder in holders)


def for_reader(call: Call, act: OperatorAct) -> OperatorAct:
    """An act of the log as whoever asks may see it: addresses are for server operators."""
    if not act.network:
        return act
    if not call.chat.moderation.is_operator(call.member):
        return replace(act, target="an address") if is_by_network(act) else act
    return act if is_by_network(act) else replace(act, target=f"{act.target} ({act.network})")
