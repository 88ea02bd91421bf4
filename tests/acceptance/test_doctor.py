"""`catalog doctor`: one line per check, with the next step."""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.builders import body, row
from tests.support.http_server import Step, answer, serve
from tests.support.odd_files import bound_socket
from tests.support.rig import lay_database
from tests.support.shell import SECONDS, TOKEN, Live, Ran, Shell

ONE = body(row())
NOBODY = 65534
AS_NOBODY = """
import encodings.idna, os, sys
from catalog.cli.main import main
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.argv = ["catalog", "doctor"]
main()
"""


def dated(away: timedelta = timedelta(0)) -> Step:
    """Answer with the provider's time, which may be another than ours."""
    date = format_datetime(datetime.now(UTC) + away, usegmt=True)
    return answer(body=ONE, headers={"Date": date})


def states(ran: Ran) -> dict[str, str]:
    """Return the state of each check."""
    return {each["check"]: each["state"] for each in ran.json["checks"]}


@pytest.mark.long
def test_all_is_well(live: Live) -> None:
    """A working setup passes every check, and `doctor` sends and writes nothing."""
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as mail,
        closing(socket.create_server(("127.0.0.1", 0))) as chat,
        serve(answer(200)) as hook,
    ):
        port = chat.getsockname()[1]
        shell, _ = live(dated(), laid=False, CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(
            '[[channel]]\nname = "log"\nkind = "log"\n'
            '[[channel]]\nname = "ops"\nkind = "webhook"\n'
            '[[channel]]\nname = "mail"\nkind = "email"\nsender = "a@example.org"\n'
            f'server = "smtp://127.0.0.1:{mail.getsockname()[1]}"\nto = ["b@example.org"]\n'
            '[[channel]]\nname = "chat"\nkind = "apprise"\n'
            f'urls = ["json://127.0.0.1:{port}/", "mailto://a:b@example.org"]\n'
        )
        Path(shell.folder, "catalog.toml").chmod(0o600)
        ran = shell("doctor", "--format", "json")
        *known, (direct, reached), (mailed, unknown) = states(ran).items()
        assert known == [
            (name, "ok")
            for name in (
                *("configuration", "provider", "clock", "database", "document"),
                *("channel log", "channel ops", "channel mail"),
            )
        ]
        assert direct.startswith("channel chat/json-")
        assert mailed.startswith("channel chat/mailto-")
        assert (reached, unknown) == ("ok", "warn")
        assert hook.requests == []
        assert [each.name for each in Path(shell.folder).iterdir()] == ["catalog.toml"]
        shell("sync")
        table = shell("doctor")
    database = next(line for line in table.lines if line.startswith("ok    database "))
    assert f"  {shell.folder}/catalog.db is intact and writable, " in database
    assert TOKEN not in table.out


def test_each_problem_is_named_with_its_fix(live: Live) -> None:
    """A refused token, a damaged database, a document in the way, a receiver that is away."""
    shell, _ = live(answer(401), CATALOG_CHANNEL_OPS_URL="http://127.0.0.1:9/x")
    Path(shell.folder, "catalog.toml").write_text('[[channel]]\nname = "ops"\nkind = "webhook"\n')
    Path(shell.folder, "catalog.db").write_text("no database, but long enough for one" * 99)
    Path(shell.folder, "docs", "models.md").mkdir(parents=True)
    ran = shell("doctor", code=1)
    failed = [line[6:].split("  ")[0] for line in ran.lines if line.startswith("fail")]
    assert failed == ["provider", "database", "document", "channel ops"]
    assert "INFOMANIAK_API_TOKEN" in ran.out
    assert "127.0.0.1:9: Connection refused" in ran.out


@pytest.mark.long
def test_unreachable_and_invalid_targets_fail(live: Live) -> None:
    """Each Apprise target has a line, and a rejected URL is a configuration error."""
    shell, _ = live(dated())
    file = Path(shell.folder, "catalog.toml")
    chat = '[[channel]]\nname = "chat"\nkind = "apprise"\nurls = ["{}"]\n'
    file.write_text(chat.format("json://127.0.0.1:9/"))
    assert "127.0.0.1:9: Connection refused" in shell("doctor", code=1).out
    file.write_text(chat.format("slack://nope"))
    refused = shell("doctor", code=1).lines[0].split()
    assert refused[:3] == ["fail", "configuration", "channel.0.urls.0:"]
    assert "channel.0.urls.0: Apprise cannot read this URL" in shell("serve", code=2).err


def test_a_clock_that_is_wrong_is_a_warning(live: Live) -> None:
    """A clock two minutes off and an unreadable Date header give warnings."""
    shell, _ = live(dated(timedelta(minutes=2)), answer(body=ONE, headers={"Date": "now"}))
    away = shell("doctor", "--format", "json")
    assert states(away)["clock"] == "warn"
    assert states(shell("doctor", "--format", "json"))["clock"] == "warn"


def test_a_row_that_was_edited(live: Live) -> None:
    """Damage that SQLite does not see is found by the digests."""
    shell, _ = live(dated())
    shell("sync")
    with closing(sqlite3.connect(Path(shell.folder, "catalog.db"))) as connection, connection:
        connection.execute("update model_version set name = 'gamma'")
    ran = shell("doctor", code=1)
    assert "model_version 1" in ran.out
    assert "catalog db verify" in ran.out


def test_a_folder_that_is_a_file(live: Live) -> None:
    """A file in place of the document's folder fails."""
    shell, _ = live(dated())
    Path(shell.folder, "docs").write_text("a file")
    assert f"{shell.folder}/docs is not a folder" in shell("doctor", code=1).out


def test_a_folder_that_may_not_be_written(live: Live) -> None:
    """A folder of the system, such as /proc, takes no document."""
    shell, _ = live(dated(), CATALOG_DOCUMENT_PATH="/proc/models.md")
    assert "/proc is not writable" in shell("doctor", code=1).out


def test_a_document_without_markers_is_named_with_the_way_out(live: Live) -> None:
    """It is a warning by default, and a failure if it is configured or unreadable."""
    shell, _ = live(dated())
    document = Path(shell.folder, "docs", "models.md")
    document.parent.mkdir()
    document.write_text("# Ours\n")
    ran = shell("doctor")
    assert f"{document} exists without markers, so it is not changed" in ran.out
    assert "`catalog render --append`" in ran.out
    chosen = {"CATALOG_DOCUMENT_PATH": "docs/models.md"}
    assert states(shell("doctor", "--format", "json"))["document"] == "warn"
    assert states(shell("doctor", "--format", "json", given=chosen, code=1))["document"] == "fail"
    document.write_bytes(b"\xff\n")
    assert "not valid UTF-8" in shell("doctor", code=1).out


def test_no_document_is_wanted(live: Live) -> None:
    """A disabled document has no check."""
    shell, _ = live(dated())
    Path(shell.folder, "catalog.toml").write_text('[document]\npath = ""\n')
    assert "document" not in states(shell("doctor", "--format", "json"))


def test_a_configuration_with_mistakes_comes_first(shell: Shell) -> None:
    """Each configuration mistake has a line, before any other check."""
    Path(shell.folder, "catalog.toml").write_text("[hold]\nshare = 2\nfloor = 0\n")
    ran = shell("doctor", code=1)
    assert [line.split()[0] for line in ran.lines[:3]] == ["fail", "fail", "warn"]
    Path(shell.folder, "catalog.toml").write_text("a = ")
    assert "is not TOML" in shell("doctor", code=1).out


@pytest.fixture
def public(live: Live) -> Iterator[tuple[Shell, Path]]:
    """Return a folder with a database of a user without rights.

    Tests that run as root need it, because root can write everywhere.
    """
    shell, _ = live(dated(), CATALOG_DOCUMENT_PATH="")
    with TemporaryDirectory() as place:
        folder = Path(place, "data")
        folder.mkdir()
        file = lay_database(folder)
        if os.geteuid() == 0:
            for path in (Path(place), folder, file):
                os.chown(path, NOBODY, NOBODY)
        given = {"CATALOG_DATABASE": str(file), "HOME": place}
        yield Shell(Path(place), {**shell.given, **given}), file
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("mode", "of_folder", "expected"),
    [
        (0o444, 0o555, "/data is not writable: Permission denied"),
        (0o644, 0o555, "/data is not writable: Permission denied"),
        (0o444, 0o755, "attempt to write a readonly database"),
        (0o644, 0o755, "is intact and writable, "),
    ],
)
def test_a_database_that_cannot_be_written_fails(
    public: tuple[Shell, Path], mode: int, of_folder: int, expected: str
) -> None:
    """A read-only database file or folder fails, and the check changes nothing."""
    shell, file = public
    before = file.read_bytes()
    file.chmod(mode)
    file.parent.chmod(of_folder)
    with shell.python("-c", AS_NOBODY) as running:
        out, err = running.communicate(timeout=SECONDS)
    lines = [each for each in out.splitlines() if each[6:].startswith("database ")]
    assert len(lines) == 1, (out, err)
    assert expected in lines[0]
    assert lines[0].startswith("ok " if "writable, " in expected else "fail ")
    assert ("Let this user write to the file and to its folder" in out) == ("readonly" in expected)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["catalog.db"]


