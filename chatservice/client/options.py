"""The command line of the client."""

import argparse
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chatservice.client.tls import (
    Trust,
    read_fingerprint,
    trust_in_file,
    trust_in_fingerprints,
    trust_in_system,
)
from chatservice.protocol.names import NICK_LENGTH, check_nick, check_room
from chatservice.protocol.release import release
from chatservice.protocol.textfile import text_of

PORT = 59000
PASSWORD_VARIABLE = "CHATSERVICE_PASSWORD"
"""The environment variable with the nickname's password, if no file has it."""

_LONGEST_PASSWORD = 10_000
_ADDRESS = re.compile(r"(?:\[(?P<ip6>[^]]*)]|(?P<host>[^:[]*))(?::(?P<port>[^:]*))?")


@dataclass(frozen=True)
class Settings:
    """The settings of one run: the address of the chat, a nickname, rooms to join.

    @ivar password: the nickname's password, if a file or the environment has it.
    @ivar commands: whether piped lines may be commands.
    @ivar trust: with whom to speak TLS; C{None} to speak plainly.
    """

    host: str
    port: int
    nick: str
    rooms: tuple[str, ...]
    password: str | None = field(default=None, repr=False)
    commands: bool = False
    trust: Trust | None = None

    @property
    def address(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_command_line(words: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the settings from the words after the program's name.

    @raise SystemExit: status 2, if a word is wrong; a sentence on standard error says why.
    """
    found = _parser().parse_args(words)
    host, port = found.address
    return Settings(
        host=host,
        port=port,
        nick=found.nick or _default_nick(environment),
        rooms=tuple(found.room or []),
        password=found.password_file or environment.get(PASSWORD_VARIABLE) or None,
        commands=found.commands,
        trust=_trust(found),
    )


def _trust(found: argparse.Namespace) -> Trust | None:
    if found.fingerprints:
        return trust_in_fingerprints(found.fingerprints)
    trust: Trust | None = found.tls_ca
    return trust or (trust_in_system() if found.tls else None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatservice",
        description="Join a chat from this terminal, or pipe lines into it.",
        epilog="Times are in your local time zone, or in the one that TZ names. If your nickname "
        f"is registered, give its password with --password-file or in {PASSWORD_VARIABLE} in the "
        "environment. Exit status: 0 said goodbye, 1 could not join, 2 usage, "
        "3 a piped line was refused or not confirmed.",
    )
    parser.add_argument("--version", action="version", version=f"chatservice {release()}")
    parser.add_argument(
        "address",
        metavar="HOST[:PORT]",
        nargs="?",
        default="localhost",
        type=_argument(_address),
        help=f"where the chat is (default: localhost:{PORT})",
    )
    parser.add_argument(
        "--nick", metavar="NAME", type=_argument(check_nick), help="your nickname (default: $USER)"
    )
    parser.add_argument(
        "--room",
        metavar="ROOM",
        action="append",
        type=_argument(check_room),
        help="a room to join (default: the lobby or, for a registered nickname at a terminal, "
        "the rooms that it was last in); may be given more than once",
    )
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        type=_argument(_first_line),
        help="the first line of this file is the password of your nickname",
    )
    parser.add_argument(
        "--commands",
        action="store_true",
        help="carry out piped lines that begin with a slash, instead of saying them",
    )
    _add_tls(parser)
    return parser


def _add_tls(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "TLS", "Without one of these, all that you type is sent unencrypted. With one, nothing is."
    )
    group.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS with a chat whose certificate this machine trusts",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--tls-ca",
        metavar="FILE",
        type=_argument(trust_in_file),
        help="trust only the certificates in this file, in PEM, and those that they have signed",
    )
    either.add_argument(
        "--tls-fingerprint",
        metavar="SHA256",
        dest="fingerprints",
        action="append",
        type=_argument(read_fingerprint),
        help="trust only the certificate with this fingerprint, whatever its name; may be given "
        "more than once, for several servers",
    )


def _first_line(path: str) -> str:
    try:
        with open(path, "rb") as file:
            text = text_of(file.read(_LONGEST_PASSWORD))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or '').lower()}") from None
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
    line = text.partition("\n")[0].rstrip("\r")
    if not line:
        raise ValueError(f"the first line of {path} is empty")
    return line


def _address(text: str) -> tuple[str, int]:
    if _is_ip6(text):
        _check_zone(text)
        return text, PORT
    match = _ADDRESS.fullmatch(text)
    host = match and (match["host"] or match["ip6"])
    if match is None or not host or (match["ip6"] and not _is_ip6(host)):
        raise ValueError(f"{text!r} is not HOST, HOST:PORT or [ADDRESS]:PORT")
    port = match["port"] or str(PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65_535):
        raise ValueError(f"{port!r} is not a port, which is a number from 1 to 65535")
    if match["ip6"]:
        _check_zone(host)
    return host, int(port)


def _check_zone(text: str) -> None:
    """Refuse an IPv6 address without the zone that it needs (RFC 4007, section 11)."""
    address = ipaddress.IPv6Address(text)
    zones = [name for _, name in socket.if_nameindex()]
    zone = address.scope_id
    if zone is None and address.is_link_local:
        raise ValueError(f"{text} may be on any network: name one, such as {text}%{zones[-1]}")
    if zone is not None and not zone.isdecimal() and zone not in zones:
        raise ValueError(f"there is no network {zone!r} here, only {', '.join(zones)}")


def _is_ip6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _argument(check: Callable[[str], object]) -> Callable[[str], object]:
    """Wrap a check so that its sentence reaches the person who typed the argument."""

    def checked(text: str) -> object:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def _default_nick(environment: Mapping[str, str]) -> str:
    """Make a nickname from the user's name; if that is impossible, one for a guest."""
    cleaned = re.sub(r"[^\w.-]|^[^\w]+|^\d+", "", environment.get("USER", ""))[:NICK_LENGTH]
    try:
        return check_nick(cleaned)
    except ValueError:
        return f"guest{secrets.randbelow(9000) + 1000}"
