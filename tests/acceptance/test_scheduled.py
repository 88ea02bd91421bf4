"""Cron and daemons on one database handle each slot once."""

import sqlite3
from contextlib import ExitStack, closing

import pytest

from tests.support.builders import body, row
from tests.support.daemon import Gate, serving
from tests.support.database import polls
from tests.support.http_server import answer
from tests.support.shell import SECONDS, Live

ONE = answer(body=body(row()))
WATCHED = """
create table done (moment);
create trigger finished after update of done_at on slot when new.done_at is not null
begin insert into done values (new.moment); end;
create trigger made after insert on slot when new.done_at is not null
begin insert into done values (new.moment); end;
"""


@pytest.mark.long
def test_a_slot_that_was_done_is_left_alone(live: Live) -> None:
    """`sync --scheduled` runs a slot once, and a manual pass always runs and counts."""
    # So long a slot that no test meets its end.
    shell, server = live(ONE, CATALOG_SCHEDULE_CRON="@yearly")
    shell("sync")
    left = shell("sync", "--scheduled")
    assert left.out.startswith("infomaniak: the scheduled time 20")
    assert "-01-01T00:00:00Z was already polled at 20" in left.out
    assert "by another run or `catalog serve`" in left.out
    assert shell("-q", "sync", "--scheduled").out == ""
    output = shell("sync", "--scheduled", "--format", "json").json
    assert output.keys() == {"schema_version", "provider", "outcome", "slot", "done_at"}
    assert (output["provider"], output["outcome"]) == ("infomaniak", "skipped")
    assert len(server.requests) == 1
    assert "unchanged" in shell("sync").out

    fresh = ("--database", "other.db", "sync", "--scheduled")
    assert "infomaniak: first" in shell(*fresh).out
    assert "was already polled at" in shell(*fresh).out


def test_options_that_contradict_each_other_are_refused(live: Live) -> None:
    """--scheduled rejects --accept and --dry-run."""
    shell, _ = live(ONE, laid=False)
    for option in ("--accept", "--dry-run"):
        ran = shell("sync", "--scheduled", option, code=2)
        assert "--scheduled goes with neither --accept nor --dry-run" in ran.err
    assert shell.files() == {}


def test_a_claimed_slot_is_left_to_its_process(live: Live) -> None:
    """While a daemon runs a slot, cron and another daemon skip it and give the reason."""
    gate = Gate(ONE)
    shell, server = live(gate, ONE, CATALOG_SCHEDULE_CRON="@yearly")
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        ran = shell("sync", "--scheduled")
        assert "is being polled by another process" in ran.out
        assert "done_at" not in shell("sync", "--scheduled", "--format", "json").json
        with serving(shell) as second:
            second.until("is being polled by another process; next run ")
            second.stop()
        gate.opened.set()
        daemon.until("infomaniak: first")
        daemon.stop()
    assert len(server.requests) == 1


@pytest.mark.long
def test_daemons_and_cron_do_each_slot_once(live: Live) -> None:
    """Two daemons and cron on one file run each slot exactly once."""
    quick = {"CATALOG_SCHEDULE_EVERY": "1s", "CATALOG_SCHEDULE_JITTER": "1ms"}
    shell, _ = live(ONE, **quick)
    shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database:
        database.executescript(WATCHED)
        with ExitStack() as stack:
            daemons = [stack.enter_context(serving(shell)) for _ in range(2)]
            for daemon in daemons:
                daemon.until("; next run ", times=3)
                shell("sync", "--scheduled")
            for daemon in daemons:
                daemon.stop()
        slots = database.execute("select moment from done").fetchall()
    passes = polls(shell.folder / "catalog.db")[1:]
    assert len(slots) == len(set(slots)) == len(passes)
    assert len(slots) >= 3
