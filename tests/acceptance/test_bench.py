import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from catalog.core.clock import stamp
from catalog.store.database import Database
from catalog.store.verify import verify
from tests.bench import decade, fleet, postgresql, questions, web
from tests.bench.bench import QUICK, decade_file
from tests.bench.cron import Cron
from tests.bench.daemon import DaemonSeries
from tests.bench.days import Days
from tests.bench.git_history import hourly
from tests.bench.history_import import HistoryImport
from tests.bench.peers import Peers
from tests.bench.random_catalog import RandomCatalog
from tests.bench.result import HEADS, Line, table
from tests.bench.timing import Took, in_turn, ratio
from tests.support.checkout import ROOT, load_script
from tests.support.database import polls
from tests.support.shell import Shell

SCRIPT = ROOT / "scripts" / "bench"
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
MEASURED = (
    *("a day of hourly polls by `catalog serve`", "a day of hourly polls by `catalog sync`"),
    *("`catalog sync`, nothing changed, 20 models", "`catalog sync`, 1 % changed, 500 models"),
    *("`catalog sync`, 1 % changed, 3,000 models", "peak memory of a pass"),
    *("a poll inside the daemon, unchanged", "a poll inside the daemon, changed"),
    *(f"{what}, on PostgreSQL" for what in questions.QUESTIONS.values()),
    *("the database after", "`catalog import --git`", *questions.QUESTIONS.values()),
)


@pytest.fixture
def script() -> ModuleType:
    """Load scripts/bench."""
    return load_script("bench")


def line(value: float | None, **rest: Any) -> Line:
    """Make a line whose value has to be at most 2."""
    return Line("a", "b", "1", "2", value, 2.0, "at most 2", "it is slow", **rest)


def test_only_a_whole_run_is_written_down() -> None:
    """The script refuses to write a quick run down, and reports a missing folder."""
    for words, said in (
        (("--quick", "--write"), "--write needs a full run"),
        (("--recordings", "nowhere"), "there is no folder nowhere"),
    ):
        with Shell(ROOT).python(SCRIPT, *words) as running:
            _, err = running.communicate()
        assert running.returncode == 2
        assert said in err


def test_what_is_written_goes_between_the_markers(tmp_path: Path, script: ModuleType) -> None:
    """The table is replaced, and every other byte of the page stays."""
    page = tmp_path / "page.md"
    parts = [f"<!-- {part}:begin -->\nold\n<!-- {part}:end -->\n" for part in script.PARTS]
    page.write_text(f"before\n{''.join(parts)}after\n", encoding="utf-8")
    script.write("web", "new", page)
    parts[1] = "<!-- web:begin -->\n\nnew\n\n<!-- web:end -->\n"
    assert page.read_text(encoding="utf-8") == f"before\n{''.join(parts)}after\n"


def test_every_part_has_its_place(script: ModuleType) -> None:
    """docs/benchmarks.md has one place for the tables of each part."""
    for part in script.PARTS:
        begin, end = (PAGE.index(f"<!-- {part}:{mark} -->") for mark in ("begin", "end"))
        assert begin < end


def test_the_page_has_a_line_for_everything() -> None:
    """docs/benchmarks.md has a row and a verdict for every comparison."""
    rows = [row.strip("| ").split(" | ") for row in PAGE.splitlines() if row.startswith("| ")]
    measured = [row for row in rows if len(row) == len(HEADS) and row[0] not in {HEADS[0], "---"}]
    for what in MEASURED:
        assert any(row[0].startswith(what) for row in measured), what
    for row in measured:
        assert row[-1].startswith(("yes", "no, by ", "not asked for")), row


def test_missed_targets_are_shown() -> None:
    """A row shows whether the target is reached, by how much it is missed, and why."""
    cells = [line(value).cells[-1] for value in (1.9, 3.0, None)]
    assert cells == ["yes", "no, by 1.50 times: it is slow", "not asked for"]
    assert line(0.5, is_ratio=False).cells[4] == "–"
    assert table([line(1.0)]).splitlines()[2].startswith("| a | b | 1 | 2 | 1.00 | at most 2 |")


