"""The pages over each kind of database, also a locked one."""

import resource
import socket
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.changes.poll import Outcome
from catalog.config.load import load
from catalog.config.web import WebSettings
from catalog.core.errors import StoreError
from catalog.store.database import Database
from catalog.store.record import PENDING
from catalog.web import serve
from catalog.web.build import build
from catalog.web.reader import Reader
from tests.support.builders import body, model, row, snapshot
from tests.support.database import save
from tests.support.http_server import answer
from tests.support.rig import lay_database, rig
from tests.support.shell import SECONDS
from tests.support.web_client import client_of, make_client

THREADS = 41
"""One more than answers are made at once."""


@pytest.mark.parametrize("path", ["/models/infomaniak/%00", "/changes?model=%00", "/models?q=%00"])
def test_nul_in_an_address_is_an_unknown_name(url: str, path: str) -> None:
    """PostgreSQL accepts no NUL, and SQLite finds nothing."""
    with closing(Database(url, writes=False)) as database:
        assert client_of(database).get(path).status_code < 500


def test_a_page_writes_nothing_and_sees_one_state(url: str) -> None:
    """The database refuses writes, and each statement of a page sees the same polls."""
    with closing(Database(url, writes=False)) as database, database.reading() as connection:
        if connection.dialect.name == "postgresql":
            isolation = connection.scalar(text("SHOW transaction_isolation"))
            assert isolation == "repeatable read"
        with pytest.raises(DBAPIError):
            connection.execute(text("DELETE FROM poll"))


def test_a_site_is_built_from_each_kind_of_database(url: str, tmp_path: Path) -> None:
    """A file is copied first and a server is read itself, with the same page of a model."""
    with closing(Database(url)) as database:
        save(database, 0, snapshot(model()), outcome=Outcome.FIRST)
        settings = load(None, {"database": url}, environ={}).settings
        assert build(Reader(settings.each, database), tmp_path / "site").written
    assert "alpha" in (tmp_path / "site/models/infomaniak/1.html").read_text()


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    """If there is no room for the copy that a build reads, the error names the database."""
    file, (soft, hard) = lay_database(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    reader = Reader((), Database(str(file), writes=False))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match=r"catalog\.db could not be copied: "):
            build(reader, tmp_path / "site")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_retry_that_fails_changes_the_page(tmp_path: Path) -> None:
    """The state of the messages is that of the store, also within one minute."""
    with rig(tmp_path, answer(200, body(row()))) as one:
        one.poll()
        database = Database(str(one.file), writes=False)
        reader = Reader((), database)
        with closing(sqlite3.connect(one.file)) as store, store:
            store.execute(
                "INSERT INTO finding (id, poll_id, provider, level, rule, fingerprint)"
                " VALUES (1, 1, 'infomaniak', 'info', 'added', 'x')"
            )
            store.execute(
                "INSERT INTO delivery (finding_id, channel, message_id, state, attempts)"
                " VALUES (1, 'ear', 'x', ?, 1)",
                (PENDING,),
            )
        with reader.reading() as reading:
            before = reading.revision(polls=True)
        with closing(sqlite3.connect(one.file)) as store, store:
            store.execute("UPDATE delivery SET attempts = 2")
        with reader.reading() as reading:
            assert reading.revision(polls=True) != before


def test_the_server_says_that_it_lives_while_the_database_is_locked(tmp_path: Path) -> None:
    """An orchestrator does not restart it, and a reader's error does not wait for other readers."""
    file = lay_database(tmp_path)
    settings = load(None, {"database": str(file)}, environ={}).settings
    with ExitStack() as stack:
        bound = stack.enter_context(serve.listen(WebSettings(listen="127.0.0.1:0")))
        address = bound.getsockname()
        stack.enter_context(serve.in_background(settings.each, WebSettings(), bound))
        # The first one opens the database for all, one after the other.
        assert _request(stack, address, "/status").recv(100).startswith(b"HTTP/1.1 200")
        lock = stack.enter_context(closing(sqlite3.connect(file, isolation_level=None)))
        lock.execute("BEGIN EXCLUSIVE")
        readers = [_request(stack, address, "/models") for _ in range(THREADS)]
        alive = _request(stack, address, "/livez")
        alive.settimeout(serve.BUSY_TIMEOUT / 2)
        assert b"200 OK" in alive.recv(100)
        readers[0].settimeout(2 * serve.BUSY_TIMEOUT)
        assert b"503" in readers[0].recv(100)
        lock.execute("ROLLBACK")


def _request(stack: ExitStack, address: tuple[str, int], path: str) -> socket.socket:
    one = stack.enter_context(socket.create_connection(address, timeout=SECONDS))
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return one


def test_a_half_written_database_is_explained(tmp_path: Path) -> None:
    """The error names the cause and the next step, and the next writer repairs it."""
    with rig(tmp_path, answer(200, body(row()))) as one:
        one.poll()
        command = [sys.executable, "-m", "tests.support.hot_journal", str(one.file)]
        subprocess.run(command, check=False)
        journal = one.file.with_name(f"{one.file.name}-journal")
        assert journal.exists()
        client = make_client(one.file)
        assert client.get("/models").status_code == 503
        assert journal.exists()
        with Database(str(one.file)).reading():
            pass
        assert client.get("/models").status_code == 200
