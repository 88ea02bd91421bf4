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
    "/": (16, 12),
    "/models": (5, 1),
    "/models?cursor=10": (5, 1),
    "/models/infomaniak/7": (10, 9),
    "/changes": (4, 3),
    "/changes?cursor=3": (5, 4),
    "/changes?model=7": (8, 5),
    "/changes/1": (3, 3),
    "/compare": (6, 2),
    "/calendar": (6, 2),
    "/probes": (8, 2),
    "/providers": (6, 6),
    "/status": (6, 6),
    "/feeds/all.atom": (4, 4),
    "/calendar.ics": (7, 2),
    "/metrics": (15, 10),
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
