"""The answer to load balancers: whether the chat takes lines."""

from __future__ import annotations

from twisted.logger import capturedLogs

from chatservice.chat.publisher import TRIAL
from chatservice.doors import answering
from chatservice.doors.limits import Admission
from chatservice.doors.visit import Policy
from chatservice.people.addresses import network_named
from chatservice.protocol.errors import StorageError
from tests.browsing import BY_THIS_MACHINE, HttpCase, Seen, answers_in
from tests.conversation import each_row
from tests.journals import FailingJournal

PATH = b"/healthz"
WELL = (200, "ok\n")
FULL = (503, "lines cannot be stored: the disk is full\n")


class HealthCase(HttpCase):
    """Tests of a chat whose journal may fail."""

    def setUp(self) -> None:
        self.disk = FailingJournal()
        super().setUp()
        self.open_chat(self.disk)

    def asked(self, *headers: bytes, **more: bytes) -> tuple[int, str]:
        """The status and the text of the answer to a balancer."""
        seen = self.answer(PATH, *headers, **more)
        return seen.status, seen.body.decode()


class HealthTests(HealthCase):
    """What is answered."""

    def test_well(self) -> None:
        """A chat that takes lines is well; nobody may keep the answer, and nothing is logged."""
        with capturedLogs() as logged:
            seen = self.answer(PATH)
        self.assertEqual((seen.status, seen.body), (200, b"ok\n"))
        expected = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
        self.assertEqual(seen.headers | expected, seen.headers)
        self.assertEqual(logged, [])

    def test_not_stored(self) -> None:
        """A chat that cannot store lines says why, until it can, though nobody tries."""
        ada = self.at_text("ada")
        self.disk.error = StorageError("the disk is full")
        ada.types("hello")
        with capturedLogs() as logged:
            self.assertEqual([self.asked(), self.asked()], [FULL, FULL])
        self.assertEqual(logged, [])
        self.disk.error = None
        self.clock.advance(TRIAL)
        self.clock.advance(0)
        self.assertEqual(self.asked(), WELL)

    def test_shutting_down(self) -> None:
        """A chat that shuts down says so, whatever else is the matter."""
        self.at_text("ada")
        self.chat.troubles.append(lambda: "the moon is full")
        self.chat.shut_down(3.0)
        self.assertEqual(self.asked(), (503, "the chat is shutting down\n"))

    def test_other_troubles(self) -> None:
        """Any part of the program may have a trouble of its own; the first one is told."""
        own = ["", "the database does not answer", "the moon is full"]
        self.chat.troubles += [lambda: own[0], lambda: own[-1]]
        self.assertEqual(self.asked(), (503, "the moon is full\n"))
        del own[0]
        self.assertEqual(self.asked(), (503, "the database does not answer\n"))
        own[:] = [""]
        self.assertEqual(self.asked(), WELL)

    @each_row({"well": False, "full": True})
    def test_head(self, is_full: bool) -> None:
        """HEAD gets what GET gets, without the body."""
        self.patch(answering, "formatdate", lambda usegmt: "today")
        if is_full:
            self.chat.troubles.append(lambda: "the disk is full")
        got = self.answer(PATH)
        seen = self.answer(PATH, method=b"HEAD")
        self.assertEqual(seen, Seen(503 if is_full else 200, got.headers, b""))

    def test_post(self) -> None:
        """It can only be read."""
        seen = self.answer(PATH, b"Content-Length: 0", method=b"POST")
        self.assertEqual((seen.status, seen.headers["allow"]), (405, "GET, HEAD"))

    @each_row({"query": (b"/healthz?x=y", 200), "folder": (b"/healthz/", 404)})
    def test_paths(self, row: tuple[bytes, int]) -> None:
        """It has one path; a query means nothing."""
        path, status = row
        self.assertEqual(self.answer(path).status, status)


class AskingTests(HealthCase):
    """Who may ask, and how."""

    @each_row(
        {
            "address": b"Host: 192.0.2.9:59000",
            "any_name": b"Host: backend_1",
            "malformed": b"Host: a@b",
            "nothing": b"Host:",
        }
    )
    def test_hosts(self, host: bytes) -> None:
        """A balancer may call the chat anything, from this machine as well."""
        self.assertEqual(self.asked(host=host), WELL)
        seen = self.answer(PATH, host=host, come_from=BY_THIS_MACHINE)
        self.assertEqual(seen.status, 200)

    def test_http_1_0(self) -> None:
        """A balancer may speak HTTP/1.0, and name no host."""
        wire = self.sends(b"GET /healthz HTTP/1.0\r\n\r\n")
        (seen,) = answers_in(wire.gets())
        self.assertEqual((seen.status, seen.body), (200, b"ok\n"))

    def test_without_encryption(self) -> None:
        """A balancer asks over plain HTTP, where everybody else must come encrypted."""
        self.decide(Policy(requires_tls=True))
        self.assertEqual(self.asked(), WELL)
        self.assertEqual(self.answer().status, 308)

    def test_full_chat(self) -> None:
        """A chat with the most connections is well: the people in it go on talking."""
        self.admission = Admission(in_all=1)
        self.decide(Policy())
        self.sends(b"{}\n")
        self.assertEqual(self.asked(), WELL)
        self.assertEqual(self.answer().status, 503)

    def test_proxy(self) -> None:
        """A trusted proxy may ask for itself, and for others as often as they might themselves."""
        self.rules.rate_limit = self.rules.per_address = 1
        self.open_chat()
        self.decide(Policy(trusted=(network_named("192.0.2.1"),)))
        self.assertEqual(self.asked(), WELL)
        other = b"X-Forwarded-For: 203.0.113.5"
        statuses = {self.asked(other)[0] for _ in range(40)}
        self.assertEqual(statuses, {200, 429})
