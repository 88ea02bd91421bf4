"""Many changes of one poll that are one event are one finding."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.changes.change import Updated
from catalog.changes.finding import Finding
from catalog.changes.judge import Case, judge
from catalog.changes.likeness import likeness
from catalog.core.strict_json import canonical
from catalog.report.sentences import sentence
from tests.support.builders import AT
from tests.support.states import FIELDS, Rows, found, row, some, state

HOUR = timedelta(hours=1)
WHOLE = some(40)
NEW = [row(f"new{at:02}") for at in range(10)]


def shown(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return the rule and the sentence of each reported finding."""
    return [(each.rule, sentence(each)) for each in findings if each.is_reported]


def rows_of(values: dict[str, dict[str, Any]]) -> Rows:
    """Return thirty constant rows, and a row for each key."""
    return [*some(0, 30), *(row(key, **facts) for key, facts in values.items())]


def test_ten_models_that_come_are_one_event() -> None:
    """Ten new models are one finding with three names, nine are nine findings."""
    assert shown(found(WHOLE, [*WHOLE, *NEW])) == [
        ("model-added", "10 models added (new00, new01, new02 and 7 more)")
    ]
    assert len(found(WHOLE, [*WHOLE, *NEW[:9]])) == 9


def test_ten_models_that_go_or_return_are_one_event() -> None:
    """Removals of one poll have one line with the last day of calls, and returns too."""
    (gone,) = found([*WHOLE, *NEW], WHOLE)
    assert sentence(gone).startswith("10 models removed (new00, new01, new02 and 7 more); callable")
    (back,) = found(WHOLE, [*WHOLE, *NEW], *(each["id"] for each in NEW))
    assert (back.rule, len(back.changes)) == ("model-restored", 10)


def vendor(name: str, count: int) -> Rows:
    """Return models of a vendor with many common facts."""
    facts = {f"fact{at}": at for at in range(9)}
    made = [row(f"{name}/x{at}", created=len(name), **facts) for at in range(count)]
    return [each | {"text": each["id"]} for each in made]


@pytest.mark.parametrize(("old", "new"), [("one", "one two"), ("a/b", "a/c"), ("say: a", "say: b")])
def test_prefixes_with_a_common_part_are_one_event(old: str, new: str) -> None:
    """Ten texts whose prefix changed in the same way are one finding, however alike it stays."""
    tails = ["x", "/b", "a longer text", *(f"{'tail' * at} {at}" for at in range(7))]
    before, after = (
        rows_of({f"k{at}": {"title": f"{each}: {tail}"} for at, tail in enumerate(tails)})
        for each in (old, new)
    )
    (finding,) = found(before, after)
    assert (finding.rule, len(finding.changes)) == ("field-changed", 10)


def tags(*extra: str) -> Rows:
    """Return twelve rows with tags, of which the first three have more."""
    return rows_of(
        {f"k{at:02}": {"tags": [f"own{at}", *(extra if at < 3 else extra[:1])]} for at in range(12)}
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (tags(), tags("new", "x"), "+new, and other items on 3 models"),
        (tags("old", "x"), tags(), "-old, and other items on 3 models"),
        (tags("old"), tags("new", "x"), "+new, -old, and other items on 3 models"),
    ],
)
def test_lists_that_share_a_move_are_one_event(before: Rows, after: Rows, said: str) -> None:
    """The same item on ten models is one finding, whatever else moved on some of them."""
    ((_, text),) = shown(found(before, after))
    assert text == f"tags on 12 models: {said} (k00, k01, k02 and 9 more)"


def test_nine_lists_that_share_a_move_are_nine_events() -> None:
    """Fewer models are reported one by one."""
    before, after = ([*rows, row("z")] for rows in (tags("old", "x")[:-3], tags()[:-3]))
    assert len(found(before, after)) == 9


def test_other_lists_join_those_with_the_very_same_move() -> None:
    """A wave of ten lists takes those in that have its move and another one."""
    before, after = tags(), tags("new", "x", "y")
    more = [row(f"j{at}", tags=[f"own{at}"]) for at in range(4)]
    joined = [row(f"j{at}", tags=[f"own{at}", "new", *([f"z{at}"] * at)]) for at in range(4)]
    (finding,) = found([*before, *more], [*after, *joined])
    assert len(finding.changes) == 16


def test_three_names_with_another_prefix_are_renames() -> None:
    """Three models that went from one vendor to another are renamed, two are not."""
    old, new = vendor("old", 3), vendor("newer", 3)
    finding = found([*WHOLE, *old], [*WHOLE, *new])[0]
    assert finding.rule == "name-changed"
    assert sentence(finding).startswith("3 models renamed with old → newer: old/x0 → newer/x0")
    two = found([*WHOLE, *old[:2]], [*WHOLE, *new[:2]])
    assert {each.rule for each in two} == {"model-removed", "model-added"}


