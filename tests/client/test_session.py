"""The client's conversation with the chat, with no I/O at all: how it begins, and how it ends."""

import json

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.joining import Identity
from chatservice.client.main import _client_name
from chatservice.client.session import Session
from chatservice.client.view import State
from tests.scripted import LOBBY, MISSED, Hearer, Recorder, SessionCase, line, welcome


class JoiningTests(SessionCase):
    """From the connection to the first live event."""

    rooms = ("lobby", "python")

    def test_hello(self) -> None:
        """The nickname and the rooms go out as soon as there is a connection."""
        self.connect()
        self.assertEqual(
            self.chat.take(), [{"type": "hello", "nick": "ada", "rooms": {"lobby": 0, "python": 0}}]
        )

    def test_greeting_is_skipped(self) -> None:
        """Lines meant for a person at a terminal are skipped until the welcome."""
        self.connect()
        self.hear(b"Welcome to chatservice.", b"{nonsense", welcome(lobby=LOBBY))
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual(self.person.take(), ["entered lobby ['ada', 'bob']"])

    def test_motd(self) -> None:
        """The message of the day is told at the first welcome alone."""
        message = json.loads(welcome(lobby=LOBBY)) | {"motd": ["Be kind."]}
        self.connect()
        self.hear(json.dumps(message).encode())
        self.assertIn("told Be kind.", self.person.take())
        self.session.disconnected()
        self.connect()
        self.hear(json.dumps(message).encode())
        self.assertNotIn("told Be kind.", self.person.take())

    def test_recent_history_first(self) -> None:
        """A new room's recent lines are shown before what comes by itself."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED, python=LOBBY))
        self.assertEqual(
            self.chat.take()[1:],
            [{"type": "history", "room": "lobby", "before": 100, "limit": 20}],
        )
        self.hear(self.said(105), line("history", ref="r1", events=[json.loads(self.said(50))]))
        self.assertEqual(self.person.take()[2:], ["old Said 50", "new Said 105"])

    def test_current_room(self) -> None:
        """The first of the rooms asked for is the current one."""
        self.connect()
        self.hear(welcome(100, python=LOBBY, lobby=LOBBY))
        self.assertEqual(self.session.places.current, "lobby")

    def test_refused_for_good(self) -> None:
        """Any refusal that is not about the nickname ends a session that was never joined."""
        self.connect()
        self.hear(line("error", code="closing", text="the chat is full"))
        self.assertEqual(self.person.take(), ["gone the chat is full True"])

    def test_closed_with_words(self) -> None:
        """What the chat said last before it closed the connection is why one could not join."""
        self.connect()
        self.hear(b"-- the chat is full", b"")
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone the chat is full True"])

    def test_no_chat(self) -> None:
        """Of what answers in another language nothing is shown."""
        for lines in (
            [b"HTTP/1.1 400 Bad Request\r", b"Server: nginx\r", b"\r", b"<html>"],
            [b"SSH-2.0-OpenSSH_9.2", b"  -- indented"],
        ):
            self.setUp()
            self.connect()
            self.hear(*lines)
            self.session.disconnected()
            self.assertEqual(self.person.take(), ["gone That is not a chat server. True"])

    def test_closed_with_words_after_a_greeting(self) -> None:
        """The words count, whatever was shown to a person before them and after."""
        self.connect()
        self.hear(b"Welcome to chatservice.", b"-- the chat is full", b"Goodbye.")
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone the chat is full True"])

    def test_closed_without_a_word(self) -> None:
        """A connection closed before the welcome is a failure with a sentence."""
        self.connect()
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone The chat closed the connection. True"])

    def test_unreachable(self) -> None:
        """Without any connection the session ends with the link's sentence."""
        self.session.unreachable("Nobody is there.")
        self.assertEqual(self.person.take(), ["gone Nobody is there. True"])
        self.assertIs(self.session.state, State.GONE)


