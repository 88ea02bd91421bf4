from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.changes.clock import clock_fields, with_earlier_values
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import canonical

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)


def listed(at: datetime, *rows: dict[str, Any]) -> Snapshot:
    """Return a snapshot with a model for each row of facts."""
    models = [Model(str(key), f"m{key}", "llm", canonical(row)) for key, row in enumerate(rows)]
    return Snapshot.of("acme", at, models)


def created(at: datetime, *values: Any) -> Snapshot:
    """Return a snapshot with a model for each value of `created`."""
    return listed(at, *({"created": value, "size": 1} for value in values))


SECONDS, LATER = int(THEN.timestamp()), int(NOW.timestamp())
FOLLOWING: dict[str, tuple[list[Any], list[Any]]] = {
    "seconds": ([SECONDS] * 2, [LATER] * 2),
    "milliseconds": ([SECONDS * 1000] * 2, [LATER * 1000] * 2),
    "fractions": ([SECONDS + 0.5] * 2, [LATER + 0.25, LATER + 0.75]),
    "ISO times": (["2026-01-01T00:00:00Z"] * 2, ["2026-01-01T01:00:00"] * 2),
    "times with a zone": (["2026-01-01 00:00:00 UTC"] * 2, ["2026-01-01 08:00 +0700"] * 2),
    "seconds as text": ([str(SECONDS)] * 2, [str(LATER)] * 2),
    "one model": ([SECONDS], [LATER + 3]),
}
STAYING: dict[str, tuple[list[Any], list[Any]]] = {
    "one model, at another time than the poll": ([SECONDS], [SECONDS + 9]),
    "one of two": ([SECONDS] * 2, [SECONDS, LATER]),
    "times of each model": ([SECONDS] * 2, [LATER, LATER + 500]),
    "backward": ([LATER] * 2, [SECONDS] * 2),
    "counts": ([1, 2], [5, 5]),
    "flags": ([False] * 2, [True] * 2),
    "days": (["2026-01-01"] * 2, ["2026-01-02"] * 2),
    "long numbers as text": (["1" * 40] * 2, ["2" * 40] * 2),
    "words": (["Tuesday"] * 2, ["Thursday"] * 2),
    "beyond the calendar": ([10**30] * 2, [10**31] * 2),
    "text that became a time": (["x"] * 2, [LATER] * 2),
    "no model": ([], [LATER]),
}


@pytest.mark.parametrize("case", FOLLOWING)
def test_a_field_that_follows_the_clock_is_found(case: str) -> None:
    """A time that moves on all models to the moment of the answer is no fact of a model."""
    before, after = FOLLOWING[case]
    assert clock_fields(created(THEN, *before), created(NOW, *after)) == {"created"}


@pytest.mark.parametrize("case", STAYING)
def test_other_fields_are_facts(case: str) -> None:
    """A value that moves on some models, apart, back, or is no time stays a fact."""
    before, after = STAYING[case]
    assert clock_fields(created(THEN, *before), created(NOW, *after)) == frozenset()


def test_a_field_within_an_object_is_found() -> None:
    """Only the field that follows the clock is left out, not its neighbors."""
    before = listed(THEN, *[{"meta": {"at": SECONDS, "size": 1}}] * 2)
    after = listed(NOW, *[{"meta": {"at": LATER, "size": 2}}] * 2)
    assert clock_fields(before, after) == {"meta.at"}
    facts = [model.facts for model in with_earlier_values(before, after, {"meta.at"}).models]
    assert facts == [canonical({"meta": {"at": SECONDS, "size": 2}})] * 2


def test_a_snapshot_with_earlier_values_is_the_one_before() -> None:
    """Without other changes the snapshots are equal, and a new model keeps its own time."""
    before = created(THEN, SECONDS, SECONDS)
    assert (
        with_earlier_values(before, created(NOW, LATER, LATER), {"created"}).digest == before.digest
    )
    more = with_earlier_values(before, created(NOW, LATER, LATER, LATER), {"created"})
    assert more.models[2].facts == canonical({"created": LATER, "size": 1})
