"""The doors for people and programs: each does what the chat asks of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, TextMessage
from wsproto.frame_protocol import CloseReason

from chatservice.doors.json import JsonSession
from chatservice.doors.text import TextSession
from chatservice.doors.websocket import WebSocketConnection, WebSocketSession
from chatservice.people.peers import Peer
from chatservice.sessions.session import Session
from tests.doors.contract import ConnectionContract
from tests.doubles import Wire


class TextDoorTests(ConnectionContract, SynchronousTestCase):
    """The door for people."""

    hello = b"ada\n"
    line = b"hi\n"
    joined = "-- you joined lobby: bob (2 here)\r\n"
    not_sent = "-- not sent: the disk is full\r\n"
    elsewhere = "\r\nada: hi\r\n"
    joined_elsewhere = "-- you joined #python, from your phone\r\n"
    seen = ""
    reading = (True, False, True)

    def make(self) -> Session:
        return TextSession(self.chat)


class JsonDoorTests(ConnectionContract, SynchronousTestCase):
    """The door for programs."""

    hello = b'{"type":"hello","nick":"ada"}\n'
    line = b'{"type":"say","room":"lobby","text":"hi"}\n'
    joined = '"rooms":{"lobby":{"topic":"","members":["ada","bob"],'
    not_sent = (
        '{"type":"error","code":"not-sent","text":"not sent: the disk is full","ref":"7"}\n'
    )

    elsewhere = '"room":"lobby","nick":"ada","text":"hi","own":true}\n'
    joined_elsewhere = '"rooms":{"python":{"topic":"","members":["ada"],'
    seen = (
        '{"type":"seen","room":"lobby","id":7}\n{"type":"seen","id":7,"following":true}\n'
    )
    reading = (True, True, True)

    def make(self) -> Session:
        return JsonSession(self.chat)


class NamedJsonDoorTests(JsonDoorTests):
    """The same door for a program that has a name, and says itself what was read."""

    hello = b'{"type":"hello","nick":"ada","client":"tablet"}\n'
    reading = (False, False, False)


def masked(line: bytes) -> bytes:
    """Make the frame of a line, as a client sends it."""
    return Connection(ConnectionType.CLIENT).send(TextMessage(line.decode()))


class WebDoorTests(JsonDoorTests):
    """The same door over a WebSocket, where only C{/quit} is a goodbye."""

    hello = masked(JsonDoorTests.hello)
    line = masked(JsonDoorTests.line)
    farewell = Connection(ConnectionType.SERVER).send(CloseConnection(CloseReason.NORMAL_CLOSURE))

    def make(self) -> Session:
        return WebSocketSession(self.chat)

    def connect(self) -> None:
        self.door = self.make()
        self.wire = Wire.to(WebSocketConnection(self.door, Peer(), b"accepted"), self.clock)
        self.assertEqual(self.wire.gets(), b"accepted")
        self.frames = Connection(ConnectionType.CLIENT)

    def sees(self) -> str:
        self.frames.receive_data(self.wire.gets())
        texts = [event for event in self.frames.events() if isinstance(event, TextMessage)]
        return "".join(f"{text.data}\n" for text in texts)

    def says_goodbye(self) -> None:
        self.wire.sends(masked(b'{"type":"command","line":"/quit"}\n'))
