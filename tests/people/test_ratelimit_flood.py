"""What lines, bytes, connections and arrivals cost an address and a person."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.detect import SILENCE
from chatservice.doors.limits import TOLD_AT_ONCE, TOLD_OF_AN_ADDRESS, Admission
from chatservice.doors.telnet import IAC
from chatservice.people.ratelimit import BEHIND_MOST, BURST, WEIGHT, FloodLimit
from tests.conversation import ConversationCase, JsonPerson, TextPerson, Wire

NOP = bytes((IAC, 241))


class FloodLimitTests(SynchronousTestCase):
    """FloodLimit: five lines a second, and four people at an address."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.limit = FloodLimit(self.clock.seconds, rate=5, people=4)

    def test_person(self) -> None:
        """A person pays, from wherever."""
        self.assertEqual(self.limit.spend("ada", "192.0.2.1", 9), 0)
        self.assertEqual(self.limit.spend("ada", "192.0.2.2"), 0.2)
        self.assertEqual(self.limit.spend("bob", "192.0.2.2"), 0)

    def test_address(self) -> None:
        """An address pays for everybody there, as much as so many people may send."""
        for number in range(4):
            self.limit.spend(number, "192.0.2.1", 9)
        self.assertEqual(self.limit.spend("eve", "192.0.2.1", 4), 1 / 20)
        self.assertEqual(self.limit.spend("eve", "192.0.2.2"), 0)

    def test_charge(self) -> None:
        """Requests cost an address as much as lines, people nothing, and this machine nothing."""
        self.assertEqual(self.limit.charge("192.0.2.1", 39), 0)
        self.assertEqual(self.limit.charge("192.0.2.1", 3), 3 / 20)
        self.assertEqual(self.limit.spend("ada", "192.0.2.1"), 4 / 20)
        self.assertEqual(self.limit.spend("ada", "192.0.2.2", 8), 0)
        self.assertEqual(self.limit.charge("", 1000), 0)

    def test_arrivals(self) -> None:
        """Who arrives costs the address the burst that a new person has."""
        waits = [self.limit.arrive("192.0.2.1") for _ in range(5)]
        self.assertEqual(waits, [0, 0, 0, 1 / 20, (BURST + 1) / 20])

    def test_this_machine(self) -> None:
        """Through a UNIX socket come many people from nowhere: each pays alone."""
        for number in range(1000):
            self.assertEqual(self.limit.spend(number, "", 9), 0)
            self.assertEqual((self.limit.connect(""), self.limit.arrive("")), (True, 0))

    def test_no_limits(self) -> None:
        """Without a rate nothing costs anything; without people per address, no address does."""
        free = FloodLimit(self.clock.seconds, rate=0, people=4)
        self.assertEqual(free.spend("ada", "192.0.2.1", 10_000), 0)
        unlimited = FloodLimit(self.clock.seconds, rate=5, people=0)
        self.assertTrue(unlimited.connect("192.0.2.1"))
        for number in range(1000):
            self.assertEqual(unlimited.spend(number, "192.0.2.1", 9), 0)


