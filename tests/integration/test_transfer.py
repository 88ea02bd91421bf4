"""Export from SQLite to PostgreSQL and back, without a loss."""

import io
import re
import tracemalloc
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from catalog.changes.poll import Outcome, Poll
from catalog.cli.app import App
from catalog.cli.demo import demo
from catalog.core.errors import StoreError
from catalog.store import history, migrate, transfer
from catalog.store.database import Database, Upgraded
from catalog.store.driver import REVISIONS
from catalog.store.prune import prune
from catalog.store.record import record
from catalog.store.transfer import export, load, read_lines
from catalog.store.verify import verify
from tests.support.builders import AT, model, payload, snapshot
from tests.support.postgresql_server import new_database


def lines(database: Database) -> list[bytes]:
    """Export a database."""
    with database.reading() as connection:
        return [f"{line}\n".encode() for line in export(connection)]


def moved(exported: list[bytes], database: Database) -> Database:
    """Import into a database."""
    with database.writing() as connection:
        load(connection, exported)
    return database


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Give the export of the demo's database."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    demo.main([str(folder)], obj=App(), standalone_mode=False)
    return lines(Database(str(folder / "catalog.db")))


@pytest.mark.long
@pytest.mark.xdist_group("postgresql")
def test_from_one_server_to_another_and_back(
    exported: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The demo's database goes to PostgreSQL and back, verifies, and can be written on with."""
    folder = tmp_path_factory.mktemp("moved")
    server = Database(new_database(tmp_path_factory.getbasetemp() / "postgresql"))
    assert lines(moved(exported, server)) == exported
    assert lines(moved(exported, Database(str(folder / "back.db")))) == exported
    with server.writing() as connection:
        state = snapshot(model("1", "new"), at=AT)
        poll = Poll("infomaniak", AT, 5, Outcome.CHANGED, payload(), state)
        assert record(connection, poll, {}) == 6
        assert [check.bad for check in verify(connection) if check.bad] == []
        assert prune(connection, AT.replace(year=2036)).bodies == 5
        assert history.baseline(connection, "infomaniak").number == 6
    second = lines(server)
    assert lines(moved(second, Database(str(folder / "again.db")))) == second
    server.close()


def test_an_empty_database_is_exported_too(tmp_path: Path) -> None:
    """An empty database exports one line, which imports again."""
    one, two = Database(str(tmp_path / "1.db")), Database(str(tmp_path / "2.db"))
    with one.writing():
        pass
    (header,) = lines(one)
    assert lines(moved([header], two)) == [header]
    one.close()
    two.close()


BROKEN: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "line 1 of the export cannot be imported: it is not the header": lambda all_: all_[1:],
    "line 1 of the export cannot be imported: it is not JSON": lambda all_: [b"\x1f\x8b", *all_],
    "has schema 0001, but this version needs": lambda all_: [
        re.sub(rb'"revision":"\d+"', b'"revision":"0001"', all_[0])
    ],
    "line 1 of the export cannot be imported: it is not the header of": lambda all_: [
        all_[0].replace(b'"poll":', b'"other":')
    ],
    "it has 52 rows of change, but its first line promises 51": lambda all_: [
        all_[0].replace(b'"change":52', b'"change":51'),
        *all_[1:],
    ],
    "the export cannot be imported: it has 51 rows of change, but its first": lambda all_: all_[
        :-1
    ],
    "line 158 of the export cannot be imported: it is not JSON": lambda all_: [
        *all_[:-1],
        all_[-1][:-9],
    ],
    "line 2 of the export cannot be imported: it is not a row": lambda all_: [all_[0], b"[1]"],
    "line 3 of the export cannot be imported: it is not a row": lambda all_: [
        *all_[:2],
        b'{"table":"x","row":{}}',
    ],
    "line 4 of the export cannot be imported: it is not a row": lambda all_: [
        *all_[:3],
        b'{"table":"payload","row":{}}',
    ],
    "line 2 of the export cannot be imported: a value of payload": lambda all_: [
        all_[0],
        all_[1].replace(b'"KLUv', b'"?LUv'),
    ],
    "line 1 of the export cannot be imported: it is not the header of an export": lambda all_: [
        re.sub(rb'"payload":\d+', b'"payload":"1"', all_[0])
    ],
    "line 1 of the export cannot be imported: it is not JSON: it is nested too deeply": lambda _: [
        b"[" * 50_000
    ],
    "line 1 of the export cannot be imported: it is not JSON: Exceeds the limit": lambda _: [
        b"9" * 5_000
    ],
    "line 2 of the export cannot be imported: a value of payload.size cannot be read: found "
    "36893488147419103232, which is too large": lambda all_: [
        all_[0],
        re.sub(rb'"size":\d+', b'"size":%d' % 2**65, all_[1]),
    ],
    "payload.size cannot be read: found 268435456, which is too large": lambda all_: [
        all_[0],
        re.sub(rb'"size":\d+', b'"size":%d' % 2**28, all_[1]),
    ],
    'payload.size cannot be read: found "1", expected a whole number': lambda all_: [
        all_[0],
        re.sub(rb'"size":\d+', b'"size":"1"', all_[1]),
    ],
    "payload.size cannot be read: found true, expected a whole number": lambda all_: [
        all_[0],
        re.sub(rb'"size":\d+', b'"size":true', all_[1]),
    ],
    "payload.body cannot be read: found 1, expected text": lambda all_: [
        all_[0],
        re.sub(rb'"body":"[^"]+"', b'"body":1', all_[1]),
    ],
    "payload.sha256 cannot be read: 'utf-8' codec can't encode character": lambda all_: [
        all_[0],
        re.sub(rb'"sha256":"', rb'"sha256":"\\ud800', all_[1]),
    ],
    r'payload.sha256 cannot be read: found "\u0000': lambda all_: [
        all_[0],
        re.sub(rb'"sha256":"', rb'"sha256":"\\u0000', all_[1]),
    ],
    "snapshot.taken_at cannot be read: the stored time 'then' is invalid": lambda all_: [
        re.sub(rb'"taken_at":"[^"]+"', b'"taken_at":"then"', line) for line in all_
    ],
    "model_version.facts cannot be read: $": lambda all_: [
        re.sub(rb'"facts":"', b'"facts":"' + b"[" * 50_000, line) for line in all_
    ],
    "FOREIGN KEY constraint failed": lambda all_: [all_[0], all_[-1]],
    "the exported data is damaged: change 1: ": lambda all_: [
        line.replace(b'"kind":"removed"', b'"kind":"added"') for line in all_
    ],
}


