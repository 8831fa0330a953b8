"""A client's connection: its capabilities, and how lines are spelled for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from twisted.internet.defer import Deferred
from twisted.words.protocols import irc

from chatservice.chat.door import Format
from chatservice.chat.ignoring import away_shown
from chatservice.chat.rooms import Member
from chatservice.doors.formats import format_for
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import replies
from chatservice.doors.irc.capabilities import Negotiation
from chatservice.doors.irc.format import RELEVANT, IrcFormat, cut, server_name
from chatservice.doors.irc.responses import Response
from chatservice.doors.irc.sasl import Exchange
from chatservice.doors.irc.sentences import typed_at_irc
from chatservice.doors.irc.wire import encoded, middle
from chatservice.people.account import Proof
from chatservice.protocol.events import ChatError
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.sanitize import without_controls
from chatservice.sessions.session import Session

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

SERVICE = "chatservice"
"""The nickname under which the chat itself speaks; nobody can have it."""

NOTICE_BYTES = 400
"""The most bytes of a sentence of the chat's in one line."""

NO_ROOMS: frozenset[str] = frozenset()

Lines: TypeAlias = Iterable[str]


@dataclass(frozen=True, slots=True)
class Continued:
    """Lines that are not a whole answer.

    @ivar rest: makes the others, once these are sent.
    """

    lines: Lines
    rest: Work


Told: TypeAlias = Lines | Continued
Work: TypeAlias = Callable[[], Told | Deferred[Any]]
"""A function that does something, and returns how it is answered: L{Told}, or a Deferred of it."""


class Former(NamedTuple):
    """The last identity that a client was told of, in case a command makes it another member.

    @ivar mask: C{nick!user@host}.
    @ivar rooms: the names of the rooms that it is in.
    """

    member: Member
    mask: str
    rooms: tuple[str, ...]


