"""What a client and the door agree on before, and while, they talk (IRCv3, CAP 302)."""

from __future__ import annotations

from chatservice.doors.irc import capabilities as caps
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, brief, of


def listed(person: IrcPerson, *lines: str, what: str = "LS") -> list[str]:
    """Send lines, and return the capabilities that are listed then, of several lines at once."""
    found = [line for line in of(person.asks(*lines), "CAP") if line.params[1] == what]
    assert [line.params[2:-1] for line in found] == [["*"]] * (len(found) - 1) + [[]], found
    return " ".join(line.text for line in found).split()


class CapabilityTests(IrcCase):
    """CAP."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.client()

    def enabled(self) -> set[str]:
        """List what is in force."""
        return set(listed(self.ada, "CAP LIST", what="LIST"))

    @each_row({"without a version": "CAP LS", "an old one": "CAP LS 301", "no number": "CAP LS x"})
    def test_old_list(self, line: str) -> None:
        """A client that gives no version is told all capabilities, without their values."""
        self.assertEqual(listed(self.ada, line), list(caps.ANNOUNCED))
        self.assertEqual(self.enabled(), set())

    @each_row({"302": "CAP LS 302", "a later one": "cap ls 307", "a huge one": f"CAP LS {9**99}"})
    def test_list(self, line: str) -> None:
        """A client of 302 or later is told values too, and hears of changes by itself."""
        self.assertIn("sasl=PLAIN", listed(self.ada, line))
        self.assertEqual(self.enabled(), {"cap-notify"})

    def test_version_stays(self) -> None:
        """A client that has once said that it understands values is told them ever after."""
        self.ada.sends("CAP LS 302")
        self.assertIn("sasl=PLAIN", listed(self.ada, "CAP LS"))

    def test_long_list(self) -> None:
        """What does not fit into one line is told in several, each but the last with a star."""
        names = {f"example.org/{number:040}": "" for number in range(20)}
        self.patch(caps, "ANNOUNCED", names)
        self.assertEqual(listed(self.ada, "CAP LS 302"), list(names))
        self.ada.asks(*(f"CAP REQ {name}" for name in names))
        self.assertEqual(self.enabled(), set(names))

    def test_request(self) -> None:
        """What is requested is in force when it is acknowledged, in the same words."""
        (answer,) = self.ada.asks("CAP REQ :batch  server-time")
        self.assertEqual(answer.params, ["*", "ACK", "batch  server-time"])
        self.assertEqual(self.enabled(), {"batch", "server-time"})

    def test_whole_or_not(self) -> None:
        """If one of several cannot be had, none of them is in force, and none ends."""
        self.ada.asks("CAP REQ batch")
        for names in ("setname nonsense", "-batch nonsense", "-nonsense", "BATCH", "sasl=PLAIN"):
            (answer,) = self.ada.asks(f"CAP REQ :{names}")
            self.assertEqual(answer.params, ["*", "NAK", names])
        self.assertEqual(self.enabled(), {"batch"})

    @each_row(
        {
            "one": ("batch setname", "-batch", "setname"),
            "one that was not there": ("batch", "-setname", "batch"),
            "one for another": ("batch", "-batch setname", "setname"),
            "the last word counts": ("batch", "setname -setname", "batch"),
            "and the other way round": ("batch", "-setname setname", "batch setname"),
            "all": ("batch setname", "-setname -batch", ""),
            "nothing": ("batch", "", "batch"),
        }
    )
    def test_end(self, row: tuple[str, str, str]) -> None:
        """A capability ends with a minus before its name."""
        first, then, left = row
        self.ada.asks(f"CAP REQ :{first}")
        (answer,) = self.ada.asks(f"CAP REQ :{then}")
        self.assertEqual(answer.params[1], "ACK")
        self.assertEqual(self.enabled(), set(left.split()))

    def test_cap_notify(self) -> None:
        """A client of 302 cannot give up hearing of changes; an older one may."""
        self.ada.asks("CAP REQ cap-notify")
        self.assertEqual(self.ada.asks("CAP REQ -cap-notify")[0].params[1], "ACK")
        self.ada.asks("CAP LS 302")
        self.assertEqual(self.ada.asks("CAP REQ -cap-notify")[0].params[1], "NAK")

    def test_waits_for_the_end(self) -> None:
        """A client that negotiates joins at CAP END and not before; any other joins at once."""
        for line in ("CAP LS", "CAP REQ batch", "CAP REQ nonsense"):
            ada = self.stranger()
            self.assertEqual(ada.numerics(line, "NICK ada", "USER a 0 * :A"), [])
            self.assertIn("001", ada.numerics("CAP END"))
            ada.sends("QUIT")
        self.assertNotIn("001", self.ada.numerics("CAP LS", "CAP END"))
        self.assertIn("001", self.ada.numerics("NICK ada", "USER a 0 * :A"))
        self.assertEqual(self.ada.asks("CAP END", "CAP LIST")[0].params, ["ada", "LIST", ""])

    def test_list_waits_for_nothing(self) -> None:
        """Asking what is in force does not begin to negotiate."""
        self.ada.sends("CAP LIST")
        self.assertIn("001", self.ada.numerics("NICK ada", "USER a 0 * :A"))

    def test_at_any_time(self) -> None:
        """A member can add and drop capabilities, from the next line on."""
        ada, bob = self.at_irc("ada", "JOIN #lobby"), self.at_text("bob")
        ada.sees()
        for request, has_time in (("server-time", True), ("-server-time", False)):
            self.assertEqual(
                brief(ada.asks(f"CAP REQ {request}")), [f"chatservice CAP ada ACK {request}"]
            )
            bob.types("hi")
            (said,) = ada.sees()
            self.assertEqual("time" in said.tags, has_time)
        self.assertIn("batch", listed(ada, "CAP LS 302"))
        self.assertIn("PONG", [line.verb for line in ada.asks("PING x")])

    def test_apart(self) -> None:
        """What is in force for one connection says nothing about another one."""
        ada = self.at_irc("ada", "JOIN #lobby", caps="server-time")
        eve = self.at_irc("eve", "JOIN #lobby")
        ada.sees()
        self.at_text("bob")
        self.assertEqual([sorted(line.tags) for line in ada.sees()], [["time"]])
        self.assertEqual([sorted(line.tags) for line in eve.sees()], [[]])

    @each_row({"unknown": "CAP NONSENSE x", "none": "CAP :", "no word": "CAP", "blank": "CAP \x0b"})
    def test_unknown(self, line: str) -> None:
        """An unknown word after CAP gets 410, and costs nothing."""
        (answer,) = self.ada.asks(line)
        self.assertEqual(answer.verb, "410")
        self.assertIn("001", self.ada.numerics("NICK ada", "USER a 0 * :A"))
