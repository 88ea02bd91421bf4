"""A page runs as many statements for few models as for many."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.random_catalog import RandomCatalog
from tests.integration.test_poll_queries import counting
from tests.support.http_server import answer
from tests.support.rig import rig
from tests.support.web_client import make_client

STATEMENTS: Mapping[str, int] = {
    "/": 23,
    "/models": 9,
    "/models?cursor=10": 9,
    "/models/infomaniak/7": 11,
    "/changes": 5,
    "/changes?cursor=3": 6,
    "/changes?model=7": 9,
    "/changes/1": 4,
    "/compare": 6,
    "/calendar": 8,
    "/probes": 9,
    "/providers": 10,
    "/status": 10,
    "/feeds/all.atom": 5,
    "/calendar.ics": 10,
    "/metrics": 14,
}
"""The statements of one answer, with that of its ETag."""


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
        for path in STATEMENTS:
            with counting() as counted:
                assert client.get(path).status_code == 200, path
            counts[path] = counted["statements"]
    assert counts == STATEMENTS
