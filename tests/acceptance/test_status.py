"""`catalog status`, as an operator and a monitor see it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.store.pages import SMALL
from tests.support.builders import body, row
from tests.support.http_server import answer, serve
from tests.support.shell import Live, Shell

ONE, TWO = body(row()), body(row(), row(id=2, name="beta"))
HOOK = '[[channel]]\nname = "ops"\nkind = "webhook"\n'


def test_all_is_well(live: Live) -> None:
    """After a poll: ok with age, next run and database size, and exit 0."""
    shell, _ = live(answer(body=ONE))
    shell("sync")
    ran = shell("status")
    first, success, last, following, database = ran.lines
    assert first.split() == ["infomaniak", "ok"]
    assert success.startswith("  last success  20")
    assert success.endswith("ago")
    assert last.endswith(", first")
    assert following.startswith("  next run      20")
    assert database.startswith(f"database        {shell.folder}/catalog.db, ")
    told = shell("status", "--format", "json").json
    (one,) = told["providers"]
    assert (one["state"], one["freshness"], one["well"], one["owed"]) == ("ok", "ok", True, [])
    assert told["database"]["bytes"] == Path(shell.folder, "catalog.db").stat().st_size


def test_trouble_is_exit_1(live: Live) -> None:
    """Three failed polls are failing, with the reason, how many, and when it was well last."""
    shell, _ = live(answer(body=ONE), answer(503))
    shell("sync")
    for _ in range(2):
        shell("sync", code=3)
    assert shell("status").lines[0].split() == ["infomaniak", "ok"]
    shell("sync", code=3)
    ran = shell("status", code=1)
    assert ran.lines[0].split() == ["infomaniak", "failing"]
    assert ran.lines[2].endswith(", failed, 3 failed in a row")
    assert "answered 503" in ran.lines[3]
    (one,) = shell("status", "--format", "json", code=1).json["providers"]
    assert (one["failures"], one["last_poll"]["outcome"]) == (3, "failed")


def test_a_held_catalog_is_exit_1(live: Live) -> None:
    """A held catalog is exit 1, with its reason and the command that accepts it."""
    shell, _ = live(answer(body=ONE), answer(body=body()))
    shell("sync")
    shell("sync", code=5)
    lines = shell("status", code=1).lines
    assert lines[0].split() == ["infomaniak", "held"]
    assert lines[3].strip() == "not believed: the list is empty"
    assert lines[4].strip() == "If it is true: `catalog sync --accept`."


def test_an_old_catalog_is_exit_1(live: Live) -> None:
    """The thresholds are settings."""
    shell, _ = live(answer(body=ONE), CATALOG_FRESHNESS_WARN_AFTER="1h")
    shell("sync")
    assert shell("status").lines[0].split() == ["infomaniak", "ok"]
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
        database.execute("UPDATE poll SET started_at = '2026-01-01T00:00:00Z'")
    ran = shell("status", code=1)
    assert ran.lines[0].split() == ["infomaniak", "stale"]
    assert ran.lines[1].endswith(" ago, too old")


@pytest.mark.long
def test_a_channel_that_is_gone_is_no_trouble(live: Live) -> None:
    """Messages for a removed channel are listed apart and do not fail."""
    with serve(answer(503)) as hook:
        shell, _ = live(answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL=hook.url)
        file = Path(shell.folder, "catalog.toml")
        file.write_text(HOOK)
        shell("sync")
        shell("sync")
        shell("status", code=1)
    file.write_text("")
    ran = shell("status", given={"CATALOG_CHANNEL_OPS_URL": ""})
    assert (
        "  left          1 message for ops, which is no channel; `catalog alerts drop ops`"
        in ran.lines
    )


def test_who_is_not_told_is_exit_1(live: Live) -> None:
    """A pending message with an error, or a given-up message, is exit 1."""
    with serve(answer(503), answer(410)) as hook:
        shell, _ = live(answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(HOOK)
        shell("-q", "sync")
        shell("-q", "sync")
        owing = shell("status", code=1)
        assert "  owed          1 message owed, channel ops: 127.0.0.1 answered 503" in owing.out
        (waiting,) = shell("status", "--format", "json", code=1).json["providers"][0]["owed"]
        assert waiting.keys() == {"channel", "messages", "error", "next_at"}
        shell("alerts", "retry")
        given_up = shell("status", code=1)
        assert "  given up      1 message, see `catalog alerts --state 'given up'`" in given_up.out


def test_nothing_was_polled_yet(shell: Shell) -> None:
    """A missing database is an error, and an empty one is stale."""
    assert "there is no database" in shell("status", code=6).err
    ran = shell("--database", "sqlite://", "status", code=1)
    assert ran.lines[0].split(maxsplit=1) == ["infomaniak", "stale: nothing was polled yet"]
    assert ran.lines[1] == "  last success  never"
    (one,) = shell("--database", "sqlite://", "status", "--format", "json", code=1).json[
        "providers"
    ]
    assert (one["state"], one["well"]) == ("stale", False)
    assert "last_poll" not in one


def test_a_damaged_database_is_not_well(live: Live) -> None:
    """`status` reports a damaged index with the next command."""
    shell, _ = live(answer(body=ONE))
    shell("sync")
    assert shell("status", "--format", "json").json["database"]["checked"] == "all"
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection, connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = replace(sql, '(provider, taken_at)', '(taken_at, id)')"
            " where name = 'snapshot_by_time'"
        )
    ran = shell("status", code=1)
    assert ran.lines[-2].startswith("  damaged       row 1 missing from index snapshot_by_time")
    assert "`catalog db restore FILE`" in ran.lines[-1]
    told = shell("status", "--format", "json", code=1).json["database"]
    assert told["damage"].startswith("row 1 missing from index")


def test_a_large_database_is_sampled_and_the_text_says_so(live: Live) -> None:
    """Above the limit a part is checked, and the command that checks all is named."""
    shell, _ = live(answer(body=ONE))
    shell("sync")
    with (shell.folder / "catalog.db").open("ab") as stream:
        stream.truncate(SMALL + 1)
    assert shell("status").lines[-1] == (
        "  checked       in part; `catalog db verify` checks all of it"
    )
    assert shell("status", "--format", "json").json["database"]["checked"] == "part"


def test_a_database_that_is_not_checked_is_said_to_be_so(live: Live) -> None:
    """A database in memory is reported as not checked."""
    shell, _ = live(answer(body=ONE))
    ran = shell("--database", "sqlite://", "status", code=1)
    assert ran.lines[-1] == "  not checked   `catalog db verify` checks all of it"


def test_pages_that_cannot_be_read_are_an_error_with_the_way_out(live: Live) -> None:
    """If a query meets unreadable pages, the hint names the restore command."""
    shell, _ = live(answer(body=ONE))
    file = shell.folder / "catalog.db"
    shell("sync")
    file.write_bytes(file.read_bytes()[:4096])
    assert "`catalog db restore FILE` puts a backup back" in shell("status", code=6).err
