"""Networks between programs of this machine, which can fall silent as a cable that is pulled out.

Each is a pair of Linux's virtual network devices, one of them in a network namespace of its own.
Both are gone with the process that made them.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from tests.running import free_port

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_BLOCK = IPv4Address("198.18.0.0")
"""The first of the addresses that are for trials of networks (RFC 2544)."""

_INSIDE = "chat"
_NEAR, _FAR = "02:00:00:00:00:01", "02:00:00:00:00:02"

# What a node asks of the engine, which must notice that a node is gone: see connection.py.
_WATCH = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): 5,
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): 2,
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): 3,
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT): 10_000,
}


class Network:
    """A cable to a place where one can listen.

    @ivar host: the address of that place.
    @raise OSError: this process may not make one.
    """

    def __init__(self) -> None:
        with _returning():
            _check(_LIBC.unshare(_CLONE_NEWNET))
            self._namespace = _namespace()
        number = free_port()
        self._device = f"{_INSIDE}{number}"
        near, self.host = str(_BLOCK + 2 * number), str(_BLOCK + 2 * number + 1)
        inside = f"/proc/{os.getpid()}/fd/{self._namespace}"
        _run(
            f"ip link add {self._device} address {_NEAR} type veth"
            f" peer name {_INSIDE} address {_FAR} netns {inside}"
        )
        _connect(self._device, near, self.host, _FAR)
        with self._entered():
            _connect(_INSIDE, self.host, near, _NEAR)

    @contextmanager
    def _entered(self) -> Iterator[None]:
        """Have this thread be in the namespace, with the programs that it starts."""
        with _returning():
            _enter(self._namespace)
            yield

    def listen(self, port: int) -> socket.socket:
        """Listen at the other end of the cable."""
        with self._entered():
            listening = socket.create_server((self.host, port))
        for (level, option), value in _WATCH.items():
            listening.setsockopt(level, option, value)
        return listening

    def silence(self) -> None:
        """Lose every packet, in both directions, without a word to anybody."""
        self._at_both_ends("tc qdisc replace dev {} root blackhole")

    def heal(self) -> None:
        """Let packets through again; those that were lost are sent again in due course."""
        self._at_both_ends("tc qdisc delete dev {} root")

    def _at_both_ends(self, command: str) -> None:
        _run(command.format(self._device))
        with self._entered():
            _run(command.format(_INSIDE))

    def close(self) -> None:
        """Remove it."""
        _run(f"ip link delete {self._device}")
        os.close(self._namespace)


def network() -> Network | None:
    """Make a network if this process may do so: root may, unless a container forbids it."""
    try:
        return Network()
    except OSError as error:
        warnings.warn(f"links fall silent without a network of their own: {error}", stacklevel=2)
        return None


def _namespace() -> int:
    """Open the network namespace of this thread."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


@contextmanager
def _returning() -> Iterator[None]:
    """Have this thread come back to its network namespace."""
    home = _namespace()
    try:
        yield
    finally:
        _enter(home)
        os.close(home)


def _enter(namespace: int) -> None:
    _check(_LIBC.setns(namespace, _CLONE_NEWNET))


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{command}: {done.stderr}")


def _connect(device: str, address: str, other: str, hardware: str) -> None:
    """Give a device its address, and tell it for good who is at the other end.

    Otherwise it would ask in vain, and whoever connects would hear of that.
    """
    _run(f"ip address add {address}/31 dev {device}")
    _run(f"ip link set {device} up")
    _run(f"ip neighbour add {other} lladdr {hardware} dev {device} nud permanent")
