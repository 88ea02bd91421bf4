import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from catalog.changes.change import (
    KINDS,
    Added,
    Cancelled,
    Change,
    Probed,
    Removed,
    Renamed,
    Restored,
    Retiring,
    Updated,
)
from catalog.changes.finding import Level
from catalog.changes.incident import Recovered, Trouble, Undelivered
from catalog.core.payload import Drift
from catalog.core.strict_json import JsonText, canonical, parse
from catalog.report.json_output import finding_json, model_json, snapshot_json
from tests.support.builders import AT, MISSING, finding, model, row, snapshot

HEAD, TAIL = ["at", "provider"], ["level", "rule", "fingerprint"]
ONE, TWO = JsonText("1"), JsonText("2")
OF_A_MODEL = ["model", "key", "kind"]
OF_A_PROBE = ["model", "key", "kind", "type", "routes"]
MOVED = Updated(model(), "version", ONE, TWO)

ENDING = Retiring("1", "alpha", "llm", date(2026, 1, 22), "policy", "the policy")

SHAPES: list[tuple[Change, list[str]]] = [
    (Added(model()), [*OF_A_MODEL, "after"]),
    (Removed(model()), [*OF_A_MODEL, "before"]),
    (Renamed(model(), "9", "omega"), [*OF_A_MODEL, "from", "to"]),
    (Restored(model(), AT), [*OF_A_MODEL, "gone_since", "away_seconds", "after"]),
    (MOVED, [*OF_A_MODEL, "field", "before", "after"]),
    (Drift("new value", "type", ONE, ("alpha",)), ["kind", "what", "field", "after"]),
    (Drift("new field", "x", None, ("alpha",)), ["kind", "what", "field"]),
    (Trouble("held", "x"), ["kind", "reason"]),
    (Trouble("invalid", "x"), ["kind", "reason"]),
    (Trouble("failing", "x", AT), ["kind", "reason", "since"]),
    (Trouble("stale", "x", AT), ["kind", "reason", "since"]),
    (Undelivered("ops", "410"), ["kind", "channel", "reason"]),
    (ENDING, [*OF_A_MODEL, "type", "days_left"]),
    (
        replace(ENDING, mark=30, moved_from=AT.date(), candidates=("beta",)),
        [*OF_A_MODEL, "type", "days_left", "mark", "moved_from", "candidates"],
    ),
    (Cancelled("1", "alpha", "llm", AT.date()), [*OF_A_MODEL, "type", "was"]),
    (Removed(model(), "beta"), [*OF_A_MODEL, "successor", "before"]),
    (Recovered(("held",), AT), ["kind", "troubles", "since"]),
    (Probed("phantom", "x", ("chat-v1",)), ["model", "kind", "routes"]),
    *((Probed(kind, "x", ("r",), "1", "llm"), OF_A_PROBE) for kind in ("absent", "answering")),
    (
        Probed("ghost", "x", ("r",), "1", "llm", elsewhere=("s",), said="no"),
        [*OF_A_PROBE, "answers_on", "said"],
    ),
    (
        Probed("substituted", "x", ("r",), "1", "llm", answered_as="y", before="z"),
        [*OF_A_PROBE, "answered_as", "answered_before_as"],
    ),
    *(
        (Probed(kind, "x", ("r",), "1", "llm", AT), [*OF_A_PROBE, "gone_since"])
        for kind in ("over", "lingering")
    ),
]


@pytest.mark.parametrize(("change", "keys"), SHAPES)
def test_keys_of_each_kind(change: Change, keys: list[str]) -> None:
    """Each kind of finding has exactly these keys in order. Others may only be added."""
    assert [*finding_json(finding(change))] == [*HEAD, *keys, *TAIL]


def test_every_kind_has_a_shape() -> None:
    """No kind of change is without its JSON."""
    assert {change.kind for change, _ in SHAPES} == set(KINDS)


