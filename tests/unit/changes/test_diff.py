"""The comparison, as one table of before, after and expected changes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.change import Added, ModelChange, Removed, Renamed, Restored, Updated
from catalog.changes.diff import diff
from catalog.changes.finding import Delisted
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import JsonText, canonical, parse, read_strict
from tests.support.builders import MISSING, model, snapshot

GONE = datetime(2025, 8, 13, tzinfo=UTC)
A, B, C = model("1", "alpha"), model("2", "beta"), model("10", "gamma")


def changed(field: str, before: Any, after: Any, **facts: Any) -> list[ModelChange]:
    """Expect one update of model 1, with MISSING for an absent field."""
    sides = (None if side is MISSING else canonical(side) for side in (before, after))
    return [Updated(model(**facts), field, *sides)]


def dotted_key(value: int) -> Model:
    """Return a model with a dot in a field name."""
    fields: dict[str, Any] = {"a.b": value}
    return model("1", "alpha", "llm", **fields)


TABLE: dict[str, tuple[list[Model], list[Model], list[ModelChange]]] = {
    "the same": ([A, B], [A, B], []),
    "other order of rows": ([A, B, C], [C, A, B], []),
    "both empty": ([], [], []),
    "added": ([A], [A, B], [Added(B)]),
    "removed": ([A, B], [A], [Removed(B)]),
    "restored": ([A], [A, C], [Restored(C, GONE)]),
    "key order is numeric": ([], [C, B], [Added(B), Restored(C, GONE)]),
    "status": (
        [model(info_status="ready")],
        [model(info_status="coming_soon")],
        changed("info_status", "ready", "coming_soon", info_status="coming_soon"),
    ),
    "name under the same id": (
        [model(name="alpha")],
        [model(name="omega")],
        changed("name", "alpha", "omega", name="omega"),
    ),
    "same name under another id": (
        [model("1", "alpha")],
        [model("2", "alpha")],
        [Renamed(model("1", "alpha"), "2", "alpha")],
    ),
    "null to a value": (
        [model(version=None)],
        [model(version="3")],
        changed("version", None, "3", version="3"),
    ),
    "missing to null": (
        [model(version=MISSING)],
        [model(version=None)],
        changed("version", MISSING, None, version=None),
    ),
    "null to missing": (
        [model(version=None)],
        [model(version=MISSING)],
        changed("version", None, MISSING, version=MISSING),
    ),
    "zero is a value": (
        [model(max_token_input=None)],
        [model(max_token_input=0)],
        changed("max_token_input", None, 0, max_token_input=0),
    ),
    "true is not 1": (
        [model(extra=True)],
        [model(extra=1)],
        changed("extra", True, 1, extra=1),
    ),
    "a number is not its text": (
        [model(version="3")],
        [model(version=3)],
        changed("version", "3", 3, version=3),
    ),
    "within an object": (
        [model(meta={"is_beta": True})],
        [model(meta={"is_beta": False})],
        changed("meta.is_beta", True, False, meta={"is_beta": False}),
    ),
    "an object comes": (
        [model(meta=MISSING)],
        [model(meta={"is_beta": False})],
        changed("meta.is_beta", MISSING, False, meta={"is_beta": False}),
    ),
    "an object goes": (
        [model(meta={"is_beta": False})],
        [model(meta=MISSING)],
        changed("meta.is_beta", False, MISSING, meta=MISSING),
    ),
    "null to an object": (
        [model(meta=None)],
        [model(meta={"is_beta": False})],
        changed("meta", None, {"is_beta": False}, meta={"is_beta": False}),
    ),
    "an empty object comes": (
        [model(meta=MISSING)],
        [model(meta={})],
        changed("meta", MISSING, {}, meta={}),
    ),
    "an object is emptied": (
        [model(meta={"is_beta": False})],
        [model(meta={})],
        changed("meta", {"is_beta": False}, {}, meta={}),
    ),
    "within an item of a list": (
        [model(prices=[{"label": "in", "amount": 1}])],
        [model(prices=[{"label": "in", "amount": 2}])],
        changed("prices.in.amount", 1, 2, prices=[{"label": "in", "amount": 2}]),
    ),
    "a list without objects is one value": (
        [model(sizes=[1, 2])],
        [model(sizes=[1, 3])],
        changed("sizes", [1, 2], [1, 3], sizes=[1, 3]),
    ),
    "a dot within a key": (
        [dotted_key(1)],
        [dotted_key(2)],
        [Updated(dotted_key(2), r"a\.b", canonical(1), canonical(2))],
    ),
    "fields in order": (
        [model(version="1", description="one")],
        [model(version="2", description="two")],
        [
            *changed("description", "one", "two", version="2", description="two"),
            *changed("version", "1", "2", version="2", description="two"),
        ],
    ),
}


def test_what_comes_back_otherwise_says_so() -> None:
    """A model that returns with other facts is restored, with an update for each of them."""
    left, back = model("3", "old", max_token_input=9), model("3", "new", max_token_input=8)
    gone = {"3": Delisted(left, GONE, None)}
    assert diff(snapshot(A), snapshot(A, back), gone) == (
        Restored(back, GONE),
        Updated(back, "max_token_input", canonical(9), canonical(8)),
        Updated(back, "name", canonical("old"), canonical("new")),
    )


@pytest.mark.parametrize("case", TABLE)
def test_the_table(case: str) -> None:
    """Each pair of states gives exactly the listed changes in order."""
    before, after, expected = TABLE[case]
    assert (
        list(diff(snapshot(*before), snapshot(*after), {"10": Delisted(C, GONE, None)})) == expected
    )


def test_key_order_and_number_spelling_mean_nothing() -> None:
    """Another order of keys, or 1.0 for 1, is no change."""
    texts = (
        b'{"id": 1, "name": "a", "n": 1, "o": {"x": 1, "y": 2}}',
        b'{"o": {"y": 2.0, "x": 1e0}, "n": 1.0, "name": "a", "id": 1}',
    )
    first, second = (Model("1", "a", "llm", canonical(read_strict(text))) for text in texts)
    assert diff(snapshot(first), snapshot(second)) == ()


# Property tests: any facts at all, as the API might send them one day.
_KEYS = st.sampled_from(["a", "b", "a.b", "a\\", "", "x", "é"])
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, "", "a", "ü|"])
_LISTS = st.lists(_LEAVES | st.lists(_LEAVES, max_size=2), max_size=2)
"""Lists of anything but objects, whose items have no path; see test_items.py for these."""
_VALUES = st.recursive(_LEAVES | _LISTS, lambda inner: st.dictionaries(_KEYS, inner, max_size=3))
_FACTS = st.dictionaries(_KEYS, _VALUES, max_size=4)
_STATES = st.dictionaries(st.sampled_from("123456"), _FACTS, max_size=5).map(
    lambda state: snapshot(
        *(
            Model(key, f"m{key}", "llm", canonical({"id": key, **facts}))
            for key, facts in state.items()
        )
    )
)


@given(_STATES)
def test_a_state_differs_in_nothing_from_itself(state: Snapshot) -> None:
    """For every state a, diff(a, a) is empty."""
    assert diff(state, state) == ()


@given(_STATES, _STATES)
def test_the_changes_lead_from_one_state_to_the_other(before: Snapshot, after: Snapshot) -> None:
    """apply(a, diff(a, b)) equals b, so a diff is complete and exact."""
    expected = {key: model.facts for key, model in after.by_key.items()}
    assert apply(before, diff(before, after)) == expected


def apply(before: Snapshot, changes: tuple[ModelChange, ...]) -> dict[str, JsonText]:
    """Apply the updates of fields to facts."""
    facts = {key: parse(model.facts) for key, model in before.by_key.items()}
    for change in changes:
        match change:
            case Removed(model):
                del facts[model.key]
            case Added(model) | Restored(model):
                facts[model.key] = parse(model.facts)
            case Updated(model, field, old, new):
                path = [part.replace("\0", "\\") for part in _split(field)]
                _put(facts[model.key], path, old, new)
    return {key: canonical(value) for key, value in facts.items()}


def _split(field: str) -> list[str]:
    parts = field.replace("\\\\", "\0").replace("\\.", "\1").split(".")
    return [part.replace("\1", ".") for part in parts]


def _put(
    facts: dict[str, Any], path: list[str], old: JsonText | None, new: JsonText | None
) -> None:
    *parents, last = path
    trail = [facts]
    for key in parents:
        trail.append(trail[-1].setdefault(key, {}))
    assert (canonical(trail[-1][last]) if last in trail[-1] else None) == old
    if new is not None:
        trail[-1][last] = parse(new)
        return
    del trail[-1][last]
    for place, key in zip(reversed(trail[:-1]), reversed(parents), strict=True):
        if not place[key]:  # an object that came or went leaf by leaf
            del place[key]
