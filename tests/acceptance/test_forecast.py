"""`catalog forecast`, `note` and `notes`, and other outputs that show an end."""

import csv
import io
from typing import Any

import pytest

from catalog.providers.recordings import find, shipped
from tests.support.shell import Shell

FAR = "2098-12-01"


def of(model: str, ran: Any) -> dict[str, Any]:
    """Return the forecast of a model from the command's JSON."""
    found = [each for each in ran.json["forecasts"] if each["model"] == model]
    assert len(found) == 1
    return dict(found[0])


def test_every_model_that_left_has_a_forecast(demo: Shell) -> None:
    """Each removed model has a forecast with its end, basis, reason and successors."""
    listed = demo("forecast", "--format", "json").json["forecasts"]
    assert len(listed) == 11
    assert [each["until"] for each in listed] == [
        *["2026-06-18"] * 7,
        *["2026-01-22", *["2025-12-26"] * 3],
    ]
    assert {(each["basis"], each["ground"]) for each in listed} == {
        ("policy", "Infomaniak's lifecycle policy")
    }
    qwen = of("qwen3", demo("forecast", "--format", "json"))
    assert qwen["days_left"] < 0
    assert (qwen["listed"], qwen["gone_since"]) == (False, "2026-05-19T15:48:46Z")
    best = qwen["successors"][0]
    assert (best["model"], best["noted"], best["listed"]) == ("moonshotai/Kimi-K2.6", False, True)
    assert best["differences"][0] == {"what": "context", "before": 262144, "after": 256000}


def test_the_table_shows_the_differences_of_successors(demo: Shell) -> None:
    """The table has the best successor, CSV has all of them with what each lacks."""
    row = next(line for line in demo("forecast").lines if line.startswith("qwen3 "))
    assert row.split("  ")[-1] == "moonshotai/Kimi-K2.6 (+2)"
    assert "over since 2026-06-18" in row
    csv_row = next(line for line in demo("forecast", "--format", "csv").lines if "qwen3," in line)
    assert "moonshotai/Kimi-K2.6 (context 262,144 to 256,000, not beta to beta, ready" in csv_row
    assert "Qwen/Qwen3.5-122B-A10B-FP8 (context 262,144 to 200,000, " in csv_row
    rows = list(csv.DictReader(io.StringIO(demo("forecast", "--format", "csv").out)))
    assert rows[0].keys() >= {"Model", "Until", "Days left", "Basis", "Ground", "Instead"}
    assert "| Model |" in demo("forecast", "--format", "markdown").lines[0]


@pytest.mark.long
def test_a_note_is_kept_counts_and_is_taken_back(own_demo: Shell) -> None:
    """The newest note sets the day, reason and successor, and can be withdrawn."""
    shell = own_demo
    source = "mail of 2026-11-01"
    given = ("--retires", FAR, "--successor", "google/gemma-4-31B-it", "--source", source)
    ran = shell("note", "qwen3", *given)
    output = f"qwen3: retires on {FAR}, successor google/gemma-4-31B-it, source {source}"
    assert (ran.lines, ran.err) == ([output], "")
    known = of("qwen3", shell("forecast", "--format", "json"))
    assert (known["until"], known["basis"], known["ground"]) == (FAR, "announced", source)
    assert known["successors"][0]["model"] == "google/gemma-4-31B-it"
    assert known["successors"][0]["noted"] is True
    shown = shell("show", "qwen3")
    assert any(f"announced to end on {FAR} ({source})" in line for line in shown.lines)
    assert "instead     google/gemma-4-31B-it (context 262,144 to 100,000, " in shown.out
    assert shell("show", "qwen3", "--format", "json").json["forecast"]["until"] == FAR
    assert "forecast" not in shell("show", "17", "--at", "1", "--format", "json").json
    shell("render")
    assert f"{FAR} (announced: {source})" in (shell.folder / "demo" / "models.md").read_text()
    again = shell("note", "17", "--successor", "no-such-model")
    assert again.lines == ["qwen3: successor no-such-model"]
    assert again.err.splitlines() == [
        f"in place of: retires on {FAR}, successor google/gemma-4-31B-it, source {source}",
        "warning: no-such-model is not in the catalog",
    ]
    known = of("qwen3", shell("forecast", "--format", "json"))
    assert (known["basis"], known["successors"][0]["listed"]) == ("policy", False)
    assert "no-such-model (+2)" in shell("forecast").out
    assert shell("note", "qwen3", "--remove").lines == ["qwen3: the note is removed"]
    assert shell("note", "qwen3", "--remove").lines == ["qwen3: there is no note"]
    counts = [line.split()[-1] for line in shell("notes").lines]
    assert counts == ["Counts", "no", "no", "back"]
    listed = shell("notes", "--format", "json").json["notes"]
    assert [each["counts"] for each in listed] == [False, False, False]
    assert [each.get("retires") for each in listed] == [FAR, None, None]


def test_a_listed_model_may_end(own_demo: Shell) -> None:
    """A listed model's end is in the catalog, in the document and first in the forecasts."""
    shell = own_demo
    assert shell("note", "whisper", "--retires", FAR).lines == [f"whisper: retires on {FAR}"]
    (known,) = (
        each
        for each in shell("models", "--format", "json").json["models"]
        if each["name"] == "whisper"
    )
    assert known["forecast"]["until"] == FAR
    assert known["forecast"]["ground"].startswith("noted on ")
    first = shell("forecast", "--format", "json").json["forecasts"][0]
    assert (first["model"], first["listed"], "gone_since" in first) == ("whisper", True, False)
    shell("render")
    assert (
        f"Ready, until {FAR} (announced: noted on "
        in (shell.folder / "demo" / "models.md").read_text()
    )


def test_missing_forecasts_are_reported(own_demo: Shell) -> None:
    """Without notes or ends, one line reports that."""
    assert own_demo("notes").lines == ["no notes"]
    fresh = Shell(own_demo.folder / "fresh")
    fresh.folder.mkdir()
    (fresh.folder / "in").mkdir()
    first = find(shipped())[0].path
    (fresh.folder / "in" / first.name).write_bytes(first.read_bytes())
    fresh("import", "in")
    assert fresh("forecast").lines == ["no model has an end"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "output"),
    [
        (("qwen3",), "--retires, --successor or --remove is expected."),
        (("qwen3", "--source", "x"), "--retires, --successor or --remove is expected."),
        (("qwen3", "--remove", "--retires", FAR), "--remove does not go with"),
        (("qwen3", "--retires", "soon"), "'soon' is not a day; write it as 2026-12-01"),
        (("qwen3", "--retires", "20261201"), "'20261201' is not a day"),
        (("qwen3", "--successor", " "), "1 to 500 characters are expected"),
        (("qwen3", "--successor", "x" * 501), "1 to 500 characters are expected"),
        (("qwen4", "--retires", FAR), "no model 'qwen4' is known; did you mean qwen3?"),
    ],
)
def test_an_empty_note_is_wrong_usage(demo: Shell, given: tuple[str, ...], output: str) -> None:
    """A missing, contradictory or unknown note is exit 2, and nothing is stored."""
    assert output in demo("note", *given, code=2).err
    assert demo("notes").lines == ["no notes"]


def test_without_a_database_none_is_made(shell: Shell) -> None:
    """A note does not create a missing database."""
    ran = shell("note", "qwen3", "--retires", FAR, code=6)
    assert "hint: " in ran.err
    assert not (shell.folder / "catalog.db").exists()
