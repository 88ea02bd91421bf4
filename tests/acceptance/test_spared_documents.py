"""Commands do not change documents that the user did not name."""

from pathlib import Path

from catalog.providers.recordings import shipped
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.shell import Live, Shell

ONE = body(row())
OURS = "# Our models\n"


def put(shell: Shell, name: str = "docs/models.md") -> Path:
    """Write a document of the user."""
    path = shell.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(OURS)
    return path


def test_a_document_that_was_there_first_is_no_error_for_a_newcomer(live: Live) -> None:
    """The default document without markers stays, with a hint, and the fast path works."""
    shell, _ = live(answer(body=ONE), laid=False)
    document = put(shell)
    ran = shell("sync")
    seen, hint = ran.lines[1:]
    assert seen == f"document {document} exists without markers, so it is not changed"
    assert hint.startswith("hint: Add the regions at its end: `catalog render --append`.")
    assert ran.err == ""
    again = shell("-v", "sync", "--format", "json")
    assert again.json["document"] == {"path": str(document), "written": False}
    assert "fast path" in again.err
    assert document.read_text() == OURS
    (shell.folder / "catalog.toml").write_text("[document]\nrecent = 5\n")
    full = shell("sync", "--format", "json").json
    assert full["document"] == {"path": str(document), "written": False, "has_markers": False}
    assert shell("-q", "sync").out == ""


def test_a_document_that_was_asked_for_must_have_markers(live: Live) -> None:
    """With document.path set, a document without markers is exit code 6, and named."""
    shell, _ = live(answer(body=ONE), CATALOG_DOCUMENT_PATH="OURS.md")
    document = put(shell, "OURS.md")
    ran = shell("sync", code=6)
    assert ran.err.splitlines()[0] == (
        f"error: {document} exists without markers, so nothing was written to it"
    )
    assert document.read_text() == OURS


def test_an_import_leaves_a_document_of_the_user(shell: Shell) -> None:
    """The default document without markers stays, and the import says how to add regions."""
    document = put(shell)
    ran = shell("import", "--accept", shipped())
    assert ran.lines[-2] == f"document {document} exists without markers, so it is not changed"
    assert document.read_text() == OURS


def test_a_foreign_database_writes_no_document_unless_asked(live: Live) -> None:
    """With another database by --database, the configured document is neither made nor changed."""
    shell, _ = live(answer(body=ONE))
    ran = shell("--database", "other.db", "sync")
    assert len(ran.lines) == 1
    seen, hint = ran.err.splitlines()
    assert seen.startswith("no document is written, because --database names another database")
    assert "render --output FILE" in hint
    assert shell("-q", "--database", "third.db", "import", shipped(), code=5).err.count("hint") == 1
    assert "docs/models.md" not in shell.files()
    asked = shell("--database", "other.db", "import", shipped(), code=2)
    assert "the past cannot be changed" in asked.err

    shell("--database", "other.db", "render", "--output", "other.md")
    given = {"CATALOG_DOCUMENT_PATH": "given.md"}
    shell("--database", "fourth.db", "sync", given=given)
    assert {"other.md", "given.md"} < shell.files().keys()


def test_the_configured_database_may_be_named_in_any_way(live: Live) -> None:
    """--database with the configured database, also through a link, writes the document."""
    shell, _ = live(answer(body=ONE))
    (shell.folder / "link.db").symlink_to("catalog.db")
    ran = shell("--database", "link.db", "sync")
    assert ran.lines[-1] == f"document {shell.folder}/docs/models.md written"
    assert ran.err == ""


def test_nothing_is_said_of_a_document_where_there_is_none(live: Live) -> None:
    """A foreign database needs no note if no document is configured."""
    shell, _ = live(answer(body=ONE))
    (shell.folder / "catalog.toml").write_text('document.path = ""\n')
    assert shell("--database", "sqlite://", "sync").err == ""
