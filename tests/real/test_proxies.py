"""The chat behind haproxy and nginx, configured as docs/web.rst prints it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.running import HOST, PATIENCE, Peer, Server, Speaker, free_port, running
from tests.websocket import Refused, WebSocket, trusting_anybody

CLIENT = "127.0.0.2"
"""An address of this machine that the chat does not trust, as C{HOST} is trusted."""

LIE = "203.0.113.9"
"""An address that a client claims to have."""

SITE = "chat.example.org"
HSTS = "max-age=15552000"
WITH_TLS = ("--tls-cert", "fullchain.pem", "--tls-key", "privkey.pem")
PATHS = f"{os.environ['PATH']}:/usr/sbin"
HAPROXY = shutil.which("haproxy", path=PATHS)
NGINX = shutil.which("nginx", path=PATHS)
OPENSSL = shutil.which("openssl")
NGINX_ALONE = "daemon off; master_process off; pid nginx.pid; error_log stderr; events {}\n"
NGINX_WEB = (
    "http {{ access_log off; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; "
    "uwsgi_temp_path d; scgi_temp_path e;\n{} }}\n"
)
"""What belongs around the examples, for an nginx beside which there may be another one."""


def nginx_streams() -> Path | None:
    """The module of nginx that carries bytes, if it is there."""
    if NGINX is None:
        return None
    built = subprocess.run([NGINX, "-V"], capture_output=True, text=True).stderr
    found = re.search(r"--modules-path=(\S+)", built)
    module = Path(found[1] if found else "") / "ngx_stream_module.so"
    return module if module.is_file() else None


STREAMS = nginx_streams()
needs_haproxy = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
needs_streams = pytest.mark.skipif(STREAMS is None, reason="nginx has no stream module")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")

EVERY_DOOR = [
    pytest.param("haproxy", "send-proxy-v2", marks=needs_haproxy, id="haproxy"),
    pytest.param("nginx", "stream {", marks=[needs_nginx, needs_streams], id="nginx"),
]
WEB = [
    pytest.param("haproxy", "option forwardfor", marks=needs_haproxy, id="haproxy"),
    pytest.param("nginx", "proxy_set_header", marks=needs_nginx, id="nginx"),
]
"""Proxies, each with words that only one example of docs/web.rst has."""


@dataclass(frozen=True)
class Place:
    """A chat that trusts the proxies of this machine, and a folder for them."""

    chat: Server
    directory: Path

    def example(self, words: str, port: int) -> str:
        """The example of docs/web.rst with these words, for this place."""
        (text,) = (block for block in blocks("docs/web.rst") if words in block)
        for printed, here in {
            "127.0.0.1:59001": f"{HOST}:{self.chat.port}",
            "bind :59000": f"bind {HOST}:{port}",
            "bind :443": f"bind {HOST}:{port}",
            "listen 59000": f"listen {HOST}:{port}",
            "listen 443": f"listen {HOST}:{port}",
            "/etc/haproxy/": f"{self.directory}/",
            f"/etc/letsencrypt/live/{SITE}/": f"{self.directory}/",
        }.items():
            text = text.replace(printed, here)
        return f"{text}\n"

    @contextmanager
    def behind(self, program: str, words: str, over_tls: bool = False) -> Iterator[int]:
        """Run a proxy before the chat while the context lasts, and give its port.

        @param over_tls: whether haproxy has the certificate in the example for all doors.
        """
        port = free_port()
        text = self.example(words, port)
        if over_tls:
            text = re.sub(r"(bind \S+)", rf"\1 ssl crt {self.directory}/chat.pem", text)
            text = text.replace("send-proxy-v2", "send-proxy-v2-ssl")
        file = self.directory / "proxy.conf"
        if program == "haproxy":
            file.write_text(text)
            command = [str(HAPROXY), "-db", "-f", str(file)]
        else:
            web = not text.startswith("stream")
            around = NGINX_WEB.format(text) if web else text
            module = "" if web else f"load_module {STREAMS};\n"
            file.write_text(module + NGINX_ALONE + around)
            command = [str(NGINX), "-p", str(self.directory), "-e", "stderr", "-c", str(file)]
        with run(self.directory / "proxy.log", command, port):
            yield port

    def came_from(self, nick: str) -> str:
        """The address of somebody who has joined, as the log tells it."""
        found = re.findall(rf"{nick} is here, from (\S+)", self.chat.log.read_text())
        assert len(found) == 1, found
        return str(found[0])


@contextmanager
def run(log: Path, command: list[str], port: int) -> Iterator[None]:
    """Run a proxy while the context lasts, from when it listens on a port."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not listens(port):
            assert time.monotonic() < deadline, log.read_text()
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(log.read_text())
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def certificate(directory: Path) -> None:
    """Make a certificate for everything in the examples that has one."""
    names = ("privkey.pem", "fullchain.pem")
    subprocess.run(
        [
            *(str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", f"/CN={SITE}", "-keyout", names[0], "-out", names[1]),
        ],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    both = "".join((directory / name).read_text() for name in reversed(names))
    (directory / "chat.pem").write_text(both)


@contextmanager
def place(directory: Path, *options: str) -> Iterator[Place]:
    """A chat that trusts proxies on this machine."""
    certificate(directory)
    with running(directory, "--trust-proxy", HOST, *options) as chat:
        yield Place(chat, directory)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A chat for all these tests."""
    directory = tmp_path_factory.mktemp("chat")
    with place(directory, "--hsts", "180d", "--allow-origin", "https://www.example.org") as made:
        yield made


def page(port: int, source: str = CLIENT, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask a proxy for the page: the status, the headers by name in lower case, and the body."""
    connection = http.client.HTTPSConnection(
        HOST, port, timeout=PATIENCE, source_address=(source, 0), context=trusting_anybody()
    )
    try:
        connection.request("GET", "/", headers={"Host": SITE, **headers})
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, names, answer.read()
    finally:
        connection.close()


def talks(speaker: Speaker, nick: str) -> None:
    """Join over a WebSocket, and hear what oneself says."""
    speaker.hello(nick)
    speaker.ask("say", room="lobby", text="hi", ref="1")
    assert speaker.until_fact("said", ref="1")["own"]


@pytest.mark.parametrize(("program", "words"), EVERY_DOOR)
def test_text(here: Place, program: str, words: str) -> None:
    """Somebody at a terminal has an own address, and gets the answers to the end of a pipe."""
    with here.behind(program, words) as port:
        ada = Peer(port, source=CLIENT)
        ada.join(f"ada-{program}")
        assert here.came_from(f"ada-{program}") == CLIENT
        ada.send("/quit")
        ada.to_the_end()
        bob = Peer(port, source=CLIENT)
        bob.send(f"bob-{program}", "hi from a pipe", "/history 1")
        bob.socket.shutdown(socket.SHUT_WR)
        assert any("hi from a pipe" in line for line in bob.to_the_end())


@pytest.mark.parametrize(("program", "words"), EVERY_DOOR)
def test_silent(here: Place, program: str, words: str) -> None:
    """Somebody who connects and waits is greeted."""
    with here.behind(program, words) as port:
        ada = Peer(port, source=CLIENT)
        ada.until_prompt("Choose a nickname: ")
        ada.close()


@pytest.mark.parametrize(("program", "words"), EVERY_DOOR)
def test_web_socket_in_bytes(here: Place, program: str, words: str) -> None:
    """A browser gets through as well, and cannot claim another address."""
    with here.behind(program, words) as port:
        eve = WebSocket(port, source=CLIENT, host=SITE, headers=[("X-Forwarded-For", LIE)])
        talks(eve, f"eve-{program}")
        assert here.came_from(f"eve-{program}") == CLIENT
        eve.leave()


@needs_haproxy
def test_tls_ends_at_haproxy(tmp_path: Path) -> None:
    """haproxy tells who came over TLS, and only they get into a chat that requires it."""
    with place(tmp_path, "--require-tls", *WITH_TLS) as here:
        with here.behind("haproxy", "send-proxy-v2", over_tls=True) as port:
            ada = WebSocket(port, source=CLIENT, context=trusting_anybody(), host=SITE)
            talks(ada, "ada")
            assert here.came_from("ada") == CLIENT
            ada.leave()
        with here.behind("haproxy", "send-proxy-v2") as port:
            with pytest.raises(Refused):
                WebSocket(port, source=CLIENT, host=SITE)
            bob = WebSocket(port, source=CLIENT, context=trusting_anybody(), host=SITE)
            talks(bob, "bob")
            bob.leave()


@pytest.mark.parametrize(("program", "words"), WEB)
def test_page(here: Place, program: str, words: str) -> None:
    """The page comes through a proxy that speaks HTTP, with HSTS, for it came over TLS."""
    with here.behind(program, words) as port:
        status, headers, body = page(port)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"<html" in body
        assert headers["strict-transport-security"].startswith(HSTS)


@pytest.mark.parametrize(("program", "words"), WEB)
def test_web_socket(here: Place, program: str, words: str) -> None:
    """The page's connection comes through, from the browser's own address, whatever it claims."""
    with here.behind(program, words) as port:
        headers = [("X-Forwarded-For", LIE), ("Origin", f"https://{SITE}")]
        grace = WebSocket(
            port, source=CLIENT, context=trusting_anybody(), host=SITE, headers=headers
        )
        talks(grace, f"grace-{program}")
        assert here.came_from(f"grace-{program}") == CLIENT
        assert grace.leave() == []
        assert grace.code == 1000


@pytest.mark.parametrize(("program", "words"), WEB)
def test_origins(here: Place, program: str, words: str) -> None:
    """A page of another site gets no connection, but for the site that the operator allows."""
    with here.behind(program, words) as port:
        for origin, allowed in (("https://www.example.org", True), ("https://evil.example", False)):
            headers = [("Origin", origin)]
            try:
                WebSocket(port, context=trusting_anybody(), host=SITE, headers=headers).leave()
            except Refused as refused:
                assert (refused.status, allowed) == (403, False)
            else:
                assert allowed


HEADERS = {
    "text": f"PROXY TCP4 {LIE} {HOST} 1 2\r\n".encode(),
    "binary": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([203, 0, 113, 9] * 2 + [0, 1, 0, 2]),
}


@pytest.mark.parametrize("version", HEADERS)
def test_header_from_elsewhere(here: Place, version: str) -> None:
    """Nobody but a trusted proxy may send a PROXY header: the connection ends."""
    mallory = Peer(here.chat.port, source=CLIENT)
    mallory.send_bytes(HEADERS[version] + b"mallory\n")
    assert not any("you joined" in line for line in mallory.to_the_end())
    log = here.chat.log.read_text()
    assert f"Refused connection from {CLIENT}: a PROXY header, but not from a trusted proxy" in log
    assert "mallory is here" not in log


def test_broken_header(here: Place) -> None:
    """A header that is none ends the connection too, though it is a proxy's."""
    broken = Peer(here.chat.port)
    broken.send_bytes(b"PROXY TCP4 <script> 127.0.0.1 1 2\r\nbroken\n")
    assert not any("you joined" in line for line in broken.to_the_end())
    assert f"Refused connection from {HOST}: the PROXY header has" in here.chat.log.read_text()


def test_header_of_http_from_elsewhere(here: Place) -> None:
    """A browser without a proxy cannot claim another address."""
    direct = WebSocket(here.chat.port, source=CLIENT, headers=[("X-Forwarded-For", LIE)])
    talks(direct, "heidi")
    assert here.came_from("heidi") == CLIENT
    direct.leave()


def test_no_header(here: Place) -> None:
    """Somebody on the proxy's machine who sends no header has the machine's address."""
    ivan = here.chat.join("ivan")
    assert here.came_from("ivan") == HOST
    ivan.close()
