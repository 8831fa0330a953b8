"""People who meet in a room: one in a browser, one with nc."""

from __future__ import annotations

import json

from tests.browser.browsers import Browser
from tests.browser.page import Page, until
from tests.running import Peer, Server


def numbered(count: int, start: int = 1) -> list[str]:
    """Make lines that tell their numbers."""
    return [f"line {number}" for number in range(start, start + count)]


def entered(
    browser: Browser, port: int, room: str, nick: str, script: str = "", zone: str = ""
) -> Page:
    """Bring somebody in a browser into a room by its URL."""
    page = browser.open(port, f"/#{room}", script, zone)
    page.joins(nick)
    until(lambda: page.place == f"#{room}", f"not in {room}")
    return page


def opened_as(page: Page, port: int, room: str, *kept: str) -> Page:
    """Open one more tab that knows some of what another one keeps."""
    script = "".join(
        f"sessionStorage.setItem('chat.{name}', {json.dumps(json.dumps(page.kept(name)))});"
        for name in kept
    )
    tab = page.browser.open(port, f"/#{room}", script)
    tab.is_here()
    return tab


def in_room(chat: Server, room: str, nick: str) -> Peer:
    """Bring somebody with nc into a room."""
    peer = chat.join(nick)
    peer.send(f"/join {room}")
    peer.until(f"you joined #{room}")
    return peer


def written(chat: Server, room: str, nick: str, *lines: str) -> Peer:
    """Bring somebody with nc into a room, and wait until they have said some lines there."""
    peer = in_room(chat, room, nick)
    says(peer, *lines)
    return peer


def says(peer: Peer, *lines: str) -> None:
    """Say lines, and wait until the chat has carried them out."""
    peer.send(*lines, "/whois nobody")
    peer.until("called nobody")
