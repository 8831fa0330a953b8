"""The format of the IRC door: events as lines, for everybody who did not cause them.

Clients with the same capabilities share one format, so each event is spelled once for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc.isupport import TEXT_BYTES
from chatservice.doors.irc.wire import (
    ACTION,
    CTCP,
    MOST_BYTES,
    encoded,
    pieces,
    tagged,
    text_bytes,
)
from chatservice.protocol import actions, events, signals
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Event
from chatservice.protocol.tags import spelled

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

RELEVANT = frozenset(
    {
        caps.MESSAGE_TAGS,
        caps.SERVER_TIME,
        caps.ACCOUNT_TAG,
        caps.ACCOUNT_NOTIFY,
        caps.AWAY_NOTIFY,
        caps.EXTENDED_JOIN,
        caps.INVITE_NOTIFY,
        caps.SETNAME,
    }
)
"""The capabilities on which the spelling of events depends."""

TAGGED = (events.Line, events.Whispered, signals.Signalled)
"""The events that may have tags of their own."""

GONE = "~chat@history.chat"
"""The user and host of an author who is in the history, and of whom no more is known."""

VERBS = {"said": "PRIVMSG", "acted": "PRIVMSG", "noticed": "NOTICE"}
"""The verb for each manner of speaking."""

SWITCHES = {"invite-only": "i", "moderated": "m", "topic": "t", "secret": "s"}
"""The room settings that are on or off, and their modes."""


class IrcFormat:
    """The spelling of events for clients with some capabilities.

    @param chat: is asked for the roles and the accounts of people whom events are about.
    @param capabilities: those of L{RELEVANT} that are in force.
    @param wallops: whether announcements are shown.
    """

    heeds_room = hides_acts = False

    def __init__(self, chat: Chat, capabilities: caps.Set, wallops: bool = True) -> None:
        self.chat = chat
        self.capabilities = capabilities
        self._wallops = wallops
        self._has_times = caps.SERVER_TIME in capabilities
        self._has_tags = caps.MESSAGE_TAGS in capabilities
        self._has_accounts = caps.ACCOUNT_TAG in capabilities
        self._last: tuple[events.Line | None, bytes] = None, b""

    def render(self, event: Event, here: bool = True) -> bytes:
        """See L{chatservice.chat.door.Format.render}."""
        last, data = self._last
        if event is last:
            # The others hear what its author was just shown.
            return data
        data = encoded(self.lines(event))
        if isinstance(event, events.Line):
            self._last = event, data
        return data

    def lines(self, event: Event) -> list[str]:
        """Spell an event, in as many lines as it takes, with their tags."""
        spell = LINES.get(type(event))
        return [] if spell is None else self.tagged(event, list(spell(self, event)))

    def tagged(self, event: Event, lines: list[str]) -> list[str]:
        """Put an event's tags before its lines; only the first one has those that identify it."""
        if not lines:
            return lines
        time = f"time={server_time(event.when)}" if self._has_times else ""
        tags = f"{time}{self._tags_of_first(event)}".removeprefix(";")
        first, *others = lines
        return [tagged(first, tags), *[tagged(line, time) for line in others]]

    def _tags_of_first(self, event: Event) -> str:
        """Spell the tags beside the time, each with C{;} before it."""
        account = msgid = bot = own = ""
        if self._has_accounts and event.account:
            account = f";account={self.account_name(event.account)}"
        if self._has_tags:
            msgid = f";msgid={event.id}"
            bot = ";bot" if event.bot else ""
            if isinstance(event, TAGGED) and event.tags:
                own = f";{spelled(event.tags)}"
        return f"{account}{msgid}{bot}{own}"

    def has(self, capability: str) -> bool:
        """Tell whether a capability is in force."""
        return capability in self.capabilities

    def account_name(self, key: str) -> str:
        """Give the nickname under which an account was registered."""
        account = self.chat.accounts.named(key)
        return key if account is None else account.nick

    @property
    def wallops(self) -> bool:
        """Whether announcements are shown."""
        return self._wallops

    def join_line(self, event: events.Joined) -> str:
        """Spell somebody's coming into a room."""
        line = f":{source(event)} JOIN #{event.room}"
        if not self.has(caps.EXTENDED_JOIN):
            return line
        account = self.account_name(event.account) if event.account else "*"
        return f"{line} {account} :{event.real_name or event.nick}"

    def status_line(self, room: str, identity: bytes, nick: str) -> list[str]:
        """Spell the role with which somebody comes into a room, if it is one."""
        modes = "".join(mode for mode, _ in roles(self.chat, room, identity))
        if not modes:
            return []
        return [f":{server_name(self.chat)} MODE #{room} +{modes} {' '.join([nick] * len(modes))}"]


