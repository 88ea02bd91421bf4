"""Kill the process at any line of a pass, then repeat it."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from catalog.core.clock import stamp
from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer
from tests.support.checkout import ROOT
from tests.support.http_server import answer, serve
from tests.support.kill_at_line import run_pass
from tests.support.shell import Shell

KILLS = 40


@pytest.mark.long
def test_a_pass_killed_anywhere_is_repaired_by_the_next(tmp_path: Path) -> None:
    """After a SIGKILL at any line, the next pass gives the results of an undisturbed run."""
    before = tmp_path / "before"
    before.mkdir()
    with ReplayServer(find(shipped()), step="manual") as provider, serve(answer()) as receiver:
        run_pass(before, provider.url, receiver.url, provider.current.at)
        provider.advance()
        arguments = [str(before), provider.url, receiver.url, stamp(provider.current.at)]
        with Shell(ROOT).python(
            "-m", "tests.support.kill_at_line", *arguments, str(KILLS)
        ) as running:
            out, err = running.communicate()
        assert running.returncode == 0, err
        results = json.loads(out)
    messages: dict[str, set[tuple[str, bytes]]] = defaultdict(set)
    for request in receiver.requests:
        messages[request.path.strip("/")].add((request.headers["webhook-id"], request.body))
    undisturbed = results.pop("undisturbed")
    assert undisturbed["ended"] == [0, 0]
    (message,) = messages["undisturbed"]
    assert b"alias-swapped" in message[1]
    assert len(results) == KILLS
    for name, result in results.items():
        assert result["ended"] == [-9, 0], (name, err)
        assert result["stored"] == undisturbed["stored"], name
        assert messages[name] == {message}, name
