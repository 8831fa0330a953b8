"""A certificate that is renewed while people talk, by the hook for certbot in docs/web.rst."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.running import PATIENCE, running
from tests.websocket import WebSocket, connected, trusting_anybody

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

RELOAD = "systemctl try-reload-or-restart chat"


class Certbot:
    """Something that renews a certificate as certbot does, and runs the hook.

    @ivar copies: the folder of the copies for the chat.
    """

    def __init__(self, directory: Path) -> None:
        self._lineage = directory / "live"
        self._lineage.mkdir()
        self.copies = directory / "chat-tls"
        (hook,) = (block for block in blocks("docs/web.rst") if RELOAD in block)
        hook = hook.replace("/etc/chat-tls", str(self.copies))
        self._hook = hook.replace("-g chat-tls", f"-g {os.getgid()}")

    def renew(self, reload: str) -> bytes:
        """Make a new certificate, and return it; C{reload} stands for the command of systemd."""
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
                *("-subj", "/CN=localhost", "-keyout", "privkey.pem", "-out", "fullchain.pem"),
            ],
            cwd=self._lineage,
            check=True,
            capture_output=True,
        )
        subprocess.run(
            ["sh", "-c", self._hook.replace(RELOAD, reload)],
            env={**os.environ, "RENEWED_LINEAGE": str(self._lineage)},
            check=True,
        )
        return ssl.PEM_cert_to_DER_cert((self._lineage / "fullchain.pem").read_text())


def shown(port: int) -> bytes | None:
    """The certificate that somebody who comes now is shown."""
    with connected(port, trusting_anybody()) as peer:
        assert isinstance(peer, ssl.SSLSocket)
        return peer.getpeercert(binary_form=True)


def test_renewal(tmp_path: Path) -> None:
    """After the hook newcomers see the new certificate, and those who are here talk on."""
    certbot = Certbot(tmp_path)
    former = certbot.renew("true")
    files = certbot.copies / "cert.pem", certbot.copies / "key.pem"
    assert [file.stat().st_mode & 0o777 for file in files] == [0o640, 0o640]
    options = ("--tls-cert", str(files[0]), "--tls-key", str(files[1]))
    with running(tmp_path, *options) as chat:
        assert shown(chat.port) == former
        ada = WebSocket(chat.port, context=trusting_anybody())
        ada.hello("ada")
        renewed = certbot.renew(f"kill -HUP {chat.process.pid}")
        deadline = time.monotonic() + PATIENCE
        while shown(chat.port) != renewed:
            assert time.monotonic() < deadline, chat.log.read_text()
        ada.ask("say", room="lobby", text="hi", ref="1")
        assert ada.until_fact("said", ref="1")["own"]
        ada.leave()
