from dataclasses import replace
from datetime import date, timedelta

import pytest

from catalog.changes.change import KINDS, Change, ModelChange, Probed, Removed, Renamed
from catalog.changes.codec import decode, encode
from catalog.changes.incident import Trouble
from catalog.core.payload import Drift
from catalog.core.strict_json import JsonText, parse
from tests.support.builders import AT, model
from tests.unit.changes.test_change import ALL_KINDS, RETIRING, UPDATED

FULL: list[Change] = [
    *ALL_KINDS,
    replace(UPDATED, before=None),
    replace(UPDATED, after=JsonText("null")),
    replace(RETIRING, mark=None, moved_from=date(2026, 1, 1), candidates=("beta", "gamma")),
    replace(RETIRING, mark=0, is_stated=True, moved_basis="announced", successor="b"),
    Removed(model(), "beta"),
    Drift("new field", "x", None, ()),
    Trouble("stale", "no answer", AT),
    Renamed(model(), '9"', "ömega"),
    Probed("ghost", "x", ("r", "s"), "1", "llm", AT, ("t",), "y", "z", "no"),
    Probed("phantom", "x", ("r",)),
]


@pytest.mark.parametrize("change", FULL, ids=lambda change: change.kind)
def test_every_change_comes_back_as_it_was(change: Change) -> None:
    """Every kind of change is equal after storing and loading."""
    about = change.model if isinstance(change, ModelChange) else None
    assert decode(change.kind, encode(change), about) == change


def test_every_kind_is_tried() -> None:
    """The test above covers every kind of change."""
    assert {change.kind for change in FULL} == set(KINDS)


def test_what_is_absent_is_not_stored() -> None:
    """Details have known values only, with times and days as text."""
    row = encode(replace(RETIRING, moved_from=date(2026, 1, 1)))
    assert parse(JsonText(row["detail"])) == {
        "key": "1",
        "name": "alpha",
        "type": "llm",
        "until": "2026-01-22",
        "basis": "policy",
        "ground": "the policy",
        "mark": 30,
        "moved_from": "2026-01-01",
    }
    since = parse(JsonText(encode(Trouble("held", "x", AT + timedelta(hours=1)))["detail"]))
    assert since == {"reason": "x", "since": "2025-12-23T11:16:55Z"}
