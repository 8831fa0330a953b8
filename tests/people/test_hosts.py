"""Tests of the hosts that people are shown to be at."""

from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.hosts import hidden_host, user_name


class HostTests(SynchronousTestCase):
    def test_host(self) -> None:
        """A host is ten letters and C{.chat}, the same for an origin, and another for any other."""
        hosts = [hidden_host(origin, b"a key") for origin in ("192.0.2.1", "192.0.2.2", "")]
        for host in hosts:
            self.assertRegex(host, r"\A[a-z]{10}\.chat\Z")
        self.assertEqual(len(set(hosts)), len(hosts))
        self.assertEqual(hidden_host("192.0.2.1", b"a key"), hosts[0])

    def test_key(self) -> None:
        """Another chat has another host for the same origin."""
        self.assertNotEqual(hidden_host("192.0.2.1", b"one"), hidden_host("192.0.2.1", b"two"))

    def test_user(self) -> None:
        """A user name has nine characters of those that are safe in a mask, or is the door's."""
        for given, name in (
            ("ada", "~ada"),
            ("", "~websocket"),
            ("a!b@c d*", "~abcd"),
            ("x" * 20, "~xxxxxxxxx"),
            ("ä", "~websocket"),
        ):
            self.assertEqual(user_name(given, "WebSocket"), name)
