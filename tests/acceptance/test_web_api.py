"""The answers, the description and the errors of the API."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from catalog.web.app import Options
from catalog.web.security import Access
from tests.support.shell import Shell
from tests.support.web_client import make_client

MOMENTS = st.one_of(
    st.sampled_from(["now", "yesterday", "7d", "36h", "2025-12-23", "2026-03-19T13:53:46Z"]),
    st.dates(min_value=datetime(2025, 9, 1, tzinfo=UTC).date()).map(str),
)
schemathesis.openapi.format("moment", MOMENTS)
OPERATIONS = (
    *("/providers", "/status", "/models", "/models/infomaniak/qwen3", "/changes", "/changes/5"),
    *("/diff", "/forecasts", "/probes", "/snapshots"),
)


@pytest.fixture(scope="module")
def client(demo: Shell) -> TestClient:
    """Return a client of the demo's database."""
    any_name = Options(access=Access(hosts=("*",)))  # because the generator has its own name
    return make_client(demo.folder / "demo" / "catalog.db", any_name)


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_route_answers(client: TestClient, path: str) -> None:
    """Each route has JSON with its version, and an ETag that saves the next answer."""
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200
    assert answer.json()["schema_version"] == 1
    seen = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"/api/v1{path}", headers=seen).status_code == 304


def test_the_json_is_that_of_the_command_line(client: TestClient, demo: Shell) -> None:
    """A program can move from the command to the API and keep its code."""
    ours = client.get("/api/v1/models").json()["catalogs"][0]
    theirs = demo("models", "--format", "json").json
    assert [each["key"] for each in ours["models"]] == [each["key"] for each in theirs["models"]]
    assert {*theirs["models"][0]} == {*ours["models"][0]}
    shown = client.get("/api/v1/models/infomaniak/qwen3").json()
    assert demo("show", "qwen3", "--format", "json").json.keys() <= shown.keys()


def test_the_cursor_leads_through_all_models(client: TestClient) -> None:
    """Pages of five models are together the whole list, in order."""
    keys, cursor = [], 0
    while True:
        page = client.get(f"/api/v1/models?limit=5&cursor={cursor}").json()
        keys += [each["key"] for each in page["catalogs"][0]["models"]]
        cursor = page.get("next")
        if cursor is None:
            break
    assert len(keys) == page["total"] == 13
    assert keys == sorted(keys, key=int)


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("/forecasts?", lambda page: page["forecasts"]),
        ("/diff?from=2025-12-23&", lambda page: page["comparisons"][0]["changes"]),
        ("/probes?", lambda page: page["matrices"][0]["cells"]),
    ],
)
def test_the_cursor_leads_through_every_list(
    client: TestClient, path: str, items: Callable[[Any], list[Any]]
) -> None:
    """Pages of one item are together the whole list, and the last one has no cursor."""
    whole = client.get(f"/api/v1{path}limit=200").json()
    found, cursor = list[Any](), "0"
    while cursor:
        page = client.get(f"/api/v1{path}limit=1&cursor={cursor}").json()
        found += items(page)
        cursor = str(page.get("next", ""))
    assert found == items(whole)
    assert "next" not in whole


def test_a_model_that_ends_says_so_in_headers(client: TestClient) -> None:
    """Sunset is the day after the last day of calls, Deprecation when the model was removed."""
    headers = client.get("/api/v1/models/infomaniak/qwen3").headers
    assert parsedate_to_datetime(headers["sunset"]) == datetime(2026, 6, 19, tzinfo=UTC)
    removed = datetime(2026, 5, 19, 15, 48, 46, tzinfo=UTC)
    assert headers["deprecation"] == f"@{int(removed.timestamp())}"
    listed = client.get("/api/v1/models/infomaniak/moonshotai/Kimi-K2.6").headers
    assert not {"sunset", "deprecation"} & {*listed}


def test_the_description_is_openapi(client: TestClient) -> None:
    """The description has every route, and is of version 3.1."""
    known = client.get("/api/v1/openapi.json").json()
    assert known["openapi"].startswith("3.1")
    assert len(known["paths"]) == len(OPERATIONS)


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_written(client: TestClient, method: str) -> None:
    """Other methods are refused with the allowed one."""
    answer = client.request(method, "/api/v1/models")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
WITH_NUMBERS = {"/models", "/changes", "/snapshots"}
"""Routes with parameters that can be wrong. The others take any text."""


@pytest.mark.parametrize("mode", [VALID, INVALID])
def test_generated_requests_find_nothing(
    client: TestClient, mode: schemathesis.GenerationMode
) -> None:
    """Valid and invalid requests, generated from the description, meet no broken promise."""
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app)
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == len(OPERATIONS)
    for operation in operations:
        if mode is VALID or operation.path.removeprefix("/api/v1") in WITH_NUMBERS:
            _call(operation, mode)


def _call(operation: Any, mode: schemathesis.GenerationMode) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=[*HealthCheck])
    @seed(1)
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        case.call_and_validate()

    call()


def test_snapshots_follow_each_other(client: TestClient) -> None:
    """Pages of two snapshots are together all five, newest first."""
    first = client.get("/api/v1/snapshots?limit=2").json()
    second = client.get(f"/api/v1/snapshots?limit=2&cursor={first['next']}").json()
    third = client.get(f"/api/v1/snapshots?limit=2&cursor={second['next']}").json()
    pages = (first, second, third)
    assert [each["snapshot"] for page in pages for each in page["snapshots"]] == [5, 4, 3, 2, 1]
    assert "next" not in third
