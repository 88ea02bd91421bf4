"""A page runs as many statements for few models as for many."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.bench.random_catalog import RandomCatalog
from tests.integration.test_poll_queries import counting
from tests.support.http_server import answer
from tests.support.rig import rig
from tests.support.web_client import make_client

STATEMENTS: Mapping[str, tuple[int, int]] = {
    "/": (21, 16),
    "/models": (7, 2),
    "/models?cursor=10": (7, 2),
    "/models/infomaniak/7": (11, 10),
    "/changes": (5, 4),
    "/changes?cursor=3": (6, 5),
    "/changes?model=7": (9, 6),
    "/changes/1": (4, 4),
    "/compare": (10, 4),
    "/calendar": (8, 3),
    "/probes": (10, 3),
    "/providers": (10, 10),
    "/status": (10, 10),
    "/feeds/all.atom": (5, 5),
    "/calendar.ics": (9, 3),
    "/metrics": (16, 10),
}
"""The statements of the first answer, and of one that is made later from the same state."""


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
        for path in STATEMENTS:
            client = make_client(one.file, now=one.clock.now)
            client.get("/readyz")  # because it opens the database
            counts[path] = _count(client, path), _count(client, _other(path))
    assert counts == STATEMENTS


def _count(client: TestClient, path: str) -> int:
    with counting() as counted:
        assert client.get(path).status_code == 200, path
    return counted["statements"]


def _other(path: str) -> str:
    """Return another address of an answer, which is made again."""
    return f"{path}{'&' if '?' in path else '?'}again=yes"
