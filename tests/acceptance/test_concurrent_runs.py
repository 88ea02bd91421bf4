"""Several runs of the command on one database at the same moment."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer
from tests.support.http_server import answer, serve
from tests.support.shell import Shell

RUNS = 4


@pytest.mark.long
def test_runs_at_the_same_moment_do_each_thing_once(tmp_path: Path) -> None:
    """Of several concurrent runs one stores the change, one alert is sent, and all succeed."""
    with ReplayServer(find(shipped()), step="manual") as provider, serve(answer()) as receiver:
        (tmp_path / "catalog.toml").write_text(
            f'[infomaniak]\nurl = "{provider.url}"\n[[channel]]\nkind = "webhook"\nname = "hook"\n'
            f'url = "{receiver.url}"\n'
        )
        output = run_together(tmp_path)
        assert sorted(output) == ["first", *["unchanged"] * (RUNS - 1)]
        provider.advance()
        output = run_together(tmp_path)
        assert sorted(output) == ["changed", *["unchanged"] * (RUNS - 1)]
    assert len(receiver.requests) == 1


def run_together(folder: Path) -> list[str]:
    """Start several `catalog sync` processes together and return their outcomes."""
    shell = Shell(folder, {"INFOMANIAK_API_TOKEN": "any"})
    outcomes = []
    with ExitStack() as stack:
        starts = (shell.start("sync", "--format", "json") for _ in range(RUNS))
        for run in [stack.enter_context(start) for start in starts]:
            printed, complaints = run.communicate()
            assert run.returncode == 0, complaints
            outcomes.append(json.loads(printed)["outcome"])
    return outcomes
