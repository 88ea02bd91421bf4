"""The steps of the GitHub Action, run as in a workflow."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.check_builders import write
from tests.support.checkout import ROOT
from tests.support.shell import COMMAND

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, Any] = {step["name"]: step for step in ACTION["runs"]["steps"]}


def step(name: str, folder: Path, programs: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run one step and return its exit code, output and step outputs."""
    known = {key: each["default"] for key, each in ACTION["inputs"].items()}
    known |= {key.replace("_", "-"): value for key, value in inputs.items()}
    given = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: known[found[1]], value)
        for key, value in STEPS[name]["env"].items()
    }
    runner = folder / "runner"
    runner.mkdir(exist_ok=True)
    files = {each: str(runner / each) for each in ("GITHUB_OUTPUT", "GITHUB_PATH")}
    for file in files.values():
        Path(file).touch()
    script = runner / "step.sh"
    script.write_text(STEPS[name]["run"], encoding="utf-8")
    around = {"HOME": str(folder), "PATH": f"{programs}:{os.defpath}", "LANG": "C.UTF-8"}
    around |= {"GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(runner)}
    around |= {key: text for key, text in os.environ.items() if key.startswith("COVERAGE_")}
    ended = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder,
        env=around | files | given,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    lines = Path(files["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines()
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, dict(line.split("=", 1) for line in lines)


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
    assert {each["value"] for each in ACTION["outputs"].values()} == {
        f"${{{{ steps.check.outputs.{name} }}}}" for name in ACTION["outputs"]
    }
    assert STEPS["Check"]["id"] == "check"


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
    added = (tmp_path / "runner" / "GITHUB_PATH").read_text(encoding="utf-8")
    assert added == f"{tmp_path}/runner/model-catalog/bin\n"