def source(event: Event) -> str:
    """Spell the author of an event, as C{nick!user@host}."""
    return f"{event.nick}!{event.userhost or GONE}"


def server_name(chat: Chat) -> str:
    """Give the name of the chat as the source of a line, which has no spaces."""
    return chat.settings.name.replace(" ", "-").lstrip(":") or "chatservice"


def server_time(when: int) -> str:
    """Spell a time, in microseconds since the epoch (IRCv3, server-time)."""
    return _millisecond(when // 1000)


# Many events come in a second, and some at once.
@lru_cache(maxsize=16)
def _millisecond(since_epoch: int) -> str:
    second, fraction = divmod(since_epoch, 1000)
    return f"{_second(second)}.{fraction:03}Z"


@lru_cache(maxsize=16)
def _second(since_epoch: int) -> str:
    return f"{datetime.fromtimestamp(since_epoch, UTC):%Y-%m-%dT%H:%M:%S}"


def roles(chat: Chat, room: str, identity: bytes) -> list[tuple[str, str]]:
    """List the roles of somebody in a room, the highest first, each as its mode and its prefix."""
    member = chat.roster.find(identity, events.LATEST)
    found = []
    if member is not None and chat.permissions.is_room_operator(member, room):
        found.append(("o", "@"))
    if chat.permissions.is_voiced(identity, room):
        found.append(("v", "+"))
    return found


def cut(text: str) -> str:
    """Cut a topic or a reason to the length that clients expect, at a character."""
    return text.encode()[:TEXT_BYTES].decode("utf-8", "ignore")


def said_lines(event: events.Spoken | events.Whispered, to: str, manner: str) -> list[str]:
    """Spell something that was said, in pieces if it does not fit into one line."""
    head = f":{source(event)} {VERBS[manner]} {to} :"
    before, after = (ACTION, CTCP) if manner == "acted" else ("", "")
    line = f"{head}{before}{event.text}{after}"
    if len(line.encode()) <= MOST_BYTES:
        return [line]
    room = text_bytes(f"{head}{before}{after}")
    return [f"{head}{before}{piece}{after}" for piece in pieces(event.text, room)]


def _signalled(format: IrcFormat, event: signals.Signalled) -> Iterator[str]:
    to = f"#{event.room}" if event.room else event.to
    if event.text:
        verb = "NOTICE" if event.answer else "PRIVMSG"
        yield f":{source(event)} {verb} {to} :{CTCP}{event.text}{CTCP}"
    elif format.has(caps.MESSAGE_TAGS):
        yield f":{source(event)} TAGMSG {to}"


def _joined(format: IrcFormat, event: events.Joined) -> Iterator[str]:
    yield format.join_line(event)
    yield from format.status_line(event.room, event.identity, event.nick)
    if format.has(caps.AWAY_NOTIFY) and event.away is not None:
        yield f":{source(event)} AWAY :{cut(event.away) or 'away'}"


def _parted(_: IrcFormat, event: events.Parted) -> Iterator[str]:
    yield f":{source(event)} PART #{event.room}" + (f" :{cut(event.why)}" if event.why else "")


def _left(_: IrcFormat, event: events.Left) -> Iterator[str]:
    yield f":{source(event)} QUIT :{cut(event.why)}"


def _went_away(format: IrcFormat, event: events.WentAway) -> Iterator[str]:
    # The other event of it is for some of the same readers, who would see it twice.
    if event.folded and format.has(caps.AWAY_NOTIFY):
        yield f":{source(event)} AWAY :{cut(event.why) or 'away'}"


def _came_back(format: IrcFormat, event: events.CameBack) -> Iterator[str]:
    if event.folded and format.has(caps.AWAY_NOTIFY):
        yield f":{source(event)} AWAY"


def _introduced(format: IrcFormat, event: events.Introduced) -> Iterator[str]:
    if format.has(caps.ACCOUNT_NOTIFY) and not event.renamed:
        yield f":{source(event)} ACCOUNT {event.account_name or '*'}"
    if format.has(caps.SETNAME) and event.renamed:
        yield f":{source(event)} SETNAME :{event.real_name}"


def _kicked(_: IrcFormat, event: actions.Kicked) -> Iterator[str]:
    # Whoever was put out of the chat also leaves it, which is told then.
    if event.room:
        yield f":{source(event)} KICK #{event.room} {event.target} :{cut(event.text) or event.nick}"


def _invited(format: IrcFormat, event: actions.Invited) -> Iterator[str]:
    if format.has(caps.INVITE_NOTIFY):
        yield f":{source(event)} INVITE {event.target} #{event.room}"


def _wallops(format: IrcFormat, text: str, event: OperatorAct) -> Iterator[str]:
    if format.wallops:
        head = f":{source(event)} WALLOPS :"
        yield from (f"{head}{piece}" for piece in pieces(text, text_bytes(head)))


def _locked_down(format: IrcFormat, event: actions.LockedDown) -> Iterator[str]:
    text = "only registered names may join now" if event.text == "on" else "anybody may join again"
    return _wallops(format, text, event)


def _mode(format: IrcFormat, event: OperatorAct) -> Iterator[str]:
    change = mode_of(format.chat, event)
    if change is not None:
        yield mode_line(source(event), event.room, [change])


Change = tuple[str, str, str]
"""A change of a mode: C{+} or C{-}, the mode, and its parameter or an empty text."""


def mode_line(by: str, room: str, changes: list[Change]) -> str:
    """Spell changes of a room's modes."""
    switches, sign = "", ""
    for each, mode, _ in changes:
        switches += mode if each == sign else f"{each}{mode}"
        sign = each
    params = [param for _, _, param in changes if param]
    return " ".join([f":{by} MODE #{room} {switches}", *params])


def mode_of(chat: Chat, event: OperatorAct) -> Change | None:
    """Find the change of a mode that an act is here; C{None} if it is none."""
    if not event.room:
        return None
    match event:
        case actions.Opped() | actions.Deopped() | actions.Voiced() | actions.Devoiced():
            return _role_change(chat, event)
        case actions.Founded():
            return "+", "o", event.nick
        case actions.Banned() | actions.Muted():
            return "+", "b" if isinstance(event, actions.Banned) else "q", mask_of(event)
        case actions.Unbanned() | actions.Unmuted():
            return "-", "b" if isinstance(event, actions.Unbanned) else "q", mask_of(event)
        case actions.RoomSet():
            return _setting_change(event)
    return None


def _role_change(chat: Chat, event: OperatorAct) -> Change | None:
    whom = chat.roster.find(event.target_identity, event.id)
    if whom is None or event.room not in whom.rooms:
        return None
    gives = isinstance(event, actions.Opped | actions.Voiced)
    mode = "o" if isinstance(event, actions.Opped | actions.Deopped) else "v"
    return "+" if gives else "-", mode, whom.nick


def _setting_change(event: actions.RoomSet) -> Change | None:
    value = event.public.text
    if event.target in SWITCHES:
        return "+" if value in ("on", "operators") else "-", SWITCHES[event.target], ""
    if event.target == "password":
        return "+" if value == "on" else "-", "k", "*"
    if event.target == "limit":
        return ("+", "l", value) if value not in ("", "0", "off") else ("-", "l", "")
    return None


def mask_of(act: OperatorAct) -> str:
    """Spell whom a ban or a mute covers as a mask."""
    if "!" in act.target:
        return act.target
    is_by_network = act.network and not act.target_identity
    return f"*!*@{act.target}" if is_by_network else f"{act.target}!*@*"


LINES: dict[type[Event], Callable[[IrcFormat, Any], Iterator[str] | list[str]]] = {
    events.Said: lambda _, e: said_lines(e, f"#{e.room}", "said"),
    events.Acted: lambda _, e: said_lines(e, f"#{e.room}", "acted"),
    events.Noticed: lambda _, e: said_lines(e, f"#{e.room}", "noticed"),
    events.Whispered: lambda _, e: said_lines(e, e.to, e.manner),
    signals.Signalled: _signalled,
    events.TopicChanged: lambda _, e: [f":{source(e)} TOPIC #{e.room} :{cut(e.text)}"],
    events.Joined: _joined,
    events.Parted: _parted,
    events.Left: _left,
    events.WentAway: _went_away,
    events.CameBack: _came_back,
    events.Renamed: lambda _, e: [f":{source(e)} NICK {e.now}"],
    events.Introduced: _introduced,
    actions.Kicked: _kicked,
    actions.Invited: _invited,
    actions.Announced: lambda format, e: _wallops(format, e.text, e),
    actions.LockedDown: _locked_down,
    **dict.fromkeys(
        (
            actions.Opped,
            actions.Deopped,
            actions.Voiced,
            actions.Devoiced,
            actions.Founded,
            actions.RoomSet,
            actions.Banned,
            actions.Unbanned,
            actions.Muted,
            actions.Unmuted,
        ),
        _mode,
    ),
}
"""The functions that make the lines of each kind of event; all others are not shown."""
