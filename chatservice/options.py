"""The options of C{twistd chat}, from the command line and from the configuration file."""

from __future__ import annotations

import getopt
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import (
    AuthOptionMixin,
    InvalidAuthType,
    UnsupportedInterfaces,
    findCheckerFactories,
    makeChecker,
)
from twisted.python import usage

from chatservice.config.files import explain, read_config, read_motd
from chatservice.config.table import DATABASE, OPTIONS, TABLE, Option
from chatservice.config.values import BadValue
from chatservice.doors.ports import Port, read_endpoint
from chatservice.protocol.errors import CannotStart
from chatservice.protocol.names import nick_key
from chatservice.starting import check_files


def _with_lists(options: type[Options]) -> type[Options]:
    """Add the methods of the options that may be given more than once."""
    for row in TABLE:
        if row.is_list:
            for name in filter(None, (row.name, row.short)):
                setattr(options, f"opt_{name.replace('-', '_')}", _collecting(row))
    return options


def _collecting(row: Option) -> Callable[[usage.Options, str], None]:
    def collect(self: usage.Options, value: str) -> None:
        self[row.name] = [*(self[row.name] or ()), value]

    collect.__doc__ = row.usage
    return collect


@_with_lists
class Options(usage.Options, AuthOptionMixin):
    """The options of C{twistd chat}, from the command line and the configuration file."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    longdesc = "One chat on one port, for browsers, telnet, nc and the chatservice client."
    optParameters = [
        [row.name, row.short, None, row.usage]
        for row in TABLE
        if not (row.is_list or row.is_flag)
    ]
    optFlags = [[row.name, row.short, row.usage] for row in TABLE if row.is_flag]

    def __init__(self) -> None:
        super().__init__()
        self.update({row.name: None for row in TABLE})

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the command line.

        @raise CannotStart: a mistake of the operator's, without the usage that twistd would print.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            cause, sentence = error.__context__, str(error)
            if isinstance(cause, getopt.GetoptError):
                known = [name.rstrip("=") for name in self.longOpt]
                sentence = explain(cause, known, self._names_of_twistd())
            raise CannotStart(f"{sentence} (twistd chat --help lists the options)") from None

    def parseArgs(self, *arguments: str) -> None:
        """Raise L{usage.UsageError} if there is an argument that is not an option."""
        if arguments:
            first = arguments[0]
            hint = f"did you mean --port {first}?" if first.isdigit() else "options begin with --"
            raise usage.UsageError(f"{first} is not an option: {hint}")

    def postOptions(self) -> None:
        """Fill in values from the file and defaults, and read every value.

        @raise usage.UsageError: a mistake of the operator's, in one sentence.
        """
        is_typed = self["cluster"] is not None
        path = self["config"]
        configured = read_config(path, self._names_of_twistd()) if path else {}
        if configured.get("port") == []:
            raise usage.UsageError(f"{path}: port: there must be at least one")
        for option in OPTIONS:
            written, where = self[option.name], "--"
            if written is None:
                written, where = configured.get(option.name, option.default), f"{path}: "
            self[option.name] = _value(option, written, where)
        self["endpoints"] = [
            (port, _endpoint(name, port), name == "irc-port")
            for name in ("port", "irc-port")
            for port in self[name]
        ]
        _check_cluster(self)
        self["shows-password"] = is_typed and _has_password(self["cluster"])
        self["operators"] = frozenset(map(nick_key, self["operator"]))
        _check_tls(self)
        for description in self["auth"]:
            self._add_checker(description)
        self["motd-lines"] = read_motd(self["motd"]) if self["motd"] else ()
        if self.twistd is not None:
            check_files(self.twistd)

    def _add_checker(self, description: str) -> None:
        # The part after the kind may contain passwords.
        kind = description.partition(":")[0]
        try:
            self.addChecker(makeChecker(description))
        except InvalidAuthType:
            fitting = filter(self.supportsCheckerFactory, findCheckerFactories())
            kinds = ", ".join(sorted(each.authType for each in fitting))
            raise usage.UsageError(
                f"--auth {kind}: there is no such checker; the checkers are {kinds}"
            ) from None
        except UnsupportedInterfaces:
            raise usage.UsageError(f"--auth {kind}: it does not check passwords") from None
        except Exception as error:
            raise usage.UsageError(f"--auth {kind}: {error}") from None

    @property
    def twistd(self) -> Mapping[str, Any] | None:
        """The options of twistd itself; C{None} without it, for example in C{twist}."""
        parent = self.parent
        return parent if parent is not None and "pidfile" in parent else None

    def _names_of_twistd(self) -> list[str]:
        parent: Any = self.twistd
        if parent is None:
            return []
        return [*(name.rstrip("=") for name in parent.longOpt), *parent.shortOpt]


def _value(option: Option, written: Any, where: str) -> Any:
    """Read what an operator wrote, or a default; C{None} if there is neither.

    @param where: the place of the option, to begin the sentence if it is wrong.
    @raise usage.UsageError: it is wrong.
    """
    if option.is_list:
        texts = written if isinstance(written, list) else [written]
        return [_value_of_one(option, each, where) for each in texts if each is not None]
    return None if written is None else _value_of_one(option, written, where)


def _value_of_one(option: Option, written: Any, where: str) -> Any:
    try:
        return option.read(written)
    except BadValue as error:
        raise usage.UsageError(f"{where}{option.name} {written}: {error}") from None


def _check_cluster(options: Options) -> None:
    """Check that the options about the cluster fit together.

    @raise usage.UsageError: they do not.
    """
    if not options["cluster"]:
        options["database"] = options["database"] or DATABASE
        for name in ("node", "import"):
            if options[name] is not None:
                raise usage.UsageError(f"--{name} needs --cluster")
        return
    if options["database"]:
        raise usage.UsageError("--database and --cluster cannot be used together")
    try:
        import_module("psycopg")
    except ImportError:
        sentence = "--cluster needs psycopg: pip install 'psycopg[binary]'"
        raise usage.UsageError(sentence) from None


def _has_password(cluster: str) -> bool:
    from chatservice.cluster.connection import has_password

    return has_password(cluster)


def _check_tls(options: Options) -> None:
    """Check that the options about TLS fit together.

    @raise usage.UsageError: they do not.
    """
    if options["tls-key"] and not options["tls-cert"]:
        raise usage.UsageError("--tls-key needs --tls-cert")
    if options["tls-cert"] and options["tls-self-signed"]:
        raise usage.UsageError("--tls-cert and --tls-self-signed exclude each other")
    ways = [options[name] for name in ("tls-cert", "tls-self-signed", "trust-proxy")]
    is_possible = any(ways) or any(Port(*each).is_encrypted for each in options["endpoints"])
    if options["require-tls"] and not is_possible:
        raise usage.UsageError(
            "--require-tls needs --tls-cert or --tls-self-signed, or --trust-proxy for a proxy"
            " that encrypts"
        )


def _endpoint(option: str, port: str) -> Any:
    """Read the endpoint of a port that an operator wrote for an option."""
    from twisted.internet import reactor

    try:
        return read_endpoint(reactor, port)
    except BadValue as error:
        raise usage.UsageError(f"--{option} {port}: {error}") from None