def test_a_new_database_needs_a_folder_too(live: Live) -> None:
    """`doctor` checks the folder of a database that does not exist yet."""
    shell, _ = live(dated(), CATALOG_DATABASE="/proc/data/catalog.db")
    assert "/proc is not writable" in shell("doctor", code=1).out


def test_a_database_that_is_held_fails(live: Live) -> None:
    """A database that another process keeps locked fails."""
    shell, _ = live(dated())
    with closing(sqlite3.connect(shell.folder / "catalog.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        assert "was locked by another process for over 5 s" in shell("doctor", code=1).out


def lacking_a_row(file: Path) -> None:
    """Let an index lack a row of its table."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = replace(sql, '(provider, taken_at)', '(taken_at, id)')"
            " where name = 'snapshot_by_time'"
        )


@pytest.mark.parametrize(
    ("damage", "said", "code"),
    [
        (lacking_a_row, "row 1 missing from index snapshot_by_time", 1),
        (lambda file: os.truncate(file, file.stat().st_size // 8192 * 4096), "malformed", 6),
        (lambda file: os.truncate(file, file.stat().st_size - 1000), "malformed", 1),
    ],
    ids=["an index", "half of the file", "its last bytes"],
)
def test_a_damaged_database_fails(
    live: Live, damage: Callable[[Path], object], said: str, code: int
) -> None:
    """`doctor` finds an index that lacks a row and a file that was cut, and `status` too."""
    shell, _ = live(dated(), CATALOG_DOCUMENT_PATH="")
    shell("sync")
    damage(shell.folder / "catalog.db")
    ran = shell("doctor", code=1)
    (failed,) = [line for line in ran.lines if line.startswith("fail")]
    assert failed.split()[1] == "database"
    assert said in failed
    ran = shell("status", code=code)
    assert "`catalog db restore FILE`" in ran.out + ran.err


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "it is not a regular file but a pipe"),
        (bound_socket, "it is not a regular file but a socket"),
        (Path.mkdir, "Is a directory"),
    ],
)
@pytest.mark.parametrize("setting", ["database", "document.path", "infomaniak.token_file"])
def test_a_path_that_is_not_a_file_is_named(
    live: Live, setting: str, make: Callable[[Path], object], said: str
) -> None:
    """A pipe, a socket or a folder in place of a file fails the check that needs the file."""
    shell, _ = live(dated(), laid=False, INFOMANIAK_API_TOKEN="")
    make(shell.folder / "odd")
    section, _, name = setting.rpartition(".")
    header = f"[{section}]\n" if section else ""
    Path(shell.folder, "catalog.toml").write_text(f"{header}{name} = 'odd'\n")
    failed = [line for line in shell("doctor", code=1).lines if line.startswith("fail")]
    named = [line for line in failed if "odd" in line]
    assert any(said in line or "odd is a folder, not a file" in line for line in named), failed
