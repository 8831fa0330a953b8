"""Why C{twistd chat --cluster} does not start, for real: a sentence, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatservice.cluster.schema import opened
from tests.clustered import engine, new_url
from tests.engine import MISSING, Engine
from tests.real.test_starting import MODES, fails
from tests.running import HOST, endpoint, free_port, running

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

SECRET = "geheim"
EXAMPLE = "The address of the database must be like postgresql://chat@db.example/chat"


def new() -> str:
    """A database that is ready for nodes."""
    url = new_url()
    opened(url).raw.close()
    return url


def changed(statement: str, url: str = "") -> str:
    """One in which a statement was executed as the chat."""
    url = url or new()
    connection = opened(url)
    connection.raw.execute(statement.encode())
    connection.raw.close()
    return url


def foreign() -> str:
    """One with a table of another program."""
    url = new()
    return changed("DROP TABLE chatservice; CREATE TABLE bookmarks (url text)", url)


def without_rights() -> str:
    """A schema in which the chat may make nothing."""
    engine().execute("CREATE SCHEMA IF NOT EXISTS theirs; GRANT USAGE ON SCHEMA theirs TO chat")
    return f"{engine().url}?options=-csearch_path%3Dtheirs"


def nowhere() -> str:
    """Two addresses at which nothing is."""
    return f"postgresql://chat:{SECRET}@{HOST}:{free_port()},{HOST}:{free_port()}/chat"


@dataclass(frozen=True)
class Mistake:
    """A start that fails.

    @ivar url: prepares the database, and gives its URL.
    @ivar says: a part of the sentence.
    @ivar first: what Python does before it becomes twistd.
    """

    url: Callable[[], str]
    says: str
    first: str = ""


MISTAKES = {
    "unreachable": Mistake(nowhere, "Connection refused: cannot use postgresql://127.0.0.1:"),
    "wrong_version": Mistake(
        new_url,
        ", and must be 99 or newer: cannot use",
        first="from chatservice.cluster import schema; schema.LEAST_VERSION = 990000",
    ),
    "not_ours": Mistake(foreign, "The database belongs to another program, with its accounts"),
    "newer": Mistake(
        lambda: changed("UPDATE chatservice SET version = 99"),
        "The database is of version 99, from a newer chatservice (this one knows ",
    ),
    "no_rights": Mistake(without_rights, "Permission denied for schema theirs: cannot use"),
    "other_rules": Mistake(
        lambda: changed(
            "WITH running AS ("
            " INSERT INTO nodes (name, version, options, cursor) VALUES ('other', '1', '', 0))"
            " UPDATE chatservice SET names = 'others'"
        ),
        "The other nodes have another table of characters that look alike: run the same version",
    ),
    "without_psycopg": Mistake(
        new_url,
        "--cluster needs psycopg: pip install 'psycopg[binary]'",
        first="import sys; sys.modules['psycopg'] = None",
    ),
    "no_url": Mistake(lambda: f"postgresql:/chat:{SECRET}@db", EXAMPLE),
    "unescaped": Mistake(lambda: f"postgresql://chat:a/{SECRET}@db/chat", EXAMPLE),
}


@pytest.fixture
def port() -> tuple[str, str]:
    """A port of one's own, as an option."""
    return "--port", endpoint(free_port())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    port: tuple[str, str],
    mode: str,
    name: str,
) -> None:
    """Whatever is wrong is one sentence and status 1, and no password is shown."""
    mistake = MISTAKES[name]
    before = tmp_path / "before"
    before.mkdir()
    (before / "sitecustomize.py").write_text(mistake.first)
    (tmp_path / "chat").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(before))
    cluster = ("--cluster", mistake.url())
    said = fails(tmp_path / "chat", mistake.says, *MODES[mode], "chat", *port, *cluster)
    assert SECRET not in said


@pytest.mark.parametrize("mode", MODES)
def test_careless(tmp_path: Path, port: tuple[str, str], mode: str) -> None:
    """A server that confirms what is not on its disk is refused."""
    with Engine.start(fsync=False) as careless:
        sentence = "The server has fsync off, so it may lose everything: cannot use"
        fails(tmp_path, sentence, *MODES[mode], "chat", *port, "--cluster", careless.url)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[str]:
    """A running node called "one"; gives the URL of its database."""
    url = new_url()
    (tmp_path / "one").mkdir()
    with running(tmp_path / "one", "--cluster", url, "--node", "one"):
        yield url


@pytest.mark.parametrize("mode", MODES)
def test_taken(tmp_path: Path, port: tuple[str, str], one: str, mode: str) -> None:
    """The name of a node that runs is its own."""
    (tmp_path / "two").mkdir()
    sentence = "A node called one is running: give this one another name with --node"
    cluster = ("--cluster", one, "--node", "one")
    fails(tmp_path / "two", sentence, *MODES[mode], "chat", *port, *cluster)


def test_password_in_the_url(tmp_path: Path) -> None:
    """A password that ps shows is warned of, once, and stands nowhere."""
    url = f"{new_url()}&password={SECRET}"
    with running(tmp_path, "--cluster", url) as chat:
        chat.join("ada")
        chat.stop()
    log = chat.log.read_text()
    assert log.count("Everybody on this machine can see the password in --cluster") == 1
    assert SECRET not in log
    assert "Traceback" not in log


def test_certificate(tmp_path: Path) -> None:
    """A node's own certificate lies where the node runs, as there is no file beside which to put
    it.
    """
    with running(tmp_path, "--cluster", new_url(), "--tls-self-signed"):
        names = {path.name for path in tmp_path.iterdir()}
    assert {"chat.crt", "chat.key"} <= names


def test_import(tmp_path: Path, port: tuple[str, str]) -> None:
    """A cluster begins with all that a file has, once, and a file can be made of it again."""
    (tmp_path / "before").mkdir()
    with running(tmp_path / "before") as chat:
        ada = chat.join("ada")
        ada.send("hello", "/register correct-horse", "/ping")
        ada.until("pong")
        chat.stop()
    source = str(tmp_path / "before" / "chat.sqlite3")
    into = ("--cluster", new_url(), "--import", source)
    with running(tmp_path, *into) as chat:
        assert "events: 1 row" in chat.log.read_text()
        chat.join("bob").until(" ada: hello")
        assert chat.program("ada", password="correct-horse").welcome["nick"] == "ada"
        chat.stop()
    (tmp_path / "again").mkdir()
    for mode in MODES.values():
        sentence = "The cluster is not empty: cannot import into postgresql://"
        fails(tmp_path / "again", sentence, *mode, "chat", *port, *into)
    back = tmp_path / "again" / "chat.sqlite3"
    program = [sys.executable, "-m", "chatservice.cluster.exporting", into[1], back]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    with running(tmp_path / "again") as chat:
        chat.join("bob").until(" ada: hello")


@pytest.mark.parametrize("mode", MODES)
def test_no_file(tmp_path: Path, port: tuple[str, str], mode: str) -> None:
    """What is to be imported must be there, and must not be in use."""
    into = ("--cluster", new_url(), "--import")
    sentence = "No such file: cannot import nowhere.sqlite3"
    fails(tmp_path, sentence, *MODES[mode], "chat", *port, *into, "nowhere.sqlite3")


def test_import_beside_a_node(tmp_path: Path, port: tuple[str, str], one: str) -> None:
    """No node may run meanwhile, because it would not know what is imported."""
    sentence = "The node one is running: stop all nodes before you --import"
    more = ("--cluster", one, "--node", "two", "--import", "chat.sqlite3")
    fails(tmp_path, sentence, "-n", "chat", *port, *more)