def test_finding_of_a_change() -> None:
    """A finding has time, model, values and level."""
    moved = Updated(model(), "max_token_input", canonical(32000), canonical(128000))
    made = finding(moved, rule="limit-raised", level=Level.INFO, snapshot=4)
    assert finding_json(made) == {
        "at": "2025-12-23T10:16:55Z",
        "provider": "infomaniak",
        "snapshot": 4,
        "model": "alpha",
        "key": "1",
        "kind": "updated",
        "field": "max_token_input",
        "before": 32000,
        "after": 128000,
        "level": "info",
        "rule": "limit-raised",
        "fingerprint": made.fingerprint,
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "null", {"after": None}),
        ("null", None, {"before": None}),
        ("null", "0", {"before": None, "after": 0}),
        ("false", '""', {"before": False, "after": ""}),
        ("[]", '{"a":null}', {"before": [], "after": {"a": None}}),
    ],
)
def test_missing_is_left_out(
    before: JsonText | None, after: JsonText | None, expected: dict[str, Any]
) -> None:
    """A missing side is omitted, and null and empty values are kept."""
    made = finding_json(finding(Updated(model(), "x", before, after)))
    assert {side: made[side] for side in ("before", "after") if side in made} == expected


def test_whole_models_come_and_go() -> None:
    """Added and restored models have facts after, removed ones before."""
    facts = row()
    assert finding_json(finding(Added(model())))["after"] == facts
    assert finding_json(finding(Restored(model(), AT)))["after"] == facts
    assert finding_json(finding(Removed(model())))["before"] == facts


def test_restored_says_how_long_it_was_away() -> None:
    """A restored model has the start and the seconds of its absence."""
    made = finding_json(finding(Restored(model(), AT - timedelta(days=1, seconds=5))))
    assert (made["gone_since"], made["away_seconds"]) == ("2025-12-22T10:16:50Z", 86405)


def test_removed_says_how_long_calls_work() -> None:
    """A removal has the last day of calls, its basis and source."""
    said: dict[str, Any] = {"basis": "policy", "ground": "the policy"}
    made = finding(Removed(model()), callable_until=date(2026, 1, 22), **said)
    assert [*finding_json(made)][6:9] == ["callable_until", "basis", "ground"]
    output = {"callable_until": "2026-01-22", "basis": "policy", "ground": "the policy"}
    assert finding_json(made).items() >= output.items()


def test_drift_names_value_and_place() -> None:
    """Drift has its kind, place and value if any."""
    made = finding_json(finding(Drift("new value", "type", canonical("video"), ("alpha",))))
    assert (made["what"], made["field"], made["after"]) == ("new value", "type", "video")


def test_refused_rows_have_their_models_and_problems() -> None:
    """A finding about refused rows lists names, keys and problems, and other drift does not."""
    made = finding_json(
        finding(Drift("row refused", "$.data", None, ("elm", "$.data[7]"), ("1", ""), ("a", "b")))
    )
    assert (made["models"], made["keys"]) == (["elm", "$.data[7]"], ["1", ""])
    assert made["problems"] == ["a", "b"]
    assert "keys" not in finding_json(finding(Drift("row repeated", "$", canonical(2), ("elm",))))


def test_trouble_says_why() -> None:
    """A rejected answer has its outcome and reason."""
    made = finding_json(finding(Trouble("held", "the list is empty")))
    assert (made["kind"], made["reason"]) == ("held", "the list is empty")


def test_wave_of_one_move() -> None:
    """A wave has its field, the count, the models and the common move."""
    made = finding_json(finding(MOVED, Updated(model("2", "beta"), "version", ONE, TWO)))
    keys = ["kind", "field", "count", "before", "after", "models"]
    assert [*made] == [*HEAD, *keys, *TAIL]
    assert (made["kind"], made["field"], made["count"]) == ("updated", "version", 2)
    assert (made["before"], made["after"], made["models"]) == (1, 2, ["alpha", "beta"])


