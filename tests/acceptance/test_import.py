"""`catalog import`: each recording is stored with its own time."""

import gzip
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from catalog.cli.importing import TOGETHER
from catalog.providers.recordings import shipped
from catalog.store.database import Database
from tests.support.builders import body, row
from tests.support.checkout import ROOT
from tests.support.database import untime
from tests.support.shell import Shell

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def history(shell: Shell) -> Path:
    """Return a folder with every form of recording, and one other file."""
    folder = shell.folder / "history"
    folder.mkdir()
    (folder / "2026-01-01T00:00:00Z.json").write_text(json.dumps([row()]))
    (folder / "2026-01-02T000000Z.json.gz").write_bytes(
        gzip.compress(body(row(), row(id=2, name="b")))
    )
    (folder / "2026-01-03T000000Z.json").write_bytes(body(row(), row(id=2, name="b")))
    (folder / "notes.txt").write_text("not a recording")
    return folder


@pytest.mark.long
def test_recordings_that_say_the_same_go_in_once(shell: Shell) -> None:
    """Polls with the same answer are known again, also after an export and an import."""
    folder = shell.folder / "history"
    folder.mkdir()
    one, two = body(row()), body(row(), row(id=2, name="b"))
    for hour, content in enumerate((one, one, one, two, two, two)):
        (folder / f"2026-01-01T{hour:02}0000Z.json").write_bytes(content)
    assert shell("import", folder).lines[-2] == "6 recordings: 1 changed, 1 first, 4 unchanged"
    assert shell("import", folder).lines[0] == "6 recordings: nothing new"
    shell("db", "export", "all.jsonl")
    shell("--database", "other.db", "db", "import", "all.jsonl")
    assert shell("--database", "other.db", "import", folder).lines[0] == "6 recordings: nothing new"
    assert len(shell("--database", "other.db", "polls").lines) == 7


def test_a_history_is_imported_once_and_its_held_end_by_hand(shell: Shell) -> None:
    """The shipped history ends held with exit 5, and --accept imports the held end."""
    first = shell("import", shipped(), code=5)
    assert [line.split("  ")[1] for line in first.lines if "infomaniak: " in line] == [
        "infomaniak: first, snapshot 1, 13 models",
        "infomaniak: changed, snapshot 2, 14 models, 10 findings",
        "infomaniak: changed, snapshot 3, 15 models, 3 findings",
        "infomaniak: changed, snapshot 4, 16 models, 4 findings",
        "infomaniak: held, snapshot 4 stays current",
    ]
    assert first.lines[-2:] == [
        "5 recordings: 3 changed, 1 first, 1 held",
        f"document {shell.folder}/docs/models.md written",
    ]
    error, hint = first.err.splitlines()
    assert "held, so it is not applied: 7 of 16 models are missing (44%, limit 30%): " in error
    assert hint == "hint: If it is right, import again with `--accept`."
    document = Path(shell.folder, "docs", "models.md")
    document.unlink()
    again = shell("import", shipped())
    assert again.lines == ["5 recordings: nothing new", f"document {document} written"]
    assert document.read_bytes() == (GOLDEN / "2026-03-19T135346Z.md").read_bytes()
    accepted = shell("import", "--accept", shipped())
    assert "2026-05-19T15:48:46Z  infomaniak: changed, snapshot 5, 13 models" in accepted.lines[0]
    assert accepted.lines[-2] == "5 recordings: 1 changed"
    assert document.read_bytes() == (GOLDEN / "2026-05-19T154846Z.md").read_bytes()


def test_every_form_of_file_is_taken_and_the_past_is_not_changed(
    shell: Shell, history: Path
) -> None:
    """Colons, packed files and bare lists import, and a change to the past is refused."""
    (history / "2026-01-01T120000Z.json").write_text("{")
    ran = shell("import", "history", code=4)
    assert "4 recordings: 1 changed, 1 first, 1 invalid, 1 unchanged" in ran.lines
    assert len([line for line in ran.lines if "infomaniak: " in line]) == 3
    assert "invalid: 1 recording, kept as evidence" in ran.err.splitlines()
    before = shell.files()
    (history / "2026-01-01T130000Z.json").write_bytes(body(row(version="9")))
    refused = shell("import", "history", code=2)
    output = "the past cannot be changed: 1 recording (the first: 2026-01-01T130000Z.json)"
    assert output in refused.err
    assert "of 2026-01-03T00:00:00Z" in refused.err
    assert "--database" in refused.err
    (history / "2026-01-01T130000Z.json").unlink()
    assert shell.files() == before


def test_many_problems_are_cut_with_a_command_for_all(shell: Shell) -> None:
    """Ten problems of a recording are shown, with the command that lists the rest."""
    file = shell.folder / "my history" / "2026-01-01T000000Z.json"
    file.parent.mkdir()
    file.write_bytes(body(*[0] * 12))
    output = shell("import", "my history", code=4).err.splitlines()
    command = "catalog validate 'my history/2026-01-01T000000Z.json'"
    assert output[11] == f"  and 2 more: `{command}` lists them"


