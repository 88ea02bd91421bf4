"""The commands show ends and statuses from a provider's list."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import Shell

SETTINGS = """
[[provider]]
name = "mars"
kind = "openai"
url = "http://127.0.0.1:9"

[provider.list]
ends = ["deprecation", "closing"]
status = "phase"
statuses = { ending = "fading", gone = ["dark", "cold"] }
"""
KEPT = [{"id": f"kept-{number}"} for number in range(8)]


def save(folder: Path, day: str, *rows: dict[str, Any]) -> Path:
    """Save a recorded answer of a day."""
    folder.mkdir(exist_ok=True)
    file = folder / f"2026-0{day}T000000Z.json"
    file.write_text(json.dumps({"data": [*rows, *KEPT]}))
    return file


def ship(name: str, over: str | None = None, to: str | None = None, **facts: Any) -> dict[str, Any]:
    """Return a row with an end."""
    return {"id": name, "deprecation": over, "deprecation_replacement_model": to, **facts}


@pytest.fixture
def mars(shell: Shell) -> Shell:
    """Return a folder with a described provider, and two recordings of it."""
    (shell.folder / "catalog.toml").write_text(SETTINGS)
    save(shell.folder / "days", "3-01", ship("argo", phase="live"), ship("dart"), ship("brig"))
    rows = (
        ship("argo", "2026-06-05T12:00:00Z", "kept-1", phase="fading"),
        ship("dart", "2026-06-05"),
        ship("brig", "2026-03-04", "kept-2"),
    )
    save(shell.folder / "days", "3-02", *rows)
    return shell


def test_a_stated_end_is_shown_by_every_command(mars: Shell) -> None:
    """Import, changes, forecast, show, document and explain say the day, field and successor."""
    ran = mars("import", "days")
    assert (
        "  warning   2 models: 95 days left (argo → kept-1, dart); announced to end on 2026-06-05 "
        in (ran.out)
    )
    source = "the provider's deprecation"
    (soon, ahead, status) = mars("changes", "--format", "json").json["changes"]
    assert (soon["rule"], soon["model"], soon["successor"]) == ("retirement-soon", "brig", "kept-2")
    assert (status["rule"], status["model"]) == ("status-ending", "argo")
    ends = [
        {"model": "argo", "key": "argo", "until": "2026-06-05", "successor": "kept-1"},
        {"model": "dart", "key": "dart", "until": "2026-06-05"},
    ]
    assert (ahead["kind"], ahead["count"], ahead["models"]) == ("retiring", 2, ["argo", "dart"])
    assert (ahead["ends"], ahead["basis"], ahead["ground"]) == (ends, "announced", source)
    listed = mars("forecast", "--format", "json").json["forecasts"]
    assert {each["model"]: each["until"] for each in listed} == {
        "argo": "2026-06-05",
        "dart": "2026-06-05",
        "brig": "2026-03-04",
    }
    argo = next(each for each in listed if each["model"] == "argo")
    assert argo["successors"][0] == {
        "model": "kept-1",
        "noted": False,
        "announced": True,
        "listed": True,
    }
    assert f"announced to end on 2026-06-05 ({source})" in mars("show", "argo").out
    document = (mars.folder / "docs" / "models.md").read_text()
    assert f"| fading, until 2026-06-05 (announced: {source}) |" in document
    assert f"| Until 2026-06-05 (announced: {source}) |" in document
    assert "- **warning:** 2 models: 95 days left (argo → kept-1, dart)" in document
    explained = mars("explain", str(ahead["number"])).out
    assert "as one      2 announced ends that were reported together" in explained
    assert "compared    the day on which the model ends with the day of the poll" in explained


def test_a_listed_end_is_reported_until_it_is_over(mars: Shell) -> None:
    """A cancelled end and models that leave together are lines of the log and of the document."""
    gone = (ship("argo", "2026-03-04"), ship("dart", "2026-03-04", "kept-1"), ship("brig"))
    save(mars.folder / "days", "3-03", *gone)
    save(mars.folder / "days", "3-05", ship("brig"))
    save(mars.folder / "days", "3-06", ship("brig"))
    mars("import", "days")
    left, cancelled = (
        next(
            each
            for each in mars("changes", "--format", "json").json["changes"]
            if each["kind"] == kind
        )
        for kind in ("removed", "cancelled")
    )
    assert (left["count"], left["models"], left["callable_until"]) == (
        *(2, ["argo", "dart"], "2026-03-04"),
    )
    assert left["ends"][1] == {"model": "dart", "key": "dart", "successor": "kept-1"}
    assert (cancelled["model"], cancelled["was"]) == ("brig", "2026-03-04")
    log = mars("changes").out
    assert (
        "2 models removed as announced on 2026-03-04 (the provider's deprecation): argo, dart →"
        in log
    )
    assert "brig: no longer announced to end on 2026-03-04" in log
    explained = mars("explain", str(left["number"])).out
    assert "as one      2 models that left as announced for the same day" in explained
    assert "brig: cancelled" in mars("explain", str(cancelled["number"])).out
    assert "- **info:** brig: no longer announced to end on 2026-03-04" in (
        (mars.folder / "docs" / "models.md").read_text()
    )


def test_two_files_are_compared(mars: Shell) -> None:
    """`catalog diff` says stated, cancelled and reached ends of two files, without a database."""
    before, after = (f"days/2026-03-0{day}T000000Z.json" for day in "12")
    assert [
        each["rule"] for each in mars("diff", before, after, "--format", "json").json["changes"]
    ] == [
        *("retirement-soon", "retirement-ahead", "status-ending"),
        *["end-changed"] * 5,
    ]
    back = mars("diff", after, before).out
    assert back.count("retirement-cancelled") == 2
    assert "2 models: no longer announced to end on 2026-06-05 (argo, dart)" in back
    save(mars.folder / "days", "3-09", ship("argo", "2026-06-05"), ship("dart", "2026-06-05"))
    gone = mars("diff", after, "days/2026-03-09T000000Z.json").out
    assert (
        "brig removed as announced on 2026-03-04 (the provider's deprecation); instead: kept-2"
        in gone
    )
    save(mars.folder / "days", "3-08")
    early = mars("diff", after, "days/2026-03-08T000000Z.json").out
    assert "argo removed; announced to end on 2026-06-05 (the provider's deprecation)" in early


def test_the_check_uses_the_list(mars: Shell) -> None:
    """`catalog check` says the day and the successor, and statuses that mean ending or gone."""
    save(
        mars.folder / "days",
        "3-03",
        ship("argo", "2026-06-05", "kept-1"),
        ship("dart", phase="Fading"),
        ship("brig", phase="dark"),
    )
    mars("import", "days")
    (mars.folder / "a.py").write_text(
        'provider = "mars"\nmodel = "argo"\nmodel = "dart"\nmodel = "brig"\n'
    )
    ran = mars("check", "a.py", "--trust-config", "--format", "json", code=1)
    assert [(each["rule"], each["name"]) for each in ran.json["notices"]] == [
        *(("delisted", "argo"), ("retiring", "dart"), ("delisted", "brig")),
    ]
    assert ran.json["notices"][0]["do"] == "use kept-1"
    named = {"model": "kept-1", "noted": False, "announced": True, "listed": True}
    assert ran.json["notices"][0]["instead"] == [named]
    assert "with the status Fading" in ran.json["notices"][1]["text"]


def test_words_of_a_status_are_settings(mars: Shell) -> None:
    """A word that the settings do not know is drift, a known one is not."""
    file = save(mars.folder, "4-01", ship("argo", phase="cold"), ship("dart", phase="odd"))
    assert "new value of phase: odd (dart)" in mars("validate", str(file)).out
    shown = mars("config", "show").out
    assert "provider.0.list.statuses" in shown
    (mars.folder / "catalog.toml").write_text(SETTINGS.replace("gone =", "lost ="))
    assert "provider.0.list.statuses.lost" in mars("models", code=2).err