@pytest.mark.long
@pytest.mark.parametrize("reported", BROKEN)
def test_a_broken_export_is_refused_whole(
    exported: list[bytes], tmp_path: Path, reported: str
) -> None:
    """A truncated, edited or foreign export is refused as a whole, with the place."""
    database = Database(str(tmp_path / "a.db"))
    with pytest.raises(StoreError, match=re.escape(reported)):
        moved(BROKEN[reported](exported), database)
    assert len(lines(database)) == 1
    database.close()


def test_a_long_line_is_refused_before_it_is_read(
    exported: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line over the limit is an error with its number, and is not read further."""
    monkeypatch.setattr(transfer, "LONGEST", 200_000)
    file = io.BytesIO(BOM_UTF8 + exported[0] + b" " * 200_001)
    database = Database(str(tmp_path / "a.db"))
    reported = "line 2 of the export cannot be imported: it is longer than 200,000 bytes"
    with pytest.raises(StoreError, match=reported), database.writing() as connection:
        load(connection, read_lines(file))
    assert file.tell() == len(BOM_UTF8) + len(exported[0]) + 200_001
    assert len(lines(database)) == 1
    database.close()
    assert list(read_lines(io.BytesIO(BOM_UTF8 + exported[0]))) == [exported[0]]


@pytest.mark.long
def test_a_long_line_of_many_values_is_refused_before_it_is_parsed(
    exported: list[bytes], tmp_path: Path
) -> None:
    """A long line of many values is refused without the memory that its values would need."""
    line = b"[" + b"{}," * 400_000 + b"1]"
    database = Database(str(tmp_path / "a.db"))
    reported = "line 2 of the export cannot be imported: it is not a row of a table"
    tracemalloc.start()
    try:
        with pytest.raises(StoreError, match=reported):
            moved([exported[0], line], database)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(line)
    database.close()


@pytest.mark.xdist_group("postgresql")
def test_a_server_is_upgraded_without_a_backup(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """An upgrade on PostgreSQL reports that it made no backup."""
    url = new_database(tmp_path_factory.getbasetemp() / "postgresql")
    engine = create_engine(url)
    migrate.upgrade(engine, REVISIONS[0])
    engine.dispose()
    database = Database(url)
    assert database.upgrade() == Upgraded(REVISIONS[0], REVISIONS[-1], None)
    database.close()
