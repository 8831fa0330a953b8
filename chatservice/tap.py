"""C{twistd chat}: its service, and the place where all parts are put together."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Generator
from typing import Any

from twisted.application.service import Service
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred, succeed
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python import usage

from chatservice.chat.clock import WallClock
from chatservice.config.files import read_motd
from chatservice.config.settings import Settings, settings_of, shared_by_nodes
from chatservice.config.table import DATABASE
from chatservice.config.values import BadValue
from chatservice.doors.certificates import Certificate
from chatservice.doors.ports import Port, Ports, try_out
from chatservice.doors.selfsigned import make_self_signed, paths_beside
from chatservice.doors.visit import Policy
from chatservice.options import Options
from chatservice.people.accounts import Accounts
from chatservice.people.passwords import Passwords
from chatservice.protocol.errors import CannotStart
from chatservice.server import ChatFactory
from chatservice.starting import rehearse
from chatservice.storage.database import Database, DatabaseError
from chatservice.storage.keeping import FileKeeping, Keeping
from chatservice.storage.maintenance import Step, Upkeep

# Twisted's timers follow the wall clock, and stand still when it is set back (twisted#2424).
ReactorBase.seconds = staticmethod(time.monotonic)

log = Logger()

ANEW_EVERY = 1.0
"""Seconds between two attempts of a node to begin anew."""


def _certificate(options: Options) -> Certificate:
    """Read the certificate, and make it first if the chat makes its own.

    @raise CannotStart: that is not possible.
    """
    try:
        if options["tls-self-signed"]:
            certificate, key = paths_beside(options["database"] or DATABASE)
            make_self_signed(certificate, key, socket.gethostname(), time.time())
        else:
            certificate = options["tls-cert"]
            key = options["tls-key"] or certificate
        return Certificate(certificate, key)
    except BadValue as error:
        raise CannotStart(str(error)) from None


class ChatService(Service):
    """The chat as a service, which starts and stops all parts in order.

    @param options: see L{Options}.
    """

    SETTLE_TIMEOUT = 3.0

    def __init__(self, reactor: Any, options: Options) -> None:
        self._reactor = reactor
        self._options = options
        self._watches: list[Step] = []
        self._watch = Upkeep(reactor, self._watches)
        self._policy = Policy(
            trusted=options["trust-proxy"],
            origins=options["allow-origin"],
            requires_tls=options["require-tls"],
            hsts=options["hsts"],
        )
        limits = options["max-connections"], options["max-per-address"]
        self._ports = Ports(_ports_of(options), self._policy, *limits)
        self._beginning: Deferred[None] = succeed(None)
        self._make_chat(options["import"])

    def _make_chat(self, source: str | None = None) -> None:
        """Make the chat, and what keeps it.

        @param source: a file that a cluster is filled from, if there is one.
        """
        options, reactor = self._options, self._reactor
        clock = WallClock()
        self._keeping = self._make_keeping(clock, source)
        settings = Settings(
            motd=options["motd-lines"],
            operators=options["operators"],
            **settings_of(options),
        )
        journal = self._keeping.journal
        checkers = options.get("credCheckers") or ()
        self._accounts = Accounts(
            Passwords(reactor),
            reactor.seconds,
            journal.ids.now,
            self._keeping.accounts,
            checkers,
            options["least-password"],
        )
        self.chat = ChatFactory(reactor, journal, settings, self._accounts, clock)
        self.chat.reloads.append(self._reload_motd)
        if self._policy.certificate is not None:
            self.chat.reloads.append(self._policy.certificate.reload)

    def _make_keeping(self, clock: WallClock, source: str | None) -> Keeping:
        options, reactor = self._options, self._reactor
        if not options["cluster"]:
            return FileKeeping(reactor, options["database"], clock)
        from chatservice.cluster import keeping

        return keeping.ClusterKeeping(
            reactor,
            options["cluster"],
            _node(options),
            shared_by_nodes(options),
            clock,
            self._begin_anew,
            source,
        )

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
        self._keeping.open()
        if self._options["tls-self-signed"]:
            self._open_certificate()
        self._begin()
        self._watch.start()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.chat.reload))
        self._ports.announce()
        self._warn()

    def _warn(self) -> None:
        """Log what the operator should know about the options."""
        if self._options["shows-password"]:
            log.warn(
                "Everybody on this machine can see the password in --cluster with ps: write it"
                " into a file that is named by passfile (docs/cluster.rst)."
            )
        for nick in self._options["operator"]:
            if self._accounts.named(nick) is None:
                log.warn(
                    "The operator {nick} is not registered: join from this machine under that"
                    " nickname, and /register a password (or /login, if --auth knows it).",
                    nick=nick,
                )

    def _begin(self) -> None:
        """Begin with the chat as it was kept, which is open."""
        self._accounts.load()
        self.chat.restore()
        self._keeping.begin(self.chat, self._accounts)

    def _begin_anew(self, sentence: str) -> None:
        """Send everybody away, and begin as a new node: others have taken over their places."""
        log.error("This node has lost its place in the cluster: it begins anew.")
        self.chat.abandon(sentence)
        self._beginning = self._replace(self._keeping)

    @inlineCallbacks
    def _replace(self, former: Keeping) -> Generator[Deferred[Any], Any, None]:
        """Close what kept the chat, and open another one, however long that takes."""
        yield _closed(former)
        self._make_chat()
        told = ""
        while self.running:
            threads = self._reactor.getThreadPool()
            try:
                yield deferToThreadPool(self._reactor, threads, self._keeping.open)
                if self.running:
                    self._begin()
                    self._ports.lead_to(self.chat)
                    log.info("This node has begun anew.")
                return
            except (CannotStart, DatabaseError) as error:
                if str(error) != told:
                    told = str(error)
                    log.error("Beginning anew failed, and is tried again: {why}.", why=told)
            except Exception:
                log.failure("Beginning anew failed, and is tried again.")
            yield _closed(self._keeping)
            self._make_chat()
            yield deferLater(self._reactor, ANEW_EVERY)

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
        yield self._beginning
        yield self._watch.stop()
        yield self._keeping.rest()
        yield self.chat.shut_down(self.SETTLE_TIMEOUT)
        yield self._keeping.close()


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


@inlineCallbacks
def _closed(keeping: Keeping) -> Generator[Deferred[Any], Any, None]:
    """Close what kept a chat, whatever state it is in."""
    try:
        yield keeping.rest()
        yield keeping.close()
    except Exception:
        log.failure("Closing the former node failed.")


def _ports_of(options: Options) -> list[Port]:
    return [Port(*each) for each in options["endpoints"]]


def _node(options: Options) -> str:
    """Give the name of this node."""
    return options["node"] or socket.gethostname()


def _try_ports(options: Options) -> None:
    from twisted.internet import reactor

    if options["tls-cert"]:
        _certificate(options)
    try_out(reactor, _ports_of(options))


def _try_files(options: Options) -> None:
    if options["cluster"]:
        from chatservice.cluster import keeping

        keeping.try_out(options["cluster"], _node(options), options["import"])
    else:
        _try_database(options["database"])
    if options["tls-self-signed"]:
        _certificate(options)


def _try_database(path: str) -> None:
    database = Database(path)
    try:
        database.open()
    except DatabaseError as error:
        raise CannotStart(str(error)) from None
    database.close()
