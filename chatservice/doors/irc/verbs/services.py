"""NickServ, ChanServ and the chat itself, to whom people write as to a person.

What NickServ and ChanServ understand is a table of words, each of which is a command of the chat.
Passwords pass here: nothing repeats or logs what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.words.protocols import irc

from chatservice import commands
from chatservice.chat.rooms import Member, Room
from chatservice.doors.irc.client import (
    NOTICE_BYTES,
    SERVICE,
    Continued,
    IrcClient,
    Lines,
    Told,
)
from chatservice.doors.irc.own import turned
from chatservice.doors.irc.verbs.table import Call, verb
from chatservice.doors.irc.wire import CTCP, middle, pieces
from chatservice.protocol.events import ChatError
from chatservice.protocol.wording import retold

Carried: TypeAlias = Callable[[], commands.Answer | Deferred[commands.Answer]]

NICKSERV, CHANSERV = "NickServ", "ChanServ"

SERVICES = {
    "nickserv": NICKSERV,
    "ns": NICKSERV,
    "chanserv": CHANSERV,
    "cs": CHANSERV,
    "chatservice": SERVICE,
}

IDENTIFY = ("IDENTIFY", "ID")

Meaning = Callable[[Member, str], tuple[str, str]]
"""A function that finds a command of the chat, by name, and its arguments."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that a service understands.

    @ivar meaning: finds the command that does it.
    @ivar usage: what follows the word.
    @ivar summary: what it does.
    """

    meaning: Meaning
    usage: str
    summary: str


def _is(command: str) -> Meaning:
    return lambda _, rest: (command, rest)


def _is_for(command: str) -> Meaning:
    """Mean a command about the person named, or else about the asker."""
    return lambda member, rest: (command, rest or member.nick)


def _register(_: Member, rest: str) -> tuple[str, str]:
    password, *more = rest.split(" ")
    # An address may follow, and is not kept; anything else would be a part of the password.
    return "register", password if len(more) == 1 and "@" in more[0] else rest


def _set(member: Member, rest: str) -> tuple[str, str]:
    what, _, passwords = rest.partition(" ")
    return "password", passwords if what.upper() == "PASSWORD" else ""


def _ghost(member: Member, rest: str) -> tuple[str, str]:
    """Mean the asker's other connections, or a stranger who has the nickname."""
    nick, _, password = rest.partition(" ")
    account = member.account
    if account is not None and nick.casefold() in ("", account.nick.casefold()):
        return "devices", "close others"
    return "login", rest if password else ""


TABLES: dict[str, dict[str, Word]] = {
    NICKSERV: {
        "REGISTER": Word(_register, "PASSWORD", "make your nickname yours alone"),
        "IDENTIFY": Word(_is("login"), "[NICK] PASSWORD", "prove that a nickname is yours"),
        "LOGOUT": Word(_is("logout"), "", "be a guest again"),
        "GHOST": Word(
            _ghost, "NICK [PASSWORD]", "take your nickname back, and close your other connections"
        ),
        "SET": Word(_set, "PASSWORD OLD NEW", "change your password"),
        "DROP": Word(_is("unregister"), "PASSWORD", "give up your nickname"),
        "INFO": Word(_is_for("whois"), "[NICK]", "show who somebody is"),
    },
    CHANSERV: {
        "REGISTER": Word(_is("claim"), "", "make a channel that you run yours for good"),
        "OP": Word(_is_for("op"), "[NICK]", "make somebody an operator"),
        "DEOP": Word(_is_for("deop"), "[NICK]", "take that away again"),
        "VOICE": Word(_is_for("voice"), "[NICK]", "let somebody speak if it is moderated"),
        "DEVOICE": Word(_is_for("devoice"), "[NICK]", "take that away again"),
        "INVITE": Word(_is_for("invite"), "NICK", "let somebody in"),
        "KICK": Word(_is("kick"), "NICK [WHY]", "turn somebody out"),
        "BAN": Word(_is("ban"), "NICK|MASK [2h|7d] [REASON]", "keep somebody out"),
        "UNBAN": Word(_is("unban"), "NICK|MASK", "end a ban"),
        "SET": Word(_is("room"), "[SETTING VALUE]", "show the settings, or change one"),
        "INFO": Word(lambda *_: ("room", ""), "", "show who runs it, and its settings"),
    },
}
"""The words that each service understands."""

SHORT = {"ID": "IDENTIFY", "RELEASE": "GHOST", "RECOVER": "GHOST", "REGAIN": "GHOST"}


