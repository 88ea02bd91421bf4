"""`catalog db verify` on databases that were edited by hand."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.store.chain import links
from catalog.store.database import Database
from catalog.store.verify import Bad, verify
from tests.support.shell import Shell


def first_bad(file: Path) -> dict[str, Bad]:
    """Verify a database and return each failed check's first bad row."""
    database = Database(str(file))
    with database.reading() as connection:
        found = {check.name: check.bad for check in verify(connection) if check.bad}
    database.close()
    return found


def edited(shell: Shell, statement: str, *values: str) -> Path:
    """Edit the demo's database behind the program's back and return the file."""
    file = shell.folder / "demo" / "catalog.db"
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement, values)
    connection.close()
    return file


CHAIN, DIGEST = "chain of infomaniak", "its digest or count does not match its models"
CHANGED = "it, its models or the findings since the previous snapshot were changed"
DAMAGED = "its body was changed: the digest does not match"
CASES = {
    "a byte of a payload": (
        "update payload set body = cast(x'00' || substr(body, 2) as blob) where rowid = 2",
        ("payloads", "payload", None, DAMAGED),
    ),
    "text for a payload": (
        "update payload set body = 'x' where rowid = 2",
        ("payloads", "payload", None, DAMAGED),
    ),
    "another payload's body": (
        "update payload set body = (select max(body) from payload) where rowid = 2",
        ("payloads", "payload", None, DAMAGED),
    ),
    "the current body": (
        "update payload set body = null",
        (
            "payloads",
            "payload",
            None,
            "its body is missing, but it is the current or newest one",
        ),
    ),
    "the answer behind a snapshot": (
        (
            "update poll set payload_sha256 = (select min(sha256) from payload)"
            " where payload_sha256 is not null"
        ),
        (CHAIN, "snapshot", None, CHANGED),
    ),
    "the facts of a model": (
        "update model_version set facts = replace(facts, 'name', 'nome') where id = 7",
        ("model versions", "model_version", "7", None),
    ),
    "the status of a model": (
        "update model_version set status = 'gone' where id >= 9",
        ("model versions", "model_version", "9", None),
    ),
    "a model's facts and its digest": (
        "update model_version set facts = 'x', digest = 'x' where id = 7",
        ("snapshots", "snapshot", "1", DIGEST),
    ),
    "the end of a model": (
        "update model_version set last_snapshot = null where last_snapshot = 3",
        ("snapshots", "snapshot", "3", DIGEST),
    ),
    "the digest of a snapshot": (
        "update snapshot set digest = 'x' where id = 3",
        ("snapshots", "snapshot", "3", DIGEST),
    ),
    "the count of a snapshot": (
        "update snapshot set model_count = 99 where id = 4",
        ("snapshots", "snapshot", "4", DIGEST),
    ),
    "the time of a snapshot": (
        "update snapshot set taken_at = 'long ago' where id = 2",
        (CHAIN, "snapshot", "2", CHANGED),
    ),
    "the link of a snapshot": (
        "update snapshot set chain = 'forged' where id = 2",
        (CHAIN, "snapshot", "2", CHANGED),
    ),
    "the first snapshot gone": (
        "delete from snapshot where id = 1",
        (CHAIN, "snapshot", "2", "it names 1 as previous, but none is stored before it"),
    ),
    "a snapshot gone": (
        "delete from snapshot where id = 3",
        (CHAIN, "snapshot", "4", "it names 3 as previous, but 2 is stored before it"),
    ),
    "the last snapshot gone": (
        "delete from snapshot where id = 5",
        ("database", None, None, "refers to a missing snapshot"),
    ),
    "the poll of a snapshot gone": (
        "delete from poll where id = 3",
        (CHAIN, "snapshot", "3", "the poll that stored it is missing"),
    ),
    "a value of a change": (
        "update change set after = '\"x\"' where id in (30, 31)",
        ("changes", "change", "30", "it was changed: the fingerprint does not match"),
    ),
    "a change that makes no sense": (
        "update change set kind = 'held' where id = 20",
        ("changes", "change", "20", "it was changed: the fingerprint does not match"),
    ),
    "a change gone": ("delete from change where id = 52", (CHAIN, "snapshot", "5", CHANGED)),
    "the level of a finding": (
        "update finding set level = 'info' where id = 3",
        (CHAIN, "snapshot", "2", CHANGED),
    ),
    "the outcome of a poll": (
        "update poll set outcome = 'fine' where id = 5",
        ("polls", "poll", "5", "the stored poll outcome 'fine' is unknown"),
    ),
    "a time that is none": (
        "update poll set started_at = 'soon' where id = 6",
        ("polls", "poll", "6", "the stored time 'soon' is invalid"),
    ),
    "a date that is none": (
        "update finding set callable_until = 'soon' where id = 3",
        (CHAIN, "snapshot", "?", None),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_edit_is_named(own_demo: Shell, case: str) -> None:
    """For each kind of edit, the right check names the row and the reason."""
    statement, (check, table, row, reason) = CASES[case]
    bad = first_bad(edited(own_demo, statement))[check]
    expected = replace(bad, table=table or bad.table, row=row or bad.row)
    assert bad == replace(expected, reason=reason or bad.reason)


def test_nothing_is_named_where_nothing_was_edited(demo: Shell) -> None:
    """The demo's database is as it was written."""
    assert first_bad(demo.folder / "demo" / "catalog.db") == {}


def test_a_link_that_was_computed_again_breaks_the_next(own_demo: Shell) -> None:
    """A forged link of an edited snapshot is found at the next snapshot."""
    edit = "update snapshot set taken_at = '2025-01-01T00:00:00Z' where id = 2"
    file = edited(own_demo, edit)
    database = Database(str(file))
    with database.reading() as connection:
        forged = list(links(connection, "infomaniak"))[1].expected
    database.close()
    edited(own_demo, "update snapshot set chain = ? where id = 2", forged)
    assert first_bad(file) == {CHAIN: Bad("snapshot", "3", CHANGED)}


def test_a_poll_with_an_impossible_outcome_is_reported(own_demo: Shell) -> None:
    """`catalog polls` reports an unknown stored outcome and the next command."""
    edited(own_demo, "update poll set outcome = 'fine' where id = 5")
    ran = own_demo("polls", code=6)
    assert "error: the stored poll outcome 'fine' is unknown" in ran.err
    assert "`catalog --config demo/catalog.toml db verify` lists the damage" in ran.err


def test_a_file_that_is_too_damaged_to_verify_names_the_restore(own_demo: Shell) -> None:
    """`catalog db verify` of a truncated file does not name itself as the next command."""
    with (own_demo.folder / "demo" / "catalog.db").open("r+b") as file:
        file.truncate(50_000)
    assert (
        "`catalog --config demo/catalog.toml db verify` lists the damage"
        in own_demo("changes", code=6).err
    )
    ran = own_demo("db", "verify", code=6)
    restore = "`catalog --config demo/catalog.toml db restore FILE`"
    assert f"hint: The damage is too large to list. {restore}" in ran.err
