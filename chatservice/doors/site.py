"""The files of the web page, in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("page")
VERSION_MARK = b"@VERSION@"
"""The text in the page that its version replaces."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
}
"""The media type of each kind of file."""


class File(NamedTuple):
    """A file as it is served.

    @ivar packed: the content compressed by gzip; empty if that is not smaller.
    @ivar tag: the entity tag, a weak one, for both forms (RFC 9110, section 8.8.3).
    """

    type: str
    content: bytes
    packed: bytes
    tag: str


@cache
def page() -> dict[str, File]:
    """Read the page; its files have the paths under which they are served.

    C{/version.json} tells a page that is open somewhere whether this server has another one.
    """
    contents = dict(_read(FOLDER))
    digest = sha256(repr(sorted(contents.items())).encode()).hexdigest()[:16]
    contents = {
        path: content.replace(VERSION_MARK, digest.encode()) if path.endswith(".html") else content
        for path, content in contents.items()
    }
    contents["/version.json"] = json.dumps({"version": digest}).encode()
    files = {path: _file(path, content) for path, content in contents.items()}
    return files | {"/": files.pop("/index.html")}


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in TYPES:
            yield f"/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _file(path: str, content: bytes) -> File:
    packed = gzip.compress(content, mtime=0)
    tag = f'W/"{sha256(content).hexdigest()[:16]}"'
    kind = TYPES[Path(path).suffix]
    return File(kind, content, packed if len(packed) < len(content) else b"", tag)
