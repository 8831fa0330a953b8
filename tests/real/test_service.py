"""twistd chat as a service, from start to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from twisted.internet.defer import fail

from chatservice import tap
from chatservice.config.settings import Settings
from chatservice.protocol.errors import CannotStart, StorageError
from chatservice.tap import ChatService, Options
from tests.conversation import new_path
from tests.services import ServiceCase


class ServiceTests(ServiceCase):
    """The service, from start to stop."""

    def test_bounds_in_memory(self) -> None:
        """Without a file, a room has no more than so many lines, whatever is asked for."""
        for given, kept in (((), 99_999), (("--database", ":memory:"), 10_000)):
            service = self.started("--keep-lines", "99999", *given)
            pruning: Any = service._keeping._upkeeps[0]._rounds._steps[0]
            self.assertEqual(pruning.__self__._bounds("lobby"), (0, kept))

    def test_a_chat(self) -> None:
        """What is said is stored, told at the end of the chat, and there after a restart."""
        service = self.started()
        wire = self.connect()
        wire.sends(b"ada\nhello\n/topic snakes\n")
        self.assertIn("you joined lobby", wire.sees())
        done = service.stopService()
        self.assertEqual(wire.sees(), "-- the chat is shutting down\r\n")
        self.successResultOf(done)
        last = service.chat.ids.last
        again = ChatService(self.reactor, service._options)
        again.privilegedStartService()
        again.startService()
        self.assertEqual(again.chat.ids.last, last)
        self.reactor.tcpServers.reverse()
        wire = self.connect()
        wire.sends(b"bob\n")
        seen = wire.sees()
        self.assertIn("-- the topic (set by ada): snakes\r\n", seen)
        self.assertIn(" ada: hello\r\n", seen)
        wire.vanishes()
        self.stop(again)

    def test_ports_are_closed_first(self) -> None:
        """Nobody can connect any more by the time people are told."""
        service = self.started()
        wire = self.connect()
        wire.sends(b"ada\n")
        wire.sees()
        seen: list[str] = []
        (port,) = service._ports._ports
        self.patch(port._listening, "stopListening", lambda: seen.append(wire.sees()))
        done = service.stopService()
        self.assertEqual(seen, [""])
        self.assertEqual(wire.sees(), "-- the chat is shutting down\r\n")
        self.successResultOf(done)

    def test_full_disk_at_the_end(self) -> None:
        """That the last id cannot be stored is in the log, and the file is closed all the same."""
        service = self.started()
        closed: list[None] = []
        self.patch(service._keeping._database, "close", lambda: closed.append(None))
        error = StorageError("the disk is full")
        self.patch(service._keeping.journal, "close", lambda: fail(error))
        self.stop(service)
        self.assertEqual(
            (closed, self.logged[-1]),
            (
                [None],
                "Storing the last id failed, so the next run skips some: the disk is full.",
            ),
        )

    def test_settings(self) -> None:
        """The options arrive where they have their effect."""
        motd = new_path(self)
        motd.write_text("Be kind.\n")
        service = self.started(
            *("--name", "Tea room", "--replay", "3", "--rate-limit", "7", "--send-queue", "2K"),
            *("--pipe-rate", "70"),
            *("--motd", str(motd), "--max-connections", "2", "--max-per-address", "1"),
            *("--linger", "9", "--operator", "Ada", "--keep", "30d", "--keep-lines", "4"),
            *("--least-password", "3"),
        )
        settings = service.chat.settings
        people = {"linger": 9, "operators": frozenset({"ada"})}
        history = {"keep": 30 * 86400, "keep_lines": 4}
        self.assertEqual(
            settings, Settings("Tea room", ("Be kind.",), 3, 7, 70, 1, 2048, **people, **history)
        )
        self.assertEqual(service.chat.accounts.least, 3)
        first, second = self.connect(), self.connect()
        for wire in (first, second):
            wire.sends(b"\n")
        self.assertEqual(
            second.sees(),
            "-- your address already has the most connections allowed (1):"
            " close one of them first\r\n",
        )
        first.vanishes()
        self.stop(service)

    def test_in_memory(self) -> None:
        """A database in memory needs no file."""
        service = self.started("--database", ":memory:")
        wire = self.connect()
        wire.sends(b"ada\nhello\n/history\n")
        self.assertIn(" ada: hello\r\n", wire.sees())
        wire.vanishes()
        self.stop(service)

    def test_file_taken_away(self) -> None:
        """A chat whose file is gone is not well, within a second."""
        service = self.started()
        path = Path(service._options["database"])
        path.rename(path.with_name("away"))
        self.reactor.advance(1.0)
        sentence = "the database file was deleted, moved or replaced"
        self.assertEqual(service.chat.trouble(), f"{sentence}: lines are refused until it is back")
        path.with_name("away").rename(path)
        self.reactor.advance(1.0)
        self.assertEqual(service.chat.trouble(), "")
        self.stop(service)

    def test_without_privileges(self) -> None:
        """Where the service is only started, as by twist, its ports are opened as well."""
        service = self.service()
        service.startService()
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertIn("The chat is open on", self.logged[-1])
        self.stop(service)

    def test_no_database(self) -> None:
        """A database that does not open ends the start with one sentence."""
        service = self.service("--database", "/no/such/folder/chat")
        service.privilegedStartService()
        error = self.assertRaises(CannotStart, service.startService)
        self.assertEqual(str(error), "No such file or directory: cannot use /no/such/folder/chat")

    def test_reload(self) -> None:
        """SIGHUP reads the message of the day again; one that cannot be read stays as it was."""
        motd = new_path(self)
        motd.write_text("Be kind.\n")
        service = self.started("--motd", str(motd))
        motd.write_text("Tea at five.\n")
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(service.chat.settings.motd, ("Tea at five.",))
        self.assertEqual(self.logged[-1], "The message of the day was read again.")
        motd.unlink()
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(service.chat.settings.motd, ("Tea at five.",))
        why = f"cannot read {motd}: No such file or directory"
        self.assertEqual(self.logged[-1], f"The message of the day stays as it was: {why}.")
        self.stop(service)

    def test_reload_nothing(self) -> None:
        """Without a message of the day SIGHUP does nothing."""
        service = self.started()
        before = len(self.logged)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(len(self.logged), before)
        self.stop(service)

    def test_makeService(self) -> None:
        """twistd is given the service, which has opened nothing yet."""
        options = Options()
        path = new_path(self)
        options.parseOptions(["--database", str(path)])
        self.assertIsInstance(tap.makeService(options), ChatService)
        self.assertFalse(path.exists())
