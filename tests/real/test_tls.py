"""C{twistd chat} on an endpoint with TLS, for real."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.running import HOST, PATIENCE, Server, free_port, running

pytestmark = [
    pytest.mark.skipif(not find_spec("OpenSSL"), reason="the extra tls is not installed"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed"),
]


@contextmanager
def chat_with_tls(directory: Path) -> Iterator[tuple[Server, int]]:
    """A chat on a plain port and on one with TLS, whose number it gives."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    port = free_port()
    endpoint = f"ssl:{port}:interface={HOST}:privateKey={key.name}:certKey={certificate.name}"
    with running(directory, "--port", endpoint) as chat:
        yield chat, port


@contextmanager
def over_tls(port: int) -> Iterator[BinaryIO]:
    """What a peer reads and writes; an end of TCP before that of TLS is an error."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((HOST, port), PATIENCE)
    wrapped = context.wrap_socket(plain, suppress_ragged_eofs=False)
    with wrapped, wrapped.makefile("rwb", buffering=0) as file:
        yield file


def until(peer: BinaryIO, text: bytes) -> bytes:
    """The next line with C{text} in it."""
    return next(line for line in peer if text in line)


def test_conversation(tmp_path: Path) -> None:
    """Text and JSON are the same over TLS, in the same chat as without."""
    with chat_with_tls(tmp_path) as (chat, port), over_tls(port) as ada, over_tls(port) as bob:
        eve = chat.join("eve")
        ada.write(b"ada\n")
        until(ada, b"you joined lobby: eve")
        bob.write(b'{"type":"hello","nick":"bob"}\n')
        welcome = json.loads(bob.readline())
        assert welcome["rooms"]["lobby"]["members"] == ["ada", "bob", "eve"]
        bob.write(b'{"type":"say","room":"lobby","text":"hi"}\n')
        assert until(ada, b"hi") == b"bob: hi\r\n"
        ada.write(b"hello\n")
        assert json.loads(until(bob, b"hello"))["nick"] == "ada"
        assert eve.until("hello") == "ada: hello"
        log = chat.log.read_text()
        assert f"    openssl s_client -quiet -connect localhost:{port}\n" in log
        assert f"telnet localhost {port}\n" not in log


def test_http(tmp_path: Path) -> None:
    """A web request over TLS gets its whole answer, and TLS is ended in order."""
    with chat_with_tls(tmp_path) as (_, port), over_tls(port) as browser:
        browser.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = browser.read()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"</html>\n")