def test_ratios_are_those_of_rounds() -> None:
    """Ratios compare runs of the same round, and each round starts with another run."""
    order: list[str] = []

    def run(name: str) -> Took:
        order.append(name)
        return Took(float(len(order)))

    came = in_turn({"a": lambda: run("a"), "b": lambda: run("b")}, 2, order.clear, warm_up=1)
    assert order == ["a", "b"]
    assert [len(each) for each in came.values()] == [2, 2]
    assert ratio([Took(1), Took(9), Took(4)], [Took(2), Took(3), Took(4)]) == 1.0


@pytest.mark.long
def test_a_small_run_measures_each_way(tmp_path: Path) -> None:
    """Real processes, a real daemon's polls and a real import give figures for both sides."""
    peers = Peers()
    days = Days(tmp_path, peers, 2, 0.5).lines()
    assert [each.value is None for each in days] == [True] * 3
    assert [each.ours.endswith("s") for each in days] == [True] * 3
    unchanged = Cron(tmp_path, peers, 1).unchanged(3)
    assert [each.value is None for each in unchanged] == [False, True]
    inside = DaemonSeries(tmp_path, 30, 12).lines()
    assert [bool(each.value) for each in inside] == [True, True, True]
    imported = HistoryImport(tmp_path, peers, 1).made(3, 3)
    assert imported.what == "`catalog import --git`, 3 commits of 3 models (5 versions)"
    assert imported.value is None


@pytest.mark.long
def test_a_small_load_of_pages_is_answered(tmp_path: Path) -> None:
    """Real stores and servers give figures for each route, and no request fails."""
    text = web.tables(tmp_path, decade_file(tmp_path, 200), replace(QUICK, models=40))
    assert "| `/models` |" in text
    assert "\n| errors | 0 | 0 |\n" in text


@pytest.mark.long
def test_postgresql_answers_the_same_questions(tmp_path: Path) -> None:
    """A copy in a real PostgreSQL server gives a figure for each query."""
    for made in postgresql.lines(decade_file(tmp_path, 800), 800):
        assert made.value is not None
        assert made.value > 0


@pytest.mark.long
def test_a_small_fleet_shows_its_parts() -> None:
    """A real worker and a real PostgreSQL server share the CPU time of the passes."""
    line = fleet.table(16, (1,)).splitlines()[-1].strip("| ").split(" | ")
    assert line[0] == "1"
    assert 98 <= sum(int(each.removesuffix("%")) for each in line[3:]) <= 102


@pytest.mark.long
def test_the_made_years_are_as_if_they_had_been_polled(tmp_path: Path) -> None:
    """The accelerated run leaves a valid history with the expected polls."""
    file = tmp_path / "years.db"
    decade.make(file, 1000, models=100)
    database = Database(str(file))
    with database.reading() as connection:
        assert [each for each in verify(connection) if each.bad] == []
    seen = polls(file)
    assert Counter(outcome for _, outcome in seen) == {
        "changed": 99,
        "first": 1,
        "unchanged": 900,
    }
    hours = [stamp(decade.BEGIN + hour * decade.HOUR) for hour in range(1000)]
    assert [began for began, _ in seen] == hours
    with closing(sqlite3.connect(file)) as plain:
        first = plain.execute("SELECT key FROM model_version ORDER BY id DESC").fetchone()[0]
    for name in questions.QUESTIONS:
        at = decade.BEGIN + 500 * decade.HOUR
        ways = questions.both(database, file, name, at, str(first))
        assert ways["ours"]() == ways["plain"]() > 0
    database.close()


def test_states_differ_by_one_model_in_a_hundred() -> None:
    """Random catalogs change by one model in a hundred, and a seed repeats them."""
    (_, first), (_, second), *_ = hourly(RandomCatalog(300).states(), 3)
    assert first != second
    made = RandomCatalog(300)
    assert made.body == first
    assert len(made.change()) == 3
    assert made.body == second
