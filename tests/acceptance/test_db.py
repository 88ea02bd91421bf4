"""`catalog db`: back up, verify, prune, export and import, as typed."""

import os
import sqlite3
from contextlib import closing

import pytest

from catalog.store import backup
from tests.support.shell import Shell

DATABASE = "demo/catalog.db"


def change(shell: Shell, *statements: str) -> None:
    """Edit the demo's database directly."""
    with closing(sqlite3.connect(shell.folder / DATABASE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_an_invalid_head_is_wrong_usage(demo: Shell) -> None:
    """A head that was cut short is a slip, and no damage."""
    assert "a head is 64 hexadecimal digits" in demo("db", "verify", "--head", "abc", code=2).err


def test_a_backup_is_the_database(own_demo: Shell) -> None:
    """The copy verifies, has every row, and is for its owner only."""
    ran = own_demo("db", "backup", "kept.db")
    kept = own_demo.folder / "kept.db"
    assert ran.out.startswith(f"kept.db: {kept.stat().st_size:,} bytes, 158 rows in ")
    assert ran.out.endswith(" tables, checked\n")
    assert kept.stat().st_mode & 0o777 == 0o600
    seen = own_demo("db", "verify").out
    assert own_demo("--database", "kept.db", "db", "verify").out == seen
    lines = own_demo("db", "export").out
    assert own_demo("--database", "kept.db", "db", "export").out == lines


def test_a_backup_replaces_a_file_only_by_force(own_demo: Shell) -> None:
    """A backup never overwrites a file without --force, and never the database or a device."""
    (own_demo.folder / "kept.db").write_text("mine")
    ran = own_demo("db", "backup", "kept.db", code=2)
    assert ran.err.startswith("error: kept.db exists already\nhint: ")
    assert (own_demo.folder / "kept.db").read_text() == "mine"
    own_demo("db", "backup", "kept.db", "--force")
    for other, seen in ((DATABASE, "is the database itself"), ("/dev/null", "no regular file")):
        ran = own_demo("db", "backup", other, "--force", code=2)
        assert seen in ran.err
    assert own_demo("--database", "kept.db", "db", "verify").code == 0


def test_a_backup_that_cannot_be_made_leaves_nothing(own_demo: Shell) -> None:
    """A backup of a server, a missing database or a broken file leaves no file."""
    ran = own_demo("--database", "postgresql+psycopg://x/y", "db", "backup", "k.db", code=2)
    assert "pg_dump" in ran.err
    ran = own_demo("--database", "none.db", "db", "backup", "k.db", code=6)
    assert "there is no database at " in ran.err
    assert "No such file" in own_demo("db", "backup", "no/folder/k.db", code=6).err
    (own_demo.folder / "odd.db").write_bytes(b"this is no database at all" * 100)
    ran = own_demo("--database", "odd.db", "db", "backup", "k.db", code=6)
    assert "file is not a database" in ran.err
    assert sorted(path.name for path in own_demo.folder.iterdir()) == ["demo", "odd.db"]


def test_verify_lists_its_checks(demo: Shell) -> None:
    """`db verify` prints one line per check with its row count, and writes nothing."""
    before = demo.files()
    lines = demo("db", "verify").lines
    named = ["database", "payloads", "model versions", "snapshots", "changes", "polls"]
    named += ["findings", "deliveries", "probes", "notes"]
    assert [line[:14].rstrip() for line in lines] == [*named, "chain of infom"]
    assert [line.split("  ok   ")[0].split()[-1] for line in lines] == [
        *("1", "5", "49", "5", "52", "6", "29", "0", "0", "0", "5")
    ]
    seen = demo("db", "verify", "--format", "json").json
    assert (seen["schema_version"], seen["ok"]) == (1, True)
    assert seen["checks"][1] == {
        "check": "payloads",
        "rows": 5,
        "ok": True,
        "told": "every digest matches",
    }
    head = lines[-1].partition("the newest, the head, is ")[2]
    assert head in " ".join(map(str, seen["checks"][-1].values())).split()
    ran = demo("db", "verify", "--head", head)
    assert ran.lines[-1].split(maxsplit=4)[2:] == [
        "1",
        "ok",
        "it is the digest of snapshot 5, so the history up to it is unchanged",
    ]
    ran = demo("db", "verify", "--head", "0" * 64, code=1)
    assert "BAD  snapshot ?: no snapshot has this digest" in ran.lines[-1]
    assert demo.files() == before


def test_a_changed_history_is_reported(own_demo: Shell) -> None:
    """The first bad row is named as text and JSON, with exit code 1."""
    change(own_demo, "update model_version set status = 'gone' where id in (9, 12)")
    ran = own_demo("db", "verify", code=1)
    said = "model_version 9: 14 (reasoning) was changed: the digest does not match"
    assert ran.lines[2] == f"model versions            49  BAD  {said}"
    assert "db restore FILE`" in ran.err
    seen = own_demo("db", "verify", "--format", "json", code=1).json
    assert [check["ok"] for check in seen["checks"]] == [True, True, False, *[True] * 8]
    assert seen["ok"] is False
    assert (seen["checks"][2]["bad"]["table"], seen["checks"][2]["bad"]["row"]) == (
        *("model_version", "9"),
    )


def test_damage_in_the_file_is_reported(own_demo: Shell) -> None:
    """`db verify` reports unreadable pages without a traceback."""
    file = own_demo.folder / DATABASE
    whole = bytearray(file.read_bytes())
    whole[4096 * 3 : 4096 * 20] = os.urandom(4096 * 17)
    file.write_bytes(whole)
    ran = own_demo("db", "verify", code=6)
    assert "malformed" in ran.err


def test_a_database_without_a_past_verifies(shell: Shell) -> None:
    """An empty database verifies, and a missing one is an error."""
    assert "there is no database" in shell("db", "verify", code=6).err
    lines = shell("--database", "sqlite://", "db", "export").out.encode()
    shell("db", "import", "-", stdin=lines)
    ran = shell("db", "verify")
    assert ran.lines[1].split() == ["payloads", "0", "ok", "nothing", "there", "yet"]


@pytest.mark.long
def test_prune_drops_bodies_and_keeps_the_past(own_demo: Shell) -> None:
    """Old bodies are dropped, all queries keep their results, and the database verifies."""
    asked = [["changes"], ["models"], ["snapshots"], ["polls"], ["render", "--output", "-"]]
    before = [own_demo(*words).out for words in asked]
    assert own_demo("db", "prune", "--dry-run").lines == [
        "stored answers: 4 of 5 would be dropped",
        "polls: 0 of 6 would be dropped",
    ]
    size = (own_demo.folder / DATABASE).stat().st_size
    ran = own_demo("db", "prune", "--keep-payloads", "90d")
    assert ran.lines[:2] == ["stored answers: 4 of 5 dropped", "polls: 0 of 6 dropped"]
    assert ran.lines[2].startswith(f"{own_demo.folder}/{DATABASE}: {size:,} bytes before, ")
    assert [own_demo(*words).out for words in asked] == before
    assert "every digest matches; 4 without a body, pruned" in own_demo("db", "verify").out
    assert "0 of 1 dropped" in own_demo("db", "prune").out


def test_the_limit_of_prune_is_an_age(own_demo: Shell) -> None:
    """--keep-payloads takes a date, and rejects a bare number or a word."""
    ran = own_demo("db", "prune", "--keep-payloads", "2026-01-01", "--dry-run")
    assert "2 of 5 would be dropped" in ran.out
    for wrong in ("90", "often"):
        assert "--keep-payloads" in own_demo("db", "prune", "--keep-payloads", wrong, code=2).err
    ran = own_demo("--database", "none.db", "db", "prune", code=6)
    assert "there is no database" in ran.err


@pytest.mark.long
def test_an_export_is_lossless(own_demo: Shell) -> None:
    """An imported database exports the same bytes, also after pruning and through pipes."""
    for number in range(2):
        own_demo("db", "export", f"{number}.jsonl")
        lines = (own_demo.folder / f"{number}.jsonl").read_bytes()
        assert own_demo("db", "export").out.encode() == lines
        other = f"{number}.db"
        ran = own_demo("--database", other, "db", "import", "-", stdin=lines)
        assert ran.out == f"imported 157 rows into {own_demo.folder}/{other}, verified\n"
        assert own_demo("--database", other, "db", "export").out.encode() == lines
        assert own_demo("--database", other, "changes").out == own_demo("changes").out
        own_demo("db", "prune")


def test_an_export_replaces_a_file_only_by_force(own_demo: Shell) -> None:
    """A file that is there stays, unless it may be replaced."""
    own_demo("db", "export", "a.jsonl")
    assert "exists already" in own_demo("db", "export", "a.jsonl", code=2).err
    assert own_demo("db", "export", "a.jsonl", "--force").err.startswith("exported 157 rows of ")


def test_import_wants_an_empty_database(own_demo: Shell) -> None:
    """An import changes no database that holds rows, and reports a missing file."""
    own_demo("db", "export", "a.jsonl")
    before = own_demo.files()
    assert "the database is not empty" in own_demo("db", "import", "a.jsonl", code=2).err
    assert "there is no file b.jsonl" in own_demo("db", "import", "b.jsonl", code=2).err
    assert own_demo.files() == before


def test_a_broken_export_is_reported(own_demo: Shell) -> None:
    """A broken export gives an error with a hint and leaves no database."""
    before = own_demo.files()
    ran = own_demo("--database", "b.db", "db", "import", "-", stdin=b"[1]\n", code=6)
    assert ran.err.splitlines() == [
        "error: line 1 of the export cannot be imported: it is not the header of an export",
        "hint: Nothing was imported. The file is incomplete or was changed: export it again.",
    ]
    assert own_demo.files() == before


def test_a_failed_import_leaves_an_empty_database_that_was_there(own_demo: Shell) -> None:
    """A failed import keeps an empty database file, and a valid export fills it later."""
    empty = own_demo("--database", "sqlite://", "db", "export").out.encode()
    whole = own_demo("db", "export").out.encode()
    other = ("--database", "b.db", "db")
    own_demo(*other, "import", "-", stdin=empty)
    before = own_demo.files()
    own_demo(*other, "import", "-", stdin=whole[: whole.rindex(b"\n", 0, -1) + 1], code=6)
    assert own_demo.files() == before
    assert set(own_demo(*other, "export").json["rows"].values()) == {0}
    own_demo(*other, "import", "-", stdin=whole)
    assert own_demo(*other, "export").out.encode() == whole


def test_a_damaged_database_is_not_backed_up(own_demo: Shell) -> None:
    """A damaged database is not backed up, and the previous backup stays."""
    own_demo("db", "backup", "kept.db")
    change(
        own_demo,
        "pragma writable_schema = on",
        "update sqlite_master set sql = replace(sql, '(finding_id)', '(version_id)')"
        " where name = 'ix_change_finding_id'",
    )
    ran = own_demo("db", "backup", "kept.db", "--force", code=6)
    assert "the copy is damaged, so the database may be too: row 1 missing from index" in ran.err
    assert own_demo("--database", "kept.db", "db", "verify").code == 0
    assert "BAD  database file: row 1 missing from" in own_demo("db", "verify", code=1).out


def test_a_copy_without_every_row_is_none() -> None:
    """A copy that lost rows on its way does not get its name."""
    empty = sqlite3.connect(":memory:")
    with closing(empty), pytest.raises(sqlite3.DatabaseError, match="rows are missing in the copy"):
        backup._check(empty, {"snapshot": 5})
