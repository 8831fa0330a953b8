"""IRC clients that ask something and read the answer, in a chat in memory."""

from __future__ import annotations

from tests.conversation import ConversationCase
from tests.doubles import Wire

CAPABILITIES = (
    "message-tags server-time batch labeled-response draft/chathistory draft/read-marker "
    "soju.im/search draft/account-registration"
)


class Client:
    """An IRC client."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def sends(self, *lines: str) -> None:
        """Send lines."""
        self.wire.sends("".join(f"{line}\r\n" for line in lines).encode())

    def sees(self) -> list[str]:
        """Return the lines since the last call."""
        return self.wire.sees().split("\r\n")[:-1]

    def asks(self, *lines: str) -> list[str]:
        """Send lines, and return what comes then."""
        self.sees()
        self.sends(*lines)
        return self.sees()


class ClientCase(ConversationCase):
    """Tests with IRC clients."""

    def client(self, nick: str, *lines: str, caps: str = CAPABILITIES) -> Client:
        """Register as an IRC client, send lines, and read everything so far."""
        client = Client(self.connect())
        client.sends(f"CAP REQ :{caps}", f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")
        client.sends(*lines)
        client.sees()
        return client


def texts(lines: list[str]) -> list[str]:
    """List what was said in lines."""
    return [line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line]
