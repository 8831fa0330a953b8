"""How many may connect."""

import resource

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted
from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors import limits
from chatservice.doors.detect import SILENCE
from chatservice.doors.limits import SPARE_FILES, Admission, Place, most_connections
from chatservice.sessions.session import CLOSE_TIMEOUT
from tests.conversation import ConversationCase, JsonPerson, Wire, error


def at(host: str) -> IPv4Address | IPv6Address:
    """An address of either kind."""
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 40000)


class PlaceTests(SynchronousTestCase):
    """Place."""

    def places(self, admission: Admission, *origins: str) -> list[Place]:
        """Accept connections, whose addresses are known at once."""
        places = [Place(admission, origin) for origin in origins]
        for place, origin in zip(places, origins, strict=True):
            place.settle(origin)
        return places

    def refusal(self, place: Place) -> str:
        """Read the sentence that refuses a connection."""
        assert place.refusal is not None
        self.assertEqual(place.refusal.code, "closing")
        return place.refusal.sentence

    def test_full(self) -> None:
        """As many are admitted as there may be in all; one who leaves makes room for one."""
        limited = Admission(in_all=2)
        first, _ = self.places(limited, "192.0.2.1", "192.0.2.2")
        (third,) = self.places(limited, "192.0.2.3")
        self.assertEqual(self.refusal(third), "the chat is full: try again later")
        first.leave()
        (third,) = self.places(limited, "192.0.2.3")
        self.assertIsNone(third.refusal)
        self.assertEqual(limited.count, 2)
        self.refusal(*self.places(limited, "192.0.2.1"))

    def test_per_address(self) -> None:
        """As many are admitted as one origin may have, and others all the same."""
        limited = Admission(per_address=2)
        one, _ = self.places(limited, "192.0.2.1", "192.0.2.1")
        self.assertEqual(
            self.refusal(*self.places(limited, "192.0.2.1")),
            "your address already has the most connections allowed (2): close one of them first",
        )
        (other,) = self.places(limited, "192.0.2.2")
        one.leave()
        (again,) = self.places(limited, "192.0.2.1")
        self.assertEqual((other.refusal, again.refusal, limited.count), (None, None, 3))

    def test_first_address_counts(self) -> None:
        """A connection counts for the address that was known first, once."""
        limited = Admission(per_address=1)
        (place,) = self.places(limited, "192.0.2.1")
        place.settle("192.0.2.1")
        place.settle("192.0.2.2")
        self.assertIsNone(self.places(limited, "192.0.2.2")[0].refusal)

    def test_unsettled(self) -> None:
        """A connection whose address is not known counts only in all."""
        limited = Admission(in_all=2, per_address=1)
        place = Place(limited, "192.0.2.1")
        self.assertIsNone(self.places(limited, "192.0.2.1")[0].refusal)
        place.leave()
        self.assertEqual(limited.count, 1)

    def test_local(self) -> None:
        """Connections without an address are not limited by it."""
        limited = Admission(per_address=1)
        self.places(limited, "", "", "")
        self.assertEqual(limited.count, 3)

    def test_no_limits(self) -> None:
        """Without limits everybody is admitted."""
        unlimited = Admission()
        self.places(unlimited, *["192.0.2.1"] * 1000)
        self.assertEqual(unlimited.count, 1000)

    def test_nothing_is_kept(self) -> None:
        """An origin from which nobody is connected any more is forgotten."""
        limited = Admission(per_address=1)
        for place in self.places(limited, "192.0.2.1", "192.0.2.1"):
            place.leave()
            place.leave()
        self.assertEqual((limited.count, dict(limited._from), dict(limited._told)), (0, {}, {}))


