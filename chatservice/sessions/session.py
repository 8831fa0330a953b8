"""The session of a connection, whatever carries it and whatever wire format it speaks.

Joining, the flood limit, waiting in turn, errors, and closing.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.door import GOODBYE, Deliver, Fenced
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import NO_TIMES, ChatError, Times
from chatservice.protocol.names import PASSWORD_TRIES
from chatservice.sessions import catchup
from chatservice.sessions.joining import Joining, JoinRequest
from chatservice.sessions.keepalive import NO_ANSWER
from chatservice.sessions.language import Language
from chatservice.sessions.metering import Connection
from chatservice.sessions.outbox import Outbox

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat
    from chatservice.people.peers import Peer

log = Logger()

UNCOMMITTED = 64
"""Uncommitted lines at which a session pauses reading from its member."""

LOST = "connection lost"
"""The reason for which somebody left whose connection ended."""

JOIN_TIMEOUT = 60.0
CLOSE_TIMEOUT = 5.0

FAILED = ChatError("failed", "something went wrong in the server, and its log says what: not done")

class State(IntEnum):
    """The state of a session, which only ever moves on in this order."""

    ARRIVING = auto()
    PRESENT = auto()
    CLOSING = auto()
    GONE = auto()


class Session(Language):
    """The session of one connection; once it has joined, it belongs to a member.

    @param chat: the chat to take part in.
    @ivar state: from L{State.CLOSING} on, nothing more is read.
    """

    __slots__ = ("_heard_at", "_timeout", "_wanted", "_why", "_wrong_passwords", "state")

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self.state = State.ARRIVING
        self._timeout: IDelayedCall | None = None
        self._heard_at = 0.0
        self._wrong_passwords = 0
        self._wanted = self._why = ""

    # The life of a connection.

    @property
    def member(self) -> Member | None:
        """The member whose device this is, once it has joined."""
        return None if self.device is None else self.device.member

    @property
    def peer(self) -> Peer:
        """The other end of the connection."""
        return self.connection.peer

    @property
    def is_arriving(self) -> bool:
        """See L{chatservice.chat.door.Door.is_arriving}."""
        return self.state is State.ARRIVING

    @property
    def is_ended(self) -> bool:
        """See L{Metered.is_ended}."""
        return self.state is State.GONE

    def outbox_over(self, transport: Any, direct: bool) -> Outbox:
        """Make the writer of a connection.

        @param transport: see L{Outbox}, also for C{direct}.
        """
        return Outbox(transport, self.chat.settings.send_queue, self, direct)

    def begin(self, connection: Connection) -> None:
        """Begin the session on a new connection."""
        self.connection = connection
        self.outbox = connection.outbox
        self.chat.sessions.add(self)
        now = self._heard_at = self.chat.reactor.seconds()
        left = max(0.0, self.peer.since + JOIN_TIMEOUT - now)
        self._timeout = self.chat.reactor.callLater(left, self._joined_too_late)
        if self.peer.refusal is not None:
            self._close(self.peer.refusal)
        elif self.chat.closing:
            self.close(self.chat.closing)

    def _joined_too_late(self) -> None:
        self.close(f"you have not joined within {JOIN_TIMEOUT:.0f} seconds")

    @inlineCallbacks
    def join(self, request: JoinRequest) -> Generator[Deferred[Any], Any, None]:
        """Join the chat as a member, and pause reading until that is done."""
        self.hold()
        self._wanted = request.nick
        try:
            wait = self.chat.flood.arrive(self.peer.origin)
            if wait:
                yield deferLater(self.chat.reactor, wait, lambda: None)
                self.check_still_wanted()
            device = self.device = yield Joining(self.chat, self).arrive(request)
            if self.state is not State.ARRIVING:
                # The peer did not read what entering sent: the connection is about to be lost.
                return
            self.state = State.PRESENT
            self.pay(0)
            self._stop_timeout()
            log.info("{nick} is here, from {peer}.", nick=device.member.nick, peer=self.peer)
            device.preferences_changed()
            if not isinstance(device.door, Fenced):
                self.arrived(request)
        except Exception:
            self.complain(Failure())
        finally:
            self.release()

    def arrived(self, request: JoinRequest) -> None:
        """Tell a member who has just joined the rooms of the last time what it missed."""
        assert self.device is not None
        if request.rooms is None:
            self.tell_missed(self.device)

    def tell_missed(self, device: Device) -> None:
        """Tell how much was missed, and deliver the private lines."""
        told = catchup.tell(self.chat, device).addErrback(self.complain)
        told.addCallback(lambda _: self.note_when_sent(device))

    def check_still_wanted(self) -> None:
        """Check that the peer still waits to be let in.

        @raise ChatError: C{closing}; the peer has gone.
        """
        if not self.is_still_wanted():
            raise ChatError("closing", "the connection is gone")

    def is_still_wanted(self) -> bool:
        """Tell whether the peer still waits to be let in."""
        return self.state is State.ARRIVING

    def close(self, sentence: str = "", code: str = "closing", times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.close}; after 5 s, discard what is not sent yet."""
        if code == GOODBYE:
            self._why = GOODBYE
        self._close(ChatError(code, sentence, times=times))

    def _close(self, error: ChatError) -> None:
        if self.state >= State.CLOSING:
            return
        self.state = State.CLOSING
        if error.sentence:
            self.tell(error)
        self._why = self._why or error.sentence
        self._stop_timeout()
        self._timeout = self.chat.reactor.callLater(CLOSE_TIMEOUT, self.connection.abort)
        self.connection.close()

    def abort(self, why: str) -> None:
        """Close on the next turn of the reactor, and discard what is not sent yet."""
        self.state = State.CLOSING
        self._why = why
        self._stop_timeout()
        self.connection.abort()

    def taken_over(self) -> None:
        """See L{chatservice.chat.door.Door.taken_over}."""
        log.info("{who} goes on through another connection.", who=self._who())
        self.device = None
        self.close("another connection has taken this one's place", "taken-over")

    def drop(self) -> None:
        """See L{chatservice.chat.door.Door.drop}."""
        self.abort("something went wrong in the server")

    def abandon(self) -> None:
        """End this session, but leave the connection open for another one."""
        self.state = State.CLOSING
        self._stop_timeout()
        self.connection.detach()
        self.chat.session_ended(self)

    def position(self) -> int:
        """See L{chatservice.sessions.outbox.Sender.position}."""
        return self.chat.last_delivered()

    def overflowed(self) -> None:
        """See L{chatservice.sessions.outbox.Sender.overflowed}."""
        self.abort("did not read what was sent")
        log.warn(
            "Dropping {who}: more than {limit} bytes waited to be sent.",
            who=self._who(),
            limit=self.chat.settings.send_queue,
        )

    def _who(self) -> str:
        return self.member.nick if self.member else str(self.peer)

    def ended(self, reason: Failure) -> None:
        """Let the member leave or linger, after the connection has ended."""
        self.state = State.GONE
        self._stop_timeout()
        if self.device is not None:
            is_done = reason.check(ConnectionDone) is not None
            goodbye = self.end_is_goodbye and is_done and not self._why
            why = "" if goodbye else self._why or LOST
            nick = self.device.member.nick
            log.info("{nick} is gone: {why}.", nick=nick, why=why or "goodbye")
            device, self.device = self.device, None
            if not device.is_over:
                self._gone(device, why, goodbye)
        self.chat.session_ended(self)

    def _gone(self, device: Device, why: str, goodbye: bool) -> None:
        """Let the member leave or linger, unless other devices stay."""
        if goodbye and self.behind() is None:
            self.chat.devices.hang_up(device)
            device.end()
        else:
            silence = self.idle_seconds()
            # After a long silence this may be a timeout.
            timed_out = silence if silence >= NO_ANSWER else 0.0
            waits = not goodbye and self.waits_for(device.member)
            self.chat.devices.lose(device, why, timed_out, goodbye, waits)

    def _stop_timeout(self) -> None:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()
        self._timeout = None

    def is_over(self) -> bool:
        """See L{InTurn.is_over}."""
        device = self.device
        gone = device is not None and (device.is_over or not self.chat.is_here(device.member))
        return gone or self.state >= State.CLOSING

    # Lines.

    def note_sign_of_life(self) -> None:
        """Note that something came from the peer."""
        self._heard_at = self.chat.reactor.seconds()

    def received(self, message: bytes) -> None:
        """Take a message from the peer; see L{heard}."""
        if self.is_over():
            return
        self.pay(self.cost(message))
        try:
            self.heard(message)
        except Exception:
            self.complain(Failure())
        device = self.device
        if device is not None and device.member.uncommitted >= UNCOMMITTED:
            self.hold()
            self.chat.settled(device.member).addCallback(lambda _: self.release())

    def too_long(self) -> None:
        """Tell the peer that the carrier has discarded a message that was too long."""
        self.pay()
        self.tell(ChatError("too-long", "that line is too long: not sent"))

    def input_ended(self) -> None:
        """End once earlier lines are delivered: the peer has ended its input."""
        device = self.device
        if device is None:
            self.close()
        elif self.end_is_goodbye:
            self.in_turn(lambda: self.chat.devices.hang_up(device), lambda _: None)
        else:
            self._why = LOST
            self.in_turn(lambda: None, lambda _: self.close())

    def complain(self, failure: Failure) -> None:
        """Report a failure: a mistake to the member, a bug to the log."""
        error = failure.value
        if isinstance(error, ChatError):
            nick = self._wanted if self.member is None else self.member.nick
            joined = self.member is not None
            self.chat.audit.refused(error, self.peer.address, self.name, nick, joined)
        if isinstance(error, StorageError):
            log.error("The database failed: {why}.", why=error)
            error = ChatError("failed", f"not done: {error}")
        elif not isinstance(error, ChatError):
            log.failure("A line from {who} failed.", failure, who=self._who())
            error = FAILED
        if self.state >= State.CLOSING:
            return
        self._wrong_passwords += error.code == "wrong-password"
        if self._wrong_passwords == PASSWORD_TRIES:
            self.close(f"{error.sentence}: that was the last of {PASSWORD_TRIES} tries", error.code)
        elif error.code == "banned" and self.member is None:
            self.close(error.sentence, error.code, error.times)
        else:
            self.tell(error)

    # For the flood limit, and the door contract.

    @property
    def payer(self) -> Hashable:
        """See L{Metered.payer}."""
        return self if self.member is None else self.member.identity

    @property
    def deliver(self) -> Deliver:
        """See L{chatservice.chat.door.Door.deliver}."""
        return self.outbox.deliver

    def deliver_rest(self, data: bytes, error: OSError | None) -> None:
        """See L{chatservice.chat.door.Door.deliver_rest}."""
        self.outbox.rest(data, error)

    def switched(self) -> None:
        """See L{chatservice.sessions.outbox.Sender.switched}."""
        if self.device is not None:
            self.device.deliver_anew()

    def idle_seconds(self) -> float:
        """See L{chatservice.chat.door.Door.idle_seconds}."""
        return float(self.chat.reactor.seconds() - self._heard_at)

    def behind(self) -> int | None:
        """See L{chatservice.chat.door.Door.behind}."""
        return self.outbox.behind
