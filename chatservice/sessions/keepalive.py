"""The detection of dead connections."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.interfaces import ITCPTransport

NO_ANSWER = 120
"""Seconds without an acknowledgement of sent data after which a connection is lost."""


def keep_honest(transport: Any) -> None:
    """Send without delay, and notice within 150 s that a peer has silently gone (tcp(7))."""
    if not ITCPTransport.providedBy(transport):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    # A TLS transport passes this on to the one below it; getHandle() would not give a socket.
    connection = getattr(transport, "socket", None)
    # Twisted's UNIX sockets claim to provide ITCPTransport as well.
    if isinstance(connection, socket.socket) and connection.family != socket.AF_UNIX:
        for option, value in (
            (socket.TCP_KEEPIDLE, 60),
            (socket.TCP_KEEPINTVL, 15),
            (socket.TCP_KEEPCNT, 5),
            (socket.TCP_USER_TIMEOUT, NO_ANSWER * 1000),
        ):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


