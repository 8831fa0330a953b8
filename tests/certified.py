"""Certificates for tests, and contexts of TLS that have or trust them."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

START = datetime(2020, 1, 1, tzinfo=UTC)
"""The time from which on the certificates are valid."""

NAMES = ("localhost", "127.0.0.1")


def certificate(
    names: Sequence[str] = NAMES,
    end: datetime = datetime(2120, 1, 1, tzinfo=UTC),
    start: datetime | None = None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    issuer: str = "",
) -> tuple[bytes, bytes]:
    """A new certificate and its key, in PEM; self-signed unless somebody is its C{issuer}."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(_subject(names[0]))
        .issuer_name(_subject(issuer or names[0]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or min(START, end - timedelta(days=365)))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), False)
        .add_extension(x509.ExtendedKeyUsage([usage]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(ec.generate_private_key(ec.SECP256R1()) if issuer else key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@cache
def the_certificate() -> tuple[bytes, bytes]:
    """The certificate and the key of most tests, made once."""
    return certificate()


@cache
def server_context() -> ssl.SSLContext:
    """A plain context of a server that has them."""
    return context_with(*the_certificate())


def context_with(cert: bytes, key: bytes) -> ssl.SSLContext:
    """A plain context of a server that has a certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "both.pem"
        path.write_bytes(cert + key)
        context.load_cert_chain(path)
    return context


def client_context(
    cert: bytes = b"", version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """A context of a client that speaks one version, and trusts only a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(cert or the_certificate()[0]).decode())
    context.minimum_version = context.maximum_version = version
    return context
