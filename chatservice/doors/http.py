"""The HTTP door: the web page, and the way to a WebSocket (RFC 9112)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import h11
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.doors import answering
from chatservice.doors.answering import BODY_BYTES, HEAD_BYTES, HEALTH, WEBSOCKET, Answer, Refused
from chatservice.doors.carrier import Stream
from chatservice.doors.visit import Visit
from chatservice.doors.websocket import WebSocketConnection, WebSocketSession
from chatservice.people.ratelimit import WEIGHT
from chatservice.sessions.keepalive import keep_honest
from chatservice.sessions.outbox import Outbox
from chatservice.sessions.session import CLOSE_TIMEOUT

HEAD_TIMEOUT = 10.0
"""The seconds within which the head of a request must come."""

SLICE = 4096
"""The most bytes parsed at a time: a head is refused when it is too large, and not later."""

CHUNKS = 1024
"""The most chunks of a body, for parsing one takes 20 us."""

REQUEST_TIMEOUT = 30.0
"""The seconds within which a whole request must come, and its answer be taken."""

IDLE_TIMEOUT = 5.0
"""The seconds for which a connection waits for another request."""

SENTENCES = {
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: answering.HEAD_TOO_LARGE,
    HTTPStatus.NOT_IMPLEMENTED: "that transfer encoding is not known here",
}


@implementer(IHalfCloseableProtocol)
class HttpConnection(Stream):
    """A connection that carries requests, one at a time, until one opens a WebSocket.

    @param visit: is settled here, unless a proxy must tell for each request who sent it.
    """

    _request: h11.Request | None = None
    _timer: IDelayedCall | None = None
    _body = _chunks = 0
    _is_idle = False

    def __init__(self, visit: Visit) -> None:
        self._visit = visit if visit.is_proxy else visit.settled()
        self.peer = self._visit.peer
        self._unread = b""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)

    @property
    def reactor(self) -> Any:
        """See L{Stream}."""
        return self._visit.chat.reactor

    def connectionMade(self) -> None:
        limit = self._visit.chat.settings.send_queue
        self.outbox = Outbox(self.transport, limit, self, self.peer.direct)
        keep_honest(self.transport)
        self._await_request()

    # Time.

    def _await_request(self) -> None:
        self._began = self.reactor.seconds()
        self._allow(HEAD_TIMEOUT)

    def _allow(self, seconds: float) -> None:
        """Go on for some time, unless a later call says otherwise."""
        self._after(max(0.0, seconds), self._too_slow)

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something after some time, unless a later call says otherwise."""
        self._stop_waiting()
        self._timer = self.reactor.callLater(seconds, act)

    def _too_slow(self) -> None:
        if self._is_over or self.paused:
            self.abort()
        elif self._is_idle:
            self.close()
        else:
            self._refuse(Refused(HTTPStatus.REQUEST_TIMEOUT, "the request took too long"))

    def _stop_waiting(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    # From bytes to requests.

    def dataReceived(self, data: bytes) -> None:
        if self._is_over:
            self._discard(data)
            return
        if data:
            if self._is_idle:
                self._is_idle = False
                self._await_request()
            self._unread += data
        self._read()

    def _read(self) -> None:
        while not self.paused and not self._is_over:
            try:
                event = self._http.next_event()
                if event is h11.NEED_DATA and (self._unread or self._at_end):
                    # Nothing left is the end of the input.
                    self._http.receive_data(self._unread[:SLICE])
                    self._unread = self._unread[SLICE:]
                elif event in (h11.NEED_DATA, h11.PAUSED):
                    return
                else:
                    self._take(event)
            except h11.RemoteProtocolError as error:
                status = HTTPStatus(error.error_status_hint)
                self._refuse(Refused(status, SENTENCES.get(status, "the request is malformed")))
            except Refused as refused:
                self._refuse(refused)

    def _take(self, event: Any) -> None:
        match event:
            case h11.Request():
                self._request, self._body, self._chunks = event, 0, 0
                self._allow(self._began + REQUEST_TIMEOUT - self.reactor.seconds())
                answering.check_head(event)
                if self._http.they_are_waiting_for_100_continue:
                    proceed = h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[])
                    self.outbox.write(self._http.send(proceed))
            case h11.Data():
                self._body += len(event.data)
                self._chunks += event.chunk_start
                if self._body > BODY_BYTES or self._chunks > CHUNKS:
                    raise answering.too_large()
            case h11.EndOfMessage():
                self._answer()
            case _:
                # The peer sends nothing more (h11.ConnectionClosed).
                self.close()

    # Answers.

    def _answer(self) -> None:
        assert self._request is not None
        visit = answering.visit_of(self._request, self._visit)
        if answering.is_by_browser(self._request):
            visit.browsers.count(self._visit.peer.address)
        try:
            answer = self._answer_to(self._request, visit)
        except Refused as refused:
            answer = refused.answer
        if answer is None:
            return
        # A proxy's connection may carry the requests of many, who must not pay for each other.
        is_last = visit.peer.refusal is not None or self._visit.is_proxy
        self._send(answer, visit, is_last or answer.status is HTTPStatus.BAD_REQUEST)
        wait = visit.chat.flood.charge(visit.peer.origin, 1 + self._body // WEIGHT)
        emptied = self.outbox.emptied()
        if not emptied.called:
            self.pause()
            self._allow(REQUEST_TIMEOUT)
        emptied.addCallback(lambda _: self._answered(wait))

    def _answer_to(self, request: h11.Request, visit: Visit) -> Answer | None:
        """Choose the answer; C{None} if the request has opened a WebSocket.

        @raise Refused: it is refused.
        """
        if self._visit.is_proxy and not visit.chat.flood.connect(visit.peer.origin):
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many requests: wait a little")
        path = answering.path_of(request)
        if path == HEALTH:
            return answering.health(request, visit)
        answering.check_host(request, self._visit)
        if path == WEBSOCKET:
            self._open_websocket(request, visit.settled())
            return None
        return answering.answer_to(request, visit)

    def _open_websocket(self, request: h11.Request, visit: Visit) -> None:
        headers = answering.websocket_headers(request, visit)
        status = HTTPStatus.SWITCHING_PROTOCOLS
        accepted = self._http.send(h11.InformationalResponse(status_code=status, headers=headers))
        rest = self._http.trailing_data[0] + self._unread
        self._is_over = True
        self._stop_waiting()
        self.outbox.detach()
        session = WebSocketSession(visit.chat)
        # The time in which to join begins now, however long the connection was used before.
        peer = replace(visit.peer, since=self.reactor.seconds())
        visit.front.open(WebSocketConnection(session, peer, accepted), rest)

    def _send(self, answer: Answer, visit: Visit, last: bool = False) -> None:
        headers = answering.headers_of(answer, visit)
        if last:
            headers.append(("Connection", "close"))
        status = answer.status
        head = h11.Response(status_code=status, reason=status.phrase, headers=headers)
        data = self._http.send(head) or b""
        is_head = self._request is not None and self._request.method == b"HEAD"
        if answer.content and not is_head:
            data += self._http.send(h11.Data(data=answer.content)) or b""
        self.outbox.write(data + (self._http.send(h11.EndOfMessage()) or b""))

    def _answered(self, wait: float) -> None:
        """Read the next request, which is not read while an answer waits to be sent."""
        if self._is_over or self.outbox.is_closed:
            return
        if self._http.our_state is h11.MUST_CLOSE:
            self.close()
            return
        self._request = None
        self._http.start_next_cycle()
        if wait or self._has_more():
            # Everybody else has a turn before the next request.
            self.pause()
            self._after(wait, self._go_on)
        else:
            self._go_on()

    def _has_more(self) -> bool:
        """Tell whether the next request, or a part of it, has come already."""
        return self._http.trailing_data[0] + self._unread != b""

    def _go_on(self) -> None:
        self._is_idle = not self._has_more()
        if self._is_idle:
            self._allow(IDLE_TIMEOUT)
        else:
            self._await_request()
        if self.paused:
            self.resume()

    def _refuse(self, refused: Refused) -> None:
        """Answer for the last time: where the next request begins is not known any more."""
        self._send(refused.answer, self._visit, last=True)
        self.close()

    # The end of the connection.

    def close(self) -> None:
        """See L{Stream.close}; after 5 s, discard what is not sent yet."""
        self._allow(CLOSE_TIMEOUT)
        super().close()

    def has_unread(self) -> bool:
        """See L{Stream.has_unread}: the rest of a request may be on its way."""
        return not self._at_end

    def readConnectionLost(self) -> None:
        """Answer what has come, and close; the peer sends nothing more."""
        self._at_end = True
        if self._is_over:
            self.transport.loseConnection()
        else:
            self._read()

    def writeConnectionLost(self) -> None:
        """Wait for the peer to close, for everything is sent."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_waiting()
        super().connectionLost(reason)

    # For the outbox.

    def overflowed(self) -> None:
        """See L{chatservice.sessions.outbox.Sender.overflowed}."""
        self.abort()

    def position(self) -> int:
        """See L{chatservice.sessions.outbox.Sender.position}; requests have none."""
        return 0

    def switched(self) -> None:
        """See L{chatservice.sessions.outbox.Sender.switched}."""
