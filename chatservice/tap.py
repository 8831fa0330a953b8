"""C{twistd chat}: its options, its service, and the place where all parts are put together."""

from __future__ import annotations

import getopt
import signal
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
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python import usage

from chatservice.chat.clock import WallClock
from chatservice.config import (
    COLLECTED,
    OPTIONS,
    BadValue,
    Settings,
    explain,
    operator_key,
    option_named,
    read_config,
    read_motd,
    settings_of,
)
from chatservice.doors.limits import Admission, most_connections
from chatservice.doors.ports import Port, read_endpoint
from chatservice.people.accounts import Accounts
from chatservice.people.passwords import Passwords
from chatservice.protocol.errors import CannotStart, StorageError
from chatservice.protocol.events import EventIds
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


def _collecting(name: str) -> Callable[[usage.Options, str], None]:
    """Make the method of an option that may be given more than once."""

    def collect(self: usage.Options, value: str) -> None:
        self[name].append(value)

    collect.__doc__ = option_named(name).usage
    return collect


class Options(usage.Options, AuthOptionMixin):
    """The options of C{twistd chat}, from the command line and the configuration file."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    longdesc = "One chat on one port, for telnet, nc and the chatservice client."
    optParameters = [[row.name, row.short, None, row.usage] for row in OPTIONS]

    def __init__(self) -> None:
        super().__init__()
        self.update({name: [] for name in COLLECTED})
        self["config"] = None

    opt_port = opt_p = _collecting("port")
    opt_operator = _collecting("operator")
    opt_auth = _collecting("auth")

    def opt_config(self, path: str) -> None:
        """Remember the configuration file."""
        self["config"] = path

    opt_config.__doc__ = option_named("config").usage
    opt_c = opt_config

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
        for option in OPTIONS:
            name, value, where = option.name, self[option.name], "--"
            if value is None:
                value, where = configured.get(name, option.default), f"{path}: "
            try:
                self[name] = None if value is None else option.read(value)
            except BadValue as error:
                raise usage.UsageError(f"{where}{name} {value}: {error}") from None
        for name in COLLECTED:
            self[name] = self[name] or _texts(configured.get(name, []))
        if configured.get("port") == []:
            raise usage.UsageError(f"{path}: port: there must be at least one")
        ports = self["port"] or [str(option_named("port").default)]
        self["endpoints"] = [_endpoint(port) for port in ports]
        self["operators"] = frozenset(map(operator_key, self["operator"]))
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


def _texts(value: Any) -> list[str]:
    """Turn a file's value of an option that may be given more than once into a list."""
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def _endpoint(port: str) -> tuple[str, Any]:
    """Pair a port, as the operator wrote it, with its endpoint."""
    from twisted.internet import reactor

    try:
        return port, read_endpoint(reactor, port)
    except BadValue as error:
        raise usage.UsageError(f"--port {port}: {error}") from None


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
        # Apart from the others, which may have much to do.
        self._watch = Upkeep(reactor, [watch.step])
        self._ports = [Port(*each) for each in options["endpoints"]]
        self._is_listening = False

    def privilegedStartService(self) -> None:
        """Bind the ports, while the process may still be root."""
        super().privilegedStartService()
        self._is_listening = True
        wanted = self._options["max-connections"]
        most = most_connections(wanted)
        if most < wanted:
            log.warn("The system allows {most} connections, fewer than asked for.", most=most)
        admission = Admission(most, self._options["max-per-address"])
        for port in self._ports:
            port.open(self.chat, admission)

    def startService(self) -> None:
        """Open the database, after twistd has forked and given up root."""
        if not self._is_listening:
            # twist(1), unlike twistd(1), does not call it.
            self.privilegedStartService()
        super().startService()
        try:
            self._database.open()
        except DatabaseError as error:
            raise CannotStart(str(error)) from None
        self._journal.open()
        self._accounts.load()
        self.chat.restore()
        self._upkeep.start()
        self._watch.start()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))
        for port in self._ports:
            log.info("{how}", how=port.how_to_join())
        for nick in self._options["operator"]:
            if self._accounts.named(nick) is None:
                log.warn(
                    "The operator {nick} is not registered: join from this machine under that"
                    " nickname, and /register a password (or /login, if --auth knows it).",
                    nick=nick,
                )

    def reload(self) -> None:
        """Read the message of the day again; nobody is dropped."""
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
        for port in self._ports:
            yield port.close()
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
            lambda: _try_ports([Port(*each) for each in options["endpoints"]]),
            lambda: _try_database(Database(options["database"])),
        )
    return ChatService(reactor, options)


def _try_ports(ports: list[Port]) -> None:
    """Open the ports, and close them again."""
    from twisted.internet import reactor

    try:
        for port in ports:
            if port.can_be_tried:
                port.listen(Factory())
    finally:
        for port in ports:
            port.close()
        # Ports are closed in the next turn.
        reactor.iterate(0)


def _try_database(database: Database) -> None:
    try:
        database.open()
    except DatabaseError as error:
        raise CannotStart(str(error)) from None
    database.close()
