"""Pings to a monitor around each pass, and run ids."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.builders import body, row
from tests.support.daemon import serving
from tests.support.http_server import Server, answer, serve
from tests.support.shell import Live

ONE = answer(body=body(row()))


def pings(server: Server) -> list[tuple[str, str]]:
    """Return path and text of each ping. All pings of one pass share one id."""
    asked = [urlsplit(request.path) for request in server.requests]
    assert {request.method for request in server.requests} == {"POST"}
    assert len({parse_qs(each.query)["rid"][0] for each in asked}) == 1
    said = [request.body.decode() for request in server.requests]
    return [(each.path, text) for each, text in zip(asked, said, strict=True)]


def test_a_pass_pings_at_its_start_and_end(live: Live) -> None:
    """A pass sends a start and a success ping, and a dry run sends no ping."""
    with serve(answer(200)) as monitor:
        shell, _ = live(ONE, CATALOG_PING_URL=f"{monitor.url}/uuid")
        shell("sync", "--dry-run")
        assert monitor.requests == []
        assert shell("sync").err == ""
        assert pings(monitor) == [("/uuid/start", ""), ("/uuid", "")]


def test_the_ping_of_a_failed_pass_has_the_reason(live: Live) -> None:
    """The failure ping carries the reason, and keeps the query of its URL."""
    with serve(answer(200)) as monitor:
        shell, _ = live(answer(503), CATALOG_PING_URL=f"{monitor.url}/uuid?create=1")
        shell("sync", code=3)
        (start, _), (fail, said) = pings(monitor)
        assert (start, fail) == ("/uuid/start", "/uuid/fail")
        assert "answered 503" in said
        assert all("create=1&rid=" in request.path for request in monitor.requests)


def test_a_pass_that_cannot_be_recorded_is_a_failure(live: Live) -> None:
    """An unusable database sends a failure ping."""
    with serve(answer(200)) as monitor:
        shell, _ = live(ONE, CATALOG_PING_URL=monitor.url)
        Path(shell.folder, "catalog.db").write_text("no database, but long enough for one" * 99)
        shell("sync", code=6)
        shell("sync", "--scheduled", code=6)
        output = [(urlsplit(each.path).path, each.body.decode()) for each in monitor.requests]
    assert [path for path, _ in output[-1:]] == ["/fail"], "no pass began"
    assert [path for path, _ in output[:-1]] in (["/fail"], ["/start", "/fail"])
    assert all("not a database" in said for path, said in output if path == "/fail")


@pytest.mark.long
def test_a_daemon_reports_an_unusable_database(live: Live) -> None:
    """The daemon sends a failure ping for each slot lost to an unusable database."""
    with serve(answer(200)) as monitor:
        quick = {"CATALOG_SCHEDULE_EVERY": "1s", "CATALOG_SCHEDULE_JITTER": "1ms"}
        shell, _ = live(ONE, CATALOG_PING_URL=monitor.url, **quick)
        file = Path(shell.folder, "catalog.db")
        with serving(shell) as daemon:
            daemon.until("infomaniak: first")
            file.write_text("no database, but long enough for one" * 99)
            daemon.until("infomaniak: no pass, ", times=2)
            daemon.stop()
        shell("serve", code=6)
        fails = [each for each in monitor.requests if urlsplit(each.path).path == "/fail"]
    assert len(fails) >= 3
    assert [each.body for each in fails if b"catalog.db" not in each.body] == []


def test_a_slot_that_cannot_be_noted_as_done_is_a_failure(live: Live) -> None:
    """An error after the poll sends a failure ping instead of a success."""
    with serve(answer(200)) as monitor:
        shell, _ = live(ONE, CATALOG_PING_URL=monitor.url)
        shell("sync")
        monitor.requests.clear()
        with closing(sqlite3.connect(shell.folder / "catalog.db")) as database:
            database.executescript(
                "CREATE TRIGGER odd BEFORE UPDATE OF done_at ON slot "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END;"
            )
        shell("sync", code=6)
        assert [path for path, _ in pings(monitor)] == ["/start", "/fail"]
        assert "no room" in pings(monitor)[-1][1]


def test_a_monitor_that_is_away_harms_nothing(live: Live) -> None:
    """A refused ping is a warning without the URL, and the pass succeeds."""
    with serve(answer(500)) as monitor:
        shell, _ = live(ONE, CATALOG_PING_URL=f"{monitor.url}/secret-uuid")
        ran = shell("--log-format", "json", "sync")
        output = [json.loads(line) for line in ran.err.splitlines()]
        assert [line["message"] for line in output] == [
            "the monitor did not accept a ping: it answered 500"
        ] * 2
        assert len({line["run"] for line in output}) == 1
        assert "secret-uuid" not in ran.err
        assert " run=" in shell("sync").err
    shell, _ = live(ONE, CATALOG_PING_URL="http://127.0.0.1:9/secret-uuid")
    assert "did not accept a ping: Unreachable" in shell("sync").err
