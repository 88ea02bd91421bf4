"""New models that are old ones under another id."""

from collections import Counter
from typing import Any

import pytest

from catalog.changes.change import ModelChange, Removed, Renamed, Updated
from catalog.changes.diff import diff
from catalog.changes.finding import Delisted
from catalog.changes.renames import swap
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import canonical
from tests.support.builders import AT


def row(key: str, name: str | None = None, text: str | None = None, **facts: Any) -> Model:
    """Return a model with these facts, named by its id by default."""
    all_facts = canonical({"id": key, "object": "model", "owner": "us", **facts})
    return Model(key, name or key, "llm", all_facts, description=text)


def changes(before: list[Model], after: list[Model]) -> tuple[ModelChange, ...]:
    """Compare two states."""
    return diff(Snapshot.of("many", AT, before), Snapshot.of("many", AT, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (row("a", created=7), row("b", created=7)),
        (row("a", created_at="2026-01-01"), row("b", created_at="2026-01-01")),
        (row("1", name="same", created=7), row("2", name="same", created=8)),
        (row("a", text="One of a kind"), row("b", text="One of a kind")),
        (
            row("a", created=7, slug="a", page="/models/a/x"),
            row("b", created=7, slug="b", page="/models/b/x"),
        ),
    ],
)
def test_one_that_left_and_one_that_came(before: Model, after: Model) -> None:
    """The same creation time, name or description and similar facts make a rename."""
    other = row("other", created=1)
    (renamed, *rest) = changes([before, other], [other, after])
    assert renamed == Renamed(before, after.key, after.name)
    assert {each.place for each in rest} <= {"created"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([row("a", created=7)], [row("b", created=8)]),
        ([row("a", created=7)], [row("b", created=7), row("c", created=7)]),
        ([row("a", created=7), row("b", created=7)], [row("c", created=7)]),
        ([row("a", created=7), row("s", created=7)], [row("s", created=7), row("b", created=7)]),
        ([row("a", created=None)], [row("b", created=None)]),
        ([row("a", created=0, text="")], [row("b", created=0, text="")]),
        (
            [row("a", created=7, p=1, q=1, r=1, s=1)],
            [row("b", created=7, p=2, q=2, r=2, s=2)],
        ),
    ],
    ids=["another", "two came", "two left", "one stayed", "null", "zero and empty", "few alike"],
)
def test_where_nobody_can_tell(before: list[Model], after: list[Model]) -> None:
    """Several candidates, a shared mark or other facts give an addition and a removal."""
    kinds = {change.kind for change in changes(before, after)}
    assert kinds == {"removed", "added"}


def test_siblings_of_one_moment_are_told_apart_by_what_else_they_share() -> None:
    """Renamed models of one creation time are matched by their texts."""
    before = [row(key, created=7, text=key) for key in ("a", "b")]
    after = [row(f"v/{key}", created=7, text=key) for key in ("a", "b")]
    assert changes(before, after) == tuple(
        Renamed(old, new.key, new.name) for old, new in zip(before, after, strict=True)
    )


def test_a_mark_of_many_is_none() -> None:
    """A thousand new models with one creation time are compared quickly."""
    before, after = ([row(f"{at}{side}", created=1) for at in range(1000)] for side in "ab")
    kinds = Counter(change.kind for change in changes(before, after))
    assert kinds == {"removed": 1000, "added": 1000}


def test_what_else_is_new_is_told_beside() -> None:
    """Fields that follow the id are ignored, and others are updates."""
    before = row("a", created=7, price=1, link="https://x/a")
    after = row("v/a", created=7, price=2, link="https://x/v/a", hint="v/a")
    assert changes([before], [after]) == (
        Renamed(before, "v/a", "v/a"),
        Updated(after, "hint", None, canonical("v/a")),
        Updated(after, "price", canonical(1), canonical(2)),
    )


def test_a_number_for_an_id_is_not_sought_in_texts() -> None:
    """A numeric id within a text does not hide a change."""
    before, after = (row(key, name="same", version=f"{key}.5") for key in ("1", "2"))
    assert [change.kind for change in changes([before], [after])] == ["renamed", "updated"]


def test_who_was_there_earlier_is_back_and_not_renamed() -> None:
    """A returning model is restored, even if a similar one leaves."""
    old, new = row("a", created=7), row("b", created=7)
    gone = {"a": Delisted(old, AT, None)}
    output = diff(Snapshot.of("many", AT, [new]), Snapshot.of("many", AT, [old]), gone)
    assert [change.kind for change in output] == ["restored", "removed"]
    assert isinstance(output[1], Removed)


@pytest.mark.parametrize(
    ("former", "new", "swapped"),
    [
        ("a/b", "a/b:free", ("", ":free")),
        ("b", "vendor/b", ("", "vendor/")),
        ("old/b", "new/b", ("old", "new")),
        ("b-preview", "b", ("-preview", "")),
        ("same", "same", ("", "")),
        ("volcengine/x", "bytedance/x", ("volcengine", "bytedance")),
        ("hub/one/x", "hub/two/x", ("one", "two")),
        ("Acme: X", "Acme AI: X", ("", " AI")),
        ("vx", "v/vx", ("", "v/")),
        ("x-4", "x-4o", ("4", "4o")),
        ("a-a", "a-a-a", ("", "-a")),
    ],
)
def test_what_was_swapped(former: str, new: str, swapped: tuple[str, str]) -> None:
    """The removed and added parts are whole words, wherever they are."""
    assert swap(former, new) == swapped
