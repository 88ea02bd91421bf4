"""`catalog import`: the shipped history and histories of our own, each file at its own time."""

import gzip
import json
from pathlib import Path

import pytest

from catalog.recordings import shipped
from tests.builders import body, row
from tests.shell import Shell

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def history(shell: Shell) -> Path:
    """Give a folder of recordings: all forms of file, and one that is none."""
    folder = shell.folder / "history"
    folder.mkdir()
    (folder / "2026-01-01T00:00:00Z.json").write_text(json.dumps([row()]))
    (folder / "2026-01-02T000000Z.json.gz").write_bytes(
        gzip.compress(body(row(), row(id=2, name="b")))
    )
    (folder / "2026-01-03T000000Z.json").write_bytes(body(row(), row(id=2, name="b")))
    (folder / "notes.txt").write_text("not a recording")
    return folder


def test_a_history_goes_in_once_and_the_held_end_by_hand(shell: Shell) -> None:
    """The shipped history ends held with exit 5; again adds nothing; --accept lets the end in."""
    first = shell("import", shipped(), code=5)
    assert [line.split("  ")[1] for line in first.lines if "infomaniak: " in line] == [
        "infomaniak: first, snapshot 1, 13 models",
        "infomaniak: changed, snapshot 2, 14 models, 10 findings",
        "infomaniak: changed, snapshot 3, 15 models, 3 findings",
        "infomaniak: changed, snapshot 4, 16 models, 4 findings",
        "infomaniak: held, snapshot 4 stays in force",
    ]
    assert first.lines[-2:] == [
        "5 recordings: 3 changed, 1 first, 1 held",
        f"document {shell.folder}/docs/models.md written",
    ]
    assert first.err.splitlines() == [
        "error: not believed: 7 of 16 models gone (44%, limit 30%)",
        "hint: If it is true, import with --accept.",
    ]
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
    """Colons, packed files and bare lists go in, a broken file is kept; the past is refused."""
    (history / "2026-01-01T120000Z.json").write_text("{")
    ran = shell("import", "history", code=4)
    assert "4 recordings: 1 changed, 1 first, 1 invalid, 1 unchanged" in ran.lines
    assert len([line for line in ran.lines if "infomaniak: " in line]) == 3
    assert "invalid: 1 recording, kept as evidence" in ran.err.splitlines()
    before = shell.files()
    (history / "2026-01-01T130000Z.json").write_bytes(body(row(version="9")))
    refused = shell("import", "history", code=2)
    told = "the past cannot be changed: 1 recording (the first: 2026-01-01T130000Z.json)"
    assert told in refused.err
    assert "of 2026-01-03T00:00:00Z" in refused.err
    assert "--database" in refused.err
    (history / "2026-01-01T130000Z.json").unlink()
    assert shell.files() == before


def test_a_wall_of_problems_names_what_lists_them_all(shell: Shell) -> None:
    """Of a recording full of problems ten are shown, and the file to validate for the rest."""
    file = shell.folder / "my history" / "2026-01-01T000000Z.json"
    file.parent.mkdir()
    file.write_bytes(body(*[0] * 12))
    told = shell("import", "my history", code=4).err.splitlines()
    command = "catalog validate 'my history/2026-01-01T000000Z.json'"
    assert told[11] == f"  and 2 more: `{command}` lists them"


def test_the_last_recording_goes_in_once_it_is_mended(shell: Shell, history: Path) -> None:
    """An invalid end is passed over like all that is known, until its file is right."""
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
    assert "the future cannot be recorded: 1 recording (the first: " in refused.err
    assert "2999-01-01T000000Z.json" in refused.err
    assert not Path(shell.folder, "catalog.db").exists()


def test_a_directory_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    """Nothing is made where there is nothing to import."""
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


def test_a_progress_bar_stays_out_of_what_is_redirected(shell: Shell, history: Path) -> None:
    """With stderr on a terminal and stdout in a pipe, the bar is on the terminal alone."""
    shown, out = shell.on_terminal("import", history, piped=True)
    assert "importing" in shown
    assert "infomaniak: first" in out
    assert "3 recordings" in out
    assert "infomaniak: first" not in shown
