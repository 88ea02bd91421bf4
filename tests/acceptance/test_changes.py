"""`catalog changes` and `catalog diff` on the demo and on payload files."""

import csv
import gzip
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from catalog.providers.recordings import shipped
from tests.support.builders import body, row
from tests.support.shell import Shell

AUGUST, NOVEMBER = (
    f"{shipped()}/{name}.json" for name in ("2025-08-13T185522Z", "2025-11-26T140715Z")
)
EVERY = {
    *("snapshot", "at", "provider", "model", "key", "kind", "field", "before", "after"),
    *("level", "rule", "fingerprint", "number"),
}


def test_the_log_has_each_change_once_in_order(demo: Shell) -> None:
    """The table is oldest first, sorted by level within a poll, and omits held polls."""
    ran = demo("changes")
    rows = [line.split(maxsplit=4)[1:] for line in ran.lines[1:]]
    assert len(rows) == 28
    assert [line[0] for line in rows] == sorted(line[0] for line in rows)
    assert rows[0][:3] == ["2025-11-26T14:07:15Z", "breaking", "model-removed"]
    assert ["2025-11-26T14:07:15Z", "warning", "alias-swapped"] in [line[:3] for line in rows]
    assert "meta.is_beta on 10 models: missing → false" in ran.out
    assert "held" not in ran.out


def test_the_log_can_be_narrowed(demo: Shell) -> None:
    """Since and until take numbers and days, and level and model narrow the list further."""
    kept = demo("changes", "--since", "2", "--until", "2025-12-23", "--level", "warning")
    assert [line.split()[2] for line in kept.lines[1:]] == [
        *["breaking"] * 3,
        "warning",
        "breaking",
    ]
    one = demo("changes", "--model", "qwen3", "--format", "json").json
    assert one.keys() == {"schema_version", "changes"}
    assert [change["kind"] for change in one["changes"]] == ["updated"] * 4 + ["removed"]
    swap = one["changes"][0]
    assert swap.keys() == EVERY
    assert (swap["snapshot"], swap["at"], swap["key"]) == (2, "2025-11-26T14:07:15Z", "17")
    assert (swap["field"], swap["level"]) == ("description", "warning")
    assert swap["before"] == "Qwen3-235B-A22B-Instruct-2507"
    assert demo("changes", "--since", "9", code=2).err.startswith("error: there is no snapshot 9")


def test_waves_are_one_entry_unless_taken_apart(demo: Shell) -> None:
    """A field that moved on most models is one entry, or one CSV row per model."""
    words = ("changes", "--since", "4", "--until", "4")
    (wave,) = [
        change
        for change in demo(*words, "--format", "json").json["changes"]
        if change.get("field") == "meta.is_coder"
    ]
    assert (wave["count"], len(wave["models"]), wave["after"]) == (15, 15, False)
    assert "before" not in wave
    facts = list(csv.DictReader(io.StringIO(demo(*words, "--format", "csv").out)))
    assert facts[0].keys() == EVERY
    assert len([fact for fact in facts if fact["field"] == "meta.is_coder"]) == 15
    assert [fact["after"][:14] for fact in facts if fact["kind"] == "added"] == ['{"description"']
    assert {fact["snapshot"] for fact in facts} == {"4"}


def test_snapshots_and_days_are_compared_in_any_mix(demo: Shell) -> None:
    """`diff` takes a number and a day in either order, and can exit with 1."""
    forth = demo("diff", "2", "2025-12-23", "--exit-code", code=1)
    assert [line.split()[2] for line in forth.lines[1:]] == ["model-removed", *["model-added"] * 2]
    back = demo("diff", "3", "2", "--format", "json").json["changes"]
    assert [change["kind"] for change in back] == ["removed", "removed", "added"]
    assert {change["snapshot"] for change in back} == {2}