class CostCase(ConversationCase):
    """A chat with its usual limits."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.rate_limit = 5
        self.open_chat()

    def comes(self, host: str = "192.0.2.1") -> Wire:
        """A connection from an address."""
        return self.connect(host)

    def said(self) -> int:
        """How many lines were said in the lobby."""
        return len(self.chat.rooms["lobby"].recent) if "lobby" in self.chat.rooms else 0

    def passes(self, seconds: float, *wires: Wire) -> None:
        """Let time pass, and everybody read and write."""
        for _ in range(int(seconds * 10)):
            self.clock.advance(0.1)
            for wire in wires:
                wire.gets()


class PipeTests(CostCase):
    """Programs that say for somebody what others have made, such as a build."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_text("bob")

    def pipe(self, nick: str = "ada", host: str = "192.0.2.1", **hello: Any) -> JsonPerson:
        """A pipe that has joined."""
        pipe = JsonPerson(self.comes(host))
        pipe.asks("hello", nick=nick, pipe=True, **hello)
        self.passes(1)
        return pipe

    def registered(self, nick: str) -> None:
        """Have an account, and be away."""
        person = self.at_json(nick)
        person.types("/register correct-horse")
        person.types("/quit")
        self.passes(60, self.bob.wire)

    def lines_of(self, *pipes: JsonPerson, seconds: int = 4) -> int:
        """How many lines are said in some seconds, after the first bursts."""
        text = b'{"type":"say","room":"lobby","text":"x"}\n'
        for pipe in pipes:
            pipe.wire.sends(text * 3000)
        wires = [pipe.wire for pipe in pipes]
        self.passes(1, self.bob.wire, *wires)
        self.bob.sees()
        self.passes(seconds, *wires)
        return sum(": x" in line for line in self.bob.sees())

    def test_registered(self) -> None:
        """A pipe of a registered name says 50 lines a second, and is told so."""
        self.registered("ada")
        ada = self.pipe(password="correct-horse")
        self.assertEqual(ada.sees()[0]["rate"], 50)
        self.assertIn(self.lines_of(ada), range(190, 211))

    def test_guest(self) -> None:
        """A guest's goes at the rate of people, and is told that."""
        guest = self.pipe()
        self.assertEqual(guest.sees()[0]["rate"], 5)
        self.assertIn(self.lines_of(guest), range(15, 26))

    def test_person(self) -> None:
        """Who does not say that it is a pipe goes at the rate of people."""
        self.registered("ada")
        ada = self.at_json("ada", password="correct-horse")
        self.assertIn(self.lines_of(ada), range(15, 26))

    def test_log_out(self) -> None:
        """With the account the rate goes."""
        self.registered("ada")
        ada = self.pipe(password="correct-horse")
        ada.sees()
        ada.types("/logout")
        self.assertEqual([facts["rate"] for facts in ada.sees() if "rate" in facts], [5])
        self.assertIn(self.lines_of(ada), range(15, 26))

    def test_of_an_address(self) -> None:
        """All pipes of an address say no more together than its people may: 160 a second."""
        names = [f"n{chr(97 + number)}" for number in range(8)]
        for name in names:
            self.registered(name)
        pipes = [self.pipe(name, password="correct-horse") for name in names]
        self.lines_of(*pipes, seconds=3)
        self.assertLess(self.lines_of(*pipes), 4 * 160 + 20)

    def test_other_rates(self) -> None:
        """0 is no limit but the address's; less than people have is not heeded."""
        for rate, told in ((0, 0), (2, 5)):
            self.rules.pipe_rate = rate
            self.open_chat()
            self.registered("ada")
            self.assertEqual(self.pipe(password="correct-horse").sees()[0]["rate"], told)

    def test_nonsense(self) -> None:
        """What is neither true nor false is refused."""
        wire = self.comes()
        wire.sends(b'{"type":"hello","nick":"ada","pipe":1}\n')
        self.assertIn('\\"pipe\\" must be true or false', wire.sees())


