"""C{twistd chat}: its options, its service, and the place where all parts are put together."""

from __future__ import annotations

import getopt
import signal
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import (
    AuthOptionMixin,
    InvalidAuthType,
    UnsupportedInterfaces,
    findCheckerFactories,
    makeChecker,
)
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.logger import Logger
from twisted.python import usage

from chatservice.chat.clock import WallClock
from chatservice.config.files import explain, read_config, read_motd
from chatservice.config.settings import Settings, settings_of
from chatservice.config.table import OPTIONS, TABLE, Option
from chatservice.config.values import BadValue
from chatservice.doors.certificates import Certificate
from chatservice.doors.ports import Port, Ports, read_endpoint, try_out
from chatservice.doors.selfsigned import make_self_signed, paths_beside
from chatservice.doors.visit import Policy
from chatservice.people.accounts import Accounts
from chatservice.people.passwords import Passwords
from chatservice.protocol.errors import CannotStart, StorageError
from chatservice.protocol.ids import EventIds
from chatservice.protocol.names import nick_key
from chatservice.server import ChatFactory
from chatservice.starting import check_files, rehearse
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.database import IN_MEMORY, Database, DatabaseError
from chatservice.storage.filewatch import FileWatch
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.maintenance import Upkeep, steps_of
from chatservice.storage.threads import ThreadedDatabase

# Twisted's timers follow the wall clock, and stand still when it is set back (twisted#2424).
ReactorBase.seconds = staticmethod(time.monotonic)

log = Logger()


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


def _certificate(options: Options) -> Certificate:
    """Read the certificate, and make it first if the chat makes its own.

    @raise CannotStart: that is not possible.
    """
    try:
        if options["tls-self-signed"]:
            certificate, key = paths_beside(options["database"])
            make_self_signed(certificate, key, socket.gethostname(), time.time())
        else:
            certificate = options["tls-cert"]
            key = options["tls-key"] or certificate
        return Certificate(certificate, key)
    except BadValue as error:
        raise CannotStart(str(error)) from None


def _endpoint(option: str, port: str) -> Any:
    """Read the endpoint of a port that an operator wrote for an option."""
    from twisted.internet import reactor

    try:
        return read_endpoint(reactor, port)
    except BadValue as error:
        raise usage.UsageError(f"--{option} {port}: {error}") from None


class ChatService(Service):
    """The chat as a service, which starts and stops all parts in order.

    @param options: see L{Options}.
    """

    SETTLE_TIMEOUT = 3.0

    def __init__(self, reactor: Any, options: Options) -> None:
        self._reactor = reactor
        self._options = options
        self._database = ThreadedDatabase(reactor, options["database"])
        clock = WallClock()
        self._journal = DatabaseJournal(self._database, EventIds(clock.time))
        settings = Settings(
            motd=options["motd-lines"],
            operators=options["operators"],
            **settings_of(options),
        )
        ids = self._journal.ids
        checkers = options.get("credCheckers") or ()
        self._accounts = Accounts(
            Passwords(reactor),
            reactor.seconds,
            ids.now,
            StoredAccounts(self._database),
            checkers,
            options["least-password"],
        )
        self.chat = ChatFactory(
            reactor, self._journal, settings, self._accounts, clock
        )
        steps = steps_of(
            self._database,
            self._journal,
            self.chat.permissions,
            ids.now,
            clock.is_settled,
            in_memory=options["database"] == IN_MEMORY,
        )
        self._upkeep = Upkeep(reactor, steps)
        watch = FileWatch(self._database, options["database"], self.chat.tell_operators)
        self.chat.troubles.append(watch.trouble)
        # Apart from the others, which may have much to do.
        self._watches = [watch.step]
        self._watch = Upkeep(reactor, self._watches)
        self._policy = Policy(
            trusted=options["trust-proxy"],
            origins=options["allow-origin"],
            requires_tls=options["require-tls"],
            hsts=options["hsts"],
        )
        limits = options["max-connections"], options["max-per-address"]
        self._ports = Ports(_ports_of(options), self._policy, *limits)
        self.chat.reloads.append(self._reload_motd)

    def privilegedStartService(self) -> None:
        """Bind the ports, while the process may still be root."""
        super().privilegedStartService()
        if self._options["tls-cert"]:
            self._open_certificate()
        self._ports.open(self.chat)

    def _open_certificate(self) -> None:
        """Read the certificate, which only root may be able to do."""
        certificate = self._policy.certificate = _certificate(self._options)
        self.chat.reloads.append(certificate.reload)
        self._watches.append(certificate.step)
        log.info("The TLS certificate has the fingerprint {mark}", mark=certificate.fingerprint)

    def startService(self) -> None:
        """Open the database, after twistd has forked and given up root."""
        if not self._ports.are_open:
            # twist(1), unlike twistd(1), does not call it.
            self.privilegedStartService()
        super().startService()
        try:
            self._database.open()
        except DatabaseError as error:
            raise CannotStart(str(error)) from None
        if self._options["tls-self-signed"]:
            self._open_certificate()
        self._journal.open()
        self._accounts.load()
        self.chat.restore()
        self._upkeep.start()
        self._watch.start()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.chat.reload))
        self._ports.announce()
        for nick in self._options["operator"]:
            if self._accounts.named(nick) is None:
                log.warn(
                    "The operator {nick} is not registered: join from this machine under that"
                    " nickname, and /register a password (or /login, if --auth knows it).",
                    nick=nick,
                )

    def _reload_motd(self) -> None:
        if not self._options["motd"]:
            return
        try:
            self.chat.settings.motd = read_motd(self._options["motd"])
        except usage.UsageError as error:
            log.error("The message of the day stays as it was: {error}.", error=error)
        else:
            log.info("The message of the day was read again.")

    @inlineCallbacks
    def stopService(self) -> Generator[Deferred[Any], Any, None]:
        """Close the ports, deliver what was accepted, tell everybody, and close the file."""
        yield maybeDeferred(super().stopService)
        yield self._ports.close()
        yield self._watch.stop()
        yield self._upkeep.stop()
        yield self.chat.shut_down(self.SETTLE_TIMEOUT)
        try:
            yield self._journal.close()
        except StorageError as error:
            log.error("Storing the last id failed, so the next run skips some: {why}.", why=error)
        finally:
            self._database.close()


def makeService(options: Options) -> ChatService:
    """See C{twisted.application.service.IServiceMaker}."""
    from twisted.internet import reactor

    if options.twistd is not None:
        rehearse(
            options.twistd,
            lambda: _try_ports(options),
            lambda: _try_files(options),
        )
    return ChatService(reactor, options)


def _ports_of(options: Options) -> list[Port]:
    return [Port(*each) for each in options["endpoints"]]


def _try_ports(options: Options) -> None:
    from twisted.internet import reactor

    if options["tls-cert"]:
        _certificate(options)
    try_out(reactor, _ports_of(options))


def _try_files(options: Options) -> None:
    database = Database(options["database"])
    try:
        database.open()
    except DatabaseError as error:
        raise CannotStart(str(error)) from None
    database.close()
    if options["tls-self-signed"]:
        _certificate(options)
