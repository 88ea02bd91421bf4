"""List the measurements of the benchmark, and run them in turn."""

import gzip
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import postgresql, questions
from tests.bench.cron import Cron
from tests.bench.daemon import DaemonSeries
from tests.bench.days import Days
from tests.bench.history_import import HistoryImport
from tests.bench.peers import Peers
from tests.bench.result import Line, megabytes
from tests.support.checkout import ROOT

YEARS_MOST = 80e6
RECORDED = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a benchmark run.

    It has the polls of the days and their seconds of waiting, the rounds of processes, the polls in
    one process, the commits, the imports, and the polls of the ten years.
    """

    hours: int = 120
    idle: float = 120

    rounds: int = 15
    fewer: int = 7
    polls: int = 401
    commits: int = 400
    imports: int = 3
    years: int = 87_600
    models: int = 3000
    requests: int = 3
    load: float = 60
    providers: int = 400
    workers: tuple[int, ...] = (1, 2, 4)


QUICK = Scale(
    hours=2,
    idle=1,
    rounds=1,
    fewer=1,
    polls=21,
    commits=3,
    imports=1,
    years=2000,
    models=60,
    requests=1,
    load=2,
    providers=16,
    workers=(1,),
)


def run(folder: Path, peers: Peers, recordings: Path | None, scale: Scale) -> Iterator[Line]:
    """Yield each line as soon as it is measured. Files are temporary."""
    yield from Days(folder, peers, scale.hours, scale.idle).lines()
    yield from Cron(folder, peers, scale.rounds).unchanged(20)
    cron = Cron(folder, peers, scale.fewer)
    for models in (500, 3000):
        yield from cron.changed(models)
    yield cron.memory(3000)
    yield from DaemonSeries(folder, 500, scale.polls).lines()
    importing = HistoryImport(folder, peers, scale.imports)
    yield importing.made(500, scale.commits)
    if recordings is not None:
        yield importing.recorded(read(recordings))
    yield from decade(folder, scale.years)


def decade(folder: Path, polls: int) -> Iterator[Line]:
    """Yield the size of ten years of polls, and the queries."""
    file = decade_file(folder, polls)
    size = file.stat().st_size
    what = f"the database after {polls:,} hourly polls of 500 models, one in ten changed"
    wanted = f"at most {megabytes(YEARS_MOST)}"
    with closing(sqlite3.connect(file)) as database:
        facts = database.execute("SELECT sum(length(facts)) FROM model_version").fetchone()[0]
    why = f"{megabytes(facts)} of it are the changed models as JSON, which stay readable"
    yield Line(what, "–", megabytes(size), "–", size, YEARS_MOST, wanted, why, is_ratio=False)
    yield from questions.lines(file, polls)
    yield from postgresql.lines(file, polls)


def decade_file(folder: Path, polls: int) -> Path:
    """Return a database with ten years of polls. A new process builds it once."""
    file = folder / "decade.db"
    if not file.exists():
        words = [sys.executable, "-m", "tests.bench.decade", str(file), str(polls)]
        subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return file


def read(folder: Path) -> list[tuple[datetime, bytes]]:
    """Read recordings named by their time, also compressed ones."""
    states = []
    for file in sorted(folder.iterdir()):
        if named := RECORDED.match(file.name):
            at = datetime.strptime(named[0], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
            body = file.read_bytes()
            states.append((at, gzip.decompress(body) if file.suffix == ".gz" else body))
    return states
