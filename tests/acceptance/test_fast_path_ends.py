"""A full pass follows if settings, files or databases change or break."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.fast_path import BODY, took_fast_path
from tests.support.http_server import answer
from tests.support.shell import Live, Shell


@pytest.mark.long
def test_settings_that_moved_are_read(live: Live) -> None:
    """A changed file or variable ends the fast path until a full pass has read it."""
    shell, _ = live(answer(body=BODY))
    file = shell.folder / "catalog.toml"
    file.write_text("[http]\nattempts = 1\n", encoding="utf-8")
    shell("sync")
    assert took_fast_path(shell)
    file.write_text("[http]\nattempts = 2\n", encoding="utf-8")
    assert [took_fast_path(shell), took_fast_path(shell)] == [False, True]
    moved = Shell(shell.folder, {**shell.given, "CATALOG_DOCUMENT_RECENT": "3"})
    assert [took_fast_path(moved), took_fast_path(moved)] == [False, True]
    file.unlink()
    assert not took_fast_path(moved)
    file.write_text("[http]\natempts = 2\n", encoding="utf-8")
    assert "did you mean" in shell("sync", code=2).err


@pytest.mark.long
def test_annotations_that_moved_are_read(live: Live) -> None:
    """A changed annotation is in the document after the next run."""
    shell, _ = live(answer(body=BODY))
    own = shell.folder / "own.toml"
    own.write_text("", encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[document]\nannotations = "own.toml"\n', encoding="utf-8"
    )
    shell("sync")
    assert took_fast_path(shell)
    own.write_text('["1"]\ntitle = "The First"\n', encoding="utf-8")
    shell("sync")
    document = shell.folder / "docs" / "models.md"
    assert "The First" in document.read_text(encoding="utf-8")
    assert took_fast_path(shell)
    own.unlink()
    assert "own.toml" in shell("sync", code=2).err


def test_invalid_settings_are_reported_by_a_full_pass(live: Live) -> None:
    """Unreadable settings and invalid databases get the full pass's errors."""
    shell, _ = live(answer(body=BODY))
    assert "cannot read" in shell("--config", "none.toml", "sync", code=2).err
    (shell.folder / "catalog.toml").write_text("[", encoding="utf-8")
    assert "is not TOML" in shell("sync", code=2).err
    (shell.folder / "catalog.toml").unlink()
    assert shell("--database", "oracle://x", "sync", code=2).err
    (shell.folder / "catalog.db").write_bytes(b"no database at all, but long enough to be one")
    assert "catalog.db" in shell("sync", code=6).err
    assert list(shell.files()) == ["catalog.db"]


def test_a_configuration_from_a_pipe_is_read_once(live: Live) -> None:
    """A configuration on stdin is read at each run, without a fast path."""
    shell, server = live(answer(body=BODY), laid=False)
    given = f'database = "{shell.folder}/own.db"\n[document]\npath = ""\n'.encode()
    for _ in range(2):
        shell("--config", "/dev/stdin", "sync", stdin=given)
    assert list(shell.files()) == ["own.db"]
    assert len(server.requests) == 2


def test_a_document_that_became_a_pipe_is_reported(live: Live) -> None:
    """A named pipe in place of the document fails without waiting."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    document = shell.folder / "docs" / "models.md"
    document.unlink()
    os.mkfifo(document)
    assert "it is not a regular file" in shell("sync", code=6).err


@pytest.mark.long
@pytest.mark.parametrize("lost", ["template", "lock", "secret"])
def test_a_file_that_the_settings_name_is_missed(live: Live, lost: str) -> None:
    """A missing template, lock or secret file is reported at the next run."""
    shell, server = live(answer(body=BODY))
    files = {"template": "ops.txt", "lock": "catalog.lock", "secret": "url"}
    (shell.folder / "ops.txt").write_text("$title\n", encoding="utf-8")
    (shell.folder / "url").write_text(server.url, encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[[channel]]\nname = "ops"\nkind = "webhook"\nurl_file = "url"\nformat = "slack"\n'
        'template = "ops.txt"\n',
        encoding="utf-8",
    )
    shell("sync")
    assert took_fast_path(shell)
    if lost == "lock":
        (shell.folder / files[lost]).write_text("no lock", encoding="utf-8")
    else:
        (shell.folder / files[lost]).unlink()
    assert files[lost] in shell("sync", code=2).err


def test_a_missing_file_of_one_provider_stops_no_other(live: Live) -> None:
    """A missing annotations file is reported, and the other provider is still polled."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    tables = "".join(
        f'[[provider]]\nname = "{name}"\nkind = "openai"\nurl = "{server.url}"\ntoken = "t"\n'
        f'document = {{ path = "{name}.md"{more} }}\n'
        for name, more in (("one", ', annotations = "nope.toml"'), ("two", ""))
    )
    (shell.folder / "catalog.toml").write_text(tables, encoding="utf-8")
    ran = shell("sync", code=2)
    assert "nope.toml" in ran.err
    assert "two: first" in ran.out


