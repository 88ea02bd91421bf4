"""The meaning of changes: levels, waves, hold."""

from datetime import date
from typing import Any

import pytest

from catalog.changes.change import Added, Change, Removed, Renamed, Restored, Updated
from catalog.changes.diff import diff
from catalog.changes.finding import Finding, Level, fingerprint
from catalog.changes.hold import HoldRule
from catalog.changes.incident import Recovered, Trouble, Undelivered
from catalog.changes.judge import Case, judge
from catalog.core.payload import Drift
from catalog.core.snapshot import Model
from catalog.core.strict_json import canonical
from catalog.providers.infomaniak.provider import Infomaniak
from tests.support.builders import AT, MISSING, model, snapshot


def case(common: int = 1, **levels: Level) -> Case:
    """Return the context of a judgment."""
    ids = {rule.replace("_", "-"): level for rule, level in levels.items()}
    return Case("infomaniak", AT, Infomaniak.attributes, Infomaniak.lifecycle, common, ids)


def judged(change: Change) -> tuple[str, str]:
    """Return rule and level of one change."""
    (finding,) = judge([change], case())
    return finding.rule, str(finding.level)


def update(field: str, before: Any, after: Any, name: str = "alpha") -> Updated:
    """Return an update of one field, with MISSING for an absent one."""
    sides = [None if side is MISSING else canonical(side) for side in (before, after)]
    return Updated(model(name=name), field, *sides)


@pytest.mark.parametrize(
    ("change", "rule", "level"),
    [
        (Removed(model()), "model-removed", "breaking"),
        (Added(model()), "model-added", "info"),
        (Restored(model(), AT), "model-restored", "info"),
        (Renamed(model(), "2", "b"), "name-changed", "breaking"),
        (Renamed(model(), "2", "alpha"), "id-changed", "info"),
        (update("name", "a", "b"), "model-renamed", "breaking"),
        (update("type", "llm", "stt"), "model-retyped", "breaking"),
        (update("max_token_input", 9, 8), "limit-lowered", "breaking"),
        (update("max_token_input", 8, 9), "limit-raised", "info"),
        (update("max_token_input", 8, None), "limit-lost", "warning"),
        (update("max_token_input", 8, MISSING), "limit-lost", "warning"),
        (update("max_token_input", None, 0), "null-moved", "quiet"),
        (update("max_token_input", 0, 8), "limit-gained", "warning"),
        (update("max_token_input", 8, 0), "limit-lost", "warning"),
        (update("max_token_input", 99_999_999, 8), "limit-gained", "warning"),
        (update("max_token_input", 8, -1), "limit-lost", "warning"),
        (update("max_token_input", 1000, 991), "limit-rounded", "info"),
        (update("max_token_input", 1000, 990), "limit-lowered", "breaking"),
        (update("max_token_input", 1000, 49), "implausible", "info"),
        (update("max_token_input", 1000, 50), "limit-lowered", "breaking"),
        (update("max_token_input", MISSING, 8), "limit-gained", "warning"),
        (update("max_token_input", "8k", "9k"), "field-changed", "info"),
        (update("info_status", "ready", "coming_soon"), "ready-lost", "warning"),
        (update("info_status", "ready", MISSING), "ready-lost", "warning"),
        (update("info_status", "coming_soon", "ready"), "ready-gained", "info"),
        (update("info_status", "coming_soon", "preview"), "status-changed", "info"),
        (update("meta.is_beta", False, True), "beta-entered", "warning"),
        (update("meta.is_beta", MISSING, True), "beta-entered", "warning"),
        (update("meta.is_beta", True, False), "beta-left", "info"),
        (update("meta.is_beta", MISSING, False), "field-changed", "info"),
        (update("description", "a", "b", "qwen3"), "alias-swapped", "warning"),
        (update("description", "a", "b", "Qwen/Qwen3"), "field-changed", "info"),
        (update("documentation_link", "a", "b"), "route-changed", "warning"),
        (update("documentation_link", "https://a/x#1", "https://b/x#2"), "link-moved", "info"),
        (update("documentation_link", "https://a/x", "https://a/y"), "route-changed", "warning"),
        (update("documentation_link", "https://a/x", "https://["), "route-changed", "warning"),
        (update("documentation_link", ["a"], "a"), "route-changed", "warning"),
        (update("meta", None, {"is_beta": True}), "beta-entered", "warning"),
        (update("meta", {}, {"x": 1, "is_beta": True}), "beta-entered", "warning"),
        (update("meta", {"is_beta": True}, None), "beta-left", "info"),
        (update("meta", None, {"x": {"y": 1}}), "field-changed", "info"),
        (update("logo_url", "a", "b"), "logo-changed", "info"),
        (update("last_updated_at", "2025-07-30", "2025-10-09"), "field-changed", "info"),
        (Drift("new field", "price", None, ("a",)), "schema-drift", "info"),
        (Drift("new null", "info_status", None, ("a",)), "schema-drift", "info"),
        (Drift("new value", "info_status", canonical("x"), ("a",)), "unknown-status", "warning"),
        (Drift("new value", "type", canonical("x"), ("a",)), "unknown-type", "warning"),
        (Drift("next part", "$.has_more", canonical(True), ()), "list-in-parts", "warning"),
        (Drift("larger total", "$.total", None, ()), "list-in-parts", "warning"),
        (Trouble("held", "empty"), "catalog-held", "warning"),
        (Trouble("invalid", "no id"), "payload-invalid", "warning"),
        (Trouble("failing", "503"), "provider-failing", "warning"),
        (Trouble("stale", "503"), "catalog-stale", "warning"),
        (Undelivered("ops", "410"), "delivery-ended", "warning"),
        (Recovered(("stale",), AT), "trouble-ended", "warning"),
    ],
)
def test_rules(change: Change, rule: str, level: str) -> None:
    """Each kind of change gets the rule for its effect on callers."""
    assert judged(change) == (rule, level)


