"""Order passes from the worker: see worker_program.py."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from catalog.core.clock import stamp
from tests.support.checkout import ROOT


@dataclass(frozen=True, slots=True)
class Came:
    """The result of one pass.

    `ended` is 0, minus the signal that killed it, or 1 for a programming error. `outcome` is the
    poll's, or the name of the error without a poll. `document` is the error of the document.
    `memory` is in bytes.
    """

    ended: int
    seconds: float
    outcome: str = "killed"
    document: str = ""
    memory: int = 0

    @property
    def label(self) -> str:
        """The outcome in a word."""
        return "broken off" if self.ended > 0 else self.document or self.outcome


@dataclass(frozen=True, slots=True)
class Worker:
    """The running program."""

    process: subprocess.Popen[str]

    def warm_up(self, folder: Path, at: datetime) -> None:
        """Run a pass in the worker itself, so that forks load nothing."""
        assert self._order(folder, at)["outcome"] == "first"

    def run(self, folder: Path, at: datetime, **how: Any) -> Came:
        """Run one pass.

        It is killed after `kill_after` seconds, or runs as `user`, or only if `scheduled`.
        """
        return Came(**self._order(folder, at, **how))

    def _order(self, folder: Path, at: datetime, **how: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        order = {"folder": str(folder), "at": stamp(at), **how}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        came: dict[str, Any] = json.loads(self.process.stdout.readline())
        return came


@contextmanager
def working() -> Iterator[Worker]:
    """Start the worker, and stop it at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.campaign.worker_program"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Worker(process)
        assert process.stdin
        process.stdin.close()