def test_names_without_a_vendor_are_no_renames() -> None:
    """Models without a prefix that others have too are removed and added."""
    before = [row(f"x{at}", text=f"one {at}") for at in range(3)]
    after = [row(f"y{at}", text=f"two {at}") for at in range(3)]
    rules = {each.rule for each in found([*WHOLE, *before], [*WHOLE, *after])}
    assert rules == {"model-removed", "model-added"}


def test_the_same_words_in_ten_lists_are_one_event() -> None:
    """One new word in lists that differ is one finding, and a word on one model is quiet."""
    before, after = (
        {f"x{at:02}": {"tags": ["a", str(at), *new]} for at in range(10)} for new in ([], ["z"])
    )
    (finding,) = found(rows_of(before), rows_of(after))
    assert (finding.rule, finding.level) == ("list-extended", "info")
    assert sentence(finding) == "tags on 10 models: +z (x00, x01, x02 and 7 more)"
    (quiet,) = found(rows_of(before), rows_of(before | {"x00": after["x00"]}))
    assert (quiet.rule, quiet.level) == ("list-extended", "quiet")


def test_the_same_part_of_ten_texts_is_one_event() -> None:
    """A vendor that is written in another way in ten titles is one finding."""
    before, after = (
        {f"x{at:02}": {"title": f"{vendor}: {at}x"} for at in range(10)}
        for vendor in ("Zed", "ZED")
    )
    (finding,) = found(rows_of(before), rows_of(after))
    assert (
        sentence(finding) == 'title on 10 models: "Zed" → "ZED" in each (x00, x01, x02 and 7 more)'
    )


PRICES = {"in": "1", "out": "2", "cache": "0.5"}
UP = {"in": "1.1", "out": "2.2", "cache": "0.55"}


def test_prices_of_one_model_are_one_event() -> None:
    """Three prices of a model that rise together are one finding."""
    assert shown(found(some(1, pricing=PRICES), some(1, pricing=UP))) == [
        ("price-raised", "m00: prices 10 % up (cache, in, out)")
    ]


def test_a_model_and_its_alias_are_one_event() -> None:
    """The same moves of several prices on two models are one finding."""
    assert shown(found(some(2, pricing=PRICES), some(2, pricing=UP))) == [
        ("price-raised", "2 models (m00, m01): prices 10 % up (cache, in, out)")
    ]


def test_prices_of_many_models_are_one_event() -> None:
    """Waves of several prices on the same models are one finding."""
    assert shown(found(some(30, pricing=PRICES), some(30, pricing=UP))) == [
        (
            "price-raised",
            "30 models (m00, m01, m02 and 27 more): prices 10 % up (cache, in, out)",
        )
    ]


def test_small_differences_are_reported_with_the_prices() -> None:
    """A list that lost a word with a price is in the same finding, a doubted price is apart."""
    before = some(1, pricing=PRICES, tags=["a", "b"], size=1)
    after = some(1, pricing=PRICES | {"in": "2", "out": "99"}, tags=["a"], size=2)
    assert shown(found(before, after)) == [
        ("price-raised", "m00: prices 100 % up (in); tags -b"),
        (
            "implausible",
            "m00: pricing.out 2 → 99 (50 times), implausible, waiting for confirmation",
        ),
        ("field-changed", "m00: size 1 → 2"),
    ]


@pytest.mark.parametrize("field", ["note", "tags"])
def test_a_list_that_loses_words_is_reported(field: str) -> None:
    """A list that lost a word, also beside a new one, is reported."""
    before, after = some(1, **{field: ["a", "b"]}), some(1, **{field: ["b", "c"]})
    assert shown(found(before, after)) == [("field-changed", f"m00: {field} +c, -a")]


def test_values_that_settle_at_the_same_time_are_one_event() -> None:
    """Prices of two models that settled together are one finding, a later one is apart."""
    updates = [
        Updated(
            state([row(name)]).models[0],
            "pricing.in",
            canonical(1),
            canonical(after),
            since=AT + late * HOUR,
        )
        for name, after, late in (("a", 2, 0), ("b", 3, 0), ("c", 4, 1))
    ]
    settled = judge(updates, Case("many", AT, FIELDS, None, trust="confirmed"))
    assert [(each.rule, len(each.changes)) for each in settled] == [
        ("price-raised", 2),
        ("price-raised", 1),
    ]


def test_a_value_that_came_is_like_another_that_came() -> None:
    """Moves from nothing are alike only if they come to the same value."""
    (one, same, other) = (
        Updated(state([row("a")]).models[0], "x", None, canonical(value)) for value in (1, 1, 2)
    )
    assert likeness(one) == likeness(same) != likeness(other)