class MostConnectionsTests(SynchronousTestCase):
    """most_connections."""

    def limits(self, soft: int, hard: int) -> list[tuple[int, int]]:
        """Have limits of file descriptors; gives back those that are set."""
        was_set: list[tuple[int, int]] = []
        self.patch(limits.resource, "getrlimit", lambda which: (soft, hard))
        self.patch(limits.resource, "setrlimit", lambda which, limits: was_set.append(limits))
        return was_set

    def test_raised(self) -> None:
        """The soft limit is raised to the hard one, and some descriptors are spared."""
        was_set = self.limits(1024, 4096)
        self.assertEqual(most_connections(), 4096 - SPARE_FILES)
        self.assertEqual(was_set, [(4096, 4096)])

    def test_wanted(self) -> None:
        """There are never more than were wanted, nor more than are possible."""
        self.limits(1024, 4096)
        self.assertEqual(most_connections(10), 10)
        self.assertEqual(most_connections(10_000), 4096 - SPARE_FILES)

    def test_unlimited(self) -> None:
        """Without a hard limit the soft one stays."""
        was_set = self.limits(1024, resource.RLIM_INFINITY)
        self.assertEqual((most_connections(), was_set), (1024 - SPARE_FILES, []))

    def test_hardly_any(self) -> None:
        """Where there are few descriptors half of them are spared; one connection is possible."""
        self.limits(100, 100)
        self.assertEqual(most_connections(), 50)
        self.limits(1, 1)
        self.assertEqual(most_connections(), 1)


class RefusalTests(ConversationCase):
    """What becomes of a connection that is not let in."""

    def refused(self, host: str) -> str:
        """What a connection from an address sees that is not let in."""
        wire = self.connect_from(host)
        self.clock.advance(SILENCE)
        seen = wire.sees()
        self.assertIsNotNone(wire.lost)
        return seen

    def connect_from(self, host: str, window: int | None = None) -> Wire:
        """A connection from an address."""
        wire = Wire(self.clock, window, host)
        wire.protocol = self.front.buildProtocol(at(host))
        wire.protocol.makeConnection(wire)
        return wire

    def test_full(self) -> None:
        """Who finds the chat full is told so in one sentence, and may come when somebody left."""
        self.open_chat(admission=Admission(in_all=1))
        first = self.connect_from("192.0.2.1")
        sentence = "-- the chat is full: try again later\r\n"
        self.assertEqual(self.refused("192.0.2.2"), sentence)
        self.assertEqual(self.refused("192.0.2.2"), sentence)
        first.vanishes()
        self.assertIsNone(self.connect_from("192.0.2.2").lost)

    def test_per_address(self) -> None:
        """Who has too many connections from one address is told so in one sentence."""
        sentence = (
            "-- your address already has the most connections allowed (1):"
            " close one of them first\r\n"
        )
        for one, same, other in (
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
        ):
            self.open_chat(admission=Admission(per_address=1))
            first = self.connect_from(one)
            self.assertEqual(self.refused(same), sentence)
            self.assertIsNone(self.connect_from(other).lost)
            first.vanishes()
            self.assertIsNone(self.connect_from(same).lost)

    def test_in_its_language(self) -> None:
        """A program is told in JSON, and a client of HTTP in its way."""
        self.open_chat(admission=Admission(in_all=1))
        self.connect_from("192.0.2.1")
        program = JsonPerson(self.connect_from("192.0.2.2"))
        program.asks("hello", nick="ada")
        told = error("closing", "the chat is full: try again later") | {"cause": "full"}
        self.assertEqual(program.sees(), [told])
        self.assertIsNotNone(program.wire.lost)

    def test_who_does_not_take_it(self) -> None:
        """Who does not take the sentence, nor shakes hands over TLS, is cut off after 5 s."""
        self.open_chat(admission=Admission(in_all=1))
        self.connect_from("192.0.2.1")
        wire = self.connect_from("192.0.2.2", window=0)
        wire.protocol.dataReceived(b"mallory\nhello\n")
        self.clock.advance(CLOSE_TIMEOUT - 0.01)
        wire.turn()
        self.assertIsNone(wire.lost)
        self.clock.advance(0.01)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.assertEqual(self.chat.roster, {})

    def test_nothing_is_left(self) -> None:
        """Once a refused connection has ended, nothing waits for it any more."""
        self.open_chat(admission=Admission(in_all=1))
        self.connect_from("192.0.2.1").vanishes()
        before = self.clock.getDelayedCalls()
        first = self.connect_from("192.0.2.1")
        first.sends(b"ada\n")
        self.refused("192.0.2.2")
        self.assertEqual((self.clock.getDelayedCalls(), before), ([], []))
