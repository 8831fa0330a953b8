"""A certificate that the chat makes for itself, for whoever has no other."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from chatservice.config.values import BadValue

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

VALID = timedelta(days=3652)
"""How long it is valid: ten years."""

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
"""A host name that can be in a certificate."""

_EARLY = timedelta(days=1)
"""How far the clocks of clients may be behind."""


def paths_beside(database: str) -> tuple[str, str]:
    """Name the files of the certificate and its key: C{chat.crt}, C{chat.key}.

    @param database: the path of the database; beside none, they are in the working directory.
    """
    path = Path("chat" if database.startswith(":") else database)
    return str(path.with_suffix(".crt")), str(path.with_suffix(".key"))


def make_self_signed(certificate: str, key: str, host: str, now: float) -> bool:
    """Make a certificate for a host name and this machine's own addresses, and its key.

    Files that exist are used as they are, and are never overwritten.

    @param certificate: the path of the file of the certificate.
    @param key: that of its key. Only their owner can read both.
    @param now: the time, in seconds since the epoch.
    @return: whether it was made.
    @raise BadValue: it cannot be made, in a clause that says why.
    """
    exist = [os.path.lexists(path) for path in (certificate, key)]
    if all(exist):
        return False
    if any(exist):
        there, missing = (certificate, key) if exist[0] else (key, certificate)
        raise BadValue(f"{there} is there without {missing}: put that back, or remove both")
    own = [host] if _HOST.fullmatch(host) else []
    names = list(dict.fromkeys((*own, "localhost", "127.0.0.1", "::1")))
    made, secret = _make(names, datetime.fromtimestamp(now, UTC))
    _write(key, secret)
    _write(certificate, made)
    return True


def _write(path: str, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise BadValue(f"cannot write {path}: {error.strerror}") from None


def _make(names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """Make a certificate and its key, in PEM."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )
        from cryptography.x509.oid import ExtendedKeyUsageOID
    except ImportError:
        raise BadValue(
            "making a certificate needs a package that is not installed:"
            " pip install cryptography"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
    )
    return (
        builder.sign(key, SHA256()).public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _general_name(name: str) -> GeneralName:
    from cryptography.x509 import DNSName, IPAddress

    try:
        return IPAddress(ip_address(name))
    except ValueError:
        return DNSName(name)
