"""`catalog validate`: payloads of every form, checked without a database."""

import gzip
import json
from pathlib import Path

import pytest

from tests.support.builders import body, row
from tests.support.shell import Shell

BROKEN = body(row(id="x"), row(id=2, name=" ", max_token_input=1.5), result="error")


def test_a_right_payload_is_told_with_its_drift(shell: Shell) -> None:
    """Drift is named and is no error, and a packed bare list is valid."""
    rows = [row(type="video"), row(id=2, name="b", type="video", extra=1)]
    Path(shell.folder, "list.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode()))
    ran = shell("validate", "list.json.gz")
    assert ran.lines == [
        "drift: a bare list in place of an object with $.data",
        "drift: new field extra (b)",
        "drift: new value of type: video (alpha, b)",
        "valid: 2 models, 3 kinds of drift",
    ]
    assert ran.err == ""
    assert sorted(shell.files()) == ["list.json.gz"]


def test_every_problem_is_told_at_once(shell: Shell) -> None:
    """Each problem of stdin has a line on stdout, and the exit code is 1."""
    ran = shell("validate", "-", stdin=BROKEN, code=1)
    places = [line.split(": found")[0] for line in ran.lines]
    assert places == [
        *("$.data[0].id", "$.data[1].max_token_input", "$.data[1].name", "$.result"),
    ]
    assert all(", expected " in line for line in ran.lines)
    assert ran.err == "invalid: 4 problems\n"


@pytest.mark.long
def test_a_search_that_was_ended_says_at_least(shell: Shell) -> None:
    """A cut-off list of problems has "at least" in its count."""
    ran = shell("validate", "-", stdin=body(*[0] * 10_001), code=1)
    assert len(ran.lines) == 10_000
    assert ran.err == "invalid: at least 10,000 problems\n"
    asked = shell("validate", "-", "--format", "json", stdin=body(*[0] * 10_001), code=1).json
    assert (len(asked["problems"]), asked["more"]) == (10_000, True)


def test_too_much_is_refused_from_stdin_too(shell: Shell) -> None:
    """A pipe is read up to 64 MiB only."""
    ran = shell("validate", "-", stdin=b" " * (64 * 1024 * 1024 + 1), code=1)
    assert "more than 67,108,864 bytes in -" in ran.out


def test_json_tells_problems_and_drift_apart(shell: Shell) -> None:
    """A right payload has models and drift, a broken one problems with path, found, expected."""
    Path(shell.folder, "right.json").write_bytes(body(row(extra=1)))
    right = shell("validate", "right.json", "--format", "json", given={"FORCE_COLOR": "1"}).json
    assert right == {
        "schema_version": 1,
        "models": 1,
        "problems": [],
        "drift": ["new field extra (alpha)"],
    }
    broken = shell("validate", "-", "--format", "json", stdin=b'{"a": 1, "a": NaN}', code=1).json
    assert broken.keys() == {"schema_version", "problems", "drift"}
    assert broken["problems"][0].keys() == {"path", "found", "expected"}
    assert [each["path"] for each in broken["problems"]] == ["$.a", "$.a", "$.data", "$.result"]


def test_a_file_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    """A missing file is exit 2, and a truncated packed file is a problem."""
    assert "missing.json cannot be read" in shell("validate", "missing.json", code=2).err
    Path(shell.folder, "cut.json.gz").write_bytes(gzip.compress(body(row()))[:-9])
    assert "broken gzip data" in shell("validate", "cut.json.gz", code=1).out