@dataclass(frozen=True, slots=True)
class Asked(commands.Call):
    """A command as somebody asked a service for it.

    @ivar usage: how to ask for it.
    """

    usage: str = ""

    def wrong(self) -> ChatError:
        """See L{commands.Call.wrong}."""
        return ChatError("usage", f"use it like this: {self.usage}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf(Asked):
    """Such a command about a room, whichever the current one is.

    @ivar place: the room.
    """

    place: Room

    @property
    def room(self) -> Room:
        """See L{commands.Call.room}."""
        return self.place


def service_named(target: str) -> str | None:
    """Find the service that a message is for; C{None} if it is for somebody else."""
    return SERVICES.get(target.casefold())


def is_for_service(call: Call) -> bool:
    """Tell whether a service, and nobody else, answers a message."""
    return call.message.verb == "PRIVMSG" and service_named(call.param(0)) is not None


def serve(call: Call, service: str, text: str) -> None:
    """Carry out what somebody wrote to a service.

    Its answer is that of the message, unless others got the message as well.
    """
    label = call.label if is_for_service(call) else ""
    if text.startswith(CTCP):
        call.session.serve(list, label)
    else:
        call.session.serve(lambda: answer(call, service, text), label)


def answer(call: Call, service: str, text: str) -> Told | Deferred[Any]:
    """Carry out what somebody wrote to a service; return its answer.

    @raise ChatError: a mistake, which is told by the service.
    """
    session = call.session
    session.answer_as(service)
    text = text.strip(" ")
    if service == SERVICE:
        line = f"/{text.removeprefix('/')}"
        return carried_out(session, commands.parse(call.chat, call.device, line), service)
    name, _, rest = text.partition(" ")
    name = SHORT.get(name.upper(), name.upper())
    word = TABLES[service].get(name)
    if word is None:
        return [session.notice(line, service) for line in _help(service)]
    return carried_out(session, _meant(call, service, name, word, rest.strip(" ")), service)


def _meant(call: Call, service: str, name: str, word: Word, rest: str) -> commands.Call:
    """Find the command that a word is.

    @raise ChatError: C{usage}; or C{bad-room} or C{no-room}: the member is not in the room.
    """
    usage = _usage(service, name, word)
    chat, device, member = call.chat, call.device, call.member
    if service == NICKSERV:
        command, rest = word.meaning(member, rest)
        return Asked(chat, device, commands.COMMANDS[command], rest, usage=usage)
    channel, _, rest = rest.partition(" ")
    if not channel:
        raise ChatError("usage", f"use it like this: {usage}")
    place = call.own_room(channel)
    command, rest = word.meaning(member, rest.strip(" "))
    return AskedOf(chat, device, commands.COMMANDS[command], rest, usage=usage, place=place)


def _usage(service: str, name: str, word: Word) -> str:
    channel = "#CHANNEL" if service == CHANSERV else ""
    return " ".join(filter(None, (name, channel, word.usage)))


def _help(service: str) -> list[str]:
    table = TABLES[service]
    words = (f"{_usage(service, name, word)}: {word.summary}" for name, word in table.items())
    return [f"{service} understands", *words]


def carried_out(
    session: IrcClient, command: commands.Call, by: str = SERVICE
) -> Told | Deferred[Any]:
    """Carry out a command of the chat's; return its answer as notices.

    @raise ChatError: the member made a mistake.
    """

    def told(done: commands.Answer) -> Told:
        history = retold(done.events, session.chat.ids.now(), done.scattered)
        lines: Lines = [
            session.notice(piece, by)
            for line in (*history, *done.lines)
            for piece in pieces(line, NOTICE_BYTES)
        ]
        if session.has_changed:
            # The event by which the client becomes another member tells it, unless there is none.
            lines = chain(turned(session), lines)
        return lines if done.rest is None else Continued(lines, partial(carry_out, done.rest))

    def carry_out(work: Carried) -> Told | Deferred[Any]:
        done = work()
        return done.addCallback(told) if isinstance(done, Deferred) else told(done)

    session.remember_itself()
    return carry_out(command.carry_out)


def before_joining(call: Call, target: str, text: str) -> Lines:
    """Carry out what a client wrote that has not joined: it may prove its nickname."""
    word, _, rest = text.strip(" ").partition(" ")
    name, _, password = rest.strip(" ").partition(" ")
    if service_named(target) == NICKSERV and word.upper() in IDENTIFY and name:
        call.session.take_password(f"{name}:{password.strip(' ')}" if password else name)
        return []
    verb = middle(call.message.verb)
    return [call.numeric(irc.ERR_NOTREGISTERED, text=f"join first: {verb} must wait")]


def _verb(name: str, service: str) -> None:
    """Enter a verb whose parameters are what a service is told."""

    @verb(name, early=True)
    def tell(call: Call) -> Told | Deferred[Any]:
        text = " ".join(call.message.params)
        if call.session.device is None:
            return before_joining(call, service, text)
        return answer(call, service, text)


for _name, _service in SERVICES.items():
    if _service != SERVICE:
        _verb(_name.upper(), _service)
