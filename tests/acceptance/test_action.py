"""The steps of the GitHub Action, run as in a workflow."""

import json
import re
from pathlib import Path

import pytest

from tests.support.action_steps import ACTION, STEPS, step
from tests.support.check_builders import write
from tests.support.checkout import ROOT
from tests.support.shell import COMMAND


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a repository that uses a removed model. A folder has a blank."""
    write(tmp_path, {"my src/ai.py": 'model = "mixtral"\n', "b.py": 'model = "whisper"\n'})
    return tmp_path


@pytest.mark.long
def test_the_action_marks_each_problem(code: Path) -> None:
    """The step fails with an annotation at the line, and writes SARIF on request."""
    status, out, outputs = step("Check", code, COMMAND.parent, sarif="models.sarif")
    assert (status, outputs) == (1, {"exit-code": "1", "sarif": "models.sarif"})
    assert out.startswith("::error file=my src/ai.py,line=1,col=10,title=delisted model name::")
    assert json.loads((code / "models.sarif").read_bytes())["runs"][0]["results"]


@pytest.mark.long
def test_the_action_takes_each_input(code: Path) -> None:
    """The action takes one path a line, a baseline, a level and a time span."""
    status, out, outputs = step(
        "Check", code, COMMAND.parent, paths="my src\n\nb.py\n", fail_on="never"
    )
    assert (status, outputs) == (0, {"exit-code": "0"})
    assert "mixtral" in out
    known = '{"baseline_version": 1, "known": []}'
    (code / "known.json").write_text(known, encoding="utf-8")
    status, out, _ = step(
        "Check", code, COMMAND.parent, paths="b.py", baseline="known.json", within="7d"
    )
    assert (status, out) == (0, "")
    assert step("Check", code, COMMAND.parent, catalog="none.json")[0] == 2


def test_every_input_and_output_is_of_use() -> None:
    """Each declared input reaches a step, and each output belongs to the step that writes it."""
    reached = {
        found for each in STEPS.values() for found in re.findall(r"inputs\.([\w-]+)", str(each))
    }
    assert reached == set(ACTION["inputs"])
    either = "${{ steps.check.outputs.exit-code || steps.sync.outputs.exit-code }}"
    assert {name: each["value"] for name, each in ACTION["outputs"].items()} == {
        "exit-code": either,
        "sarif": "${{ steps.check.outputs.sarif }}",
    }
    for name in ("Check", "Sync"):
        mode = name.lower()
        assert (STEPS[name]["id"], STEPS[name]["if"]) == (mode, f"inputs.mode == '{mode}'")
    assert ACTION["inputs"]["mode"]["default"] == "check"


def test_the_action_installs_tested_versions(tmp_path: Path) -> None:
    """The action makes an environment, installs the hashed versions and extends PATH.

    A fake Python prints the arguments it gets, so the test downloads nothing.
    """
    python = tmp_path / "stand-in"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\n'
        'printf \'#!/bin/sh\\necho "pip $*"\\n\' >"$3/bin/pip"\nchmod +x "$3/bin/pip"\n',
        encoding="utf-8",
    )
    python.chmod(0o755)
    status, out, _ = step("Install", tmp_path, tmp_path, python=str(python))
    assert status == 0
    first, second = out.splitlines()
    assert f"--require-hashes -r {ROOT}/requirements.txt" in first
    assert second.endswith(f"--no-deps {ROOT}")
    status, out, _ = step("Install", tmp_path, tmp_path, python=str(python), site="site")
    assert f"--require-hashes -r {ROOT}/requirements-image.txt" in out.splitlines()[0]
    assert step("Install", tmp_path, tmp_path, python=str(python), mode="poll")[0] == 2
    added = (tmp_path / "runner" / "GITHUB_PATH").read_text(encoding="utf-8")
    assert added == f"{tmp_path}/runner/model-catalog/bin\n" * 2
