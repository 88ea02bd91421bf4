"""Lists of objects: their items are compared one by one."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.change import Updated
from catalog.changes.diff import diff
from catalog.changes.items import LONGEST, by_step, leaves, matched
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import canonical, dotted
from tests.support.builders import AT

Found = list[tuple[str, Any, Any]]
"""Each path with both values, None for a missing one."""
LONG = "x" * LONGEST


def state(value: Any) -> Snapshot:
    """Make a catalog of one model with this field `all`."""
    return Snapshot.of("p", AT, [Model("a", "a", "llm", canonical({"all": value}))])


def found(before: Any, after: Any) -> Found:
    """Compare two values of one field."""
    old, new = state(before), state(after)
    updates = [each for each in diff(old, new) if isinstance(each, Updated)]
    return [
        (each.field, each.before and json.loads(each.before), each.after and json.loads(each.after))
        for each in updates
    ]


TIERS = [{"when": {"below": 32}, "usd": 1}, {"when": {"from": 32}, "usd": 2}]

TABLE: dict[str, tuple[Any, Any, Found]] = {
    "a price of an item": (
        [{"unit": "token", "price": 1}, {"unit": "image", "price": 5}],
        [{"unit": "image", "price": 6}, {"unit": "token", "price": 1}],
        [("all.image.price", 5, 6)],
    ),
    "an item came and another went": (
        [{"name": "a", "n": 1}, {"name": "b", "n": 1}],
        [{"name": "b", "n": 1}, {"name": "c.d", "n": 1}],
        [("all.a", {"name": "a", "n": 1}, None), (r"all.c\.d", None, {"name": "c.d", "n": 1})],
    ),
    "only another order": (TIERS, TIERS[::-1], [("all", TIERS, TIERS[::-1])]),
    "another order and another price": (
        TIERS,
        [{"when": {"from": 32}, "usd": 3}, TIERS[0]],
        [(r'all.{"from":32}.usd', 2, 3)],
    ),
    "objects distinguish items, and so does their absence": (
        [{"usd": 1}, {"when": {"from": 32}, "usd": 2}],
        [{"usd": 3}, {"when": {"from": 32}, "usd": 2}],
        [("all.null.usd", 1, 3)],
    ),
    "the field with most in common": (
        [{"id": 1, "place": "x", "n": 7}, {"id": 2, "place": "y", "n": 7}],
        [{"id": 3, "place": "x", "n": 7}, {"id": 4, "place": "y", "n": 8}],
        [("all.x.id", 1, 3), ("all.y.id", 2, 4), ("all.y.n", 7, 8)],
    ),
    "the best name of several fields": (
        [{"type": "a", "key": "k", "alpha": "q", "n": 1}],
        [{"type": "a", "key": "k", "alpha": "q", "n": 2}],
        [("all.k.n", 1, 2)],
    ),
    "texts before numbers": (
        [{"context": 8, "who": "x"}, {"context": 9, "who": "y"}],
        [{"context": 9, "who": "x"}, {"context": 8, "who": "y"}],
        [("all.x.context", 8, 9), ("all.y.context", 9, 8)],
    ),
    "prices last": (
        [{"price": 1, "upto": 8}, {"price": 2, "upto": 9}],
        [{"price": 2, "upto": 8}, {"price": 1, "upto": 9}],
        [("all.8.price", 1, 2), ("all.9.price", 2, 1)],
    ),
    "the only item": ([{"price": 1}], [{"price": 2}], [("all.0.price", 1, 2)]),
    "the only item, another id": (
        [{"id": "a", "n": 1}],
        [{"id": "b", "n": 2}],
        [("all", [{"id": "a", "n": 1}], [{"id": "b", "n": 2}])],
    ),
    "the only item, another form": ([{"a": 1}], [{"b": 2}], [("all", [{"a": 1}], [{"b": 2}])]),
    "nothing in common": (
        [{"n": 1}, {"n": 2}],
        [{"n": 3}, {"n": 4}],
        [("all.0.n", 1, 3), ("all.1.n", 2, 4)],
    ),
    "nothing in common, with names": (
        [{"id": 1}, {"id": 2}],
        [{"id": 3}, {"id": 4}],
        [("all", [{"id": 1}, {"id": 2}], [{"id": 3}, {"id": 4}])],
    ),
    "a common price distinguishes no items": (
        [{"price": 1}, {"price": 2}],
        [{"price": 1}, {"price": 3}],
        [("all.1.price", 2, 3)],
    ),
    "a price under another name": (
        [{"n": 1, "inputCost": 1}, {"n": 1, "inputCost": 2}],
        [{"n": 1, "inputCost": 1}, {"n": 1, "inputCost": 3}],
        [("all.1.inputCost", 2, 3)],
    ),
    "a price went": (
        [{"price": 1}, {"price": 2}],
        [{"price": 1}],
        [("all.2", {"price": 2}, None)],
    ),
    "other limits of the same prices": (
        [{"price": 1, "upto": 8}, {"price": 2, "upto": 9}],
        [{"price": 2, "upto": 7}, {"price": 1, "upto": 6}],
        [("all.1.upto", 8, 6), ("all.2.upto", 9, 7)],
    ),
    "two fields distinguish them": (
        [{"in": x, "unit": y, "price": 1} for x in "ab" for y in "cd"],
        [{"in": x, "unit": y, "price": 1 + (x < y < "d")} for y in "dc" for x in "ab"],
        [("all.c+a.price", 1, 2), ("all.c+b.price", 1, 2)],
    ),
    "no field distinguishes them": (
        [{"n": 1, "m": 1}, {"n": 1, "m": 2}],
        [{"n": 1, "m": 3}, {"n": 1, "m": 3}],
        [("all.0.m", 1, 3), ("all.1.m", 2, 3)],
    ),
    "neither fields nor forms distinguish them": (
        [{"n": 1}, {"n": 1}],
        [{"n": 1}, {"n": 1, "m": 3}],
        [("all", [{"n": 1}, {"n": 1}], [{"n": 1}, {"n": 1, "m": 3}])],
    ),
    "a text too long for a path": (
        [{"text": LONG + "1", "n": 1}, {"text": "b", "n": 1}],
        [{"text": LONG + "1", "n": 2}, {"text": "b", "n": 1}],
        [("all.0.n", 1, 2)],
    ),
    "the first items": ([], [{"id": "a"}], [("all.a", None, {"id": "a"})]),
    "the last items": ([{"id": "a"}], [], [("all.a", {"id": "a"}, None)]),
    "a list of other things": ([], [1], [("all", [], [1])]),
    "a list of several kinds": (
        [{"id": 1}],
        [{"id": 1}, 2],
        [("all", [{"id": 1}], [{"id": 1}, 2])],
    ),
    "a list in an item": (
        [{"id": "a", "by": [{"unit": "u", "n": 1}]}],
        [{"id": "a", "by": [{"unit": "u", "n": 2}]}],
        [("all.a.by.u.n", 1, 2)],
    ),
    "a number as text": ([{"id": 1}], [{"id": "1"}], [("all.1.id", 1, "1")]),
    "true is not 1": ([{"id": "a", "n": True}], [{"id": "a", "n": 1}], [("all.a.n", True, 1)]),
    "an empty item": ([{}, {"id": "a"}], [{"id": "a"}], [("all.null", {}, None)]),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_table(case: str) -> None:
    """Items are matched by the field that distinguishes them, and only their changes are found."""
    before, after, expected = TABLE[case]
    assert found(before, after) == sorted(expected, key=lambda each: each[0])


_ITEMS = st.dictionaries(
    st.text(max_size=3),
    st.fixed_dictionaries({"on": st.booleans()}, optional={"price": st.integers(1, 3)}),
    max_size=6,
)
SAME = [{"id": "same 1", "on": True, "price": 1}, {"id": "same 2", "on": True, "price": 1}]
"""Items that only the id distinguishes."""


@given(_ITEMS, _ITEMS, st.randoms(use_true_random=False))
def test_exactly_the_differences_of_items_are_found(
    before: dict[str, Any], after: dict[str, Any], random: Any
) -> None:
    """In any order, only added, removed and changed items are found."""
    sides = [
        [*SAME, *({"id": key} | rest for key, rest in side.items())] for side in (before, after)
    ]
    for side in sides:
        random.shuffle(side)
    expected: Found = []
    for key in before.keys() | after.keys():
        old, new = (side.get(key) for side in (before, after))
        if old is None or new is None:
            went, came = (side and {"id": key} | side for side in (old, new))
            expected.append((dotted(("all", key)), went, came))
            continue
        expected += [
            (dotted(("all", key, field)), old.get(field), new.get(field))
            for field in ("on", "price")
            if old.get(field) != new.get(field)
        ]
    if expected or sides[0] == sides[1]:
        assert found(*sides) == sorted(expected, key=lambda each: each[0])
    else:
        assert found(*sides) == [("all", *sides)]


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "item",
    [
        lambda at: {"id": f"i{at}", "price": at % 7, "more": {"a": at}},
        lambda at: {"kind": "same", "text": f"{at}", "n": at % 3, "l": [at]},
        lambda at: {f"own {at}": 1, "n": 1},
    ],
)
def test_ten_thousand_items_are_quick(item: Any) -> None:
    """The comparison of 10,000 items takes less than three seconds, in any order."""
    old = state([item(at) for at in range(10_000)])
    new = state([item(at) | {"price": 8, "gained": 1} for at in range(20, 10_020)][::-1])
    began = process_time()
    assert diff(old, new)
    assert process_time() - began < 3


def test_items_are_found_by_their_step() -> None:
    """The item of a step is that of the best identity, else of two texts or of a place."""
    a, b = {"id": "x", "who": "y"}, {"id": "y", "who": "z"}
    found = {"x": a, "y": b, "z": b, "x+y": a, "y+z": b, "0": a, "1": b}
    assert by_step([a, b, 1]) == found
    assert by_step([{"n": 1}]) == {"1": {"n": 1}, "0": {"n": 1}}
    assert by_step([{"n": 1}, {"n": 1}]) == {"0": {"n": 1}, "1": {"n": 1}}
    assert by_step([]) == {}


def test_leaves_enter_lists_of_objects() -> None:
    """Each value below an object or a list of objects has its path, other lists are values."""
    value = {"a": [{"id": "x", "n": 1}], "b": [1], "c": {}, "d": [{"n": 1}, {"n": 1}], "e": []}
    assert dict(leaves(value)) == {
        ("a", "x", "id"): "x",
        ("a", "x", "n"): 1,
        ("b",): [1],
        ("c",): {},
        ("d",): [{"n": 1}, {"n": 1}],
        ("e",): [],
    }
    assert list(leaves([1])) == []
    assert matched({}, []) is None
