"""The scripts of a checkout, run as a newcomer runs them."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import lay_checkout
from tests.support.shell import SECONDS, Ran


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder with scripts/run, in which everything is set up already."""
    lay_checkout(tmp_path)
    return tmp_path


def run(checkout: Path, *words: str, **given: str) -> Ran:
    """Run scripts/run with these arguments in a minimal environment."""
    measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [checkout / "scripts" / "run", *words],
        cwd=checkout,
        env=measured | {"HOME": str(checkout), "PATH": os.defpath} | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.long
def test_a_database_of_ones_own_is_never_mixed_up_with_the_demos(checkout: Path) -> None:
    """CATALOG_DATABASE counts as configured: it is asked, and the demo is not made."""
    own = checkout / "own.db"
    asked = run(checkout, "models", CATALOG_DATABASE=str(own))
    assert (asked.code, asked.out) == (6, "")
    assert f"there is no database at {own}" in asked.err
    polled = run(checkout, CATALOG_DATABASE=str(own))
    assert polled.code == 2
    assert "there is no token" in polled.err
    assert not (checkout / "demo").exists()


@pytest.mark.long
def test_the_demo_prints_commands_that_work_as_typed(checkout: Path) -> None:
    """Each printed command works in the folder in which scripts/run was typed."""
    told = run(checkout)
    assert told.code == 0, told
    typed = [line.strip() for line in told.lines if line.startswith(f"  {checkout}/scripts/run ")]
    assert len(typed) == 4
    for line in typed:
        again = run(checkout, *shlex.split(line)[1:])
        assert (again.code, bool(again.out)) == (0, True), (line, again)
    own = run(checkout, "demo", "other")
    assert f"  {checkout}/scripts/run --config other/catalog.toml changes" in own.lines