class IrcClient(Session):
    """The session of an IRC client, as far as verbs and registration know it.

    @ivar negotiation: the capabilities.
    @ivar wire: the spelling of events, for somebody without an ignore list.
    @ivar asked_nick: the nickname that it wants; empty until it has said one that may be had.
    @ivar shown_key: the key of a room that it has just set, which it alone is shown.
    @ivar exchange: its exchange of SASL, while there is one.
    @ivar proof: the proof of an account, if it gave one before it joined.
    """

    __slots__ = (
        "_former",
        "_is_welcomed",
        "_numbers",
        "_service",
        "_target",
        "_unasked",
        "_verb",
        "_wallops",
        "asked_nick",
        "exchange",
        "negotiation",
        "proof",
        "server",
        "shown_key",
        "wire",
    )

    kind = "an IRC client"
    name = "IRC"
    end_is_goodbye = is_typed = False

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self._verb = self._target = self._service = self.asked_nick = self.shown_key = ""
        self._is_welcomed = False
        self._wallops = True
        self._numbers = 0
        self.proof: Proof | None = None
        self.exchange: Exchange | None = None
        self._former: Former | None = None
        self._unasked = NO_ROOMS
        self.negotiation = Negotiation()
        self.server = server_name(chat)
        self.wire = self._shared_wire()
        self.format: Format = self.wire

    # For the door to define.

    @abstractmethod
    def serve(self, work: Work, label: str = "") -> None:
        """Do something in its turn, and send its answer, a part at a time if it is long."""

    @abstractmethod
    def obey(self, line: str, label: str = "") -> None:
        """Carry out a command of the chat's, and answer with notices."""

    @property
    @abstractmethod
    def response(self) -> Response:
        """The answer that is being made."""

    # Capabilities.

    def has(self, capability: str) -> bool:
        """Tell whether a capability is in force."""
        return capability in self.negotiation.enabled

    def _shared_wire(self) -> IrcFormat:
        relevant = caps.shared(self.negotiation.enabled & RELEVANT)
        return self.chat.shared(IrcFormat, relevant, self._wallops)

    def reshape(self) -> None:
        """Spell events anew, for the capabilities have changed."""
        self.wire = self._shared_wire()
        if self.device is not None:
            self.device.preferences_changed()

    @property
    def shows_wallops(self) -> bool:
        """Whether announcements are shown."""
        return self._wallops

    @shows_wallops.setter
    def shows_wallops(self, shown: bool) -> None:
        self._wallops = shown
        self.reshape()

    def preferences_changed(self) -> None:
        """See L{chatservice.chat.door.Door.preferences_changed}; only ignoring applies here."""
        if self.member is not None:
            member = self.member
            self.format = format_for(self.wire, Preferences(), member.ignored, member.nick)

    # Lines.

    @property
    def nick(self) -> str:
        """The nickname, or C{*} before there is one."""
        return self.asked_nick or "*" if self.member is None else self.member.nick

    def write(self, lines: Lines) -> None:
        """Send lines at once."""
        self.outbox.write(encoded(list(lines)))

    def numeric(self, numeric: str, *params: str, text: str | None = None) -> str:
        """Spell a numeric reply."""
        line = " ".join((f":{self.server}", numeric, self.nick, *params))
        return line if text is None else f"{line} :{text}"

    def notice(self, text: str, by: str = SERVICE) -> str:
        """Spell a sentence of the chat's."""
        return f":{by}!{SERVICE}@{self.server} NOTICE {self.nick} :{text}"

    def about(self, target: str) -> None:
        """Note what an error that follows is about."""
        self._target = target

    def note_killer(self, nick: str) -> None:
        """Note who puts the member out of the chat, for the end of the connection says so."""
        self._why = f"killed by {nick}"

    def answer_as(self, service: str) -> None:
        """Note that a service answers what was asked, errors too."""
        self._service = service

    def error_lines(self, error: ChatError) -> list[str]:
        """Spell an error of the member's, as a numeric if there is one for it."""
        if self._verb in ("NOTICE", "TAGMSG") and error.code != "too-long":
            # Two programs must not go on answering each other (RFC 2812, section 3.3.2).
            return []
        sentence = typed_at_irc(without_controls(error.sentence))
        if self._verb == "AUTHENTICATE":
            return [self.numeric(replies.ERR_SASLFAIL, text=sentence)]
        if self._service:
            return [self.notice(sentence, self._service)]
        numeric, is_about = replies.numeric_for(error)
        if numeric:
            wanted = self.asked_nick if self.device is None else ""
            about = (middle(wanted or self._target),) if is_about else ()
            return [self.numeric(numeric, *about, text=sentence)]
        code = f"{error.cause or error.code}".upper().replace("-", "_")
        if self.has(caps.STANDARD_REPLIES):
            return [f":{self.server} FAIL {middle(self._verb)} {code} :{sentence}"]
        return [self.notice(sentence)]

    def away_lines(self, whom: Member) -> list[str]:
        """Spell that somebody is away, if so."""
        assert self.member is not None
        away = away_shown(whom, self.member.ignored)
        if away is None:
            return []
        return [self.numeric(irc.RPL_AWAY, whom.nick, text=cut(away) or "away")]

    def logged_in(self, account: str) -> str:
        """Spell under which account the client is logged in."""
        who = f"{self.nick}!*@*" if self.member is None else self.member.mask
        sentence = f"you are now logged in as {account}"
        return self.numeric(replies.RPL_LOGGEDIN, who, account, text=sentence)

    def logged_out(self) -> str:
        """Spell that the client is not logged in any more."""
        who = f"{self.nick}!*@*" if self.member is None else self.member.mask
        return self.numeric(replies.RPL_LOGGEDOUT, who, text="you are logged out")

    def send_ping(self) -> None:
        """Ask the client for a sign of life, after a long silence."""
        self.write([f"PING :{self.server}"])

    def new_number(self) -> int:
        """Give a number that tells the batches of the connection apart."""
        self._numbers += 1
        return self._numbers

    # Coming.

    def remember_itself(self) -> None:
        """Note what the client knows of itself, before a command that may log it in or out."""
        assert self.member is not None
        self._former = Former(self.member, self.member.mask, tuple(self.member.rooms))

    @property
    def has_changed(self) -> bool:
        """Whether the client is another member now, and was not told so yet."""
        return self._former is not None and self._former.member is not self.member

    def changed(self) -> Former | None:
        """Find what the client was, if it has changed; that is told only once."""
        if not self.has_changed:
            return None
        former, self._former = self._former, None
        return former

    def welcomes(self) -> bool:
        """Tell whether the client is yet to be welcomed; it is only once."""
        was_welcomed, self._is_welcomed = self._is_welcomed, True
        return not was_welcomed

    def came_into(self, rooms: Iterable[str]) -> None:
        """Note the rooms that the member came into without asking."""
        # Most come into none: they share the empty one.
        self._unasked = frozenset(rooms) or NO_ROOMS

    def asks_for(self, room: str) -> bool:
        """Note that the member asks for a room; return whether it came into it without that."""
        was_unasked = room in self._unasked
        if was_unasked:
            self._unasked -= {room}
        return was_unasked
