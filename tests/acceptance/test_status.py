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
    """After a poll: OK with age and database size, and exit 0."""
    shell, _ = live(answer(body=ONE))
    shell("sync")
    headline, first, success, last, database = shell("status").lines
    assert headline == "OK"
    assert first.split() == ["infomaniak", "ok"]
    assert success.startswith("  last success  20")
    assert success.endswith("ago")
    assert last.endswith(", first")
    assert database.startswith(f"database        {shell.folder}/catalog.db, ")
    output = shell("status", "--format", "json").json
    (one,) = output["providers"]
    assert (one["state"], one["freshness"], one["well"], one["owed"]) == ("ok", "ok", True, [])
    assert (output["well"], output["headline"], one["problems"]) == (True, "OK", [])
    assert output["database"]["bytes"] == Path(shell.folder, "catalog.db").stat().st_size


def test_the_next_run_is_shown_where_the_schedule_is_kept(live: Live) -> None:
    """A poll by hand keeps no schedule, and `sync --scheduled` does."""
    shell, _ = live(answer(body=ONE), CATALOG_SCHEDULE_EVERY="1s")
    shell("sync")
    assert "next run" not in shell("status").out
    (one,) = shell("status", "--format", "json").json["providers"]
    assert (one["keeps_schedule"], one["next_run_at"][:2]) == (False, "20")
    scheduled = {"CATALOG_SCHEDULE_EVERY": "1d"}
    shell("sync", "--scheduled", given=scheduled)
    assert "  next run      20" in shell("status", given=scheduled).out
    (one,) = shell("status", "--format", "json", given=scheduled).json["providers"]
    assert one["keeps_schedule"]


def test_trouble_is_exit_1(live: Live) -> None:
    """Fewer failed polls than the limit are a note, and the third one is a problem."""
    shell, _ = live(answer(body=ONE), answer(503))
    shell("sync")
    for _ in range(2):
        shell("sync", code=3)
    ok = shell("status").lines
    assert (ok[0], ok[1].split()) == ("OK", ["infomaniak", "ok"])
    assert ok[2] == "  note          last 2 polls failed"
    shell("sync", code=3)
    ran = shell("status", code=1)
    assert ran.lines[0] == "NOT WELL: last 3 polls failed"
    assert ran.lines[1].split() == ["infomaniak", "failing"]
    assert ran.lines[2] == "  problem       last 3 polls failed"
    assert "answered 503" in ran.lines[3]
    assert ran.lines[4].strip().startswith("`catalog doctor` ")
    output = shell("status", "--format", "json", code=1).json
    assert (output["well"], output["headline"]) == (False, ran.lines[0])
    (one,) = output["providers"]
    assert (one["failures"], one["last_poll"]["outcome"]) == (3, "failed")
    assert one["problems"][0]["problem"] == "last 3 polls failed"


def test_an_invalid_answer_is_exit_1(live: Live) -> None:
    """An invalid answer has its first fault and the command that shows all of them."""
    shell, _ = live(answer(body=ONE), answer(body=b"{"))
    shell("sync")
    shell("sync", code=4)
    lines = shell("status", code=1).lines
    assert lines[0] == "NOT WELL: the answer is invalid"
    assert lines[4].strip() == "`catalog sync --dry-run` shows what is wrong with the answer."


def test_a_held_catalog_is_exit_1(live: Live) -> None:
    """A held catalog is exit 1, with the missing models and the commands that look and accept."""
    shell, _ = live(answer(body=ONE), answer(body=body()))
    shell("sync")
    shell("sync", code=5)
    lines = shell("status", code=1).lines
    assert lines[0] == "NOT WELL: the answer is held"
    assert lines[1].split() == ["infomaniak", "held"]
    assert lines[3].strip() == "the list is empty: alpha"
    assert lines[4].strip().startswith("Look first: `catalog sync --dry-run --accept`. ")
    assert " after 2 more polls that lack the same models, not before 20" in lines[4]
    (one,) = shell("status", "--format", "json", code=1).json["providers"]
    assert one["held"].keys() == {"missing", "polls_left", "accepted_from"}
    assert (one["held"]["missing"], one["held"]["polls_left"]) == (["alpha"], 2)


def test_a_poll_soon_after_a_held_one_does_not_delay_the_answer(live: Live) -> None:
    """The time of acceptance is counted from the first of two polls close together."""
    shell, _ = live(answer(body=ONE), answer(body=body()), answer(body=body()))
    shell("sync")
    shell("sync", code=5)
    (before,) = shell("status", "--format", "json", code=1).json["providers"]
    later = shell("sync", "--format", "json", code=5).json["held"]["accepted_from"]
    (after,) = shell("status", "--format", "json", code=1).json["providers"]
    assert before["held"] == after["held"]
    assert later == before["held"]["accepted_from"]


