"""The pings of all connections, from one timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall

from chatservice.doors.irc.client import IrcClient

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

EVERY = 15.0
"""The seconds between two looks at all connections."""

SILENT = 120.0
"""The seconds of silence after which a client is pinged."""

PATIENCE = 60.0
"""The seconds within which it must then say something."""


class Pings:
    """The connections to a chat that are pinged after a long silence."""

    def __init__(self, chat: Chat) -> None:
        self._reactor = chat.reactor
        # Each with the moment of its last ping, or 0.
        self._sessions: dict[IrcClient, float] = {}
        self._timer: IDelayedCall | None = None

    def watch(self, session: IrcClient) -> None:
        """Ping a connection from now on."""
        self._sessions[session] = 0.0
        if self._timer is None:
            self._timer = self._reactor.callLater(EVERY, self._look)

    def forget(self, session: IrcClient) -> None:
        """Ping a connection no more."""
        self._sessions.pop(session, None)
        if not self._sessions and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = self._reactor.callLater(EVERY, self._look)
        now = self._reactor.seconds()
        for session, pinged in list(self._sessions.items()):
            silence = session.idle_seconds()
            if silence < SILENT:
                self._sessions[session] = 0.0
            elif not pinged:
                self._sessions[session] = now
                session.send_ping()
            elif now - pinged >= PATIENCE:
                session.close(f"ping timeout: {silence:.0f} seconds")