@pytest.mark.long
def test_a_corrected_last_recording_is_imported(shell: Shell, history: Path) -> None:
    """An invalid last recording is ignored until its file is valid."""
    last = history / "2026-01-04T000000Z.json"
    last.write_text("{")
    shell("import", "history", code=4)
    assert "4 recordings: nothing new" in shell("import", "history").lines
    last.write_bytes(body(row(), row(id=3, name="c")))
    assert "4 recordings: 1 changed" in shell("import", "history").lines


def test_the_future_is_not_imported(shell: Shell, history: Path) -> None:
    """A recording that cannot have been taken yet is named, and nothing goes in."""
    (history / "2999-01-01T000000Z.json").write_bytes(body(row()))
    refused = shell("import", "history", code=2)
    assert "recordings cannot be in the future: 1 recording (the first: " in refused.err
    assert "2999-01-01T000000Z.json" in refused.err
    assert not Path(shell.folder, "catalog.db").exists()


def test_a_directory_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    """Importing a missing directory creates nothing."""
    missing = shell("import", "nowhere", code=2)
    assert "nowhere cannot be read as a directory" in missing.err
    assert shell.files() == {}


def test_with_nothing_believed_there_is_no_document(shell: Shell) -> None:
    """A history of one empty list is held: no snapshot, no document, exit 5."""
    folder = shell.folder / "history"
    folder.mkdir()
    (folder / "2026-01-01T000000Z.json").write_text("[]")
    ran = shell("import", "history", code=5)
    assert ran.lines[-1] == "1 recording: 1 held"
    assert ran.lines[0].endswith("infomaniak: held")
    assert not Path(shell.folder, "docs").exists()


def test_redirected_output_has_no_progress_bar(shell: Shell, history: Path) -> None:
    """With stdout in a pipe, the progress bar is on the terminal only."""
    shown, out = shell.on_terminal("import", history, piped=True)
    assert "importing" in shown
    assert "infomaniak: first" in out
    assert "3 recordings" in out
    assert "infomaniak: first" not in shown


def made(folder: Path, count: int) -> None:
    """Write recordings one hour apart, each different from the previous one."""
    folder.mkdir()
    for hour in range(count):
        day, of_day = divmod(hour, 24)
        rows = [row(id=number, name=f"m-{number}", version=str(hour)) for number in range(1, 4)]
        name = f"2026-01-{day + 1:02}T{of_day:02}0000Z.json"
        (folder / name).write_bytes(body(*rows, row(id=9, name="n", max_token_input=hour)))


def stored(file: Path) -> list[str]:
    """Return all that a database holds, but how long each poll took."""
    with closing(sqlite3.connect(file)) as database:
        untime(database)
        return list(database.iterdump())


@pytest.mark.long
def test_a_killed_import_continues(shell: Shell) -> None:
    """A killed import keeps whole polls, and the next run adds the rest."""
    made(shell.folder / "history", TOGETHER + 5)
    shell("--database", "whole.db", "import", "history")
    whole = stored(shell.folder / "whole.db")
    for kill_at in (250, 650):
        file = shell.folder / f"{kill_at}.db"
        line = [
            sys.executable,
            "-m",
            "tests.support.kill_at_statement",
            str(file),
            str(kill_at),
            "history",
        ]
        environ = shell.environ | {"PYTHONPATH": str(ROOT)}
        killed = subprocess.run(line, cwd=shell.folder, env=environ, check=False)
        assert killed.returncode == -signal.SIGKILL
        with closing(sqlite3.connect(file)) as database:
            polls = database.execute("SELECT count(*) FROM poll").fetchone()[0]
        assert polls <= TOGETHER
        shell("--database", file, "import", "history")
        assert stored(file) == whole


@pytest.mark.long
@pytest.mark.parametrize(("how", "kept"), [("ABORT", 3), ("ROLLBACK", 0)])
def test_a_refused_import_gives_the_reason_and_continues_later(
    shell: Shell, how: str, kept: int
) -> None:
    """A database error stops the import with its first reason, and a later import finishes."""
    made(shell.folder / "history", 6)
    shell("--database", "whole.db", "import", "history")
    file = shell.folder / "it.db"
    with Database(str(file)).writing() as connection:
        refused = f"WHEN new.id = 4 BEGIN SELECT RAISE({how}, 'no room'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER no AFTER INSERT ON snapshot {refused}")
    stopped = shell("--database", file, "import", "history", code=6)
    assert stopped.out == ""
    assert stopped.err.splitlines()[0] == f"error: {file}: no room"
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM poll").fetchall() == [(kept,)]
        database.execute("DROP TRIGGER no")
    shell("--database", file, "import", "history")
    assert stored(file) == stored(shell.folder / "whole.db")


def test_a_name_that_nearly_fits_is_reported_as_skipped(shell: Shell, history: Path) -> None:
    """A recording with a wrong name is named with the reason, and the others go in."""
    (history / "2026-01-02T000000Z-1.json.gz").write_bytes(gzip.compress(body(row())))
    ran = shell("import", "history")
    assert "3 recordings: 1 changed, 1 first, 1 unchanged" in ran.lines
    output = "2026-01-02T000000Z-1.json.gz is skipped: '-1' is between the time and the ending"
    assert ran.err.splitlines() == [output]
