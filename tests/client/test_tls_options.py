"""The client's options for TLS."""

from __future__ import annotations

import contextlib
import io
import ssl
import tempfile

from twisted.internet.testing import MemoryReactorClock

from chatservice.client.link import endpoint_of
from chatservice.client.options import read_command_line
from chatservice.client.tls import TlsEndpoint, Trust
from tests.certified import the_certificate
from tests.conversation import TableCase


class OptionTests(TableCase):
    def fails(self, *words: str) -> str:
        """The complaint about words."""
        told = io.StringIO()
        with contextlib.redirect_stderr(told), self.assertRaises(SystemExit) as caught:
            read_command_line(words, {})
        self.assertEqual(caught.exception.code, 2)
        return " ".join(told.getvalue().split())

    def trust(self, *words: str) -> Trust | None:
        return read_command_line(words, {}).trust

    def test_none(self) -> None:
        """Without an option, the client speaks plainly."""
        self.assertIsNone(self.trust())
        plain = endpoint_of(MemoryReactorClock(), "192.0.2.1", 7)
        self.assertNotIsInstance(plain, TlsEndpoint)

    def test_system(self) -> None:
        """By default, names are checked, and issuers are those of the system."""
        trust = self.trust("--tls")
        assert trust is not None
        self.assertTrue(trust.context.check_hostname)
        self.assertEqual(trust.context.verify_mode, ssl.CERT_REQUIRED)
        self.assertEqual(trust.fingerprints, frozenset())
        self.assertIsInstance(
            endpoint_of(MemoryReactorClock(), "192.0.2.1", 7, trust), TlsEndpoint
        )

    def test_file(self) -> None:
        """A file with certificates, and nothing else, is trusted; names are checked."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(the_certificate()[0])
            file.flush()
            for words in (["--tls-ca", file.name], ["--tls", "--tls-ca", file.name]):
                trust = self.trust(*words)
                assert trust is not None
                self.assertEqual(len(trust.context.get_ca_certs()), 1)
                self.assertTrue(trust.context.check_hostname)

    def test_fingerprint(self) -> None:
        """A fingerprint is enough to speak TLS; several servers may have one each."""
        for each in (["ab"], ["ab", "cd"]):
            words = [word for digits in each for word in ("--tls-fingerprint", digits * 32)]
            trust = self.trust(*words)
            assert trust is not None
            self.assertEqual(
                trust.fingerprints, {":".join([digits.upper()] * 32) for digits in each}
            )

    def test_mistakes(self) -> None:
        """Mistakes are told at once, in a sentence."""
        with tempfile.NamedTemporaryFile() as file:
            self.assertIn(f"{file.name} has no certificate", self.fails("--tls-ca", file.name))
        told = self.fails("--tls-ca", "/no/such/file")
        self.assertIn("/no/such/file cannot be read: no such file or directory", told)
        for text in ("", "ab", "xy" * 32, "ab" * 20, "ab" * 33):
            told = self.fails("--tls-fingerprint", text)
            self.assertIn(f"{text!r} is not the SHA-256 fingerprint of a certificate", told)

    def test_either(self) -> None:
        """A file and a fingerprint together are a mistake."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(the_certificate()[0])
            file.flush()
            told = self.fails("--tls-ca", file.name, "--tls-fingerprint", "ab" * 32)
        self.assertIn("not allowed with argument --tls-ca", told)