class ReconnectingTests(CostCase):
    """Coming back renews nothing."""

    def keep_coming(self, hello: bytes, line: bytes) -> int:
        """Lines said in ten seconds by somebody who reconnects after each burst."""
        before = self.said()
        for number in range(500):
            wire = self.comes()
            wire.sends(hello.replace(b"NICK", b"n%d" % number) + line * BURST)
            self.clock.advance(0.02)
            wire.gets()
            wire.vanishes()
        return self.said() - before

    def test_by_reconnecting(self) -> None:
        """An address says no more by reconnecting than 32 people may say, at either door."""
        self.at_text("bob")
        hello = b'{"type":"hello","nick":"NICK"}\n'
        say = b'{"type":"say","room":"lobby","text":"hello"}\n'
        most = 32 * (BURST + 5 * 10)
        for greeting, line in ((b"NICK\n", b"hello\n"), (hello, say)):
            self.assertLess(self.keep_coming(greeting, line), most / 2)
            self.clock.advance(10)

    def test_same_identity(self) -> None:
        """Who comes back with a token goes on where the burst ended."""
        self.rules.linger = 30
        ada = self.at_json("ada")
        token = ada.welcome["token"]
        self.at_text("bob")
        for _ in range(3):
            for _ in range(BURST):
                ada.asks("say", room="lobby", text="hello")
            ada.wire.vanishes()
            ada = JsonPerson(self.comes("192.0.2.9"))
            ada.asks("hello", nick="ada", token=token)
            ada.sees()
        self.assertEqual(self.said(), BURST)

    def test_another_identity(self) -> None:
        """Who registers, logs out, in again and gives the name up goes on where the burst ended."""
        self.at_text("bob")
        ada = self.at_text("ada")
        lines = b"hello\n" * 4
        for line in ("/register correct-horse", "/logout", "/login ada correct-horse"):
            ada.wire.sends(lines + f"{line}\n".encode())
        ada.wire.sends(lines + b"/unregister correct-horse\n" + lines)
        self.assertLessEqual(self.said(), BURST)
        self.passes(5, ada.wire)
        self.assertEqual(self.said(), 20)

    def test_long_lines(self) -> None:
        """A line weighs its bytes: of four kilobytes, two go at once and then one a second."""
        self.at_text("bob")
        ada = self.at_text("ada")
        ada.wire.sends((b"x" * 4000 + b"\n") * 20, 65536)
        self.assertLessEqual(self.said(), 3)
        self.passes(8, ada.wire)
        self.assertLessEqual(self.said(), 3 + 9)
        self.passes(30, ada.wire)
        self.assertEqual(self.said(), 20)

    def test_bystander(self) -> None:
        """What one address is kept waiting for keeps nobody else waiting."""
        self.keep_coming(b"NICK\n", b"hello\n")
        bob = TextPerson(self.comes("192.0.2.7"))
        bob.types("bob")
        self.assertIn("-- you joined lobby: nobody else (1 here)", "".join(bob.sees()))

    def test_arrivals_wait(self) -> None:
        """Who comes from an address that has arrived too often waits, and is let in then."""
        for number in range(40):
            self.comes().sends(b"n%d\n" % number)
        here = len(self.chat.roster)
        self.assertLess(here, 32)
        self.passes(5)
        self.assertEqual(len(self.chat.roster), 40)

    def test_gone_while_waiting(self) -> None:
        """Who gives up meanwhile never was here."""
        wires = [self.comes() for _ in range(40)]
        for number, wire in enumerate(wires):
            wire.sends(b"n%d\n" % number)
        wires[-1].vanishes()
        self.passes(5)
        self.assertEqual(len(self.chat.roster), 39)


