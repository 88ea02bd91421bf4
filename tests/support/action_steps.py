"""The steps of the GitHub Action, run as by a runner."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from tests.support.checkout import ROOT

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, Any] = {step["name"]: step for step in ACTION["runs"]["steps"]}


def step(
    name: str,
    folder: Path,
    programs: Path,
    environ: Mapping[str, str] = NOTHING,
    **inputs: str,
) -> tuple[int, str, dict[str, str]]:
    """Run one step and return its exit code, output and outputs.

    `environ` is what the workflow gives. The output includes the errors.
    """
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
        env=around | files | dict(environ) | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if environ else subprocess.PIPE,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    lines = Path(files["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines()
    assert "Traceback" not in f"{ended.stdout}{ended.stderr}"
    return ended.returncode, ended.stdout, dict(line.split("=", 1) for line in lines)