def test_a_held_answer_stays_a_problem_after_a_failed_poll(live: Live) -> None:
    """A poll that fails after a held answer does not make the status OK again."""
    shell, _ = live(answer(body=ONE), answer(body=body()), answer(503))
    shell("sync")
    shell("sync", code=5)
    shell("sync", code=3)
    lines = shell("status", code=1).lines
    assert lines[0] == "NOT WELL: the answer is held, last poll failed"
    assert lines[1].split() == ["infomaniak", "held"]
    assert lines[3].strip() == "the list is empty: alpha"
    assert lines[5] == "  note          last poll failed"
    (one,) = shell("status", "--format", "json", code=1).json["providers"]
    assert (one["state"], one["last_poll"]["outcome"]) == ("held", "failed")
    assert one["held"]["missing"] == ["alpha"]
    for _ in range(2):
        shell("sync", code=3)
    lines = shell("status", code=1).lines
    assert lines[0] == "NOT WELL: the answer is held, last 3 polls failed"
    assert lines[1].split() == ["infomaniak", "failing"]


def test_an_old_catalog_is_exit_1(live: Live) -> None:
    """The thresholds are settings."""
    shell, _ = live(answer(body=ONE), CATALOG_FRESHNESS_WARN_AFTER="1h")
    shell("sync")
    assert shell("status").lines[0] == "OK"
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
        database.execute("UPDATE poll SET started_at = '2026-01-01T00:00:00Z'")
    ran = shell("status", code=1)
    assert ran.lines[0].startswith("NOT WELL: no accepted poll for ")
    assert ran.lines[1].split() == ["infomaniak", "stale"]
    assert ran.lines[4].endswith(" ago, too old")


@pytest.mark.long
def test_a_channel_that_is_gone_is_no_trouble(live: Live) -> None:
    """Messages for a removed channel are a note and do not fail."""
    with serve(answer(503)) as hook:
        shell, _ = live(answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL=hook.url)
        file = Path(shell.folder, "catalog.toml")
        file.write_text(HOOK)
        shell("sync")
        shell("sync")
        shell("status", code=1)
    file.write_text("")
    ran = shell("status", given={"CATALOG_CHANNEL_OPS_URL": ""})
    assert ran.lines[0] == "OK"
    assert ran.lines[2] == "  note          1 message for ops, which is not configured"
    assert ran.lines[3].strip() == "Drop: `catalog alerts drop ops`."


def test_who_is_not_told_is_exit_1(live: Live) -> None:
    """A pending message with an error, or a given-up message, is exit 1."""
    with serve(answer(503), answer(410)) as hook:
        shell, _ = live(
            answer(body=ONE), answer(body=TWO), answer(503), CATALOG_CHANNEL_OPS_URL=hook.url
        )
        Path(shell.folder, "catalog.toml").write_text(HOOK)
        shell("-q", "sync")
        shell("-q", "sync")
        owing = shell("status", code=1).lines
        assert owing[0] == "NOT WELL: 1 message not delivered"
        assert owing[1].split() == ["infomaniak", "not", "well"]
        cause = "channel ops: 127.0.0.1 answered 503; next attempt not before 20"
        assert owing[3].strip().startswith(cause)
        assert owing[4].strip() == (
            "Test: `catalog alerts test ops`. Send again: `catalog alerts retry ops`."
        )
        (waiting,) = shell("status", "--format", "json", code=1).json["providers"][0]["owed"]
        assert waiting.keys() == {"channel", "messages", "error", "next_at"}
        shell("-q", "sync", code=3)
        both = shell("status", code=1).lines
        assert both[0] == "NOT WELL: 1 message not delivered, last poll failed"
        shell("alerts", "retry")
        given_up = shell("status", code=1)
        assert given_up.lines[0].startswith("NOT WELL: 1 message given up")
        assert "`catalog alerts --state 'given up'`" in given_up.out


def test_nothing_was_polled_yet(shell: Shell) -> None:
    """A missing database is an error, and an empty one is stale."""
    assert "there is no database" in shell("status", code=6).err
    ran = shell("--database", "sqlite://", "status", code=1)
    assert ran.lines[0] == "NOT WELL: nothing was polled yet"
    assert ran.lines[1].split() == ["infomaniak", "stale"]
    assert ran.lines[4] == "  last success  never"
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
    assert ran.lines[0] == "NOT WELL: the database is damaged"
    assert ran.lines[-2].strip().startswith("row 1 missing from index snapshot_by_time")
    assert "`catalog db restore FILE`" in ran.lines[-1]
    output = shell("status", "--format", "json", code=1).json
    assert output["database"]["damage"].startswith("row 1 missing from index")
    assert not output["well"]


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
    assert (
        ran.lines[-1] == "  not checked   `catalog --database sqlite:// db verify` checks all of it"
    )


def test_pages_that_cannot_be_read_are_an_error_with_the_way_out(live: Live) -> None:
    """If a query meets unreadable pages, the hint names the restore command."""
    shell, _ = live(answer(body=ONE))
    file = shell.folder / "catalog.db"
    shell("sync")
    file.write_bytes(file.read_bytes()[:4096])
    assert "`catalog db restore FILE` restores a backup" in shell("status", code=6).err
