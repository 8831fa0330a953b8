"""The options of C{twistd chat}, from which its help and the documents are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatservice.config.values import (
    duration,
    flag,
    line,
    network,
    nickname,
    seconds,
    size,
    some_text,
    web_origin,
    whole_number,
)
from chatservice.people.opaque import PASSWORD_MOST
from chatservice.protocol.names import PASSWORD_LEAST


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line and, by the same name, of the configuration file.

    @ivar default: the default as somebody would write it; C{None} for none.
    @ivar read: makes the value from its written form, or each one of a list; C{str} if
        L{chatservice.options} does that.
    @ivar help: one sentence for people.
    @ivar group: its heading in the documentation.
    @ivar short: its letter on the command line.
    @ivar is_flag: whether it has no value on the command line, and is true or false in the file.
    @ivar is_list: whether it may be given more than once, and is a list in the file.
    @ivar is_basic: whether the README shows it.
    @ivar setting: the field of L{Settings} for its value.
    """

    name: str
    default: str | int | None
    read: Callable[[Any], Any]
    help: str
    group: str
    short: str | None = None
    is_flag: bool = False
    is_list: bool = False
    is_basic: bool = False
    setting: str | None = None

    @property
    def usage(self) -> str:
        """The text of C{--help} for this option."""
        again = "; may be given more than once" if self.is_list else ""
        has_default = self.default is not None and not self.is_flag
        default = f" [default: {self.default}]" if has_default else ""
        return self.help + again + default


DATABASE = "chat.sqlite3"
"""The file that keeps the history, unless there is another place."""

REPLAY_MOST = 200
"""The lines of a room that are kept in memory, and so the most that can be replayed."""

_REACHING, _WEB, _KEEPING, _LIMITS = (
    *("The chat and its ports", "Encryption, proxies and the web", "History", "Limits"),
)

TABLE = (
    Option(
        "port", 59000, str,
        "a port number, for every address of this machine (IPv4 and IPv6), or a Twisted endpoint"
        " string such as tcp:59000:interface=127.0.0.1 or unix:chat.socket",
        _REACHING, short="p", is_list=True, is_basic=True,
    ),
    Option(
        "irc-port", None, str,
        "a port for IRC alone, written like --port: nobody is greeted there, however long they are"
        " silent",
        _REACHING, is_list=True,
    ),
    Option(
        "name", "chatservice", line, "the name of the chat", _REACHING,
        is_basic=True, setting="name",
    ),
    Option(
        "motd", None, some_text, "a file with the message of the day; SIGHUP reads it again",
        _REACHING, short="m", is_basic=True,
    ),
    Option(
        "operator", None, nickname,
        "a registered nickname whose owner is an operator of the whole chat",
        _REACHING, is_list=True, is_basic=True,
    ),
    Option(
        "auth", None, str,
        "a checker that is asked for passwords before the chat's own accounts, such as file:PATH"
        " (see --help-auth)",
        _REACHING, is_list=True,
    ),
    Option(
        "config", None, str,
        "a TOML file with these options under the same names; the command line wins",
        _REACHING, short="c", is_basic=True,
    ),
    Option(
        "tls-cert", None, some_text,
        "a PEM file with the certificate and its chain, so that the port takes TLS as well; SIGHUP"
        " reads it again", _WEB,
    ),
    Option(
        "tls-key", None, some_text, "a PEM file with the key of the certificate", _WEB,
    ),
    Option(
        "tls-self-signed", False, flag,
        "make a certificate of its own beside the database, or with --cluster in the working"
        " directory, if there is none, and use it",
        _WEB,
        is_flag=True,
    ),
    Option(
        "require-tls", False, flag,
        "let nobody in over a network without encryption, and send browsers to https", _WEB,
        is_flag=True,
    ),
    Option(
        "hsts", 0, duration,
        "how long browsers must use https for every port of this host, such as 180d; 0 to leave"
        " that alone", _WEB,
    ),
    Option(
        "trust-proxy", None, network,
        "an address or network of proxies, such as 192.0.2.7 or 10.0.0.0/8, whose PROXY headers"
        " and X-Forwarded-For say who connects", _WEB, is_list=True,
    ),
    Option(
        "allow-origin", None, web_origin,
        "an origin such as https://chat.example.org whose web pages may use the chat, and whose"
        " host is a name of it", _WEB, is_list=True,
    ),
    Option(
        "database", None, some_text,
        f"the file that keeps the history [default: {DATABASE}]; :memory: keeps it in memory only",
        _KEEPING, short="d", is_basic=True,
    ),
    Option(
        "cluster", None, some_text,
        "the URL of a PostgreSQL database that keeps the history in place of a file, such as"
        " postgresql://chat@db1,db2/chat; all chats that have the same one are one chat",
        _KEEPING,
    ),
    Option(
        "node", None, line,
        "the name of this node of --cluster, which no other may have [default: that of the"
        " machine]",
        _KEEPING,
    ),
    Option(
        "import", None, str,
        "a file of --database that no chat uses: all that is in it is put into the database of"
        " --cluster, which must be empty, before the chat opens",
        _KEEPING,
    ),
    Option(
        "keep", 0, duration,
        "how long history is kept, such as 30d or 12h, in units of s, m, h, d or w; 0 for ever",
        _KEEPING, setting="keep",
    ),
    Option(
        "keep-lines", 0, whole_number(0), "lines of history kept in each room; 0 for all",
        _KEEPING, setting="keep_lines",
    ),
    Option(
        "replay", 10, whole_number(0, REPLAY_MOST),
        f"lines of a room's history shown to a person who joins it, at most {REPLAY_MOST}",
        _KEEPING, setting="replay",
    ),
    Option(
        "linger", 30, seconds,
        "seconds, or a duration such as 2m, for which a person who lost the connection can come"
        " back before anybody is told",
        _LIMITS, setting="linger",
    ),
    Option(
        "rate-limit", 5, whole_number(0),
        "lines a second from one person, after a burst of 10; 1 KiB counts as a line; 0 for no"
        " limit",
        _LIMITS, setting="rate_limit",
    ),
    Option(
        "pipe-rate", 50, whole_number(0),
        "lines a second from a program that pipes under a registered nickname; 0 for no limit"
        " except that of the address",
        _LIMITS, setting="pipe_rate",
    ),
    Option(
        "send-queue", "1M", size,
        "bytes that may wait for one member, such as 512K or 4M; a member with more is dropped",
        _LIMITS, setting="send_queue",
    ),
    Option(
        "max-connections", 0, whole_number(0),
        "connections in all; 0 for as many as the system allows", _LIMITS,
    ),
    Option(
        "max-per-address", 32, whole_number(0),
        "connections from one address, or one IPv6 /64, which may together send as much as that"
        " many people; 0 for no limit",
        _LIMITS, setting="per_address",
    ),
    Option(
        "least-password", PASSWORD_LEAST, whole_number(1, PASSWORD_MOST),
        "characters that the password of a registered nickname must have at least; those that"
        " people have already stay valid",
        _LIMITS,
    ),
)
"""All options of C{twistd chat}, the source of C{--help} and of the documentation."""

COMMAND_LINE_ONLY = ("config", "import", "help", "help-auth", "help-auth-type", "version")

OPTIONS = tuple(row for row in TABLE if row.name not in COMMAND_LINE_ONLY)
"""The options that may be on the command line or in the file."""


def option_named(name: str) -> Option:
    """Find an option by its name.

    @raise KeyError: there is no such option.
    """
    return {option.name: option for option in TABLE}[name]


