"""TLS on the one port, with the programs that people really use."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatservice.protocol.tls import fingerprint_of
from tests.certified import the_certificate
from tests.running import HOST, PATIENCE, Server, running
from tests.websocket import WebSocket

CHATSERVICE = str(Path(sys.executable).with_name("chatservice"))


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat with a certificate, in which bob is."""
    directory = tmp_path_factory.mktemp("tls")
    for name, content in zip(("cert.pem", "key.pem"), the_certificate(), strict=True):
        (directory / name).write_bytes(content)
    options = ("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--replay", "0")
    with running(directory, *options) as server:
        yield server


def program(name: str) -> str:
    """The path of a program, without which a test skips."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def talk(command: list[str], lines: str) -> subprocess.CompletedProcess[str]:
    """Run a program with some lines as its input."""
    return subprocess.run(
        command, input=lines, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(chat: Server, version: str) -> None:
    """openssl s_client joins and talks in both versions, with a certificate that it verifies."""
    bob = chat.join("bob")
    command = [
        *(program("openssl"), "s_client", "-quiet", "-verify_return_error", version),
        *("-CAfile", str(chat.log.with_name("cert.pem")), "-verify_hostname", "localhost"),
        *("-connect", f"{HOST}:{chat.port}"),
    ]
    seen = talk(command, "ada\nhello\n/quit\n")
    assert "-- you joined lobby: bob (2 here)" in seen.stdout
    assert bob.until("ada: ") == "ada: hello"
    bob.send("/quit")
    bob.to_the_end()


def test_old_version(chat: Server) -> None:
    """TLS 1.1 is refused."""
    command = [program("openssl"), "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    seen = talk([*command, "-connect", f"{HOST}:{chat.port}"], "")
    assert "alert protocol version" in seen.stderr


def test_ncat(chat: Server) -> None:
    """ncat joins; it ends without a word of TLS, which is a lost connection."""
    bob = chat.join("bob")
    command = [program("ncat"), "--ssl", HOST, str(chat.port)]
    seen = talk(command, "ada\nhello\n")
    assert bob.until("ada: ") == "ada: hello"
    assert seen.returncode == 0
    bob.send("/quit")
    bob.to_the_end()


@pytest.mark.parametrize("protocol", ["https", "http"])
def test_curl(chat: Server, protocol: str) -> None:
    """curl gets the page with TLS, which it verifies, and without, on the same port."""
    certificate = str(chat.log.with_name("cert.pem"))
    url = f"{protocol}://localhost:{chat.port}/"
    seen = talk([program("curl"), "-sS", "-4", "--cacert", certificate, url], "")
    assert (seen.stderr, seen.stdout[-8:]) == ("", "</html>\n")


def test_websocket(chat: Server) -> None:
    """A WebSocket works over TLS."""
    context = ssl.create_default_context(cadata=the_certificate()[0].decode())
    context.check_hostname = False
    origin = [("Origin", f"https://{HOST}:{chat.port}")]
    browser = WebSocket(chat.port, headers=origin, context=context)
    browser.hello("eve")
    browser.ask("say", room="lobby", text="hi", ref="1")
    assert browser.until_fact("said", ref="1")["text"] == "hi"
    browser.close()


def test_client(chat: Server) -> None:
    """The client takes a certificate by its fingerprint, and refuses any other."""
    mark = fingerprint_of(ssl.PEM_cert_to_DER_cert(the_certificate()[0].decode()))
    command = [CHATSERVICE, f"{HOST}:{chat.port}", "--nick", "zoe", "--tls-fingerprint"]
    seen = talk([*command, mark], "hello from the client\n")
    assert (seen.returncode, seen.stderr) == (0, "")
    assert "zoe: hello from the client" in seen.stdout
    other = mark[:-2] + ("00" if mark[-2:] != "00" else "11")
    refused = talk([*command, other], "hello\n")
    assert refused.returncode == 1
    assert mark in refused.stdout + refused.stderr


def test_sslscan(chat: Server) -> None:
    """A scanner finds TLS 1.2 and 1.3 alone, and only authenticated encryption."""
    seen = talk([program("sslscan"), "--no-colour", f"{HOST}:{chat.port}"], "").stdout
    enabled = re.findall(r"^(SSLv\d|TLSv[\d.]+)\s+enabled$", seen, re.MULTILINE)
    assert enabled == ["TLSv1.2", "TLSv1.3"]
    suite = r"^(?:Preferred|Accepted)\s+TLSv1\.\d\s+\d+ bits\s+(\S+)"
    suites = re.findall(suite, seen, re.MULTILINE)
    assert suites
    assert [each for each in suites if "GCM" not in each and "CHACHA20" not in each] == []
    assert "not vulnerable to heartbleed" in seen