class ClientTests(SynchronousTestCase):
    """The name of one run of the program."""

    def test_same_for_each_connection(self) -> None:
        """Each hello has it, so that the chat knows the connections of one run."""
        chat = Hearer()
        identity = Identity("ada", client="terminal-5f0c")
        session = Session(Recorder(), identity, ["lobby"], iter(["r1", "r2"]), recent=20)
        for _ in range(2):
            session.connected(chat.send)
            session.line_received(welcome(lobby=LOBBY))
            session.disconnected()
        hellos = [each for each in chat.requests if each["type"] == "hello"]
        self.assertEqual([each["client"] for each in hellos], ["terminal-5f0c"] * 2)

    def test_another_for_each_run(self) -> None:
        """It tells a terminal from a pipe, and one run from another."""
        names = [_client_name(is_pipe) for is_pipe in (False, True, True)]
        self.assertRegex(" ".join(names), r"^terminal-[0-9a-f]{8} pipe-[0-9a-f]{8} pipe-")
        self.assertEqual(len(set(names)), 3)


class AnyRoomTests(SessionCase):
    """A session that leaves it to the chat in which rooms it is."""

    rooms = ()

    def test_rooms(self) -> None:
        """It is in the rooms of the welcome, the last of them the current one."""
        self.connect()
        self.assertEqual(self.chat.take(), [{"type": "hello", "nick": "ada", "rooms": {}}])
        self.hear(welcome(100, lobby=LOBBY, python=LOBBY))
        pages = []
        for _ in range(2):
            pages.append(self.chat.requests[-1])
            self.hear(line("history", ref=pages[-1]["ref"], events=[]))
        self.assertEqual([(p["room"], p["limit"]) for p in pages], [("lobby", 20), ("python", 20)])
        self.assertEqual(self.session.places.current, "python")

    def test_typed_ahead(self) -> None:
        """What is typed before the welcome waits, in its order, for a room to be said in."""
        for typed in ("one", "/topic tea", "two"):
            self.session.typed(typed)
        self.connect()
        self.chat.take()
        self.assertEqual(self.session.unanswered, 3)
        self.hear(welcome(100, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        sent = [(r["room"], r.get("text") or r["line"]) for r in self.chat.take()[1:]]
        expected = [("lobby", "one"), ("lobby", "/topic tea"), ("lobby", "two")]
        self.assertEqual(sent, expected)
        self.assertEqual(self.person.take()[1:], [])

    def test_notice_before_the_welcome(self) -> None:
        """What the chat has to say while one waits is told."""
        self.connect()
        self.hear(line("notice", lines=["bob is silent: free in 10 s"]))
        self.assertEqual(self.person.take(), ["told bob is silent: free in 10 s"])
        self.assertIs(self.session.state, State.GREETING)


class NicknameTests(SessionCase):
    """The nickname that one cannot have."""

    def taken(self) -> bytes:
        return line("error", code="nick-taken", text="ada is taken")

    def test_another_is_typed(self) -> None:
        """The next typed line is the nickname, whatever was typed ahead."""
        self.connect()
        self.session.typed("/join python")
        self.hear(self.taken(), self.said(1))
        self.assertEqual(self.person.take(), ["nickname refused: ada is taken"])
        self.assertIs(self.session.state, State.ASKING)
        self.session.typed("  ")
        self.session.typed("eve")
        self.assertEqual(self.chat.take()[-1]["nick"], "eve")
        self.hear(welcome(nick="eve", lobby=LOBBY))
        self.assertEqual(self.session.nick, "eve")

    def test_as_typed(self) -> None:
        """A nickname with a blank in it is not cut, and not sent: it is said what is wrong."""
        self.connect()
        self.hear(self.taken())
        self.chat.take()
        self.session.typed(" eve and ada ")
        self.assertEqual(self.chat.take(), [])
        told = "nickname refused: a nickname must not contain a space"
        self.assertEqual(self.person.take()[-1], told)
        self.assertIs(self.session.state, State.ASKING)

    def test_typed_without_connection(self) -> None:
        """A nickname typed after the connection was closed goes out with the next one."""
        self.connect()
        self.hear(line("error", code="bad-nick", text="no"))
        self.session.disconnected()
        self.connect()
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["nickname refused: no"])
        self.session.typed("eve")
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["nick"], "eve")

    def test_leaving_instead(self) -> None:
        """Somebody who is asked for a nickname may leave."""
        self.connect()
        self.hear(self.taken())
        self.session.typed("/quit")
        self.assertEqual(self.person.take()[-1], "gone None False")

    def test_taken_while_away(self) -> None:
        """After a reconnection a taken nickname gets underlines, until there is no room for one."""
        self.live()
        self.session.disconnected()
        self.connect()
        self.hear(self.taken(), self.taken())
        self.assertEqual([r["nick"] for r in self.chat.take()], ["ada", "ada_", "ada__"])
        self.hear(*[self.taken()] * 27)
        self.assertEqual(len(self.session.nick), 32)
        self.assertIs(self.session.state, State.GREETING)
        self.hear(self.taken())
        self.assertIs(self.session.state, State.ASKING)

    def test_other_refusal_while_away(self) -> None:
        """After a reconnection a refusal of another kind is waited out."""
        self.live()
        self.session.disconnected()
        self.connect()
        self.person.take()
        self.hear(line("error", code="closing", text="the chat is full"))
        self.session.disconnected()
        self.assertEqual(self.person.take(), [])
        self.assertIs(self.session.state, State.OFFLINE)


