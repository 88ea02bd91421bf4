"""Several runs of the command on one database at the same moment."""

import json
import subprocess
import sys
from pathlib import Path

from catalog.recordings import find, shipped
from catalog.replay.server import ReplayServer
from tests.servers import answer, serve

CATALOG = Path(sys.executable).with_name("catalog")
RUNS = 4


def test_runs_at_the_same_moment_do_each_thing_once(tmp_path: Path) -> None:
    """One of them stores the change, the channel is told once, and none of them fails."""
    with ReplayServer(find(shipped()), step="manual") as provider, serve(answer()) as receiver:
        (tmp_path / "catalog.toml").write_text(
            f'[infomaniak]\nurl = "{provider.url}"\n[[channel]]\nkind = "webhook"\nname = "hook"\n'
            f'url = "{receiver.url}"\n'
        )
        command = [str(CATALOG), "sync", "--format", "json"]
        told = run_together(command, tmp_path)
        assert sorted(told) == ["first", *["unchanged"] * (RUNS - 1)]
        provider.advance()
        told = run_together(command, tmp_path)
        assert sorted(told) == ["changed", *["unchanged"] * (RUNS - 1)]
    assert len(receiver.requests) == 1


def run_together(command: list[str], folder: Path) -> list[str]:
    """Start the command several times at once; return the outcomes."""
    clean = {"HOME": str(folder), "INFOMANIAK_API_TOKEN": "any", "PATH": ""}
    pipe = subprocess.PIPE
    runs = [
        subprocess.Popen(command, cwd=folder, env=clean, stdout=pipe, stderr=pipe, text=True)
        for _ in range(RUNS)
    ]
    outcomes = []
    for run in runs:
        printed, complaints = run.communicate()
        assert run.returncode == 0, complaints
        outcomes.append(json.loads(printed)["outcome"])
    return outcomes
