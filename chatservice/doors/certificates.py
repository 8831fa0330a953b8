"""The server's certificate: read from files, read again, and watched until it expires."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from chatservice.config.values import BadValue
from chatservice.protocol.counts import counted
from chatservice.protocol.tls import TlsEngine, fingerprint_of

log = Logger()

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""The suites of TLS 1.2: authenticated encryption and forward secrecy. Those of 1.3 are so all."""

APPLICATIONS = ("http/1.1", "irc")
"""The protocols inside that a client may ask for (ALPN); it is served whatever it asks for."""

NOTICE = 14
"""The days before the end at which warnings begin."""

_DAY = 24 * 3600

_CERTIFICATE = re.compile(
    b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)
_KEY = re.compile(b"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----")

_DO_NOT_FIT = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
_WHATEVER_THE_TIME = 0x20_0000
"""C{X509_V_FLAG_NO_CHECK_TIME} (X509_VERIFY_PARAM_set_flags(3)), which C{ssl} has no name for."""


class Certificate:
    """The certificate that the chat shows, and its key; both may be replaced while it runs.

    @param certificate: the path of the certificate in PEM, followed by those that vouch for it.
    @param key: the path of its key in PEM; it may be the same.
    @param clock: tells the seconds since the epoch.
    @ivar context: for the next connection. Those that are there keep the one that they have.
    @ivar expires: when the certificate ends, in seconds since the epoch.
    @ivar fingerprint: see L{chatservice.protocol.tls.fingerprint_of}.
    @raise BadValue: the files are of no use, in a clause that names them.
    """

    context: ssl.SSLContext
    expires: int
    fingerprint: str

    def __init__(self, certificate: str, key: str, clock: Callable[[], float] = time.time) -> None:
        # The process may change its directory before the files are read again.
        self._certificate = os.path.abspath(certificate)
        self._key = os.path.abspath(key)
        self._clock = clock
        self._warned_on: int | None = None
        self._load()

    def _load(self) -> None:
        path = self._certificate
        certificate = _first_certificate(path)
        context = _context_of(path, self._key)
        try:
            shown = _try(context, certificate)
        except ssl.SSLError as error:
            why = error.verify_message if isinstance(error, ssl.CertificateError) else error.reason
            raise BadValue(f"clients cannot use the certificate {path}: {why}") from None
        self.expires = int(ssl.cert_time_to_seconds(shown["notAfter"]))
        self.fingerprint = fingerprint_of(certificate)
        self.context = context

    def reload(self) -> None:
        """Read the files again, for the connections to come; log what came of it.

        If they are of no use, nothing changes.
        """
        try:
            self._load()
        except (BadValue, OSError) as error:
            log.error("The TLS certificate stays as it was: {error}.", error=error)
            return
        log.info(
            "The TLS certificate was read again, and is valid until {end}; fingerprint {mark}",
            end=_date(self.expires),
            mark=self.fingerprint,
        )

    def step(self) -> Deferred[bool]:
        """Warn, once a day, if the end is near; see L{chatservice.storage.maintenance.Upkeep}."""
        now = self._clock()
        left = self.expires - now
        today = int(now // _DAY)
        if left < NOTICE * _DAY and today != self._warned_on:
            self._warned_on = today
            log.warn(
                "The TLS certificate {path} {what}, on {end}: replace it, and send SIGHUP.",
                path=self._certificate,
                what=_how_near(left),
                end=_date(self.expires),
            )
        return succeed(False)


def _how_near(left: float) -> str:
    if left <= 0:
        return "has expired"
    days = int(left // _DAY)
    return f"expires in {counted(days, 'day', 'days')}" if days else "expires within a day"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _context_of(certificate: str, key: str) -> ssl.SSLContext:
    """Make the context of a server.

    @raise BadValue: the files do not make one.
    """
    if not _KEY.search(_read(key)):
        raise BadValue(f"{key} has no private key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(APPLICATIONS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    # Tickets are sent after the handshake: to a peer that has already closed they are a reset,
    # which can destroy what it has sent.
    context.num_tickets = 0

    def refuse() -> NoReturn:
        # Otherwise OpenSSL would ask at the terminal.
        raise BadValue(f"the key in {key} is encrypted: decrypt it with openssl pkey")

    try:
        context.load_cert_chain(certificate, key, refuse)
    except ssl.SSLError as error:
        if error.reason in _DO_NOT_FIT:
            raise BadValue(f"the key in {key} does not fit the certificate {certificate}") from None
        files = certificate if certificate == key else f"{certificate} with {key}"
        why = error.reason.lower().replace("_", " ") if error.reason else "one is damaged"
        raise BadValue(f"cannot use {files}: {why}") from None
    return context


def _first_certificate(path: str) -> bytes:
    """Read the first certificate in a file, in DER.

    @raise BadValue: there is none.
    """
    found = _CERTIFICATE.search(_read(path))
    if found is None:
        raise BadValue(f"{path} has no certificate")
    try:
        return ssl.PEM_cert_to_DER_cert(found[0].decode())
    except ValueError:
        raise BadValue(f"the certificate in {path} is damaged") from None


def _read(path: str) -> bytes:
    try:
        # A codec could not be imported any more once root is given up.
        return Path(path).read_bytes()
    except OSError as error:
        raise BadValue(f"cannot read {path}: {error.strerror}") from None


def _try(server_context: ssl.SSLContext, certificate: bytes) -> dict[str, Any]:
    """Shake hands with a server, as a client that trusts its certificate, however old it is.

    @return: see C{SSLSocket.getpeercert}.
    @raise ssl.SSLError: no client can.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _WHATEVER_THE_TIME
    context.load_verify_locations(cadata=certificate)
    server, client = TlsEngine(server_context, True), TlsEngine(context, False)
    client.start()
    while not client.is_ready:
        for sender, receiver in ((client, server), (server, client)):
            receiver.feed(sender.outgoing())
            receiver.open()
    return client.facts