def test_wave_of_different_moves() -> None:
    """A wave with different values has none of them."""
    made = finding_json(finding(MOVED, Updated(model("2", "beta"), "version", TWO, ONE)))
    assert [*made] == [*HEAD, "kind", "field", "count", "models", *TAIL]


def test_a_block() -> None:
    """Fields that appeared together are listed below their parent with the move."""
    came = [Updated(model(str(at)), f"can.{field}", None, ONE) for at in (1, 2) for field in "xy"]
    made = finding_json(finding(*came))
    keys = ["kind", "parent", "fields", "count", "move", "models"]
    assert [*made] == [*HEAD, *keys, *TAIL]
    assert (made["parent"], made["fields"], made["count"]) == ("can", ["can.x", "can.y"], 2)


def test_fields_of_the_model_itself() -> None:
    """Fields without a parent that went together are listed without one."""
    gone = [Updated(model(), field, value, None) for field, value in (("x", ONE), ("y", TWO))]
    made = finding_json(finding(*gone))
    assert [*made] == [*HEAD, "kind", "fields", "count", "move", "models", *TAIL]
    assert made["move"] == "gone"


def test_variants() -> None:
    """Variants that disappeared together have suffix, count and names."""
    made = finding_json(finding(Removed(model("1", "a:b")), Removed(model("2", "c:b"))))
    assert [*made] == [*HEAD, "kind", "suffix", "count", "models", *TAIL]
    assert (made["suffix"], made["count"], made["models"]) == (":b", 2, ["a:b", "c:b"])


def test_renamed() -> None:
    """A rename has both ids and names. Several have lists of the same order."""
    one, two = Renamed(model(), "3", "v/alpha"), Renamed(model("2", "beta"), "4", "v/beta")
    made = finding_json(finding(one))
    assert made["from"] == {"key": "1", "name": "alpha"}
    assert made["to"] == {"key": "3", "name": "v/alpha"}
    both = finding_json(finding(one, two))
    assert [*both] == [*HEAD, "kind", "from", "to", "count", "models", *TAIL]
    assert [each["key"] for each in both["from"]] == ["1", "2"]
    assert [each["name"] for each in both["to"]] == ["v/alpha", "v/beta"]


def test_model() -> None:
    """A model has our attributes, then every fact as sent."""
    assert model_json(model(meta={"is_beta": False}, version=None)) == {
        "key": "1",
        "name": "alpha",
        "type": "llm",
        "status": "ready",
        "beta": False,
        "context_limit": 32000,
        "description": "Alpha 1.0",
        "route": "/2/ai/{product_id}/openai/v1/chat/completions",
        "facts": row(meta={"is_beta": False}, version=None),
    }


def test_model_without_attributes() -> None:
    """Unknown attributes are omitted, and facts still distinguish null from missing."""
    optional = ("documentation_link", "description", "info_status", "max_token_input")
    unsaid: dict[str, Any] = dict.fromkeys(optional)
    made = model_json(model(meta=MISSING, **unsaid))
    assert [*made] == ["key", "name", "type", "facts"]
    assert made["facts"]["max_token_input"] is None
    assert "meta" not in made["facts"]


def test_model_with_nought() -> None:
    """A limit of zero, an empty text and false are included."""
    made = model_json(model(max_token_input=0, description=""))
    assert (made["context_limit"], made["description"], made["beta"]) == (0, "", False)


def test_snapshot() -> None:
    """A snapshot has its provider, its number if any, and its time."""
    bare = {"provider": "infomaniak", "taken_at": "2025-12-23T10:16:55Z"}
    assert snapshot_json(snapshot(model())) == bare
    assert [*snapshot_json(snapshot(number=3)).items()][1] == ("snapshot", 3)


@pytest.mark.parametrize(("change", "keys"), SHAPES)
def test_it_is_json(change: Change, keys: list[str]) -> None:
    """Every shape can be written as JSON and read back."""
    made = finding_json(finding(change))
    assert parse(canonical(made)) == made == json.loads(json.dumps(made))
    assert set(keys) <= set(made)
