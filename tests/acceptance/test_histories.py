"""The findings of small histories that are similar to real ones."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.shell import Shell

Rows = Sequence[dict[str, Any]]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def model(name: str, **facts: Any) -> dict[str, Any]:
    """Return a row in the form of OpenAI's list."""
    return {"id": name, "object": "model", "created": 1_700_000_000} | facts


STAY = [model(f"v/stay{at}") for at in range(40)]


def history(
    shell: Shell, *answers: Rows, step: timedelta = DAY, listing: str = ""
) -> list[tuple[str, str, str]]:
    """Import answers and return level, rule and sentence of each change."""
    (shell.folder / "catalog.toml").write_text(
        '[[provider]]\nname = "acme"\nkind = "openai"\nurl = "https://acme.example"\n'
        f"[provider.list]\n{listing}\n",
        encoding="utf-8",
    )
    folder = shell.folder / "recorded"
    folder.mkdir()
    for number, rows in enumerate(answers):
        name = f"{BEGIN + number * step:%Y-%m-%dT%H%M%SZ}.json"
        (folder / name).write_text(json.dumps({"data": list(rows)}), encoding="utf-8")
    shell("import", "recorded")
    lines = shell("changes", "--level", "quiet").lines[1:]
    columns = [line.split(maxsplit=4) for line in lines if not line.startswith("no ")]
    return [(level, rule, text) for _, _, level, rule, text in columns]


def test_a_superset_for_one_answer_is_no_breaking_removal(shell: Shell) -> None:
    """Twelve models that one answer has too many are one line when they come and when they go."""
    more = [*STAY, *(model(f"v/emb{at:02}") for at in range(12))]
    names = "(v/emb00, v/emb01, v/emb02 and 9 more)"
    assert history(shell, STAY, more, STAY, STAY) == [
        ("info", "model-added", f"12 models added {names}"),
        ("info", "model-withdrawn", f"12 models withdrawn after one answer {names}"),
    ]


def test_a_model_of_two_answers_is_removed(shell: Shell) -> None:
    """A model that was listed twice breaks calls when it goes, as one listed from the start."""
    found = history(shell, STAY, [*STAY, model("new")], [*STAY, model("new")], STAY[1:], STAY[1:])
    assert [each[1] for each in found] == ["model-added", "model-removed", "model-removed"]


def test_a_model_of_one_answer_long_ago_is_removed(shell: Shell) -> None:
    """A model whose only answer was over three days before the next one may have been used."""
    answers = (STAY, [*STAY, model("new")], STAY, STAY)
    found = history(shell, *answers, step=4 * DAY)
    assert [each[1] for each in found] == ["model-added", "model-removed"]


def test_a_time_of_the_answer_is_no_change(shell: Shell) -> None:
    """A field that each answer fills with its own time is reported once, and then unchanged."""
    stamps = [int((BEGIN + at * DAY).timestamp()) for at in range(4)]
    answers = [[each | {"created": at} for each in STAY] for at in stamps]
    answers[3] = [*answers[3][:-1], answers[3][-1] | {"owner": "x"}]
    assert history(shell, *answers) == [
        ("info", "schema-drift", "created follows the clock on all models, so it is not compared"),
        ("info", "field-changed", "v/stay39: owner missing → x"),
    ]


def test_volatile_fields_are_added_to_those_of_the_kind(shell: Shell) -> None:
    """A configured volatile field leaves the volatile fields of the kind volatile."""
    answers = [
        [model("m", load=at, permission=[{"id": f"p{at}", "created": at}]), *STAY]
        for at in range(2)
    ]
    assert history(shell, *answers, listing='volatile = ["load"]') == []


def test_free_for_one_answer_is_no_discount(shell: Shell) -> None:
    """A model that is free in one answer is reported as implausible, and its end is quiet."""
    price, free = {"in": "0.000001", "out": "0.000002"}, {"in": "0", "out": "0"}
    answers = [[*STAY, model("m", pricing=each)] for each in (price, free, price, price)]
    said = "m: prices 100 % down (in, out), implausible, waiting for confirmation"
    assert history(shell, *answers) == [
        ("info", "implausible", said),
        ("quiet", "implausible-dropped", "m: prices: in 0 → 0.000001, out 0 → 0.000002"),
    ]


@pytest.mark.parametrize("unread", [[], [model("m", pricing=7), model("m", pricing=8)]])
def test_an_answer_that_does_not_state_a_value_confirms_none(shell: Shell, unread: Rows) -> None:
    """A free model that the next answer lacks or states twice was not free, if it costs again."""
    stay = [model(f"v/stay{at}") for at in range(120)]
    price, free = ([model("m", pricing={"in": each})] for each in ("0.000001", "0"))
    found = history(shell, *([*stay, *rows] for rows in (price, free, unread, price)))
    rules = [rule for _, rule, _ in found if not rule.startswith("row-")]
    assert rules == ["implausible", "implausible-dropped"]


def test_tune_counts_implausible_values(shell: Shell) -> None:
    """`catalog tune` counts the implausible values and those that were not confirmed."""
    prices = ("1", "0", "1", "30", "30")
    history(shell, *([*STAY, model("m", pricing={"in": each})] for each in prices))
    (tuned,) = shell("tune", "--format", "json").json["providers"]
    counts = tuned["by_the_settings"]
    assert (counts["implausible"], counts["not_confirmed"]) == (2, 1)
    assert "implausible: 2 values, 1 not confirmed by the next answer" in shell("tune").lines


def test_a_new_price_of_a_flapping_one_is_reported(shell: Shell) -> None:
    """A price that goes back and forth and then to a new value is reported at once."""
    prices = ("1", "2", "1", "2", "5")
    answers = [[*STAY, model("m", pricing={"in": each})] for each in prices]
    found = history(shell, *answers, step=6 * HOUR)
    assert [each[:2] for each in found] == [
        ("warning", "price-raised"),
        ("info", "flapping"),
        ("quiet", "flapping-damped"),
        ("warning", "price-raised"),
    ]
    assert found[-1][2] == "m: pricing.in 2 → 5, moved 4 times recently"
