"""Several changes in one sentence."""

import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from catalog.changes.change import Change, Removed, Renamed, Updated
from catalog.cli.explain import bundled
from catalog.core.strict_json import canonical
from catalog.report.sentences import sentence
from tests.support.builders import AT, finding, model

HOSTILE = "a\x1b[31m\nb\r\u2028c\x85d\x00"


def on(count: int, field: str, before: Any, after: Any) -> list[Change]:
    """Return the same move on several models. None means no field."""
    sides = [None if side is None else canonical(side) for side in (before, after)]
    return [Updated(model(str(at), f"m{at}"), field, *sides) for at in range(count)]


def settled(fields: int) -> list[Updated]:
    """Return moves of several fields of one model."""
    moves = [each for at in range(fields) for each in on(1, f"f{at}", "x", "y")]
    return [each for each in moves if isinstance(each, Updated)]


@pytest.mark.parametrize(
    ("changes", "said", "why"),
    [
        (
            on(4, "x", 1, 2),
            "x on 4 models: 1 → 2 (m0, m1, m2 and 1 more)",
            "one field on most models",
        ),
        (
            [*on(1, "x", 1, 2), *on(1, "x", 1, 3)],
            "x on 1 model: 1 → 2 … 3, raised (m0)",
            "one field on most models",
        ),
        (
            [*on(2, "x", "5", "0.000001"), *on(1, "x", "7", "1e-3")],
            "x on 2 models: 5 … 7 → 0.000001 … 1e-3, lowered (m0, m1)",
            "one field on most models",
        ),
        (
            [*on(1, "x", "0", "0.01"), *on(1, "x", "1", "1.5"), *on(1, "x", "0", "0.05")],
            "x on 1 model: 0 … 1 → 0.01 … 1.5, raised (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "x", 1000, 2), *on(1, "x", 2, 3000)],
            "x on 1 model: 2 … 1,000 → 2 … 3,000, 2 different moves (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "x", 1, "1.0"), *on(1, "x", 1, "1.00")],
            "x on 1 model: 1 → 1.0, 2 different moves (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "x", "1", "1 each"), *on(1, "x", "2", "two")],
            "x on 1 model: 2 different moves (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "x", 1, None), *on(1, "x", 2, None)],
            "x on 1 model: gone, 2 different values (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "x", "a long text", "a long…"), *on(1, "x", "another text", "another")],
            "x on 1 model: cut short (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "in", "0.000001", "1"), *on(1, "out", "0.000002", "2")],
            "m0: prices 99,999,900 % up (in, out)",
            "2 fields that moved in one poll on 1 model",
        ),
        (
            [*on(2, "x", "a", "a text"), *on(2, "y", "b", "b text")],
            "2 models (m0, m1): x a → a text, y b → b text",
            "2 fields that moved in one poll on 2 models",
        ),
        (
            [*on(1, "x", "a", "a text"), *on(1, "x", "b", "b text")],
            "x on 1 model: written out (m0)",
            "one field on most models",
        ),
        (
            [*on(1, "a.b", None, 1), *on(1, "a.c.d", None, 2)],
            "m0: a.b, a.c.d came",
            "2 fields that came or went together on 1 model",
        ),
        (
            [*on(2, "a.b", 1, None), *on(2, "a.c", 2, None)],
            "a on 2 models: b, c gone (m0, m1)",
            "2 fields that came or went together on 2 models",
        ),
        (
            [*on(2, "a", None, 1), *on(2, "b", None, 2)],
            "a, b on 2 models: came (m0, m1)",
            "2 fields that came or went together on 2 models",
        ),
        (
            [*on(2, "a.x", None, 1), *on(2, "b.x", None, 2)],
            "a.x, b.x on 2 models: came (m0, m1)",
            "2 fields that came or went together on 2 models",
        ),
        (
            [Removed(model("1", "a:b")), Removed(model("2", "c:b"))],
            "2 :b models removed (a:b, c:b)",
            "2 models of one suffix, from 5 on",
        ),
        (
            [Renamed(model("1", "a"), "3", "v/a"), Renamed(model("2", "b"), "4", "v/b")],
            "2 models renamed with nothing → v/: a → v/a and 1 more",
            "2 names that changed in the same way",
        ),
        (
            [Removed(model("1", "a")), Removed(model("2", "b:x")), Removed(model("3", "c:y"))],
            "3 models removed (a, b:x, c:y)",
            "3 models removed in one poll, from 10 on",
        ),
        (
            [replace(each, since=AT) for each in settled(5)],
            (
                "5 values settled since 2025-12-23T10:16:55Z: "
                "m0 f0 x → y, m0 f1 x → y, m0 f2 x → y and 2 more"
            ),
            "5 values that settled at the same time",
        ),
        (
            [*on(1, "p.in", "1", "1.1"), *on(1, "p.out", 2, 2.2)],
            "m0: prices 10 % up (in, out)",
            "2 fields that moved in one poll on 1 model",
        ),
        (
            [*on(2, "p.in", "1", "0.5"), *on(2, "p.out", 2, 1)],
            "2 models (m0, m1): prices 50 % down (in, out)",
            "2 fields that moved in one poll on 2 models",
        ),
        (
            [*on(1, "p.in", "-1", "2"), *on(1, "p.out", 2, None), *on(1, "p.web", "1", "9")],
            "m0: prices: in -1 → 2, out 2 → missing, web 1 → 9",
            "3 fields that moved in one poll on 1 model",
        ),
        (
            [*on(1, "in", "1", "2"), *on(1, "tags", ["a", "b"], ["a"]), *on(1, "t", "x", "y")],
            "m0: prices 100 % up (in); tags -b, t x → y",
            "3 fields that moved in one poll on 1 model",
        ),
        (
            [*settled(5)],
            "m0: f0 x → y, f1 x → y, f2 x → y and 2 more",
            "5 fields that moved in one poll on 1 model",
        ),
        (
            [*on(1, "in", 1, 2), *on(1, "out", 1, 3), *on(2, "in", 5, 6)[1:]],
            "2 models (m0, m1): prices moved differently (in, out)",
            "2 fields that moved in one poll on 2 models",
        ),
        (
            [*on(2, "tags", ["a"], ["a", "z"]), *on(1, "tags", ["b"], ["b", "z"])],
            "tags on 2 models: +z (m0, m1)",
            "one field on most models",
        ),
        (
            [*on(1, "title", "Ab: one", "A b: one"), *on(1, "title", "Ab: two", "A b: two")],
            'title on 1 model: "Ab" → "A b" in each (m0)',
            "one field on most models",
        ),
    ],
)
def test_many_changes_in_one_sentence(changes: list[Change], said: str, why: str) -> None:
    """A bundle has the common part, the count and the reason."""
    made = finding(*changes)
    assert sentence(made) == said
    assert (bundled(made) or "").startswith(why)


