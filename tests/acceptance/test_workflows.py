import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.checkout import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
PINNED = re.compile(r"- uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")
OUTPUT = re.compile(r"\brun: .*\$\{\{")
SECONDS = 60
each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def read(file: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def run(name: str, *words: str | Path) -> None:
    """Run a checker on the workflows, or skip without it."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed here")
    line = [program, *map(str, words)]
    ran = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@each_workflow
def test_actions_are_pinned_by_digest(file: Path) -> None:
    """Each action is pinned by the digest of a commit, with its version beside it."""
    used = [line.strip() for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


@each_workflow
def test_jobs_have_only_the_rights_that_they_need(file: Path) -> None:
    """A workflow has no rights, each job names its own, and ends by itself."""
    workflow = read(file)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"].get("contents", "read") == "read"
        assert job["timeout-minutes"] <= 60
    assert not OUTPUT.search(file.read_text(encoding="utf-8"))


def test_a_release_is_built_without_rights_and_published_without_a_password() -> None:
    """The job that runs our code may only read. The ones with rights run none of it."""
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    for name in ("attest", "publish"):
        assert jobs[name]["permissions"]["id-token"] == "write"
        assert all("run" not in step for step in jobs[name]["steps"])
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


@each_workflow
def test_scripts_of_workflows_exist(file: Path) -> None:
    """Each script that a workflow runs is there."""
    for name in re.findall(r"run: bash (\S+)", file.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_issue_templates_can_be_read(file: Path) -> None:
    """Each form has a name, and fields with ids that differ."""
    form = read(file)
    ids = [field["id"] for field in form.get("body", ()) if "id" in field]
    assert len(ids) == len(set(ids))
    assert "blank_issues_enabled" in form or (form["name"] and ids)


def test_zizmor_finds_nothing() -> None:
    """With zizmor, the workflows and the action have no known weakness."""
    run("zizmor", "--offline", "--persona=pedantic", ".github", "action.yml")


def test_actionlint_finds_nothing() -> None:
    """With actionlint, the workflows have no mistake."""
    run("actionlint", *WORKFLOWS)


def test_a_release_needs_the_tag_of_its_version() -> None:
    """scripts/release refuses a tag that is not the version, before it builds anything."""
    line = ["/usr/bin/env", "bash", str(ROOT / "scripts" / "release"), "v0.0.0-wrong"]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 2
    assert "the tag is v0.0.0-wrong" in ran.stderr
