"""`catalog tune`: the effect of the settings on the stored history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.shell import Live, Shell

START = datetime(2026, 1, 1, tzinfo=UTC)
OTHER = row(id=2, name="other")


def limits(*values: int | None) -> Iterator[bytes]:
    """Yield one answer per limit. None means without the model."""
    for value in values:
        here = [] if value is None else [row(id=1, name="alpha", max_token_input=value)]
        yield body(OTHER, *here)


def stored(shell: Shell, *values: int | None) -> Shell:
    """Take in an answer an hour."""
    folder = Path(shell.folder, "recorded")
    folder.mkdir()
    for hour, each in enumerate(limits(*values)):
        at = START + timedelta(hours=hour)
        (folder / f"{at:%Y-%m-%dT%H%M%SZ}.json").write_bytes(each)
    shell("import", "recorded")
    return shell


def tuned(shell: Shell, *options: str) -> dict[str, Any]:
    """Run `tune` as JSON and return the result of the one provider."""
    (provider,) = shell("tune", "--format", "json", *options).json["providers"]
    return dict(provider)


@pytest.mark.long
def test_what_flaps_is_counted_and_left_out(shell: Shell) -> None:
    """Of seven moves of a flapping limit, the settings report one and the flapping."""
    stored(shell, 8, 4, 8, 4, 8, 4, 8, 4)
    ran = shell("tune")
    assert ran.lines[0] == (
        "infomaniak: 8 answers, 2026-01-01T00:00:00Z to 2026-01-01T07:00:00Z, 1.0 days"
    )
    assert [line.split() for line in ran.lines[2:5]] == [
        ["breaking", "4", "4.0", "1", "1.0"],
        ["warning", "0", "0.0", "0", "0.0"],
        ["info", "3", "3.0", "1", "1.0"],
    ]
    assert "5 moves of 1 value, 0 reported with another value" in ran.out
    assert ran.lines[-3].split() == ["alpha", "max_token_input", "5"]
    assert ran.lines[-1].startswith("removals, accepted at once: 0 removals reported later")


@pytest.mark.long
def test_another_time_to_settle(shell: Shell) -> None:
    """Within half an hour nothing moves twice: nothing is damped."""
    stored(shell, 8, 4, 8, 4, 8)
    found = tuned(shell, "--settles-after", "30m")
    assert found["settles_after_seconds"] == 1800
    assert found["by_the_settings"] == found["all_told"]
    assert found["by_the_settings"]["damped"] == []


@pytest.mark.long
def test_a_removal_that_is_believed_later(shell: Shell) -> None:
    """With `--removals next` one removal is reported an hour later, and one never."""
    stored(shell, 8, None, 8, 8, None, None, None)
    found = tuned(shell, "--removals", "next")
    assert found["removals"] == "next"
    assert found["all_told"]["told"]["breaking"] == 2
    by_the_settings = found["by_the_settings"]
    assert by_the_settings["told"]["breaking"] == 1
    assert (by_the_settings["confirmed_after_seconds"], by_the_settings["back_before"]) == (
        [3600.0],
        1,
    )
    ran = shell("tune", "--removals", "next")
    expected = "1 removal reported 1 hour later (at most 1 hour), 1 restored before"
    assert ran.lines[-1] == f"removals, accepted at the next poll: {expected}"


def test_other_rules_are_tried_by_another_configuration(shell: Shell) -> None:
    """Another configuration changes the counts, and stored changes stay the same."""
    stored(shell, 8, 4)
    before = shell("changes", "--format", "json").json
    (shell.folder / "other.toml").write_text('[rules]\nlimit-lowered = "quiet"\n')
    (found,) = shell("--config", "other.toml", "tune", "--format", "json").json["providers"]
    assert found["by_the_settings"]["told"] == {"breaking": 0, "warning": 0, "info": 0}
    assert shell("changes", "--format", "json").json == before


@pytest.mark.long
def test_a_quiet_year_is_judged_by_the_day(shell: Shell) -> None:
    """Sixty unchanged answers are counted, and the later change is reported."""
    stored(shell, *[8] * 60, 4)
    found = tuned(shell)
    assert found["answers"] == 61
    assert found["by_the_settings"]["told"] == {"breaking": 1, "warning": 0, "info": 0}


@pytest.mark.long
def test_what_was_pruned_is_said(shell: Shell) -> None:
    """A pruned answer is counted as pruned."""
    stored(shell, 8, 4, 2, 1)
    shell("db", "prune", "--keep-payloads", "30d")
    found = tuned(shell)
    assert (found["answers"], found["pruned"]) == (4, 3)
    assert "4 answers, 3 of them pruned" in shell("tune").out


def test_nothing_is_stored(live: Live) -> None:
    """Without a stored answer `tune` reports that."""
    shell, _ = live(answer(503), CATALOG_HTTP_ATTEMPTS="1")
    shell("sync", code=3)
    assert shell("tune").lines == ["infomaniak: no stored answer"]
    assert shell("tune", "--format", "json").json["providers"] == []


def test_a_wrong_time(shell: Shell) -> None:
    """An invalid duration is an error with an example."""
    stored(shell, 8)
    assert "a duration such as" in shell("tune", "--settles-after", "soon", code=2).err
