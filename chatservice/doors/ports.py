"""The ports of a chat: reading their descriptions, opening them, and telling how to join."""

from __future__ import annotations

import errno
import os
import shlex
import socket
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, execute, inlineCallbacks, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port as TCPPort
from twisted.logger import Logger
from zope.interface import implementer

from chatservice.chat.chat import Chat
from chatservice.config.values import BadValue
from chatservice.doors import site
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission, most_connections
from chatservice.doors.visit import EVERYBODY, Policy, PortKind
from chatservice.protocol.errors import CannotStart

log = Logger()

BACKLOG = 1024
"""The most connections waiting for the chat to accept them (listen(2))."""

_LOCAL_KINDS = ("tcp", "tcp6", "ssl", "unix")

_NO_IP6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class _DualStackPort(TCPPort):
    """A port for IPv6 and IPv4, whatever C{net.ipv6.bindv6only} says (ipv6(7))."""

    def createInternetSocket(self) -> socket.socket:
        made: socket.socket = super().createInternetSocket()
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return made


@implementer(IStreamServerEndpoint)
class DualStackEndpoint:
    """One port on every address of the machine; on IPv4 alone where there is no IPv6.

    IPv4 peers appear as C{::ffff:192.0.2.7}; see L{chatservice.people.addresses.host_of}.

    @param reactor: the reactor that accepts the connections.
    @param number: the port's number; 0 for any free port.
    """

    def __init__(self, reactor: Any, number: int) -> None:
        self._reactor = reactor
        self.number = number

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See C{IStreamServerEndpoint}."""
        return execute(self._listen, protocolFactory)

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        port: TCPPort = _DualStackPort(self.number, factory, BACKLOG, "::", self._reactor)
        try:
            port.startListening()
        except CannotListenError as error:
            if error.socketError.errno not in _NO_IP6:
                raise
            port = TCPPort(self.number, factory, BACKLOG, "", self._reactor)
            port.startListening()
        return port


def read_endpoint(reactor: Any, text: str) -> Any:
    """Read an endpoint that an operator wrote, as a number or as Twisted's description.

    @raise BadValue: the text describes no endpoint, or one that is not available here.
    """
    try:
        if text.isascii() and text.isdigit():
            if int(text) > 65535:
                raise BadValue("a port must be 65535 or less")
            return DualStackEndpoint(reactor, int(text))
        return serverFromString(reactor, text)
    except BadValue:
        raise
    except (ImportError, NameError) as error:  # tls: without pyOpenSSL is a NameError
        raise BadValue(
            f"such an endpoint needs packages that are not installed ({error});"
            " for TLS: pip install 'Twisted[tls]'"
        ) from None
    except OSError as error:
        raise BadValue(f"cannot read {error.filename}: {error.strerror}") from None
    except Exception as error:
        raise BadValue(
            "it is neither a number nor an endpoint such as"
            f" tcp:59000:interface=127.0.0.1 ({error})"
        ) from None


class Port:
    """A port on which the chat is open, or will be.

    @ivar name: the port as the operator wrote it.
    @param is_irc: whether it is for IRC alone.
    """

    def __init__(self, name: str, endpoint: Any, is_irc: bool = False) -> None:
        self.name = name
        self._endpoint = endpoint
        self._is_irc = is_irc
        self._listening: Any = None
        self._factory: FrontFactory

    @property
    def is_plain_tcp(self) -> bool:
        """Whether its connections are plain TCP and nothing else; see L{Outbox}."""
        return type(self._endpoint) in (TCP4ServerEndpoint, TCP6ServerEndpoint, DualStackEndpoint)

    @property
    def is_encrypted(self) -> bool:
        """Whether its connections are TLS."""
        return self.name.startswith(("ssl:", "tls:"))

    @property
    def can_be_tried(self) -> bool:
        """Whether opening it affects this machine alone, and closing undoes it."""
        kind = self.name.removeprefix("haproxy:").partition(":")[0]
        return kind in _LOCAL_KINDS or isinstance(self._endpoint, DualStackEndpoint)

    def open(self, chat: Chat, admission: Admission, policy: Policy) -> None:
        """Open a chat on this port, with all its doors.

        @raise CannotStart: the port cannot be opened.
        """
        is_proxied = self.name.startswith("haproxy:")
        kind = PortKind(self.is_plain_tcp, self.is_encrypted, is_proxied, self._is_irc)
        self._factory = FrontFactory(chat, admission, kind, policy)
        self.listen(self._factory)

    def lead_to(self, chat: Chat) -> None:
        """Have new connections lead to another chat."""
        self._factory.chat = chat

    def listen(self, factory: IProtocolFactory) -> None:
        """Open the port.

        @raise CannotStart: the port cannot be opened.
        """
        failures: list[Any] = []
        maybeDeferred(self._endpoint.listen, factory).addCallbacks(self._opened, failures.append)
        if failures:
            error = failures[0].value
            reason = error.socketError if isinstance(error, CannotListenError) else error
            if isinstance(reason, str):  # from a UNIX socket's lock file
                reason = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            raise self._cannot_listen(reason)

    def begin_listening(self) -> None:
        """Listen on the socket, which was only bound when the port was opened.

        @raise CannotStart: another socket listens on the same port.
        """
        try:
            self._listening.socket.listen()
        except OSError as error:
            raise self._cannot_listen(error) from None

    def _cannot_listen(self, reason: object) -> CannotStart:
        return CannotStart(f"{getattr(reason, 'strerror', reason)}: cannot listen on {self.name}")

    @property
    def number(self) -> int:
        """The number of the port, once it is open; 0 if it has none."""
        return getattr(self._listening.getHost(), "port", 0)

    def _opened(self, listening: IListeningPort) -> None:
        self._listening = listening

    def close(self) -> Deferred[Any]:
        """Close the port, if it is open."""
        if self._listening is None:
            return maybeDeferred(lambda: None)
        return maybeDeferred(self._listening.stopListening)

    def how_to_join(self, policy: Policy) -> str:
        """Tell, for the log, where the chat is open and which programs people can join it with."""
        address = self._listening.getHost()
        if isinstance(address, UNIXAddress):
            path = os.fsdecode(address.name or b"")
            return f"The chat is open on {path}. Join it with\n    nc -U {shlex.quote(path)}"
        where = f"The chat is open on {address.host} port {address.port}."
        if isinstance(self._endpoint, DualStackEndpoint):
            where = f"The chat is open on port {address.port} of every address of this machine."
        return where + self._ways_to_join(address.host, address.port, policy)

    def _ways_to_join(self, host: str, number: int, policy: Policy) -> str:
        if self._is_irc:
            return " It is for IRC clients."
        host = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
        in_url = f"[{host}]" if ":" in host else host
        if self.is_plain_tcp:
            plain = (
                f"http://{in_url}:{number} in a browser",
                f"telnet {host} {number}",
                f"nc {host} {number}",
                f"chatservice {in_url}:{number}",
            )
            over_tls = (
                f"https://{in_url}:{number} in a browser",
                f"openssl s_client -quiet -connect {in_url}:{number}",
                f"chatservice {in_url}:{number} --tls",
            )
            ways = (
                *(over_tls if policy.certificate is not None else ()),
                *(() if policy.requires_tls else plain),
            )
            return "".join([" Join it with one of", *(f"\n    {way}" for way in ways)])
        if self.is_encrypted:
            return (
                " It is for clients that speak TLS, such as\n"
                f"    openssl s_client -quiet -connect {in_url}:{number}"
            )
        return ""


class Ports:
    """All ports of a chat.

    @param ports: at least one.
    @param policy: the same for all of them.
    @param in_all: see L{Admission}, also for C{per_address}; 0 for as many as the system allows.
    """

    def __init__(
        self, ports: list[Port], policy: Policy, in_all: int, per_address: int
    ) -> None:
        self._ports = ports
        self._policy = policy
        self._in_all = in_all
        self._per_address = per_address
        self.are_open = False

    def open(self, chat: Chat) -> None:
        """Open the chat on all of them.

        @raise CannotStart: a port cannot be opened.
        """
        self.are_open = True
        site.page()
        most = most_connections(self._in_all)
        if most < self._in_all:
            log.warn("The system allows {most} connections, fewer than asked for.", most=most)
        admission = Admission(most, self._per_address)
        for port in self._ports:
            port.open(chat, admission, self._policy)

    def lead_to(self, chat: Chat) -> None:
        """Have new connections lead to another chat, which has taken the place of the former."""
        for port in self._ports:
            port.lead_to(chat)

    def announce(self) -> None:
        """Log how to join the chat."""
        for port in self._ports:
            log.info("{how}", how=port.how_to_join(self._policy))

    @inlineCallbacks
    def close(self) -> Generator[Deferred[Any], Any, None]:
        """Close them all."""
        for port in self._ports:
            yield port.close()


def try_out(reactor: Any, ports: list[Port]) -> None:
    """Open the ports that can be tried, and close them again.

    They are bound, but nobody can connect: whoever did would be cut off at once. Only if several
    have the same number do they listen, for that alone shows whether they are the same one.

    @raise CannotStart: a port cannot be opened.
    """
    tried = [port for port in ports if port.can_be_tried]
    try:
        with _only_binding():
            for port in tried:
                port.listen(Factory())
        numbers = Counter(port.number for port in tried)
        for port in tried:
            if port.number and numbers[port.number] > 1:
                port.begin_listening()
    finally:
        for port in ports:
            port.close()
        # Ports are closed in the next turn.
        reactor.iterate(0)


@contextmanager
def _only_binding() -> Iterator[None]:
    """Let sockets be bound, but not listen."""
    socket.socket.listen = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        # The class has only inherited it.
        del socket.socket.listen


def open_port(reactor: Any, text: str, chat: Chat) -> Port:
    """Open a chat on a port, with all its doors.

    @param text: a number, for every address of this machine, or Twisted's endpoint description.
    @raise CannotStart: the port cannot be opened; uncaught, it ends the program with one sentence.
    """
    try:
        port = Port(text, read_endpoint(reactor, text))
    except BadValue as error:
        raise CannotStart(f"{text}: {error}") from None
    port.open(chat, Admission(0, chat.settings.per_address), EVERYBODY)
    return port
