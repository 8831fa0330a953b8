"""C{twistd chat}: the options, the service, and the one place where everything meets."""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from twisted.application.service import Service
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.internet.address import UNIXAddress
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python import usage

from chatservice.accounts import Accounts
from chatservice.actlog import ActLog
from chatservice.admission import Admission, most_connections
from chatservice.clock import WallClock
from chatservice.database import IN_MEMORY, Database, DatabaseError
from chatservice.doors.front import FrontFactory
from chatservice.events import EventIds
from chatservice.journal import Journal, JournalError
from chatservice.memory import ALL_BYTES, LINES
from chatservice.options import OPTIONS, BadValue, operator_key, read_config, read_motd
from chatservice.passwords import Passwords
from chatservice.pruning import Pruning
from chatservice.server import ChatFactory
from chatservice.settings import Settings
from chatservice.upkeep import Upkeep

# Twisted's timers follow the wall clock, and stand still when it is set back (twisted#2424).
ReactorBase.seconds = staticmethod(time.monotonic)

log = Logger()

DEFAULT_PORT = 59000


class CannotStart(SystemExit, Exception):
    """Why the chat cannot start: one sentence, and exit status 1.

    Raised while twistd starts the services, it ends a daemon and the foreground alike.
    """

    # A daemon's parent is told 100 bytes, the name of the class and its module among them.
    __module__ = "builtins"


class Options(usage.Options, AuthOptionMixin):
    """The options of C{twistd chat}, from the command line and the configuration file."""

    supportedInterfaces = (IUsernamePassword,)

    synopsis = "[options]"
    longdesc = "One chat on one port, for telnet, nc and the chatservice client."
    optParameters = [option.parameter() for option in OPTIONS]

    def __init__(self) -> None:
        super().__init__()
        self["port"] = []
        self["operator"] = []
        self["config"] = None

    def opt_port(self, value: str) -> None:
        """A port number, or a Twisted endpoint string; may be given again [default: 59000]"""
        self["port"].append(value)

    opt_p = opt_port

    def opt_operator(self, nick: str) -> None:
        """A registered nickname that is an operator of the whole chat; may be given again"""
        self["operator"].append(nick)

    def opt_config(self, path: str) -> None:
        """A TOML file with these options by the same names; the command line wins"""
        self["config"] = path

    opt_c = opt_config

    def postOptions(self) -> None:
        """Fill in what the file says and the defaults, and read every value.

        @raise usage.UsageError: the operator's mistake, in one sentence.
        """
        configured = read_config(self["config"]) if self["config"] else {}
        for option in OPTIONS:
            name, value, where = option.name, self[option.name], "--"
            if value is None:
                value, where = configured.get(name, option.default), f"{self['config']}: "
            try:
                self[name] = None if value is None else option.read(value)
            except BadValue as error:
                raise usage.UsageError(f"{where}{name} {value}: {error}") from None
        ports = self["port"] or _texts(configured.get("port", DEFAULT_PORT))
        if not ports:
            raise usage.UsageError("port: there is to be one at least")
        self["endpoints"] = [_endpoint(port) for port in ports]
        self["operator"] = self["operator"] or _texts(configured.get("operator", []))
        self["operators"] = frozenset(map(operator_key, self["operator"]))
        self["motd-lines"] = read_motd(self["motd"]) if self["motd"] else ()


def _texts(value: Any) -> list[str]:
    """What a file gives for an option that may be given again: a list, or one alone."""
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def _endpoint(port: str) -> tuple[str, Any]:
    """What the operator wrote, and the endpoint that it means."""
    from twisted.internet import reactor

    if port.isascii() and port.isdigit():
        if int(port) > 65535:
            raise usage.UsageError(f"--port {port}: there are ports up to 65535")
        description = f"tcp:{port}:backlog=1024"
    else:
        description = port
    try:
        return port, serverFromString(reactor, description)
    except (ImportError, NameError) as error:  # tls: without pyOpenSSL is a NameError
        raise usage.UsageError(
            f"--port {port}: such an endpoint needs packages that are not installed ({error});"
            " for TLS: pip install 'Twisted[tls]'"
        ) from None
    except OSError as error:
        raise usage.UsageError(
            f"--port {port}: cannot read {error.filename}: {error.strerror}"
        ) from None
    except Exception as error:
        raise usage.UsageError(
            f"--port {port}: it is neither a number nor an endpoint such as"
            f" tcp:59000:interface=127.0.0.1 ({error})"
        ) from None


@dataclass(frozen=True, slots=True)
class _Port:
    """One that the chat is open on.

    @ivar name: what the operator wrote.
    @ivar direct: whether it is plain TCP.
    @ivar listening: C{IListeningPort}.
    """

    name: str
    direct: bool
    listening: Any


