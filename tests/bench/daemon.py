"""Polls inside a daemon, and the size of their database."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon_program import EVERY
from tests.bench.random_catalog import RandomCatalog, size_of
from tests.bench.result import Line, megabytes, seconds
from tests.bench.server import serving
from tests.bench.timing import Took, cpu, ratio
from tests.support.checkout import ROOT

MOST = {"unchanged": 2.0, "changed": 1.7}
WHY = {
    "unchanged": "each poll checks the document and the file of the database",
    "changed": "findings are judged, recorded and chained, in several transactions",
}
MOST_SIZE = 2.0
PAGES = "SELECT count(*) FROM sqlite_master WHERE rootpage > 0"


@dataclass(frozen=True, slots=True)
class DaemonSeries:
    """Polls of one catalog in a daemon, in their own folder."""

    folder: Path
    models: int
    polls: int

    def lines(self) -> list[Line]:
        """Measure the series. Return a line per outcome and one for the database."""
        folder = self.folder / "inside"
        folder.mkdir()
        with serving(folder) as served:
            words = (folder, served.url, served.file, str(self.models), str(self.polls))
            ended = subprocess.run(
                [sys.executable, "-m", "tests.bench.daemon_program", *words],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        pairs = [json.loads(line) for line in ended.stdout.splitlines()][1:]
        lines = [self._poll(outcome, pairs) for outcome in MOST]
        return [*lines, self._size(folder)]

    def _poll(self, outcome: str, pairs: list[dict[str, tuple[str, float]]]) -> Line:
        of_it = [each for each in pairs if {each["ours"][0], each["loop"][0]} == {outcome}]
        ours, loop = ([Took(each[name][1]) for each in of_it] for name in ("ours", "loop"))
        most = MOST[outcome]
        return Line(
            f"a poll inside the daemon, {outcome}, {self.models:,} models ({len(of_it)} pairs)",
            "a hand-written loop over httpx",
            seconds(cpu(ours)),
            seconds(cpu(loop)),
            ratio(ours, loop),
            most,
            f"at most {most:g}",
            WHY[outcome],
        )

    def _size(self, folder: Path) -> Line:
        made = RandomCatalog(self.models)
        rows = size_of(made.rows)
        for _ in range((self.polls - 1) // EVERY):
            rows += size_of([made.rows[place] for place in made.change()])
        file = folder / "catalog.db"
        size = file.stat().st_size
        with closing(sqlite3.connect(file)) as database:
            (pages,) = database.execute(PAGES).fetchone()
        return Line(
            f"the database after those {self.polls} polls",
            "each state of a model once, as JSON",
            megabytes(size),
            megabytes(rows),
            size / rows,
            MOST_SIZE,
            f"at most {MOST_SIZE:g} times",
            f"columns for queries beside the facts; {pages} tables and indexes of a page each",
        )
