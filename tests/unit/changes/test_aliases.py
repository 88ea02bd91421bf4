"""Aliases: names beside a model's own, and names that another model answers."""

from collections.abc import Iterable
from typing import Any

import pytest

from catalog.alerts.channel import Audience, used_in
from catalog.changes.aliases import aliases, answering_models, moved_aliases, target
from catalog.changes.change import Updated
from catalog.changes.diff import diff
from catalog.changes.finding import Finding
from catalog.changes.judge import Case, judge
from catalog.changes.rules import Lifecycle
from catalog.cli.explain import bundled
from catalog.core.paths import Attributes
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import canonical
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence
from tests.support.builders import AT

FIELDS = Attributes.of(
    {
        "id": "name",
        "points_to": "alias_of",
        "also": "aliases",
        "more.*.name": "aliases",
        "*.also_deep": "aliases",
        "text": "description",
    }
)
Rows = dict[str, dict[str, Any]]
Told = list[tuple[str, str]]
"""The rule and the sentence of each finding."""


def state(rows: Rows) -> Snapshot:
    """Make a catalog in which the id is the name."""
    models = (
        Model(key, key, "llm", canonical({"id": key, **facts}), description=facts.get("text"))
        for key, facts in rows.items()
    )
    return Snapshot.of("p", AT, models)


def found(before: Rows, after: Rows) -> tuple[Finding, ...]:
    """Compare and judge two states."""
    old, new = state(before), state(after)
    changes = diff(old, new)
    still = answering_models(changes, new, FIELDS)
    common = len(old.by_key.keys() & new.by_key.keys())
    return judge(changes, Case("p", AT, FIELDS, Lifecycle(30, "a policy"), common, answering=still))


def told(findings: Iterable[Finding]) -> Told:
    """Return the rules and sentences."""
    return [(each.rule, sentence(each)) for each in findings]


ONE, TWO = {"id": "v/one", "name": "One"}, {"id": "v/two", "name": "Two"}
SHARED = {"text": "The same words on both", "n": 1, "m": 2, "created": 7}

CALLABLE = "callable until at least 2026-01-22 (a policy)"
LATEST = "latest is an alias of another model now"

