"""A chat of several real nodes over a primary and a standby, which can all die and fall silent."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from tests.background import Background
from tests.engine import ROLE, Engine, multi_host_url
from tests.networks import Network, network
from tests.relays import Relay
from tests.running import start

NAMES = ("a", "b", "c")


class RealNode:
    """A node in a process of its own, which reaches each engine through a relay.

    The relays are at the other end of a network of its own, if there can be one.

    @ivar server: the process; another one after a restart.
    """

    def __init__(
        self, background: Background, directory: Path, engines: Sequence[Engine], *options: str
    ) -> None:
        self.name = directory.name
        self._directory = directory
        directory.mkdir(parents=True)
        self._network = network()
        self.relays = [Relay(background, engine.port, self._network) for engine in engines]
        url = multi_host_url(*self.relays)
        self._options = ("--cluster", url, "--node", self.name, *options)
        self.server = start(directory, *self._options)
        self.port = self.server.port

    def silence(self) -> None:
        """Let nothing through between this node and the engines, in either direction."""
        for link in self._links():
            link.silence()

    def heal(self) -> None:
        """Let everything through again."""
        for link in self._links():
            link.heal()

    def _links(self) -> Sequence[Network | Relay]:
        return [self._network] if self._network else self.relays

    def freeze(self) -> None:
        """Stop the process: its connections stay open, and it answers nothing."""
        self.server.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process continue."""
        self.server.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it again, on the same port and under the same name."""
        self.server.close()
        self.server = start(self._directory, *self._options, port=self.port)

    def close(self) -> None:
        """End it."""
        self.server.close()
        if self._network:
            self._network.close()

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return self.server.process.poll() is None

    @property
    def log(self) -> str:
        """Everything that it has logged, also before it was restarted."""
        return self.server.log.read_text()


class RealCluster:
    """Nodes over a primary and its standby.

    @param synchronous: whether commits wait for the standby.
    @ivar primary: the engine that can be written.
    @ivar link: the relay through which the standby follows the primary.
    """

    def __init__(self, directory: Path, *options: str, synchronous: bool = True) -> None:
        self.background = Background()
        self._synchronous = synchronous
        self.primary = Engine.start()
        # What an operator may have done, and must not concern the log: see connection.py.
        self.primary.execute(f"ALTER ROLE {ROLE} SET statement_timeout = '400ms'")
        self._follow()
        self.nodes: list[RealNode] = []
        for name in NAMES:
            engines = [self.primary, self.standby]
            self.nodes.append(RealNode(self.background, directory / name, engines, *options))

    def _follow(self) -> None:
        """Have a new standby follow the primary."""
        self.link = Relay(self.background, self.primary.port)
        self.standby = self.primary.standby(self._synchronous, through=self.link.port)

    def promote(self) -> None:
        """Have the standby take the place of the primary, which is dead."""
        self.standby.promote()
        self._dead, self.primary = self.primary, self.standby

    def renew_standby(self) -> None:
        """Have a new standby follow the primary, where the nodes reached the dead one."""
        dead = self._dead
        dead.close()
        self._follow()
        for node in self.nodes:
            for relay in node.relays:
                if relay.target == dead.port:
                    relay.lead_to(self.standby.port)

    def cut_answers(self, every: float) -> None:
        """See L{Relay.cut_answers}."""
        for node in self.nodes:
            for relay in node.relays:
                relay.cut_answers(every)

    @property
    def ports(self) -> list[int]:
        """The ports of the nodes."""
        return [node.port for node in self.nodes]

    @property
    def living(self) -> list[RealNode]:
        """The nodes whose processes run."""
        return [node for node in self.nodes if node.is_running]

    def close(self) -> None:
        """End everything."""
        for node in self.nodes:
            node.close()
        for engine in {self.primary, self.standby}:
            engine.close()
        self.background.close()
