"""Models whose rows are bad keep their last good version."""

import json
from typing import Any

from catalog.core.payload import BadRows, Payload
from catalog.core.snapshot import Snapshot
from catalog.core.strict_json import Json, parse
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.listing import Listed, listed
from tests.support.builders import AT

PROVIDER = Described("acme", Description(route="/"), BadRows(share=0.5, above=3))


def tree(name: str, **facts: Any) -> dict[str, Any]:
    """Make a row."""
    return {"id": name, "kind": "tree", **facts}


FOREST = [tree("ash", max=1), tree("elm", max=2), tree("fir", max=3), tree("oak", max=4)]


def read(rows: list[Json], before: Snapshot | None = None, **earlier: int) -> Listed:
    """Read an answer after another one."""
    sent = Payload("acme", "", AT, json.dumps({"data": rows}).encode())
    return listed(sent, PROVIDER, before, lambda: earlier)


BEFORE = read(FOREST).snapshot


def limits(found: Listed) -> dict[str, Any]:
    """Return a fact of each model."""
    return {model.key: parse(model.facts)["max"] for model in found.snapshot.models}


def named(found: Listed) -> list[tuple[str | None, str | None]]:
    """Return the key and name of each bad row."""
    return [(each.key, each.name) for each in found.refused]


def test_a_contradicting_row_keeps_its_last_version() -> None:
    """A model with different rows keeps its version, and a new one is left out."""
    rows = [*FOREST[:1], tree("elm", max=7), tree("elm", max=8), *FOREST[2:]]
    found = read(rows, BEFORE)
    assert limits(found) == {"ash": 1, "elm": 2, "fir": 3, "oak": 4}
    assert named(found) == [("elm", "elm")]
    assert found.snapshot.digest == BEFORE.digest
    new = read([*FOREST, tree("yew", max=1), tree("yew", max=2)], BEFORE)
    assert "yew" not in limits(new)
    assert named(new) == [("yew", "yew")]


def test_a_row_without_a_key_keeps_the_missing_model() -> None:
    """A row that lost its key may be the missing model, so that model is not removed."""
    found = read([*FOREST[:3], {"kind": "tree", "max": 5}], BEFORE)
    assert limits(found) == {"ash": 1, "elm": 2, "fir": 3, "oak": 4}
    assert named(found) == [("oak", "oak")]


def test_of_several_missing_models_the_most_similar_one_is_kept() -> None:
    """For one row without a key and two missing models, the more similar model is kept."""
    found = read([*FOREST[:2], {"kind": "tree", "max": 4}, tree("yew", max=1)], BEFORE)
    assert sorted(limits(found)) == ["ash", "elm", "oak", "yew"]
    odd = read([*FOREST[:2], 7, tree("yew", max=1)], BEFORE)
    assert sorted(limits(odd)) == ["ash", "elm", "fir", "yew"]


def test_a_row_that_never_had_a_key_keeps_no_model() -> None:
    """A row that is always without a key does not hide the removal of a model."""
    first = read([*FOREST, {"kind": "tree"}], BEFORE)
    assert named(first) == [(None, None)]
    assert first.snapshot.digest == BEFORE.digest
    removed = read([*FOREST[:3], {"kind": "tree"}], BEFORE, **{"": 1})
    assert sorted(limits(removed)) == ["ash", "elm", "fir"]
    both = read([*FOREST[:3], {"kind": "tree"}, {"max": 4}], BEFORE, **{"": 1})
    assert sorted(limits(both)) == ["ash", "elm", "fir", "oak"]


def test_a_model_that_was_kept_stays_kept() -> None:
    """While a row has no key, the same model is kept for it, and another removal counts."""
    found = read([*FOREST[:2], {"kind": "tree"}, tree("yew", max=1)], BEFORE, oak=1)
    assert sorted(limits(found)) == ["ash", "elm", "oak", "yew"]


def test_without_a_past_bad_rows_are_left_out() -> None:
    """A single file has no last version: its bad rows are left out and named."""
    found = read([*FOREST[:3], {"kind": "tree"}, tree("elm", max=9)])
    assert sorted(limits(found)) == ["ash", "fir"]
    assert named(found) == [("elm", "elm"), (None, None)]