@pytest.mark.long
def test_a_row_that_was_damaged_is_no_fast_path(live: Live) -> None:
    """A damaged fast path row is ignored, without a traceback."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for damage in ("{", "{}", "[]", '{"is_alone": true, "files": [1]}'):
        with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
            connection.execute("update fast_path set request = ?", (damage,))
            connection.commit()
        assert not took_fast_path(shell)


def test_another_schema_is_no_fast_path(live: Live) -> None:
    """A database that a newer version of the program has upgraded is refused, not written to."""
    shell, server = live(answer(body=BODY))
    shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()
    assert "this version supports at most" in shell("sync", code=6).err
    assert len(server.requests) == 1


@pytest.mark.long
@pytest.mark.parametrize("odd", ["folder", "document"])
def test_names_that_are_no_text(tmp_path: Path, live: Live, odd: str) -> None:
    """A folder or a document may have any bytes for a name, as before."""
    shell, _ = live(answer(body=BODY))
    given = dict(shell.given)
    folder = tmp_path / "plain"
    if odd == "folder":
        folder = tmp_path / os.fsdecode(b"f\xfcr")
    else:
        given["CATALOG_DOCUMENT_PATH"] = os.fsdecode(b"docs/\xff.md")
    folder.mkdir()
    for outcome in ("first", "unchanged"):
        assert outcome in Shell(folder, given)("sync").out


def test_a_changed_file_of_a_variable_is_noticed(live: Live) -> None:
    """A variable that names another secret file ends the fast path."""
    shell, server = live(answer(body=BODY))
    (shell.folder / "url").write_text(server.url, encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[[channel]]\nname = "ops"\nkind = "webhook"\nformat = "slack"\n', encoding="utf-8"
    )
    shell = Shell(shell.folder, {**shell.given, "CATALOG_CHANNEL_OPS_URL_FILE": "url"})
    shell("sync")
    assert took_fast_path(shell)
    shell = Shell(shell.folder, {**shell.given, "CATALOG_CHANNEL_OPS_URL_FILE": "missing"})
    assert "missing" in shell("sync", code=2).err


def test_a_folder_in_place_of_a_file_is_reported(live: Live) -> None:
    """A name in the settings that is no file is reported at each run."""
    shell, _ = live(answer(body=BODY))
    (shell.folder / "catalog.lock").mkdir()
    for _ in range(2):
        assert "catalog.lock" in shell("sync", code=2).err


@pytest.mark.long
@pytest.mark.parametrize(
    ("time", "code"), [("2025-13-01T00:00:00Z", 6), ("2026-01-01 10:00:00", 0), ("", 6)]
)
def test_an_edited_time_is_reported_without_a_failure(live: Live, time: str, code: int) -> None:
    """An invalid stored time is an error with a hint on either path."""
    shell, _ = live(answer(body=BODY))
    for _ in range(3):
        shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection, connection:
        connection.execute("update poll set started_at = ?", (time,))
    said = [shell(*words, code=code).err for words in (("sync",), ("polls",), ("status",))]
    assert all(code == 0 or "the stored time" in each for each in said)
    assert all(code == 0 or "`catalog db verify` lists the damage" in each for each in said)
