"""Networks that fall silent, as real nodes have them in tests."""

from __future__ import annotations

import select
import socket
import time

import pytest

from tests.networks import network
from tests.running import PATIENCE, free_port


def retransmits(connected: socket.socket) -> int:
    """Read how often the data under way was sent again (C{tcpi_retransmits}, tcp(7))."""
    return connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 3)[2]


def test_silence() -> None:
    """Nothing comes through, and nobody is told; what was lost arrives when the link is healed."""
    between = network()
    if between is None:
        pytest.skip("networks need root")
    with between.listen(free_port()) as listening:
        near = socket.create_connection(listening.getsockname(), PATIENCE)
        far, _ = listening.accept()
        with near, far:
            between.silence()
            for sender, receiver in ((near, far), (far, near)):
                sender.sendall(b"line")
                deadline = time.monotonic() + PATIENCE
                while not retransmits(sender):
                    assert time.monotonic() < deadline, "nothing was lost"
                assert not select.select([receiver], [], [], 0)[0]
            between.heal()
            for receiver in (near, far):
                receiver.settimeout(PATIENCE)
                assert receiver.recv(9) == b"line"
    between.close()