class LeavingTests(SessionCase):
    """The end of a session."""

    def test_goodbye(self) -> None:
        """Leaving says so after everything else, and ends with the connection."""
        self.live()
        self.session.leave()
        self.session.leave()
        self.session.typed("too late")
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/quit"}])
        self.session.disconnected()
        self.session.disconnected()
        self.assertEqual(
            self.person.take(),
            ["leaving", "gone 1 line was not confirmed by the chat:\n    too late False"],
        )

    def test_words(self) -> None:
        """A goodbye may have words, and other names."""
        self.live()
        self.session.typed("/BYE see you")
        self.assertEqual(self.chat.take()[0]["line"], "/BYE see you")

    def test_nothing_unconfirmed(self) -> None:
        """A goodbye with nothing open says nothing more."""
        self.live()
        ref = self.say("last")
        self.session.leave()
        self.hear(self.said(101, "last", "ada", ref=ref, own=True))
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["leaving", "new Said 101", "gone None False"])

    def test_without_connection(self) -> None:
        """Without a connection leaving is the end, with a word on what was not sent."""
        self.live()
        self.session.disconnected()
        self.person.take()
        self.session.typed("one")
        self.session.typed("two")
        self.session.leave()
        words = "2 lines were not confirmed by the chat:\n    one\n    two"
        self.assertEqual(self.person.take(), [f"gone {words} False"])

    def test_passwords_are_not_printed(self) -> None:
        """What is not confirmed is shown, but for passwords."""
        self.session.typed("/login ada secret-enough")
        self.session.typed("hello")
        self.session.leave()
        lines = "\n    (a command with a password)\n    hello"
        words = f"2 lines were not confirmed by the chat:{lines}"
        self.assertEqual(self.person.take(), [f"gone {words} False"])

    def test_abandoned(self) -> None:
        """When the program is being ended nothing more is told."""
        self.live()
        self.session.abandon()
        self.session.disconnected()
        self.assertEqual(self.person.take(), [])

    def test_during_history(self) -> None:
        """Who leaves while history is shown leaves after it."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.chat.take()
        self.session.leave()
        self.assertEqual(self.chat.take(), [])
        self.hear(line("history", ref="r1", events=[]))
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/quit"}])

    def test_cut_during_history(self) -> None:
        """Who was leaving does not come back."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.session.leave()
        self.session.disconnected()
        self.assertEqual(self.person.take()[-1], "gone None False")
