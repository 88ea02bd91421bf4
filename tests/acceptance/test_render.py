"""`catalog render`, on a copy of the demo's store and document."""

from pathlib import Path

import pytest

from tests.support.shell import Shell

GOLDEN = Path(__file__).parent.parent / "golden"


def test_a_document_up_to_date_is_left_alone(own_demo: Shell) -> None:
    """An up-to-date document keeps its bytes and time, and --diff shows nothing."""
    document = own_demo.folder / "demo" / "models.md"
    before = document.stat()
    assert own_demo("render", "--check", "--diff").out == ""
    assert own_demo("render").lines == [f"{document} is up to date"]
    assert document.stat().st_mtime_ns == before.st_mtime_ns


def test_a_document_that_is_behind_is_shown_and_mended(own_demo: Shell) -> None:
    """A check exits with 1 and changes nothing, and a diff shows the difference."""
    document = own_demo.folder / "demo" / "models.md"
    own = document.read_text().replace("## Sources", "My own words.\n\n## Sources")
    document.write_text(own)
    checked = own_demo("render", "--check", "--diff", "--at", "2025-12-23", code=1)
    assert (
        checked.err == f"{document} is outdated; run `catalog --config demo/catalog.toml render`\n"
    )
    assert checked.lines[:2] == [f"--- {document}", f"+++ {document}"]
    assert "-**Last Updated:** 2026-05-19 (from `GET /1/ai/models`)" in checked.lines
    assert "+**Last Updated:** 2025-12-23 (from `GET /1/ai/models`)" in checked.lines
    assert "\x1b" not in checked.out
    assert document.read_text() == own

    assert own_demo("render", "--at", "3").lines == [f"{document} written"]
    assert "**Last Updated:** 2025-12-23" in document.read_text()
    assert "My own words." in document.read_text()


def test_a_document_with_an_older_title_keeps_it(own_demo: Shell) -> None:
    """The title belongs to the user, so a document of an older version stays valid."""
    document = own_demo.folder / "demo" / "models.md"
    older = document.read_text().replace(" Overview\n", "\n", 1)
    assert older.startswith("# Infomaniak AI Models\n")
    document.write_text(older)
    assert own_demo("render", "--check").out == ""
    assert own_demo("render", "--at", "3").lines == [f"{document} written"]
    assert document.read_text().startswith("# Infomaniak AI Models\n")


def test_another_file_or_stdout_takes_the_document(own_demo: Shell) -> None:
    """The document of a day goes to stdout or to another file only."""
    known = own_demo.files()["demo/models.md"]
    golden = (GOLDEN / "2025-12-23T101655Z.md").read_text()
    assert own_demo("render", "--at", "2025-12-23", "--output", "-").out == golden
    other = own_demo("render", "--at", "2025-12-23", "--output", "new/other.md")
    assert other.lines == [f"{own_demo.folder}/new/other.md written"]
    assert own_demo.files()["new/other.md"].decode() == golden
    assert own_demo.files()["demo/models.md"] == known


@pytest.mark.parametrize("flag", ["--check", "--diff", "--force", "--append"])
def test_a_whole_document_is_not_compared_with_any(shell: Shell, flag: str) -> None:
    """With stdout for an output there is no file to check, compare or overwrite: wrong usage."""
    ran = shell("render", flag, "--output", "-", code=2)
    assert ran.out == ""
    assert f"{flag} does not go with --output -" in ran.err


def test_a_region_edited_by_hand_is_overwritten_only_by_force(own_demo: Shell) -> None:
    """An edited region stays and its line is named, unless --force overwrites it."""
    document = own_demo.folder / "demo" / "models.md"
    true = document.read_text()
    edited = true.replace("Swiss-specific model", "The best of all")
    document.write_text(edited)
    refused = own_demo("render", code=6)
    assert f"{document}:" in refused.err
    assert "was edited by hand" in refused.err
    assert "--force" in refused.err
    assert document.read_text() == edited
    own_demo("render", "--force")
    assert document.read_text() == true


def test_a_document_can_be_done_without(own_demo: Shell) -> None:
    """With an empty path there is no document: nothing is rendered, and imports still work."""
    configuration = own_demo.folder / "demo" / "catalog.toml"
    configuration.write_text('document.path = ""\n')
    ran = own_demo("render", code=2)
    assert "no document is configured" in ran.err
    assert "document.path" in ran.err
    history = Path("demo", "history")
    Path(own_demo.folder, history).mkdir()
    Path(own_demo.folder, history, "2026-06-01T000000Z.json").write_text("[]")
    own_demo("import", "--accept", history)
    assert "Rerankers" in own_demo.files()["demo/models.md"].decode()


def test_regions_are_added_to_a_document_of_the_user(own_demo: Shell) -> None:
    """A document without markers is an error that offers --append, which keeps every byte."""
    document = own_demo.folder / "demo" / "models.md"
    golden = document.read_text()
    document.write_bytes(b"# Ours\r\n\r\nOur text.\r\n")
    refused = own_demo("render", code=6)
    assert refused.err.startswith(f"error: {document} exists without markers")
    assert "`catalog --config demo/catalog.toml render --append`" in refused.err
    assert document.read_bytes() == b"# Ours\r\n\r\nOur text.\r\n"

    assert own_demo("render", "--append").lines == [f"{document} written"]
    text = document.read_bytes().decode()
    assert text.startswith("# Ours\r\n\r\nOur text.\r\n\r\n## ")
    assert text.count("\n") == text.count("\r\n")
    assert text.replace("\r\n", "\n").endswith(golden.partition("\n")[2])
    assert own_demo("render", "--append").lines == [f"{document} is up to date"]


def test_a_document_may_leave_out_recent_changes(demo: Shell) -> None:
    """With `document.recent` 0, the section of changes has none."""
    ran = demo("render", "--output", "-", given={"CATALOG_DOCUMENT_RECENT": "0"})
    assert "## Recent Changes\n\nNone recorded.\n" in ran.out
