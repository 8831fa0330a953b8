"""TLS without I/O, on the standard library: ciphertext in, plain text out, and back."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from ssl import MemoryBIO, SSLContext, SSLError, SSLWantReadError, SSLZeroReturnError
from typing import Any

RECORD = 16 * 1024
"""The most bytes of plain text in a record (RFC 8446, section 5.1)."""


def fingerprint_of(certificate: bytes) -> str:
    """Spell the SHA-256 fingerprint of a certificate in DER, as openssl(1) does: C{AA:BB:...}."""
    return sha256(certificate).digest().hex(":").upper()


class TlsEngine:
    """One end of a TLS connection, over any transport.

    After each call, L{outgoing} may have bytes for the peer.

    @param context: decides versions, ciphers, certificates, and what is checked of the peer.
    @param server_side: whether this is the end that was connected to.
    @param server_hostname: the name that the client expects the server to prove.
    @ivar is_ready: whether the handshake is done.
    """

    __slots__ = (
        "_ended",
        "_incoming",
        "_opened",
        "_outgoing",
        "_sealed",
        "_tls",
        "is_ready",
    )

    def __init__(
        self, context: SSLContext, server_side: bool, server_hostname: str | None = None
    ) -> None:
        self._incoming = MemoryBIO()
        self._outgoing = MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_hostname)
        # It is given to OpenSSL a record's length at a time, which bounds what lies there opened.
        self._sealed = b""
        self._opened: list[bytes] = []
        self._ended = False
        self.is_ready = False

    # What the peer sends.

    def feed(self, data: bytes) -> None:
        """Take ciphertext from the peer, for L{open}; discard it once the peer has ended."""
        if not self._ended:
            self._sealed += data

    def open(self) -> bytes:
        """Return the next plain text, at most L{RECORD} bytes; C{b""} if more must be fed first.

        @raise SSLError: the handshake failed, or what came is not what the peer sent. Send what is
            L{outgoing}, which tells the peer why, and close.
        """
        if self._opened:
            return self._opened.pop(0)
        while not self._ended and (self._incoming.pending or self._sealed):
            if not self._incoming.pending:
                self._incoming.write(self._sealed[:RECORD])
                self._sealed = self._sealed[RECORD:]
            if opened := self._open():
                return opened
        return b""

    def _open(self) -> bytes:
        """Open the next of what OpenSSL was given."""
        try:
            if not self.is_ready:
                self._tls.do_handshake()
                self.is_ready = True
            opened = self._tls.read(RECORD)
        except SSLWantReadError:
            return b""
        except SSLZeroReturnError:  # instead of b"", if this end has closed as well
            opened = b""
        self._ended = not opened
        return opened

    @property
    def has_ended(self) -> bool:
        """Whether the peer sends no more, and said so, and everything was opened.

        If its transport ends before, something may have been cut off (C{close_notify}; RFC 8446,
        section 6.1).
        """
        return self._ended and not self._opened

    # What the peer is sent.

    def start(self) -> None:
        """Begin the handshake, if this is the end that begins it."""
        self._open()

    def seal(self, data: bytes) -> bytes:
        """Return the ciphertext of C{data}, after everything that is L{outgoing}.

        The handshake must be done, and this end not closed.
        """
        if len(data) <= RECORD:
            self._tls.write(data)  # no record, if there is no data (SSL_write_ex(3))
            return self._outgoing.read()
        sealed = []
        with memoryview(data) as view:
            # One record at a time, for the BIO never gives memory back.
            for start in range(0, len(data), RECORD):
                self._tls.write(view[start : start + RECORD])
                sealed.append(self._outgoing.read())
        return b"".join(sealed)

    def close(self) -> None:
        """End what this end sends (C{close_notify}); the peer may still send.

        A handshake that is not done just ends.
        """
        if not self.is_ready:
            return
        # It looks for the peer's end too, raises if that has not come, and takes data before it
        # for an error.
        with suppress(SSLError):
            while opened := self._open():
                self._opened.append(opened)
            self._tls.unwrap()

    @property
    def waiting(self) -> int:
        """How many bytes are L{outgoing}."""
        return self._outgoing.pending

    def outgoing(self) -> bytes:
        """Take the ciphertext to send to the peer now."""
        return self._outgoing.read()

    # What was agreed on.

    @property
    def application(self) -> str | None:
        """The protocol that both ends want inside (ALPN; RFC 7301), if they agree on one."""
        return self._tls.selected_alpn_protocol()

    @property
    def certificate(self) -> bytes:
        """The peer's certificate, in DER; C{b""} if it has shown none.

        @raise ValueError: the handshake is not done.
        """
        return self._tls.getpeercert(binary_form=True) or b""

    @property
    def facts(self) -> dict[str, Any]:
        """The peer's certificate, read (C{SSLObject.getpeercert}); empty if it was not checked.

        @raise ValueError: the handshake is not done.
        """
        return self._tls.getpeercert() or {}