def _say_how_to_join(port: _Port) -> None:
    address = port.listening.getHost()
    if isinstance(address, UNIXAddress):
        path = os.fsdecode(address.name or b"")
        log.info(
            "The chat is open on {path}. Join it with\n    nc -U {quoted}",
            path=path,
            quoted=shlex.quote(path),
        )
        return
    log.info(
        "The chat is open on {host} port {port}.{ways}",
        host=address.host,
        port=address.port,
        ways=_ways_to_join(port, address.host, address.port),
    )


def _ways_to_join(port: _Port, host: str, number: int) -> str:
    host = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host
    in_url = f"[{host}]" if ":" in host else host
    if port.direct:
        return (
            " Join it with one of\n"
            f"    telnet {host} {number}\n"
            f"    nc {host} {number}\n"
            f"    chatservice {in_url}:{number}"
        )
    if port.name.startswith(("ssl:", "tls:")):
        return (
            " It is for clients that speak TLS, such as\n"
            f"    openssl s_client -quiet -connect {in_url}:{number}"
        )
    return ""


class ChatService(Service):
    """The chat as a service: starts what there is in order, and stops it in order.

    @param options: see L{Options}.
    """

    SETTLE_TIMEOUT = 3.0

    def __init__(self, reactor: Any, options: Options) -> None:
        self._reactor = reactor
        self._options = options
        self._database = Database(reactor, options["database"])
        self._journal = Journal(self._database)
        in_memory = options["database"] == IN_MEMORY
        settings = Settings(
            name=options["name"],
            motd=options["motd-lines"],
            replay=options["replay"],
            rate_limit=options["rate-limit"],
            per_address=options["max-per-address"],
            send_queue=options["send-queue"],
            linger=options["linger"],
            operators=options["operators"],
            keep=options["keep"],
            keep_lines=min(options["keep-lines"] or LINES, LINES)
            if in_memory
            else options["keep-lines"],
        )
        clock = WallClock()
        ids = EventIds(clock.time)
        checkers = options.get("credCheckers") or ()
        self._accounts = Accounts(
            Passwords(reactor), reactor.seconds, ids.now, self._database, checkers
        )
        self.chat = ChatFactory(
            reactor, self._journal, settings, ids, accounts=self._accounts, clock=clock
        )
        moderation, most_bytes = self.chat.moderation, ALL_BYTES if in_memory else 0
        pruning = Pruning(
            self._database,
            moderation.bounds,
            ids.now,
            moderation.bounded,
            most_bytes,
            clock.is_settled,
        )
        actlog = ActLog(self._database, moderation.holding, ids.now, clock.is_settled)
        steps = [pruning.step, actlog.step, self._journal.tidy_refs, self._journal.index]
        self._upkeep = Upkeep(reactor, steps)
        self._ports: list[_Port] = []

    def privilegedStartService(self) -> None:
        """Bind the ports, while the process may still be root."""
        super().privilegedStartService()
        wanted = self._options["max-connections"]
        most = most_connections(wanted)
        if most < wanted:
            log.warn("The system allows {most} connections, fewer than asked for.", most=most)
        admission = Admission(most, self._options["max-per-address"])
        for name, endpoint in self._options["endpoints"]:
            direct = type(endpoint) in (TCP4ServerEndpoint, TCP6ServerEndpoint)
            self._listen(name, endpoint, FrontFactory(self.chat, admission, direct), direct)

    def _listen(self, name: str, endpoint: Any, factory: FrontFactory, direct: bool) -> None:
        failures: list[Any] = []
        maybeDeferred(endpoint.listen, factory).addCallbacks(
            lambda listening: self._ports.append(_Port(name, direct, listening)), failures.append
        )
        if failures:
            error = failures[0].value
            reason = error.socketError if isinstance(error, CannotListenError) else error
            raise CannotStart(f"{getattr(reason, 'strerror', reason)}: cannot listen on {name}")

    def startService(self) -> None:
        """Open the database, after twistd has forked and given up root."""
        super().startService()
        try:
            self._database.open()
        except DatabaseError as error:
            raise CannotStart(str(error)) from None
        self._journal.open()
        self._accounts.load()
        self.chat.restore()
        self._upkeep.start()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))
        for port in self._ports:
            _say_how_to_join(port)
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
            yield maybeDeferred(port.listening.stopListening)
        yield self._upkeep.stop()
        yield self.chat.shut_down(self.SETTLE_TIMEOUT)
        try:
            yield self._journal.close(self.chat.ids.last)
        except JournalError as error:
            log.error("The last id is not stored, so the next run skips some: {why}.", why=error)
        finally:
            self._database.close()


def makeService(options: Options) -> ChatService:
    """See C{twisted.application.service.IServiceMaker}."""
    from twisted.internet import reactor

    return ChatService(reactor, options)
