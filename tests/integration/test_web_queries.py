"""A page runs as many statements for few models as for many."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.random_catalog import RandomCatalog
from tests.integration.test_poll_queries import counting
from tests.support.http_server import answer
from tests.support.rig import rig
from tests.support.web_client import make_client

MOST: Mapping[str, int] = {
    "/": 45,
    "/models": 22,
    "/changes": 10,
    "/changes/1": 10,
    "/compare": 12,
    "/calendar": 22,
    "/probes": 14,
    "/providers": 22,
    "/status": 22,
    "/feeds/all.atom": 10,
    "/calendar.ics": 24,
    "/metrics": 26,
}
"""Bounds for one answer. Lower them after an improvement."""


@pytest.mark.parametrize("models", [20, 300])
def test_the_statements_of_each_page_are_few(tmp_path: Path, models: int) -> None:
    """A page of 300 models runs as many statements as one of 20."""
    made, bodies = RandomCatalog(models), list[bytes]()
    for _ in range(3):
        bodies.append(made.body)
        made.change()
    counts = {}
    with rig(tmp_path, *(answer(body=body) for body in bodies)) as one:
        one.outcomes(3)
        client = make_client(one.file, now=one.clock.now)
        for path in MOST:
            with counting() as counted:
                assert client.get(path).status_code == 200, path
            counts[path] = counted["statements"]
    assert {path: count for path, count in counts.items() if count > MOST[path]} == {}