class BytesTests(CostCase):
    """Bytes that are no lines cost as much as lines do."""

    def read_in_a_second(self, data: bytes) -> int:
        """How many bytes are read of one connection that has not joined, at first and in 1 s."""
        wire = self.comes()
        taken = [0]
        for _ in range(1000):
            if wire.reading:
                wire.sends(data)
                taken[0] += len(data)
            self.clock.advance(0.001)
        return taken[0]

    def test_before_joining(self) -> None:
        """NOP, AYT, options, empty subnegotiations and a line without end are read slowly."""
        for piece in (NOP, b"\xff\xf6", b"\xff\xfd\x01", b"\xff\xfa\x1f\xff\xf0", b"xx", b"\x08\0"):
            self.open_chat()
            size = 1024 - 1024 % len(piece)
            read = self.read_in_a_second(piece * (size // len(piece)))
            self.assertLessEqual(read, (BURST + 7) * WEIGHT, piece)
            self.assertGreaterEqual(read, BURST * WEIGHT // 2, piece)

    def test_many_at_once(self) -> None:
        """Of a large read no more is taken apart than was paid for."""
        wire = self.comes()
        wire.sends(b"\xff\xf6" * 32_000)
        self.assertLess(wire.gets().count(b"the chat is here"), 1.5 * BURST * WEIGHT / 2)
        self.assertFalse(wire.reading)

    def test_of_an_address(self) -> None:
        """Thirty connections pay together."""
        wires = [self.comes() for _ in range(30)]
        answered = 0
        for _ in range(20):
            for wire in wires:
                if wire.reading:
                    wire.sends(b"\xff\xf6" * 512)
            self.clock.advance(0.05)
            answered += sum(wire.gets().count(b"the chat is here") for wire in wires)
        self.assertLess(answered * 2, 32 * (BURST + 5) * WEIGHT + 30 * WEIGHT)

    def test_joined(self) -> None:
        """It is no better after joining, at either door."""
        for person in (self.at_text("ada"), self.at_json("bob")):
            person.wire.sends(NOP * 32_000)
            self.assertFalse(person.wire.reading)

    def test_large_answers(self) -> None:
        """Large pages cost as much as lines do."""
        bob, ada = self.at_json("bob"), self.at_json("ada")
        self.chat.flood = FloodLimit(self.clock.seconds, 0, 0)
        for _ in range(40):
            bob.asks("say", room="lobby", text="x" * 4000)
        ada.sees()
        self.chat.flood = FloodLimit(self.clock.seconds, 5, 32)
        for _ in range(8):
            ada.asks("history", room="lobby", limit=100)
        self.assertEqual(len(ada.sees()), 5)
        self.assertFalse(ada.wire.reading)


class ConnectingTests(CostCase):
    """Connections that are not let in."""

    def refused(self, host: str) -> str | None:
        """What a refused connection sees that stays open; None if it was closed at once."""
        wire = Wire(self.clock, window=0, host=host)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        wire.turn()
        return None if wire.lost else "open"

    def test_told(self) -> None:
        """Only a few of an address, and a few in all, are told why, and the others closed."""
        self.open_chat(admission=Admission(in_all=1, per_address=32))
        self.comes("192.0.2.99")
        same = [self.refused("192.0.2.1") for _ in range(50)]
        self.assertEqual(same.count("open"), TOLD_OF_AN_ADDRESS)
        others = [self.refused(f"198.51.100.{number}") for number in range(200)]
        self.assertEqual(others.count("open"), TOLD_AT_ONCE - TOLD_OF_AN_ADDRESS)
        self.clock.advance(SILENCE)
        self.clock.advance(5)
        self.clock.advance(0)
        self.assertEqual(self.refused("192.0.2.1"), "open")

    def test_of_this_machine(self) -> None:
        """Through a UNIX socket only all together are counted."""
        admission = Admission(per_address=32)
        told = [admission.tell("") for _ in range(100)]
        self.assertEqual(told.count(True), TOLD_AT_ONCE)
        admission.told("")
        self.assertTrue(admission.tell(""))

    def test_too_fast(self) -> None:
        """Who connects much too fast is closed at once, until that is paid for."""
        for _ in range(int(32 * (BURST + 5 * BEHIND_MOST)) + 1):
            self.comes().vanishes()
        wire = self.comes()
        self.clock.advance(0)
        self.assertIsNotNone(wire.lost)
        self.assertEqual(wire.gets(), b"")
        self.assertIsNone(self.comes("192.0.2.2").lost)
        self.clock.advance(60)
        self.assertIn("Welcome", self.greeted())

    def test_too_fast_for_others(self) -> None:
        """However often somebody tries, others from that address are read before long."""
        self.at_text("bob")
        ada = self.at_text("ada")
        for _ in range(20_000):
            self.front.buildProtocol(ada.wire.getPeer())
        ada.types("one")
        ada.types("two")
        self.passes(BEHIND_MOST + 2, ada.wire)
        self.assertEqual(self.said(), 2)

    def greeted(self) -> str:
        """What somebody sees who has just connected and waits."""
        wire = self.comes()
        self.clock.advance(0.3)
        return wire.sees()
