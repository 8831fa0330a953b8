"""What every door does, at the door for IRC clients."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.irc.door import IrcSession
from chatservice.protocol import events
from chatservice.sessions.session import Session
from tests.doors.contract import ConnectionContract


class IrcDoorTests(ConnectionContract, SynchronousTestCase):
    """The door for IRC clients, where only C{QUIT} is a goodbye."""

    hello = b"NICK ada\r\nUSER ada 0 * :Ada\r\nJOIN #lobby\r\n"
    line = b"PRIVMSG #lobby :hi\r\n"
    joined = " JOIN #lobby\r\n"
    not_sent = ":chatservice!chatservice@chatservice NOTICE ada :not sent: the disk is full\r\n"
    elsewhere = " PRIVMSG #lobby :hi\r\n"
    joined_elsewhere = " JOIN #python\r\n"
    seen = ""
    reading = (True, True, True)
    farewell = b"ERROR :Closing link: goodbye\r\n"
    # It comes to no room by itself, so its hello is two steps.
    arrival = (events.Resumed, events.Joined)
    steps = 3

    def make(self) -> Session:
        return IrcSession(self.chat)

    def says_goodbye(self) -> None:
        self.wire.sends(b"QUIT\r\n")


class MarkingIrcDoorTests(IrcDoorTests):
    """The same door for a client that says itself what was read."""

    hello = b"CAP REQ draft/read-marker\r\n" + IrcDoorTests.hello + b"CAP END\r\nJOIN #lobby\r\n"
    reading = (False, False, False)
