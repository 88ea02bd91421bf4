"""The recorded history polled through a bad network: what comes of each fault, and what is left."""

import logging
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import SettingsInvalid
from catalog.http.client import Http
from catalog.http.request import Limits
from catalog.poll import Outcome
from catalog.recordings import find, shipped
from catalog.replay.faults import FAULTS, Faults
from catalog.replay.server import Plan, ReplayServer
from tests.rig import TOKEN, Rig, make

HISTORY = find(shipped())
POLLS = len(HISTORY) + 2
LIMITS = Limits(deadline=5, max_bytes=1_000_000, attempts=1, backoff=0)
IMPATIENT = Limits(deadline=0.3, max_bytes=1_000_000, attempts=1, backoff=0)
SLOW = {"silence", "drip"}

STATE = "select key, facts from model_version where last_snapshot is null order by key"
SNAPSHOTS = "select id, digest, model_count from snapshot order by id"
VERSIONS = (
    "select key, facts, first_snapshot, last_snapshot from model_version "
    "order by key, first_snapshot"
)
CHANGES = (
    "select kind, field, before, after, fingerprint from change "
    "where kind not in ('held', 'invalid') order by id"
)


def at_poll(number: int, kind: str) -> Plan:
    """Let one poll go wrong."""
    return lambda poll: kind if poll == number else None


@contextmanager
def through(folder: Path, limits: Limits, faults: Plan) -> Iterator[Rig]:
    """Make a rig that asks a replay of the shipped history through these faults."""
    folder.mkdir(exist_ok=True)
    with ReplayServer(HISTORY, faults=faults) as server, Http(limits) as http:
        yield make(folder, server, http)


def left(it: Rig) -> list[list[tuple[Any, ...]]]:
    """Return all that a history leaves behind, but for its times."""
    return [it.rows(sql) for sql in (SNAPSHOTS, VERSIONS, CHANGES)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Any, Any]:
    """Poll the history without a fault; return its outcomes, its state, and what it left behind."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with through(folder, LIMITS, lambda _: None) as it:
        outcomes = it.outcomes(POLLS)
        return outcomes, it.rows(STATE), left(it)


@pytest.mark.parametrize("kind", FAULTS)
def test_what_a_poll_makes_of_a_fault(
    kind: str,
    tmp_path: Path,
    undisturbed: tuple[list[str], Any, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each fault ends as the table says, shows no token, and leaves no trace in the catalog."""
    caplog.set_level(logging.DEBUG, "catalog")
    fault, (outcomes, state, behind) = FAULTS[kind], undisturbed
    limits = IMPATIENT if kind in SLOW else LIMITS
    with through(tmp_path, limits, at_poll(1, kind)) as it:
        assert it.outcomes() == outcomes[:1]
        told = it.poll()
        assert told.poll.outcome is fault.outcome, told.poll.error
        rest = it.outcomes(POLLS - 1)
        shown = [repr(told), repr(it.ear.heard), it.document.read_text(), caplog.text]
        shown += [*map(repr, it.rows("select * from poll")), it.file.read_bytes().decode("latin-1")]
        assert rest == outcomes[1:]
        assert it.rows(STATE) == state
        assert fault.outcome is Outcome.CHANGED or left(it) == behind
    assert f"GET '/1/ai/models' fault {kind}" in caplog.text
    assert TOKEN not in "".join(shown)
