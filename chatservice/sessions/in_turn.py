"""Answers that wait for their turn: behind everything that the same member said before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure

from chatservice.chat.rooms import Device
from chatservice.sessions.metering import Metered
from chatservice.sessions.outbox import Outbox

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

Work = Callable[[], Any]


class InTurn(Metered):
    """A session that carries out one request after the other.

    @ivar device: the device that this connection is in the chat, once it has joined.
    @ivar outbox: the writer of the connection.
    """

    __slots__ = ("_refused", "device", "outbox")

    outbox: Outbox

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self.device: Device | None = None
        self._refused = False

    @abstractmethod
    def is_over(self) -> bool:
        """Tell whether the peer can do nothing more here, for example after a kick."""

    @abstractmethod
    def complain(self, failure: Failure) -> None:
        """Report a failure: a mistake to the member, a bug to the log."""

    def note_refusal(self) -> None:
        """Note that an event could not be stored: the work that caused it has no other answer."""
        self._refused = True

    @inlineCallbacks
    def in_turn(
        self, work: Work | None, answer: Callable[[Any], Work | None]
    ) -> Generator[Deferred[Any], Any, None]:
        """Do something once earlier lines are delivered, and pause reading until it is done.

        @param work: returns a result, or a Deferred of one.
        @param answer: called with the result, once the events that C{work} caused are delivered,
            unless they are refused. It returns the next work, to do once everything is sent.
        """
        assert self.device is not None
        device = self.device
        self.hold()
        try:
            yield self.chat.settled(device.member)
            while work is not None and not self.is_over():
                self._refused = False
                self.note_sent(device)
                result = yield work()
                yield self.chat.settled(device.member)
                if self.is_over() or self._refused:
                    break
                work = answer(result)
                yield self.outbox.emptied()
                self.note_sent(device)
        except Exception:
            self.complain(Failure())
        finally:
            self.release()

    def note_sent(self, device: Device) -> None:
        """Mark what the device was given as seen, if everything is sent."""
        if self.outbox.behind is None:
            device.all_sent()

    def note_when_sent(self, device: Device) -> None:
        """Mark what the device was given as seen, as soon as everything is sent."""
        self.outbox.emptied().addCallback(lambda _: self.note_sent(device))
