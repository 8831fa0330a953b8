"""A program made with Twisted's own C{IRCClient}, in the rooms of a chat."""

from __future__ import annotations

from typing import Any

from twisted.test.iosim import FakeTransport, connect
from twisted.words.protocols.irc import IRCClient

from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from tests.conversation import ConversationCase


class Robot(IRCClient):
    """A client that notes what happens."""

    nickname = "robot"
    heartbeatInterval = None

    def __init__(self) -> None:
        self.noted: list[tuple[Any, ...]] = []

    def signedOn(self) -> None:
        self.join("lobby")

    def joined(self, channel: str) -> None:
        self.noted.append(("joined", channel))
        self.say(channel, "hello")

    def privmsg(self, user: str, channel: str, message: str) -> None:
        self.noted.append(("privmsg", user.partition("!")[0], channel, message))

    def action(self, user: str, channel: str, data: str) -> None:
        self.noted.append(("action", user.partition("!")[0], channel, data))

    def userRenamed(self, oldname: str, newname: str) -> None:
        self.noted.append(("renamed", oldname, newname))

    def topicUpdated(self, user: str, channel: str, newTopic: str) -> None:
        self.noted.append(("topic", user.partition("!")[0], channel, newTopic))

    def modeChanged(
        self, user: str, channel: str, set: bool, modes: str, args: tuple[str, ...]
    ) -> None:
        self.noted.append(("mode", channel, set, modes, args))

    def kickedFrom(self, channel: str, kicker: str, message: str) -> None:
        self.noted.append(("kicked", channel, kicker, message))

    def userQuit(self, user: str, quitMessage: str) -> None:
        self.noted.append(("quit", user.partition("!")[0], quitMessage))


class RobotTests(ConversationCase):
    def setUp(self) -> None:
        super().setUp()
        self.front = FrontFactory(self.chat, Admission())
        self.robot = Robot()
        server: Any = self.front.buildProtocol(None)
        self.pump = connect(
            server,
            FakeTransport(server, isServer=True),
            self.robot,
            FakeTransport(self.robot, isServer=False),
        )

    def settle(self) -> None:
        """Let both sides read until nothing comes any more."""
        while self.pump.pump() or (self.clock.getDelayedCalls()[:1] != [] and self._due()):
            self.clock.advance(0)

    def _due(self) -> bool:
        return min(call.getTime() for call in self.clock.getDelayedCalls()) <= self.clock.seconds()

    def test_conversation(self) -> None:
        """It joins, is heard, and notes what people at another door do."""
        bob = self.at_text("bob")
        self.settle()
        self.assertEqual(self.robot.noted, [("joined", "#lobby")])
        self.assertEqual(bob.sees(), ["-- robot joined lobby", "robot: hello"])
        for typed in ("hi", "/me waves", "/topic tea", "/nick robert", "/msg robot psst"):
            bob.types(typed)
        bob.types("/quit bye")
        self.settle()
        self.assertEqual(
            self.robot.noted[1:],
            [
                ("privmsg", "bob", "#lobby", "hi"),
                ("action", "bob", "#lobby", "waves"),
                ("topic", "bob", "#lobby", "tea"),
                ("renamed", "bob", "robert"),
                ("privmsg", "robert", "robot", "psst"),
                ("quit", "robert", "bye"),
            ],
        )

    def test_moderation(self) -> None:
        """It is told of modes and kicks in a room that somebody else runs."""
        bob = self.at_text("bob")
        bob.types("/join tea")
        self.settle()
        self.robot.join("tea")
        self.settle()
        for typed in ("/op robot", "/room moderated on", "/kick robot out"):
            bob.types(typed)
        self.settle()
        self.assertEqual(
            self.robot.noted[-3:],
            [
                ("mode", "#tea", True, "o", ("robot",)),
                ("mode", "#tea", True, "m", (None,)),
                ("kicked", "#tea", "bob", "out"),
            ],
        )