def test_own_levels() -> None:
    """A user's level for a rule overrides the shipped one."""
    (finding,) = judge([Added(model())], case(model_added=Level.BREAKING))
    assert finding.level is Level.BREAKING


def test_a_removed_model_stays_callable_for_thirty_days() -> None:
    """A removal has the last day of calls and its source."""
    removed, added = judge([Removed(model()), Added(model("2"))], case())
    assert removed.callable_until == date(2026, 1, 22)
    assert removed.ground == "Infomaniak's lifecycle policy"
    assert added.callable_until is None


def test_a_name_that_changed_stays_callable_as_well() -> None:
    """The old name of a renamed model has a last day. An unchanged name has none."""
    renamed, moved = judge([Renamed(model(), "2", "b"), Renamed(model("3"), "4", "alpha")], case())
    assert (renamed.rule, renamed.callable_until) == ("name-changed", date(2026, 1, 22))
    assert (moved.rule, moved.callable_until) == ("id-changed", None)


def move(count: int, of: int) -> tuple[Finding, ...]:
    """Judge one field moving on some of the models."""
    before = [model(str(key), f"m{key}") for key in range(of)]
    after = [
        model(item.key, item.name, max_token_input=8000 if index < count else 32000)
        for index, item in enumerate(before)
    ]
    return judge(diff(snapshot(*before), snapshot(*after)), case(common=of))


@pytest.mark.parametrize(
    ("count", "of", "findings"), [(5, 9, 1), (5, 10, 5), (4, 4, 4), (6, 10, 1), (10, 10, 1)]
)
def test_waves(count: int, of: int, findings: int) -> None:
    """One field on at least five models and more than half of them is one finding, else many."""
    result = move(count, of)
    assert len(result) == findings
    assert sum(len(finding.changes) for finding in result) == count
    assert {finding.level for finding in result} == {Level.BREAKING}


def test_what_is_judged_by_another_rule_is_another_wave() -> None:
    """If four limits rise and one falls, only that one is breaking."""
    changes = [update("max_token_input", 8, 9) for _ in range(4)]
    lowered, wave = judge([*changes, update("max_token_input", 9, 8)], case(common=5))
    assert (lowered.rule, lowered.level) == ("limit-lowered", Level.BREAKING)
    assert (wave.rule, wave.level) == ("limit-raised", Level.INFO)
    assert wave.is_wave
    assert wave.fingerprint not in {fingerprint("infomaniak", each) for each in wave.changes}


def test_the_gravest_comes_first() -> None:
    """Findings are sorted by level, then by the provider's number."""
    changes: list[Change] = [
        Added(model("3")),
        Removed(model("10")),
        Removed(model("9")),
        update("info_status", "ready", 1),
    ]
    expected = [
        ("model-removed", "9"),
        ("model-removed", "10"),
        ("ready-lost", "1"),
        ("model-added", "3"),
    ]
    for order in (changes, changes[::-1]):
        assert [(item.rule, item.models[0].key) for item in judge(order, case())] == expected


def many(count: int, start: int = 0) -> list[Model]:
    """Make models numbered from `start`."""
    return [model(str(key), f"m{key}") for key in range(start, start + count)]


@pytest.mark.parametrize(
    ("before", "after", "hold"),
    [
        (10, many(7), None),
        (10, many(6), "4 of 10 models are missing (40%, limit 30%)"),
        (9, many(1), None),
        (16, many(9), "7 of 16 models are missing (44%, limit 30%)"),
        (1000, many(698), "302 of 1,000 models are missing (over 30%, limit 30%)"),
        (10, many(10, start=7), "7 of 10 models are missing (70%, limit 30%)"),
        (10, many(30), None),
        (1, [], "the list is empty"),
        (0, [], "the list is empty"),
    ],
)
def test_doubt(before: int, after: list[Model], hold: str | None) -> None:
    """An empty list, or more than 30 % gone of at least ten, is held."""
    assert HoldRule().reason(snapshot(*many(before)), snapshot(*after)) == hold


def test_a_share_just_over_the_limit() -> None:
    """The share of missing models is never shown as the limit itself."""
    rule = HoldRule(share=0.02)
    reason = rule.reason(snapshot(*many(200)), snapshot(*many(195)))
    assert reason == "5 of 200 models are missing (over 2%, limit 2%)"


def test_a_first_state_is_believed_unless_empty() -> None:
    """Without a previous state, only an empty list is held."""
    assert HoldRule().reason(None, snapshot(model())) is None
    assert HoldRule().reason(None, snapshot()) == "the list is empty"


def test_thresholds_are_settings() -> None:
    """Share and floor can be moved."""
    before, after = snapshot(*many(4)), snapshot(*many(3))
    assert (
        HoldRule(share=0.2, floor=4).reason(before, after)
        == "1 of 4 models are missing (25%, limit 20%)"
    )
    assert HoldRule(share=0.25, floor=4).reason(before, after) is None
    assert HoldRule(share=0.2, floor=5).reason(before, after) is None