def test_payload_files_are_compared_without_a_database(shell: Shell) -> None:
    """Without a database `diff` compares a packed file with a bare list by the configured rules."""
    Path(shell.folder, "old.json.gz").write_bytes(gzip.compress(body(row(), row(id=2, name="b"))))
    Path(shell.folder, "new.json").write_text(json.dumps([row(logo_url=None)]))
    Path(shell.folder, "catalog.toml").write_text('[rules]\nmodel-removed = "info"\n')
    ran = shell("diff", "old.json.gz", "new.json", "--format", "markdown")
    assert [line.split(" | ")[1:3] for line in ran.lines[2:]] == [
        ["info", "model-removed"],
        ["info", "logo-changed"],
    ]
    assert sorted(shell.files()) == ["catalog.toml", "new.json", "old.json.gz"]


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_stdin_is_a_state(shell: Shell, name: str) -> None:
    """Stdin is a payload under either name, on one side or both."""
    Path(shell.folder, "old.json").write_bytes(body(row()))
    new = body(row(), row(id=2, name="b"))
    added = shell("diff", "old.json", name, "--format", "json", stdin=new).json["changes"]
    assert [change["kind"] for change in added] == ["added"]
    assert shell("diff", name, name, stdin=new).lines == ["no changes"]


@pytest.mark.long
def test_pipes_are_states(shell: Shell) -> None:
    """`diff` reads a pipe from process substitution like a file."""
    ends = []
    for content in (body(row()), body(row(version="2"))):
        ours, theirs = os.pipe()
        os.write(theirs, content)
        os.close(theirs)
        ends.append(ours)
    ended = subprocess.run(
        shell.line("diff", *(f"/dev/fd/{end}" for end in ends), "--format", "csv"),
        env=shell.environ,
        pass_fds=ends,
        capture_output=True,
        text=True,
        check=True,
    )
    for end in ends:
        os.close(end)
    (output,) = csv.DictReader(io.StringIO(ended.stdout))
    assert (output["field"], output["before"], output["after"]) == ("version", '"1.0"', '"2"')


def test_a_state_without_a_time_has_none_in_the_output(shell: Shell) -> None:
    """Without a time in its name, a file has no time and no last day."""
    Path(shell.folder, "old.json").write_bytes(body(row(), row(id=2, name="b")))
    Path(shell.folder, "new.json").write_bytes(body(row()))
    Path(shell.folder, "2026-01-01T000000Z.json").write_bytes(body(row()))
    (untimed,) = shell("diff", "old.json", "new.json", "--format", "json").json["changes"]
    assert untimed["kind"] == "removed"
    assert untimed.keys().isdisjoint({"at", "callable_until", "basis", "ground"})
    table = shell("diff", "old.json", "new.json").lines
    assert table[1].split() == ["–", "breaking", "model-removed", "b", "removed"]
    (flat,) = csv.DictReader(
        io.StringIO(shell("diff", "old.json", "new.json", "--format", "csv").out)
    )
    assert flat["at"] == ""
    words = ("diff", "old.json", "2026-01-01T000000Z.json", "--format", "json")
    (timed,) = shell(*words).json["changes"]
    assert timed["at"] == "2026-01-01T00:00:00Z"
    assert "callable_until" not in timed  # the time of removal is unknown


def test_a_file_and_a_snapshot_are_compared(demo: Shell) -> None:
    """A recorded file equals its stored snapshot and differs from a later file by a wave."""
    assert demo("diff", AUGUST, "1", "--exit-code").lines == ["no changes"]
    waves = demo("diff", AUGUST, NOVEMBER, "--facts", "--format", "json").json["changes"]
    assert len([change for change in waves if change.get("field") == "meta.is_beta"]) == 10
    assert "snapshot" not in waves[0]


def test_a_state_that_does_not_exist_is_wrong_usage(shell: Shell) -> None:
    """A missing file and a broken file get different errors and exit codes."""
    missing = shell("diff", "a" * 300 + ".json", "2", code=2)
    assert "is neither a file nor a time" in missing.err
    Path(shell.folder, "broken.json").write_text("{")
    broken = shell("diff", "broken.json", "broken.json", code=4)
    assert "one JSON value" in broken.err
    assert "hint: `catalog validate broken.json` lists every problem." in broken.err
