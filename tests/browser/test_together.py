"""People in two browsers, with nc, and at a TLS client, in one room."""

from __future__ import annotations

import socket
import ssl
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room
from tests.browser.page import until
from tests.running import HOST, PATIENCE, running


@pytest.mark.skipif(not find_spec("cryptography"), reason="the extra tls is not installed")
def test_everybody_reads_everybody(
    browser: Browser, other_browser: Browser, tmp_path: Path
) -> None:
    """Two browsers, one of them over TLS, nc and a TLS client read each other in one order."""
    with running(tmp_path, "--rate-limit", "0", "--tls-self-signed") as chat:
        ada = entered(browser, chat.port, "kitchen", "ada")
        zoe = other_browser.open(chat.port, "/#kitchen", scheme="https")
        zoe.joins("zoe")
        until(lambda: zoe.place == "#kitchen")
        assert zoe.run("return location.protocol") == "https:"
        bob = in_room(chat, "kitchen", "bob")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection((HOST, chat.port), PATIENCE)
        with context.wrap_socket(plain) as sealed, sealed.makefile("rwb", buffering=0) as tess:
            tess.write(b"tess\n/join kitchen\n")
            next(line for line in tess if b"you joined #kitchen" in line)
            said = []
            for name, say in (
                ("ada", ada.says),
                ("zoe", zoe.says),
                ("bob", bob.send),
                ("tess", lambda text: tess.write(f"{text}\n".encode())),
            ):
                said.append(f"{name} says hello")
                say(said[-1])
                ada.shows(*said)
                zoe.shows(*said)
                if name != "bob":
                    bob.until(said[-1])
                if name != "tess":
                    next(line for line in tess if said[-1].encode() in line)
        # The server ends before the browsers do.
        for each in (browser, other_browser):
            assert each.faults() == []
            each.expected += ("WebSocket connection", "ERR_")
