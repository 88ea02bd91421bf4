"""The recorded history polled through network faults."""

import http.client
import logging
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog.changes.poll import Outcome
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.providers.recordings import find, shipped
from catalog.replay.faults import FAULTS, Faults
from catalog.replay.server import Plan, ReplayServer
from tests.support.rig import TLS, TOKEN, Rig, make

HISTORY = find(shipped())[-3:]  # a first state, a change, and a held state
POLLS = len(HISTORY) + 2
LIMITS = Limits(deadline=5, max_bytes=1_000_000, attempts=1, backoff=0)
IMPATIENT = Limits(deadline=1.5, max_bytes=1_000_000, attempts=1, backoff=0)
SLOW = {"silence", "drip"}

STATE = "select key, facts from model_version where last_snapshot is null order by key"
SNAPSHOTS = "select id, digest, model_count from snapshot order by id"
VERSIONS = (
    "select key, facts, first_snapshot, last_snapshot from model_version "
    "order by key, first_snapshot"
)
CHANGES = (
    "select kind, field, before, after, fingerprint from change "
    "where kind in ('added', 'removed', 'restored', 'updated', 'drift') order by id"
)


def at_poll(number: int, kind: str) -> Plan:
    """Serve a fault at one poll."""
    return lambda poll: kind if poll == number else None


@contextmanager
def through(folder: Path, limits: Limits, faults: Plan) -> Iterator[Rig]:
    """Make a rig that polls the shipped history with these faults."""
    folder.mkdir(exist_ok=True)
    with ReplayServer(HISTORY, faults=faults) as server, Http(limits, tls=TLS) as http:
        yield make(folder, server, http)


def left(it: Rig) -> list[list[tuple[Any, ...]]]:
    """Return all stored data of a history without times."""
    return [it.rows(sql) for sql in (SNAPSHOTS, VERSIONS, CHANGES)]


def ask(server: ReplayServer, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Send one request with a token and return its status and body."""
    host = server.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=10)) as client:
        client.request(method, "/1/ai/models", headers={"Authorization": "Bearer x", **headers})
        with client.getresponse() as response:
            return response.status, response.read()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Any, Any]:
    """Poll without faults. Return outcomes, state and rows."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with through(folder, LIMITS, lambda _: None) as it:
        outcomes = it.outcomes(POLLS)
        return outcomes, it.rows(STATE), left(it)


@pytest.mark.long
@pytest.mark.parametrize("kind", FAULTS)
def test_the_outcome_of_a_fault(
    kind: str,
    tmp_path: Path,
    undisturbed: tuple[list[str], Any, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each fault has its documented outcome, shows no token and changes no catalog."""
    caplog.set_level(logging.DEBUG, "catalog")
    fault, (outcomes, state, behind) = FAULTS[kind], undisturbed
    limits = IMPATIENT if kind in SLOW else LIMITS
    with through(tmp_path, limits, at_poll(1, kind)) as it:
        assert it.outcomes() == outcomes[:1]
        reported = it.poll()
        assert reported.poll.outcome is fault.outcome, reported.poll.error
        rest = it.outcomes(POLLS - 1)
        shown = [repr(reported), repr(it.ear.messages), it.document.read_text(), caplog.text]
        shown += [*map(repr, it.rows("select * from poll")), it.file.read_bytes().decode("latin-1")]
        assert rest == outcomes[1:]
        assert it.rows(STATE) == state
        assert fault.outcome is Outcome.CHANGED or left(it) == behind
    assert f"GET '/1/ai/models' fault {kind}" in caplog.text
    assert TOKEN not in "".join(shown)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["half-list", "new-field", "new-type", "nulls", "long-names"])
def test_a_first_poll_has_nothing_to_doubt_by(kind: str, tmp_path: Path) -> None:
    """Without a baseline, any valid list of models is accepted as first."""
    with through(tmp_path, LIMITS, at_poll(0, kind)) as it:
        assert it.outcomes(2) == ["first", "changed"]


def test_an_empty_list_is_doubted_even_first(tmp_path: Path) -> None:
    """An empty first answer is held."""
    with through(tmp_path, LIMITS, at_poll(0, "empty-list")) as it:
        assert it.outcomes(2) == ["held", "first"]


@pytest.mark.parametrize("kind", ["refused", "reset", "500", "502", "429"])
def test_a_fault_that_passes_is_not_noticed(kind: str, tmp_path: Path) -> None:
    """A fault that passes at the second attempt is no failed poll."""
    limits = Limits(deadline=5, attempts=2, backoff=0)
    with through(tmp_path, limits, lambda poll: None if poll % 2 else kind) as it:
        assert it.outcomes(2) == ["first", "changed"]
        assert it.server.current == HISTORY[-1]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["huge", "gzip-bomb"])
def test_a_large_answer_needs_no_memory(kind: str, tmp_path: Path) -> None:
    """A huge answer takes little memory, for server and client."""
    with through(tmp_path, LIMITS, at_poll(1, kind)) as it:
        it.poll()
        tracemalloc.start()
        try:
            assert it.outcomes() == ["failed"]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3 * LIMITS.max_bytes


@pytest.mark.long
def test_a_seed_gives_the_same_polls_again(tmp_path: Path) -> None:
    """The same seed and rate give the same faults and outcomes."""
    quick = tuple(kind for kind in FAULTS if kind not in SLOW)
    seen = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        with through(folder, LIMITS, Faults(quick, rate=0.5, seed=3)) as it:
            seen.append(it.outcomes(12))
    assert seen[0] == seen[1]
    assert {"invalid", "held", "changed"} <= set(seen[0])


def test_only_polls_get_faults() -> None:
    """HEAD requests and requests without a token get no faults and do not count."""
    with ReplayServer(HISTORY, faults=at_poll(0, "500")) as server:
        assert ask(server, "HEAD")[0] == 200
        assert ask(server, Authorization="")[0] == 401
        assert [ask(server)[0] for _ in range(2)] == [500, 200]


def test_a_fault_takes_the_place_of_a_304() -> None:
    """A client with the current state still gets the fault."""
    with ReplayServer(HISTORY[:1], faults=at_poll(0, "half-list")) as server:
        known = {"If-None-Match": "*"}
        assert [ask(server, **known)[0] for _ in range(2)] == [200, 304]


@pytest.mark.long
def test_a_drip_drips() -> None:
    """The bytes of the true answer come a second apart."""
    with ReplayServer(HISTORY, faults=at_poll(0, "drip")) as server:
        host = server.url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=10)) as client:
            client.request("GET", "/1/ai/models", headers={"Authorization": "Bearer x"})
            with client.getresponse() as response:
                started = time.monotonic()
                assert response.read(2) == HISTORY[0].path.read_bytes()[:2]
        assert 0.5 < time.monotonic() - started < 5
        assert server.current == HISTORY[0]