TABLE: dict[str, tuple[Rows, Rows, Told]] = {
    "another target": (
        {"latest": {"points_to": ONE}},
        {"latest": {"points_to": TWO}},
        [
            (
                "alias-swapped",
                "latest: points_to.id v/one → v/two, points_to.name One → Two",
            )
        ],
    ),
    "another target of two aliases, whose name begins alike": (
        {"latest": {"points_to": ONE}, "newest": {"points_to": ONE}},
        {name: {"points_to": {"id": "v/one-b", "name": "One B"}} for name in ("latest", "newest")},
        [
            (
                "alias-swapped",
                (
                    "2 models (latest, newest): points_to.id v/one → v/one-b, points_to.name One → "
                    "One B"
                ),
            )
        ],
    ),
    "another target as text": (
        {"latest": {"points_to": "one"}},
        {"latest": {"points_to": "two"}},
        [("alias-swapped", "latest: points_to one → two")],
    ),
    "another target of one field": (
        {"v/latest": {"points_to": {"slug": "one"}}},
        {"v/latest": {"points_to": {"slug": "two"}}},
        [("alias-swapped", "v/latest: points_to.slug one → two")],
    ),
    "another name of the same target": (
        {"latest": {"points_to": ONE}},
        {"latest": {"points_to": ONE | {"name": "First"}}},
        [("field-changed", "latest: points_to.name One → First")],
    ),
    "a target that was absent before": (
        {"latest": {"points_to": None}},
        {"latest": {"points_to": ONE}},
        [("field-changed", 'latest: points_to null → {"id":"v/one","name":"One"}')],
    ),
    "a target that is absent now": (
        {"latest": {"points_to": "one"}},
        {"latest": {}},
        [("field-changed", "latest: points_to one → missing")],
    ),
    "an alias went": (
        {"a": {"also": ["b", "c"]}},
        {"a": {"also": ["c"]}},
        [("alias-dropped", "a: also -b")],
    ),
    "all aliases went": (
        {"a": {"also": ["b", "c"]}},
        {"a": {}},
        [("alias-dropped", 'a: also ["b","c"] → missing')],
    ),
    "an alias came": (
        {"a": {"also": ["b"]}},
        {"a": {"also": ["b", "c"]}},
        [("alias-added", "a: also +c")],
    ),
    "aliases came": (
        {"a": {}},
        {"a": {"also": ["b"]}},
        [("alias-added", 'a: also missing → ["b"]')],
    ),
    "no aliases are listed": (
        {"a": {}},
        {"a": {"also": []}},
        [("null-moved", "a: also missing → []")],
    ),
    "aliases in another order": (
        {"a": {"also": ["b", "c"]}},
        {"a": {"also": ["c", "b"]}},
        [("value-respelled", "a: also the same in another order")],
    ),
    "aliases that are no names": (
        {"a": {"also": 1}},
        {"a": {"also": 2}},
        [("field-changed", "a: also 1 → 2")],
    ),
    "an alias gave way to another": (
        {"a": {"also": ["b"]}},
        {"a": {"also": ["c"]}},
        [("alias-dropped", "a: also +c, -b")],
    ),
    "its own name left the aliases": (
        {"a": {"also": ["a", "b"]}},
        {"a": {"also": ["b"]}},
        [("field-changed", "a: also -a")],
    ),
    "an alias within an object": (
        {"a": {"more": [{"name": "b"}, {"name": "c"}]}},
        {"a": {"more": [{"name": "c"}]}},
        [("alias-dropped", 'a: more.b {"name":"b"} → missing')],
    ),
    "an alias went to another model": (
        {"a": {"also": ["latest", "x"]}, "b": {"also": []}},
        {"a": {"also": ["x"]}, "b": {"also": ["latest"]}},
        [("alias-swapped", "also latest: a → b")],
    ),
    "an alias went to another model, another was dropped, and one came": (
        {"a": {"also": ["latest", "x"]}, "b": {"also": []}},
        {"a": {"also": []}, "b": {"also": ["latest", "y"]}},
        [("alias-dropped", "also latest: a → b; a -x; b +y")],
    ),
    "aliases went round": (
        {"a": {"also": ["1"]}, "b": {"also": ["2"]}, "c": {"also": ["3"]}, "d": {"also": ["4"]}},
        {"a": {"also": ["3"]}, "b": {"also": ["1"]}, "c": {"also": ["2"]}, "d": {"also": ["5"]}},
        [
            ("alias-dropped", "d: also +5, -4"),
            ("alias-swapped", "also 1: a → b; 2: b → c; 3: c → a"),
        ],
    ),
    "four aliases went to another model": (
        {"a": {"also": ["1", "2", "3", "4"]}, "b": {"also": []}},
        {"a": {"also": []}, "b": {"also": ["1", "2", "3", "4"]}},
        [("alias-swapped", "also 1: a → b; 2: a → b; 3: a → b and 1 more")],
    ),
    "an alias went to a new model": (
        {"a": {"also": ["latest"]}},
        {"a": {"also": []}, "b": {"also": ["latest"]}},
        [("alias-swapped", "a: also -latest"), ("model-added", "b added: llm")],
    ),
    "an alias is the name of a new model": (
        {"a": {"also": ["b"]}},
        {"a": {"also": []}, "b": {}},
        [("alias-swapped", "a: also -b"), ("model-added", "b added: llm")],
    ),
    "another model keeps the alias": (
        {"a": {"also": ["x"]}, "b": {"one": {"also_deep": ["x"]}}},
        {"a": {"also": []}, "b": {"one": {"also_deep": ["x"]}}},
        [("alias-swapped", "a: also -x")],
    ),
    "a model became an alias": (
        {"a": {}, "b": {}},
        {"b": {"also": ["a"]}},
        [
            ("removed-with-alias", "a removed, and its name is an alias of another model now"),
            ("alias-added", 'b: also missing → ["a"]'),
        ],
    ),
    "a model left with its aliases": (
        {"a": {"also": ["x"]}, "b": {}},
        {"b": {}},
        [
            (
                "model-removed",
                f"a removed, and its alias x with it; {CALLABLE}",
            )
        ],
    ),
    "a model left, and another took an alias of it": (
        {"a": {"also": ["x", "y", "latest"]}, "b": {}},
        {"b": {"also": ["latest"]}},
        [
            (
                "model-removed",
                f"a removed, and its aliases x, y with it; {LATEST}; {CALLABLE}",
            ),
            ("alias-added", 'b: also missing → ["latest"]'),
        ],
    ),
    "a renamed model whose old name stays": (
        {"old": {**SHARED, "also": ["x"]}},
        {"new": {**SHARED, "also": ["old", "x"]}},
        [("renamed-with-alias", "old renamed to new, and the old name stays as an alias")],
    ),
    "a renamed model whose new name was an alias": (
        {"old": {**SHARED, "also": ["new", "x"]}},
        {"new": {**SHARED, "also": ["x"]}},
        [("name-changed", "old renamed to new; callable until at least 2026-01-22 (a policy)")],
    ),
    "a renamed model whose old name another one took": (
        {"old": SHARED, "other": {}},
        {"new": SHARED, "other": {"also": ["old"]}},
        [
            ("name-changed", "old renamed to new; callable until at least 2026-01-22 (a policy)"),
            ("alias-added", 'other: also missing → ["old"]'),
        ],
    ),
    "a renamed model that lost an alias": (
        {"old": {**SHARED, "also": ["x"]}},
        {"new": {**SHARED, "also": ["old"]}},
        [
            ("alias-dropped", "new: also +old, -x"),
            ("renamed-with-alias", "old renamed to new, and the old name stays as an alias"),
        ],
    ),
    "the description of a short name": (
        {"a": {"text": "x"}, "v/b": {"text": "x"}},
        {"a": {"text": "y"}, "v/b": {"text": "y"}},
        [
            ("alias-swapped", "a: text x → y"),
            ("field-changed", "v/b: text x → y"),
        ],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_table(case: str) -> None:
    """A caller of an alias learns whether another model answers, or none."""
    before, after, expected = TABLE[case]
    assert sorted(told(found(before, after))) == sorted(expected)


def test_aliases_on_most_models_are_one_finding() -> None:
    """A provider that begins to say its aliases is one finding."""
    before: Rows = {f"m{at}": {} for at in range(9)}
    after: Rows = {f"m{at}": {"also": [f"alias of {at}"]} for at in range(9)}
    assert told(found(before, after)) == [
        ("alias-added", "also on 9 models: came, 9 different values (m0, m1, m2 and 6 more)")
    ]


def test_an_alias_is_one_finding_in_json_too() -> None:
    """The fields of a target are listed with their values, and moved aliases with both models."""
    (target_moved,) = found(*TABLE["another target"][:2])
    json = finding_json(target_moved)
    assert (json["rule"], json["models"], json["parent"]) == (
        "alias-swapped",
        ["latest"],
        "points_to",
    )
    assert json["moves_of_fields"] == [
        {"field": "points_to.id", "before": "v/one", "after": "v/two"},
        {"field": "points_to.name", "before": "One", "after": "Two"},
    ]
    assert bundled(target_moved) == "2 fields that moved in one poll on 1 model"
    (went_over,) = found(*TABLE["an alias went to another model"][:2])
    assert finding_json(went_over)["models"] == ["a", "b"]
    assert bundled(went_over) == "aliases that went from one of 2 models to another"


def test_code_that_uses_a_lost_alias_is_concerned() -> None:
    """A channel for used models reports a lost alias that code uses, with its files."""
    (dropped,) = found(*TABLE["an alias went"][:2])
    used = {("p", "b"): ("app.py",)}
    assert used_in(dropped, used) == ("app.py",)
    assert Audience(in_use=True, usage=lambda: used).wants(dropped)
    assert Audience(models=("b",)).wants(dropped)
    assert not Audience(models=("c",)).wants(dropped)


@pytest.mark.parametrize("name", ["x", "y", "latest", "a"])
def test_code_that_uses_an_alias_of_a_removed_model_is_concerned(name: str) -> None:
    """A channel hears that a model left by each name that calls of it take."""
    removed = found(*TABLE["a model left, and another took an alias of it"][:2])[0]
    assert used_in(removed, {("p", name): ("app.py",)}) == ("app.py",)
    assert Audience(models=(name,)).wants(removed)
    json = finding_json(removed)
    assert (json["aliases"], json["moved_aliases"]) == (["x", "y"], ["latest"])


def test_the_aliases_of_a_model_are_read() -> None:
    """All places count, and a model's own name is no alias."""
    (model,) = state(
        {"a": {"also": ["a", "b", 1], "more": [{"name": "c"}], "points_to": ONE}}
    ).models
    assert aliases(model, FIELDS) == {"b", "c"}
    assert aliases(model, Attributes()) == set()
    assert target(model, FIELDS) == "v/one"
    assert target(model, Attributes()) is None


def test_other_words_are_no_aliases() -> None:
    """Descriptions that two models exchanged are no aliases that went over."""
    texts = [canonical("x"), canonical("y")]
    one, other = state({"a": {}, "b": {}}).models
    assert moved_aliases([Updated(one, "text", *texts), Updated(other, "text", *texts[::-1])]) == ()
