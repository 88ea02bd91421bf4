"""The meanings of status words."""

from typing import Any

import pytest

from catalog.changes.change import Updated
from catalog.changes.finding import Level
from catalog.changes.judge import Case, judge
from catalog.changes.status import USUAL, Statuses, attribute_of, word_of
from catalog.core.paths import Attributes
from catalog.core.strict_json import Json, canonical
from tests.support.builders import AT, MISSING, model

ATTRIBUTES = Attributes.of(
    {
        "phase": "status",
        "active": "status",
        "ends": "ends",
        "deprecated": "ends",
        "next": "successor",
    }
)


def update(field: str, before: Any, after: Any) -> Updated:
    """Return an update of one field, with MISSING for an absent one."""
    sides = [None if side is MISSING else canonical(side) for side in (before, after)]
    return Updated(model(), field, *sides)


def judged(
    change: Updated, statuses: Statuses = USUAL, ending: frozenset[str] = frozenset()
) -> tuple[str, Level]:
    """Return rule and level of one change."""
    case = Case("acme", AT, ATTRIBUTES, None, statuses=statuses, ending=ending)
    (finding,) = judge([change], case)
    return finding.rule, finding.level


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("ready", "deprecated", "status-ending"),
        ("ready", "Legacy", "status-ending"),
        ("PublicPreview", "scheduledForRemoval", "status-ending"),
        ("GenerallyAvailable", "EndOfLife", "status-gone"),
        ("Deprecated", "GenerallyAvailable", "status-back"),
        (MISSING, "sunset", "status-ending"),
        ("beta", "end-of-life", "status-gone"),
        ("deprecated", "retired", "status-gone"),
        ("ready", "inactive", "status-gone"),
        ("deprecated", "ready", "status-back"),
        ("retired", "preview", "status-back"),
        ("retired", "deprecated", "status-back"),
        ("deprecated", "legacy", "status-changed"),
        ("deprecated", "odd", "status-changed"),
        ("deprecated", None, "status-changed"),
        ("preview", "active", "status-changed"),
        ("ready", "coming_soon", "ready-lost"),
        ("coming_soon", "ready", "ready-gained"),
    ],
)
def test_a_status_is_judged_by_its_meaning(before: Json, after: Json, rule: str) -> None:
    """A move to ending is a warning, to gone breaking, and back info."""
    levels = {"status-ending": Level.WARNING, "status-gone": Level.BREAKING}
    expected = levels.get(rule, Level.WARNING if rule == "ready-lost" else Level.INFO)
    assert judged(update("phase", before, after)) == (rule, expected)


@pytest.mark.parametrize(
    ("field", "before", "after", "rule"),
    [
        ("active", True, False, "status-gone"),
        ("active", False, True, "status-back"),
        ("deprecated", False, True, "status-ending"),
        ("deprecated", MISSING, True, "status-ending"),
        ("deprecated", True, False, "status-back"),
        ("phase", True, False, "status-changed"),
        ("active", "True", "false", "status-gone"),
        ("deprecated", None, "true", "status-ending"),
    ],
)
def test_a_boolean_counts_by_the_name_of_its_field(
    field: str, before: Json, after: Json, rule: str
) -> None:
    """`active: false` is gone and `deprecated: true` is ending, also at a place of an end."""
    assert judged(update(field, before, after))[0] == rule


def test_words_of_a_description_replace_those_of_a_meaning() -> None:
    """A given word wins, the other words of that meaning are unknown, other meanings stay."""
    own = Statuses.of({"ending": ("Fading Out",), "ready": ("retired",)})
    assert own.is_own
    assert not USUAL.is_own
    assert [own.meaning(word) for word in ("fading-out", "deprecated", "retired", "inactive")] == [
        *("ending", None, "ready", "gone"),
    ]
    assert judged(update("phase", "ready", "fading_out"), own) == ("status-ending", Level.WARNING)


def test_words_of_values() -> None:
    """A boolean becomes the name of its field, other values are themselves or JSON."""
    assert word_of("meta.is_active", value=True) == "active"
    assert word_of("meta.is_active", value=False) == "not active"
    assert [word_of("x", each) for each in ("a", None, [1])] == ["a", None, "[1]"]
    assert [USUAL.meaning(each) for each in (None, "not deprecated", "not odd")] == [
        *(None, "ready", None),
    ]
    assert Statuses.of({"preview": ("not active",)}).meaning("not active") == "preview"


def test_models_that_leave_by_their_status() -> None:
    """Models with a status that means ending or gone are found, others are not."""
    models = [model("1", info_status="legacy"), model("2", info_status="retired"), model("3")]
    assert USUAL.leaving(models) == {"1", "2"}


@pytest.mark.parametrize(
    ("field", "before", "after", "ending", "attribute"),
    [
        ("ends", None, "2026-12-05", True, "ends"),
        ("ends", None, "2026-12-05", False, None),
        ("ends", None, "2098-12-31", False, "ends"),
        ("ends", "2026-12-05", "2026-12-05T08:00:00Z", False, "ends"),
        ("ends.tuning", None, 1796428800, False, None),
        ("ends", None, {"tuning": 1796428800}, False, None),
        ("next", None, "beta", True, "ends"),
        ("next", None, "beta", False, "successor"),
        ("phase", "a", "b", True, "status"),
    ],
)
def test_fields_of_an_end_with_a_finding_are_part_of_it(
    field: str, before: Json, after: Json, ending: bool, attribute: str | None
) -> None:
    """Day and successor are one event with the end, and other fields are not."""
    change = update(field, before, after)
    keys = frozenset({"1"} if ending else ())
    assert attribute_of(change, ATTRIBUTES.of_field(field), keys) == attribute
    rule = {"ends": "end-changed", "successor": "successor-changed", "status": "status-changed"}
    assert judged(change, ending=keys)[0] == rule.get(attribute or "", "field-changed")
