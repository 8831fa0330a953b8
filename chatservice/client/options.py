"""The command line of the client."""

import argparse
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chatservice.client.addresses import PORT, Address, read_address
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

PASSWORD_VARIABLE = "CHATSERVICE_PASSWORD"
"""The environment variable with the nickname's password, if no file has it."""

_LONGEST_PASSWORD = 10_000


@dataclass(frozen=True)
class Settings:
    """The settings of one run: the addresses of the chat, a nickname, rooms to join.

    @ivar addresses: at least one, each of them once, in the order in which to try them.
    @ivar password: the nickname's password, if a file or the environment has it.
    @ivar commands: whether piped lines may be commands.
    @ivar trust: with whom to speak TLS, at each address; C{None} to speak plainly.
    """

    addresses: tuple[Address, ...]
    nick: str
    rooms: tuple[str, ...]
    password: str | None = field(default=None, repr=False)
    commands: bool = False
    trust: Trust | None = None


def read_command_line(words: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the settings from the words after the program's name.

    @raise SystemExit: status 2, if a word is wrong; a sentence on standard error says why.
    """
    found = _parser().parse_intermixed_args(words)
    return Settings(
        addresses=tuple(dict.fromkeys(found.addresses)) or (Address("localhost", PORT),),
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
        "addresses",
        metavar="HOST[:PORT]",
        nargs="*",
        type=_argument(read_address),
        help=f"where the chat is (default: localhost:{PORT}); where several servers are one chat, "
        "name them all: if one cannot be reached, the next one is tried",
    )
    _add_person(parser)
    parser.add_argument(
        "--commands",
        action="store_true",
        help="carry out piped lines that begin with a slash, instead of saying them",
    )
    _add_tls(parser)
    return parser


def _add_person(parser: argparse.ArgumentParser) -> None:
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
