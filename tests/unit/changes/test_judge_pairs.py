"""The findings of two polls: one event is one finding."""

import pytest

from tests.support.builders import MISSING
from tests.support.states import (
    Rows,
    found,
    moved,
    priced,
    row,
    served,
    some,
    variants,
)

Expected = list[tuple[str, str, int]]
"""The level, the rule, and how many changes each finding holds; the most severe first."""


BLOCK = {"batch": {"on": True}, "effort": {"high": False, "low": True}}
WHOLE = some(40)

TABLE: dict[str, tuple[tuple[Rows, Rows], Expected]] = {
    "rows in another order": ((WHOLE, WHOLE[::-1]), []),
    "a key with null on every model": (
        (WHOLE, some(40, extra=None)),
        [("quiet", "null-moved", 40)],
    ),
    "a key with null on most, with a value on a few": (
        (WHOLE, [*some(38, 38, extra=None), *(row(f"m{at}", extra=1) for at in (38, 39))]),
        [("info", "field-changed", 1)] * 2 + [("quiet", "null-moved", 38)],
    ),
    "every text cut short": (
        (WHOLE, [row(each["id"], text=each["text"][:30] + "…") for each in WHOLE]),
        [("warning", "alias-swapped", 40)],
    ),
    "most texts cut short, one written again": (
        (
            WHOLE,
            [
                row(each["id"], text=each["text"][:30] + "..." if at else "Another")
                for at, each in enumerate(WHOLE)
            ],
        ),
        [("warning", "alias-swapped", 1), ("warning", "alias-swapped", 39)],
    ),
    "a price of 0 dropped from ten of forty": (
        (some(10, pricing={"web": "0", "prompt": "1"}), some(10, pricing={"prompt": "1"})),
        [("info", "price-zero", 10)],
    ),
    "a price of 0 dropped from nine of forty": (
        (some(9, pricing={"web": "0", "prompt": "1"}), some(9, pricing={"prompt": "1"})),
        [("info", "price-zero", 1)] * 9,
    ),
    "most prices left 0, each to its own": (
        (
            [row(f"m{at:02}", pricing={"prompt": "0"}) for at in range(30)],
            [row(f"m{at:02}", pricing={"prompt": f"0.{at + 1}"}) for at in range(30)],
        ),
        [("warning", "price-raised", 30)],
    ),
    "the same price moved on ten of forty": (
        (some(10, pricing={"prompt": "1"}), some(10, pricing={"prompt": "2"})),
        [("warning", "price-raised", 10)],
    ),
    "a block came": (
        (WHOLE, some(30, can=BLOCK)),
        [("info", "field-changed", 90)],
    ),
    "a block went from two models": (
        (some(2, can=BLOCK), WHOLE),
        [("info", "field-changed", 6)],
    ),
    "part of a block came on two models": (
        (some(2, can={"a": 1}), some(2, can={"a": 1, "b": 2, "c": 3})),
        [("info", "field-changed", 4)],
    ),
    "one field of a block came, another moved": (
        (some(1, can={"a": 1}), some(1, can={"a": 2, "c": 3})),
        [("info", "field-changed", 1)] * 2,
    ),
    "three fields of the model itself came on four of seven": (
        (some(0, 7), some(4, 7, a=1, b=2, c=3)),
        [("info", "field-changed", 12)],
    ),
    "three fields of the model itself went from one": (
        (some(1, 7, a=1, b=2, c=3), some(0, 7)),
        [("info", "field-changed", 3)],
    ),
    "two fields of the model itself came on one": (
        (some(0, 7), some(1, 7, a=1, b=2)),
        [("info", "field-changed", 1)] * 2,
    ),
    "fields of the model itself came on most": (
        (WHOLE, some(30, one=1, two=[2])),
        [("info", "field-changed", 60)],
    ),
    "fields that came on most, one of them null": (
        (WHOLE, some(30, one=1, two=None)),
        [("info", "field-changed", 30), ("quiet", "null-moved", 30)],
    ),
    "fields of two objects came on most": (
        (some(30, a={"x": 1}, b={"y": 1}), some(30, a={"x": 1, "m": 1}, b={"y": 1, "n": 1})),
        [("info", "field-changed", 60)],
    ),
    "two fields moved on most": (
        (some(40, one=1, two=1), some(40, one=2, two=2)),
        [("info", "field-changed", 40)] * 2,
    ),
    "variants went together": (
        ([*WHOLE, *variants(":batch", 5)], WHOLE),
        [("breaking", "model-removed", 5)],
    ),
    "four variants went": (
        ([*WHOLE, *variants(":batch", 4)], WHOLE),
        [("breaking", "model-removed", 1)] * 4,
    ),
    "variants of two kinds came, and a model": (
        (WHOLE, [*WHOLE, *variants(":free", 6), *variants(":fast", 5), row("new")]),
        [("info", "model-added", n) for n in (6, 5, 1)],
    ),
    "a bulk cut without a suffix": (
        (WHOLE, WHOLE[9:]),
        [("breaking", "model-removed", 1)] * 9,
    ),
    "a colon within a sentence is no suffix": (
        ([*WHOLE, *(row(f"m{at}: a b") for at in range(6))], WHOLE),
        [("breaking", "model-removed", 1)] * 6,
    ),
    "a vendor's prefix": (
        (WHOLE, [*WHOLE[1:], WHOLE[0] | {"id": "vendor/m00"}]),
        [("breaking", "name-changed", 1)],
    ),
    "a suffix, and another price": (
        (
            some(1, pricing={"prompt": "0"}),
            [*WHOLE[1:], row("m00") | {"id": "m00:free", "pricing": {"prompt": "1"}}],
        ),
        [("breaking", "name-changed", 1), ("warning", "price-raised", 1)],
    ),
    "a prefix on all": (
        (WHOLE, [each | {"id": f"vendor/{each['id']}"} for each in WHOLE]),
        [("breaking", "name-changed", 40)],
    ),
    "null to missing": (moved(None, MISSING), [("quiet", "null-moved", 1)]),
    "null to a value": (moved(None, 1), [("info", "field-changed", 1)]),
    "a quiet field": (moved(1, 2, "score"), [("quiet", "quiet-changed", 1)]),
    "a field below a quiet one": (
        moved({"a": 1}, {"a": 2}, "score"),
        [("quiet", "quiet-changed", 1)],
    ),
    "a price as text in another spelling": (
        priced("5e-09", "0.000000005"),
        [("quiet", "value-respelled", 1)],
    ),
    "a price as text that became a number": (
        priced("0.000002", 2e-6),
        [("quiet", "value-respelled", 1)],
    ),
    "the noise of doubles": (
        priced(0.05, 0.049999999999999996),
        [("quiet", "value-respelled", 1)],
    ),
    "a price that rose": (priced("5e-09", "0.00000006"), [("warning", "price-raised", 1)]),
    "a price that fell": (priced("0.000002", "1e-6"), [("info", "price-lowered", 1)]),
    "a price that no longer depends": (priced("-1", "0.5"), [("info", "price-gained", 1)]),
    "a price that depends": (priced("0.5", "-1"), [("warning", "price-lost", 1)]),
    "a price that is not free now": (priced("0", "0.5"), [("warning", "price-raised", 1)]),
    "a price that is free now": (priced("0.5", "0"), [("info", "price-lowered", 1)]),
    "a price that was rounded": (priced("1", "1.0009"), [("quiet", "price-rounded", 1)]),
    "a price that was raised a bit": (priced("1", "1.001"), [("warning", "price-raised", 1)]),
    "a price 20 times as high": (priced("1", "20"), [("warning", "price-raised", 1)]),
    "a price above that": (priced("1", "20.1"), [("info", "implausible", 1)]),
    "a price that came": (priced(MISSING, "0.5"), [("info", "price-gained", 1)]),
    "a price that went": (priced("0.5", None), [("warning", "price-lost", 1)]),
    "a price of 0 that came": (priced(None, "0"), [("info", "price-zero", 1)]),
    "a price in words": (priced("1", "ask us"), [("info", "field-changed", 1)]),
    "a limit as text": (moved("131072", "262144", "limit"), [("info", "limit-raised", 1)]),
    "a limit that means none": (
        moved("131072", "99999999", "limit"),
        [("warning", "limit-lost", 1)],
    ),
    "a limit that is the same": (
        moved("131072", 131072.0, "limit"),
        [("quiet", "value-respelled", 1)],
    ),
    "an integer that became a float": (moved(1, 1.0), []),
    "an odd date": (moved("2025-1-6", "2025-01-06"), [("quiet", "value-respelled", 1)]),
    "no date": (moved("2025-13-45", "2025-13-46"), [("info", "field-changed", 1)]),
    "an instant in another zone": (
        moved("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"),
        [("quiet", "value-respelled", 1)],
    ),
    "an instant with its zone after a space": (
        moved("2026-01-01 01:00:00 UTC", "2026-01-01 08:00:00 +0700"),
        [("quiet", "value-respelled", 1)],
    ),
    "another instant with its zone after a space": (
        moved("2026-01-01 01:00:00 UTC", "2026-01-01 01:00:00 +0700"),
        [("info", "field-changed", 1)],
    ),
    "a day far away": (moved(None, "2098-12-31"), [("info", "field-changed", 1)]),
    "a version": (moved("3.10", "3.1"), [("info", "field-changed", 1)]),
    "words in another order": (moved(["a", "b"], ["b", "a"]), [("quiet", "value-respelled", 1)]),
    "objects in another order": (
        moved([{"n": 1, "m": 1}, {"n": 1, "m": 1.5}], [{"n": 1, "m": 1.5}, {"n": 1, "m": 1}]),
        [("quiet", "value-respelled", 1)],
    ),
    "a price in a list": (
        priced([{"unit": "token", "usd": 0}], [{"unit": "token", "usd": 0.3}]),
        [("warning", "price-raised", 1)],
    ),
    "prices in a list with another order": (
        priced(
            [{"unit": "a", "usd": "1"}, {"unit": "b", "usd": "2"}],
            [{"unit": "b", "usd": "1"}, {"unit": "a", "usd": "1.0"}],
        ),
        [("info", "price-lowered", 1), ("quiet", "value-respelled", 1)],
    ),
    "a limit and a quiet field of a place": (
        served({"price": 1, "limit": 8, "load": 1}, {"price": 1, "limit": 4, "load": 2}),
        [("breaking", "limit-lowered", 1), ("quiet", "quiet-changed", 1)],
    ),
    "a place came": (
        served(None, {"price": 1, "load": 1}),
        [("info", "price-gained", 1)],
    ),
    "a place went": (
        served({"price": 1, "load": 1}, None),
        [("warning", "price-lost", 1)],
    ),
    "places came where there was no list": (
        moved(MISSING, [{"at": "x", "price": 1}, {"at": "y", "price": 1}], "served"),
        [("info", "price-gained", 1)],
    ),
    "two places came": (
        moved([], [{"at": "x", "price": 1}, {"at": "y", "price": 1}], "served"),
        [("info", "price-gained", 2)],
    ),
    "fields of a place came": (
        served({"load": 1}, {"load": 1, "opt": {"a": 1, "b": 2}, "more": {"c": 3}}),
        [("info", "field-changed", 1), ("info", "field-changed", 2)],
    ),
    "fields of a place went": (
        served({"load": 1, "opt": {"a": 1, "b": 2}}, {"load": 1}),
        [("info", "field-changed", 2)],
    ),
    "a price of the same place on ten of forty": (
        (
            some(10, served=[{"at": "x", "price": 1}]),
            some(10, served=[{"at": "x", "price": 2}]),
        ),
        [("warning", "price-raised", 10)],
    ),
    "numbers in another order": (moved([1, 2], [2, 1]), [("info", "field-changed", 1)]),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_table(case: str) -> None:
    """Each pair of states gives exactly these findings with their number of changes."""
    (before, after), expected = TABLE[case]
    judged = [(str(each.level), each.rule, len(each.changes)) for each in found(before, after)]
    assert sorted(judged) == sorted(expected)