def test_a_single_change_is_no_bundle() -> None:
    """A single change has no reason of a bundle."""
    assert bundled(finding()) is None


def test_hostile_names_in_many() -> None:
    """Names with line breaks, tabs and markup do not break a wave's line."""
    made = [
        Updated(model(str(at), HOSTILE), f"a.{HOSTILE}{at}", None, canonical(1)) for at in range(2)
    ]
    for changes in (made, [Renamed(model(name=HOSTILE), "2", f"v/{HOSTILE}")] * 2):
        said = sentence(finding(*changes))
        assert not [each for each in said if unicodedata.category(each) in {"Cc", "Zl", "Zp"}]


def test_wave_of_one_move() -> None:
    """A wave with one move shows it with the first few names."""
    moved = [Updated(model(str(at), f"m{at}"), "meta", None, canonical({})) for at in range(1204)]
    assert sentence(finding(*moved)) == (
        "meta on 1,204 models: missing → {} (m0, m1, m2 and 1,201 more)"
    )


def test_wave_of_different_moves() -> None:
    """A wave with different values shows their direction and the number of values."""
    moved = [Updated(model(str(at), f"m{at}"), "x", None, canonical(at % 2)) for at in range(3)]
    assert sentence(finding(*moved)) == "x on 3 models: came, 2 different values (m0, m1, m2)"
