"""The call chain from the command to the request is short."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import catalog
from catalog.cli.app import App
from catalog.cli.sync import sync
from catalog.core.http.client import Http
from tests.bench.random_catalog import RandomCatalog
from tests.support.http_server import answer
from tests.support.shell import Live

MOST = 7
OURS = str(Path(catalog.__file__).parent)


def frames_of_requests(words: list[str]) -> list[list[str]]:
    """Run `catalog sync` and return our functions above each request."""
    found: list[list[str]] = []

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is Http.send.__code__:
            found.append([each.f_code.co_qualname for each in stack(frame)])

    sys.setprofile(look)
    try:
        sync.main(words, obj=App(), standalone_mode=False)
    finally:
        sys.setprofile(None)
    return found


def stack(frame: FrameType | None) -> list[FrameType]:
    """Return the frames of our own code, the outermost first."""
    frames = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(OURS):
            frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


@pytest.mark.parametrize("words", [[], ["--scheduled"], ["--dry-run"]])
def test_the_request_is_few_calls_away_from_the_command(
    live: Live, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """At most seven frames lead from the command to the request."""
    shell, _ = live(answer(body=RandomCatalog(3).body))
    for name, value in shell.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shell.folder)
    for _ in range(2):
        (frames,) = frames_of_requests(words)
        assert (frames[0], frames[-1]) == ("sync", "Http.send")
        assert len(frames) <= MOST, frames
        words = [each for each in words if each != "--scheduled"]  # the slot is done by now
