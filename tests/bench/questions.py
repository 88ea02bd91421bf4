"""Measure queries of the database of ten years, by program and SQL.

Each opens the file, asks and reads all rows. The program returns ready values.
"""

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from catalog.core.clock import stamp
from catalog.store import changelog, history
from catalog.store.changelog import FindingFilter
from catalog.store.database import Database
from tests.bench.daemon_program import timed
from tests.bench.decade import BEGIN, HOUR
from tests.bench.result import Line, seconds
from tests.support.checkout import ROOT

PROVIDER = "infomaniak"
MODEL = "key, name, type, facts, status, beta, context_limit, description, route"
AS_OF = f"""
SELECT {MODEL} FROM model_version WHERE provider = :provider AND first_snapshot <= :number
  AND (last_snapshot IS NULL OR last_snapshot > :number) ORDER BY CAST(key AS INTEGER)"""  # noqa: S608  # constants
NUMBER = "SELECT max(id) FROM snapshot WHERE provider = :provider AND taken_at <= :at"
ONE = f"""
SELECT {MODEL}, a.taken_at, b.taken_at FROM model_version JOIN snapshot a ON a.id = first_snapshot
  LEFT JOIN snapshot b ON b.id = last_snapshot
  WHERE model_version.provider = :provider AND key = :key ORDER BY first_snapshot"""  # noqa: S608  # constants
MONTH = f"""
SELECT poll.started_at, rule, level, callable_until, ground, kind, field, before, after,
  {", ".join(f"v.{name}" for name in MODEL.split(", "))}
  FROM poll JOIN finding ON finding.poll_id = poll.id
  JOIN change ON change.finding_id = finding.id LEFT JOIN model_version v ON v.id = version_id
  WHERE poll.provider = :provider AND poll.started_at BETWEEN :at AND :until
  ORDER BY finding.id DESC, change.id"""  # noqa: S608  # constants
MONTH_OF_POLLS = 30 * 24
WHY = "each row becomes a typed value, through SQLAlchemy"
MOST, MOST_SECONDS, PAIRS = 2.5, 0.010, 30
QUESTIONS = {
    "as-of": "all models as of a moment",
    "one": "the history of one model",
    "month": "the changes of a month",
}
Question = Callable[[], int]


def ask(file: Path, polls: int) -> Iterator[dict[str, object]]:
    """Run each query in pairs. Yield the CPU seconds of each pair."""
    dice = random.Random(1)  # noqa: S311  # the same questions each time
    database = Database(str(file))
    for name in QUESTIONS:
        for number in range(PAIRS + 1):
            at = BEGIN + dice.randrange(polls - MONTH_OF_POLLS) * HOUR
            pair = both(database, file, name, at, str(dice.randrange(1, 501)))
            order = ("ours", "plain") if number % 2 else ("plain", "ours")
            took = {who: timed(pair[who])[1] for who in order}
            if number:
                yield {"question": name, **took}


def both(database: Database, file: Path, name: str, at: datetime, key: str) -> dict[str, Question]:
    """Return both ways to run a query. Each returns the number of rows."""
    return {"ours": asked(database, name, at, key), "plain": _plain(file, name, at, key)}


def asked(database: Database, name: str, at: datetime, key: str) -> Question:
    """Return the way of the program to run a query."""

    def run() -> int:
        with database.reading() as connection:
            if name == "as-of":
                number = history.number_at(connection, PROVIDER, at)
                return len(history.snapshot(connection, number).models)
            if name == "one":
                return len(history.versions(connection, PROVIDER, key))
            wanted = FindingFilter(PROVIDER, since=at, until=at + timedelta(days=30))
            return len(changelog.findings(connection, wanted))

    return run


def _plain(file: Path, name: str, at: datetime, key: str) -> Question:
    given: dict[str, str | int] = {"provider": PROVIDER, "at": stamp(at), "key": key}
    given["until"] = stamp(at + timedelta(days=30))

    def asked() -> int:
        with closing(sqlite3.connect(file)) as database:
            if name == "as-of":
                given["number"] = database.execute(NUMBER, given).fetchone()[0]
                return len(database.execute(AS_OF, given).fetchall())
            return len(database.execute(ONE if name == "one" else MONTH, given).fetchall())

    return asked


def lines(file: Path, polls: int) -> Iterator[Line]:
    """Measure in a new process. Yield a line per query.

    A second line gives the time of the "as of" query.
    """
    words = [sys.executable, "-m", "tests.bench.questions", str(file), str(polls)]
    ended = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    came = [json.loads(line) for line in ended.stdout.splitlines()]
    for name, what in QUESTIONS.items():
        of_it = [each for each in came if each["question"] == name]
        ours, plain = (median(each[who] for each in of_it) for who in ("ours", "plain"))
        value = median(each["ours"] / each["plain"] for each in of_it)
        wanted = f"at most {MOST:g}"
        yield Line(what, "the plain SQL", seconds(ours), seconds(plain), value, MOST, wanted, WHY)
        if name == "as-of":
            wanted = f"at most {seconds(MOST_SECONDS)}"
            yield Line(what, "–", seconds(ours), "–", ours, MOST_SECONDS, wanted, is_ratio=False)


if __name__ == "__main__":
    for each in ask(Path(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(json.dumps(each) + "\n")
