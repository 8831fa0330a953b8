"""The fixtures that several test modules share."""

from collections.abc import Iterator

import pytest

from tests.scripted import LOBBY, Peer, Terminal, opened


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Provide a chat that says what the test tells it to."""
    scripted = Peer()
    yield scripted
    scripted.close()


@pytest.fixture
def terminal(peer: Peer) -> Iterator[Terminal]:
    """Provide a terminal with a client that is in the lobby with bob."""
    with opened(peer) as one:
        peer.welcomes(lobby=LOBBY)
        one.shows("-- you joined lobby: bob (2 here)", "lobby>")
        yield one
