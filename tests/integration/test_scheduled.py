"""A scheduled pass with a monitor."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from catalog.changes.poll import Outcome
from catalog.core.http.client import Http
from catalog.core.payload import Answer, Validators
from catalog.daemon.heartbeat import Pings
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import Scheduled
from tests.support.http_server import answer, serve
from tests.support.rig import HOUR, rig


def test_a_mistake_of_the_program_is_reported_without_its_text(tmp_path: Path, http: Http) -> None:
    """If a pass fails by a programming error, the monitor gets its type and no secret."""

    def fetch(_: Validators) -> Answer:
        raise RuntimeError("tok-secret")

    with rig(tmp_path, answer()) as it, serve(answer(200)) as monitor:
        sync = replace(it.sync, fetch=fetch)
        pings = Pings(monitor.url, http)
        scheduled = Scheduled(sync, Interval(HOUR), timedelta(minutes=5), pings)
        came = scheduled.run()
        start, fail = monitor.requests
    assert came.result is not None
    assert came.result.poll.outcome is Outcome.FAILED
    assert [urlsplit(each.path).path for each in (start, fail)] == ["/start", "/fail"]
    assert b"failed by a mistake of this program: RuntimeError" in fail.body
    assert b"tok-secret" not in fail.body


def test_a_mistake_outside_the_poll_reaches_the_monitor(tmp_path: Path, http: Http) -> None:
    """An error before the poll reaches the monitor by its type only."""

    def clock() -> datetime:
        raise LookupError("tok-secret")

    with rig(tmp_path, answer()) as it, serve(answer(200)) as monitor:
        sync = replace(it.sync, clock=clock)
        scheduled = Scheduled(sync, Interval(HOUR), timedelta(minutes=5), Pings(monitor.url, http))
        with pytest.raises(LookupError):
            scheduled.run()
        (fail,) = monitor.requests
    assert urlsplit(fail.path).path == "/fail"
    assert fail.body == b"the pass failed by a mistake of this program: LookupError"
