"""`catalog db verify` finds every edit that a command shows."""

import io
import logging
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.alerts.timing import Timing
from catalog.changes.forecast import Note
from catalog.changes.incident import Trouble
from catalog.changes.poll import Outcome, Poll
from catalog.cli.app import App
from catalog.cli.demo import demo
from catalog.cli.main import cli
from catalog.core.errors import CatalogError
from catalog.core.payload import NotModified
from catalog.core.probe import Budget, Call, CallResult, Verdict
from catalog.store import forecasts, history, outbox, probes
from catalog.store.chain import links
from catalog.store.database import Database, Transaction
from catalog.store.record import record
from catalog.store.tally import COVERED
from catalog.store.transfer import TABLES
from catalog.store.verify import verify
from tests.support.builders import finding, model, payload, snapshot
from tests.support.checkout import ROOT

PAGE = ROOT / "docs" / "database.md"
NAME = "infomaniak"
NOW = datetime(2026, 5, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLIPS = 60
SHOWN = (
    *(["models", "--format", "json"], ["changes", "--level", "quiet", "--format", "json"]),
    *(["snapshots", "--format", "json"], ["polls", "--format", "json"], ["notes"], ["forecast"]),
    *(["alerts", "--format", "json"], ["status", "--format", "json"], ["explain", "3"]),
    *(["matrix", "--format", "json"], ["show", "whisper"], ["diff", "1", "5"]),
    *(["render", "--output", "-"], ["db", "export"]),
)
"""Commands that show stored data. The last one shows data that no other shows."""
TIMES = re.compile(r'"(age_seconds|next_run_at|checked|days_left)":\s*[^,}]+')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with rows in every table that is covered."""
    folder = tmp_path_factory.mktemp("covered") / "demo"
    demo.main([str(folder)], obj=App(), standalone_mode=False)
    database = Database(str(folder / "catalog.db"))
    with closing(database), database.writing() as connection:
        key = history.find_key(connection, NAME, "whisper", 5)
        forecasts.write(connection, NAME, Note(key, NOW, date(2027, 1, 1), "next", "https://e.org"))
        forecasts.write(connection, NAME, Note(key, NOW + HOUR))
        for hour in range(6):
            at = NOW + hour * HOUR
            answer = NotModified(NAME, "u", at)
            poll = Poll(NAME, at, 5 + hour, Outcome.UNCHANGED, answer, missing=(key,) * (hour == 5))
            record(connection, poll, {})
        reported = finding(Trouble("stale", "old"), at=NOW + 6 * HOUR)
        failed = Poll(NAME, NOW + 6 * HOUR, 5, Outcome.FAILED, None, findings=(reported,))
        record(connection, failed, {"ops": (lambda _: True, Timing().due)})
        owed = outbox.claim(connection, "ops", NOW + 7 * HOUR)
        assert owed is not None
        outbox.refused(connection, owed.message_id, "it is full", NOW + 8 * HOUR)
        call = Call("whisper", "audio", key, calls=1, tokens=9)
        number = probes.begin(connection, NAME, call, NOW, Budget(99, 9999))
        assert number is not None
        probes.end(
            connection, number, CallResult(Verdict.ANSWERS, calls=1, tokens=3), believed=True
        )
    return folder


def bad(file: Path) -> list[str]:
    """Return the problems that verify finds, or the database's error."""
    try:
        with closing(Database(str(file))) as database, database.reading() as connection:
            return [str(check.bad) for check in verify(connection) if check.bad]
    except CatalogError as error:
        return [str(error)]


@contextmanager
def unchanged_logging() -> Iterator[None]:
    """Restore the logger that a command changed."""
    logger = logging.getLogger("catalog")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    try:
        yield
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
        logging.getLogger("catalog.alerts").setLevel(logging.NOTSET)


def shown(folder: Path) -> list[str]:
    """Return the output of these commands without times."""
    text = []
    for words in SHOWN:
        out = io.StringIO()
        given = ["--config", str(folder / "catalog.toml"), *words]
        with redirect_stdout(out), redirect_stderr(io.StringIO()), unchanged_logging():
            try:
                cli.main(given, standalone_mode=False)
            except CatalogError as error:
                out.write(str(error))
        text.append(TIMES.sub("", out.getvalue()))
    return text


def test_every_table_has_rows_and_verifies(made: Path) -> None:
    """Each covered table has rows and verifies, so that the later tests cover all of them."""
    assert bad(made / "catalog.db") == []
    with closing(sqlite3.connect(made / "catalog.db")) as connection:
        for table in COVERED:
            assert connection.execute(f"select count(*) from {table}").fetchone() > (0,)  # noqa: S608  # our own names


def test_a_damaged_row_is_counted_once(made: Path, tmp_path: Path) -> None:
    """The number of checked rows is that of the table, even if a row is damaged."""
    file = Path(shutil.copy(made / "catalog.db", tmp_path))
    with closing(sqlite3.connect(file)) as writer, writer:
        writer.execute("update poll set duration_ms = duration_ms + 1 where id = 2")
        (polls,) = writer.execute("select count(*) from poll").fetchone()
    with closing(Database(str(file))) as database, database.reading() as connection:
        (check,) = (each for each in verify(connection) if each.bad)
    assert (check.name, check.rows) == ("polls", polls)


def page() -> dict[str, tuple[set[str], set[str]]]:
    """Return the covered and other columns that the page lists by table."""
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [set(re.findall(r"`(\w+)`", cell)) for cell in line.split("|")]
        if len(cells) == 5 and len(cells[1]) == 1 and cells[1] <= TABLES.keys():
            rows[cells[1].pop()] = (cells[2], cells[3])
    return rows


def test_the_page_names_every_column_as_covered_or_not() -> None:
    """The page lists every column as covered or not, and the tally covers the listed ones."""
    listed = page()
    assert listed.keys() == TABLES.keys()
    for name, table in TABLES.items():
        covered, others = listed[name]
        assert covered | others == set(table.columns.keys())
        assert covered.isdisjoint(others)
    for name, columns in COVERED.items():
        assert listed[name][0] == set(columns)


def before_tally(file: Path) -> str:
    """Turn a database into one of schema 0010 and return its head."""
    database = Database(str(file))
    with closing(database), database.writing() as connection:
        connection.exec_driver_sql("UPDATE snapshot SET notes = NULL")
        for number in range(1, 6):  # each link is over the one before it
            link = next(each for each in links(connection, NAME) if each.snapshot == number)
            sealed = "UPDATE snapshot SET chain = ? WHERE id = ?"
            connection.exec_driver_sql(sealed, (link.expected, number))
        connection.exec_driver_sql("ALTER TABLE snapshot DROP COLUMN notes")
        connection.exec_driver_sql("DROP TABLE provider")
        connection.exec_driver_sql("DROP TABLE tally")
        connection.exec_driver_sql("ALTER TABLE delivery DROP COLUMN waits_since")
        connection.exec_driver_sql("DROP INDEX payload_base")
        connection.exec_driver_sql("ALTER TABLE fast_path RENAME TO rest")
        connection.exec_driver_sql("ALTER TABLE poll ADD COLUMN earlier TEXT")
        fold(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0010'")
    return link.expected


def fold(connection: Transaction) -> None:
    """Fold two older polls into the newest one, as before."""
    query = "SELECT id, started_at, duration_ms FROM poll WHERE outcome = 'unchanged' ORDER BY id"
    *_, first, second, newest = connection.exec_driver_sql(query).fetchall()
    words = []
    for later, poll in ((newest, second), (second, first)):
        began, after = (datetime.fromisoformat(each[1]) for each in (poll, later))
        seconds = round((after - began).total_seconds())
        words.append(f"{seconds}:{poll[2]}:{later[0] - poll[0]}")
        connection.exec_driver_sql("DELETE FROM poll WHERE id = ?", (poll[0],))
    this = "UPDATE poll SET earlier = ? WHERE id = ?"
    connection.exec_driver_sql(this, (" ".join(words), newest[0]))


def test_a_database_of_the_schema_before_verifies_after_its_upgrade(
    made: Path, tmp_path: Path
) -> None:
    """A database of the previous schema verifies after its upgrade, with the same rows."""
    query = "select * from tally order by name, span"
    polls = "select * from poll order by id"
    file = Path(shutil.copy(made / "catalog.db", tmp_path))
    with closing(sqlite3.connect(file)) as fresh:
        tally, rows = fresh.execute(query).fetchall(), fresh.execute(polls).fetchall()
    head = before_tally(file)
    with closing(Database(str(file))) as database, database.reading() as connection:
        assert [check.bad for check in verify(connection, head) if check.bad] == []
    with closing(sqlite3.connect(file)) as upgraded:
        assert upgraded.execute(query).fetchall() == tally != []
        assert upgraded.execute(polls).fetchall() == rows


def test_notes_and_the_basis_of_findings_are_in_the_chain(made: Path, tmp_path: Path) -> None:
    """An edit that includes the tally is found at the next snapshot's link."""
    file = Path(shutil.copy(made / "catalog.db", tmp_path))
    state = replace(snapshot(model("1", "new"), at=NOW + 9 * HOUR), provider=NAME)
    poll = Poll(NAME, NOW + 9 * HOUR, 5, Outcome.CHANGED, payload(at=NOW + 9 * HOUR), state)
    with closing(Database(str(file))) as database, database.writing() as connection:
        record(connection, poll, {})
    assert bad(file) == []
    whole = file.read_bytes()
    for edit in (
        "update note set noted_at = '2026-05-21T00:00:00Z' where id = 1",
        "update note set retires = null where id = 1",
        "delete from note where id = 2",
        "update finding set basis = 'proved' where basis = 'policy'",
    ):
        file.write_bytes(whole)
        with closing(sqlite3.connect(file)) as other, other:
            assert other.execute(edit).rowcount > 0
        assert any(each.startswith("snapshot ") for each in bad(file)), edit


def changed(value: Any) -> Any:
    """Return another value of the same type, or text for None."""
    match value:
        case None:
            return "x"
        case 0 | 1:
            return 1 - value
        case int():
            return value + 7777
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
    return f"{value}x"


@pytest.mark.long
@pytest.mark.parametrize("table", sorted(TABLES))
def test_an_edit_of_a_covered_column_is_noticed(made: Path, tmp_path: Path, table: str) -> None:
    """Edits of the first, the last and a middle row are found, including NULL."""
    file = Path(shutil.copy(made / "catalog.db", tmp_path))
    whole = file.read_bytes()
    for column in sorted(page()[table][0]):
        with closing(sqlite3.connect(file)) as connection:
            query = f'select rowid, "{column}" from "{table}" order by rowid'  # noqa: S608  # our own names
            rows = connection.execute(query).fetchall()
        for number, value in {rows[0], rows[len(rows) // 2], rows[-1]}:
            file.write_bytes(whole)
            with closing(sqlite3.connect(file)) as connection, connection:
                edit = f'update "{table}" set "{column}" = ? where rowid = ?'  # noqa: S608  # our own names
                connection.execute(edit, (changed(value), number))
            assert bad(file), (column, number, value)
        file.write_bytes(whole)


@pytest.mark.parametrize("table", sorted(COVERED))
def test_a_row_that_is_gone_or_added_is_noticed(made: Path, tmp_path: Path, table: str) -> None:
    """An added or removed row is found, also the newest one."""
    file = Path(shutil.copy(made / "catalog.db", tmp_path))
    whole = file.read_bytes()
    newest = f"(select max(rowid) from {table})"  # noqa: S608  # our own names
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"delete from {table} where rowid = {newest}")  # noqa: S608  # our own names
    found = bad(file)
    assert any(re.match(rf"{table} \d+ to \d+: it has \d+ rows, not", each) for each in found)
    file.write_bytes(whole)
    first = "key" if table == "missing_model" else "id"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"create temp table more as select * from {table} limit 1")  # noqa: S608  # our own names
        connection.execute(f"update more set {first} = 7777")  # noqa: S608  # our own names
        connection.execute(f"insert into {table} select * from more")  # noqa: S608  # our own names
    assert any(each.startswith(f"{table} ") for each in bad(file))


def flip_cell(file: Path, dice: random.Random) -> str:
    """Flip a bit of a random value and return its place."""
    with closing(sqlite3.connect(file)) as connection, connection:
        full = [
            name
            for name in sorted(TABLES)
            if connection.execute(f"select 1 from {name}").fetchone()  # noqa: S608  # our own names
        ]
        table = dice.choice(full)
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
        cells = [
            (number, column)
            for (number,) in connection.execute(f"select rowid from {table}")  # noqa: S608  # our own names
            for column in columns
        ]
        number, column = dice.choice(cells)
        this = f"{table} where rowid = {number}"
        (value,) = connection.execute(f'select "{column}" from {this}').fetchone()  # noqa: S608  # our own names
        edit = f'update {table} set "{column}" = ? where rowid = {number}'  # noqa: S608  # our own names
        with suppress(sqlite3.IntegrityError):  # another row has that number
            connection.execute(edit, (flipped(value, dice),))
    return f"{column} of {this}: {value!r:.40}"


def flipped(value: Any, dice: random.Random) -> Any:
    """Change one bit of a value, or return text for None."""
    if value is None:
        return "x"
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(8))
    data = bytearray(value.encode() if isinstance(value, str) else value) or bytearray(b" ")
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(4)
    return data.decode(errors="replace") if isinstance(value, str) else bytes(data)


def flip_file(file: Path, dice: random.Random) -> str:
    """Flip a random bit of the file and return its place."""
    data = bytearray(file.read_bytes())
    place, bit = dice.randrange(len(data)), dice.randrange(8)
    data[place] ^= 1 << bit
    file.write_bytes(data)
    return f"bit {bit} of byte {place}"


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("flip", [flip_cell, flip_file])
def test_no_bit_flip_that_a_command_shows_goes_unnoticed(
    made: Path, tmp_path: Path, flip: Callable[[Path, random.Random], str]
) -> None:
    """A flipped bit is found by verify, or changes no command's output."""
    folder = Path(shutil.copytree(made, tmp_path / "demo"))
    file, whole = folder / "catalog.db", (made / "catalog.db").read_bytes()
    before = shown(folder)
    noticed = 0
    for seed in range(FLIPS):
        file.write_bytes(whole)
        where = flip(file, random.Random(seed))  # noqa: S311  # repeatable
        if bad(file):
            noticed += 1
        else:
            assert shown(folder)[:-1] == before[:-1], f"seed {seed}: {where}"
    assert noticed > FLIPS // 5
