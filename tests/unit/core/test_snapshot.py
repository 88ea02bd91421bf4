import hashlib
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes import change, poll, rules
from catalog.changes.poll import Outcome, Poll
from catalog.core import errors
from catalog.core import payload as payloads
from catalog.core import snapshot as snapshots
from catalog.core.clock import now, stamp
from catalog.core.errors import PayloadInvalid, Problem, Unreachable
from catalog.core.payload import NotModified, Payload, Validators
from catalog.core.snapshot import Snapshot, key_order
from tests.support.builders import AT, URL, model, payload, row, snapshot

LATER = AT + timedelta(days=6)
MODULES = (change, errors, payloads, poll, rules, snapshots)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 11, 26, 14, 7, 15, tzinfo=UTC), "2025-11-26T14:07:15Z"),
        (datetime(2025, 11, 26, 14, 7, 15, 999_999, tzinfo=UTC), "2025-11-26T14:07:15Z"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:00:00Z"),
    ],
)
def test_stamp(moment: datetime, text: str) -> None:
    """A time is written in UTC with whole seconds from any zone."""
    assert stamp(moment) == text


def test_now() -> None:
    """The current time is in UTC without fraction, so it survives storing."""
    present = now()
    assert present.tzinfo is UTC
    assert datetime.fromisoformat(stamp(present)) == present
    assert abs(datetime.now(UTC) - present) < timedelta(minutes=1)


def test_payload_digest_is_of_the_bytes() -> None:
    """The digest of a payload is the SHA-256 of its body only."""
    one = Payload("a", URL, AT, b"{}")
    other = Payload("b", "", LATER, b"{}", 206, Validators("x"))
    assert one.digest == other.digest == hashlib.sha256(b"{}").hexdigest()
    assert payload(b"{} ").digest != one.digest


def test_values_are_frozen() -> None:
    """No value of these modules can be changed or extended, except for cached properties."""
    kinds = [kind for module in MODULES for kind in vars(module).values() if is_dataclass(kind)]
    assert len(kinds) > 12
    for kind in kinds:
        bare: Any = object.__new__(cast("type", kind))
        for name in (*(field.name for field in fields(kind)), "unknown_field"):
            with pytest.raises((FrozenInstanceError, TypeError)):
                setattr(bare, name, None)
        has_cache = any(isinstance(each, cached_property) for each in vars(kind).values())
        assert has_cache or not hasattr(bare, "__dict__")


KEYS = ["0", "2", "9", "10", "10" * 30, "-1", "Z", "a", "²", "٣"]


def test_keys_are_sorted_as_people_count() -> None:
    """Numbers are first and sorted by value, then text."""
    backwards = KEYS[::-1]
    assert sorted(backwards, key=key_order) == KEYS


@given(st.permutations([model(str(at), name) for at, name in enumerate("abcdef")]))
def test_order_of_rows_means_nothing(models: list[Any]) -> None:
    """Models in any order give the same snapshot and digest."""
    straight = snapshot(*sorted(models, key=lambda each: key_order(each.key)))
    assert snapshot(*models) == straight
    assert snapshot(*models).digest == straight.digest


@given(st.permutations(list(row().items())))
def test_order_of_keys_means_nothing(items: list[tuple[str, Any]]) -> None:
    """Keys in any order give the same model."""
    fields = dict(items)
    made = model(str(fields.pop("id")), **fields)
    assert snapshot(made).digest == snapshot(model()).digest


def test_digest_is_of_the_models_alone() -> None:
    """The digest depends on every fact, not on time or number."""
    digest = snapshot(model()).digest
    assert snapshot(model(), at=LATER, number=7).digest == digest
    others = [model("2"), model(name="b"), model(info_status=None), model(future=0)]
    assert len({digest, snapshot().digest, *(snapshot(each).digest for each in others)}) == 6


def test_digest_distinguishes_missing_null_and_zero() -> None:
    """A missing, null, zero or false field gives four digests."""
    states = [model(), model(x=None), model(x=0), model(x=False)]
    assert len({snapshot(each).digest for each in states}) == 4


def test_number_is_not_part_of_a_snapshot() -> None:
    """The number does not affect equality of snapshots."""
    assert snapshot(model(), number=1) == snapshot(model())
    assert snapshot(model()) != snapshot(model(), at=LATER)


def test_find_by_name_before_key() -> None:
    """A model is found by name, then by key."""
    seven, named = model("7", "alpha"), model("8", "7")
    both = snapshot(seven, named)
    assert both.find("alpha") == seven
    assert both.find("7") == named
    assert both.find("8") == named
    assert both.find("Alpha") is None
    assert both.by_key == {"7": seven, "8": named}


def test_snapshot_takes_any_iterable() -> None:
    """A snapshot is made from any iterable of models."""
    assert Snapshot.of("infomaniak", AT, iter([model()])) == snapshot(model())


def test_poll_has_its_problems() -> None:
    """A poll has the problems of its error, if any."""
    problem = Problem("$", "null", "an object")
    poll = Poll("infomaniak", AT, 12, Outcome.INVALID, error=PayloadInvalid([problem]))
    assert poll.problems == (problem,)
    assert replace(poll, error=Unreachable("gone")).problems == ()
    assert replace(poll, error=None).problems == ()


def test_not_modified_has_its_status() -> None:
    """An answer without a body has the status 304."""
    assert NotModified("infomaniak", URL, AT).status == 304
