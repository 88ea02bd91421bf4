import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog.config.build_document import wire_annotations
from catalog.config.settings import Settings
from catalog.core.errors import DocumentError, MarkersBroken, MarkersMissing, RegionEdited
from catalog.report.write import Plan, compose, plan, write

TEMPLATE = "# Title\n\n<!-- catalog:begin a -->\n<!-- catalog:end a -->\n\nHand text.\n"
FIRST = {"a": "Alpha", "b": "Beta"}
SECOND = {"a": "Gamma", "b": "Beta"}


def names(folder: Path) -> list[str]:
    """List the files of a folder."""
    return sorted(path.name for path in folder.iterdir())


def publish(path: Path, template: str, regions: Mapping[str, str], *, force: bool = False) -> bool:
    """Plan and write a document, and return True if it was written."""
    return write(plan(path, template, regions, force=force))


def test_a_new_document_is_made_from_the_template(tmp_path: Path) -> None:
    """A new document gets its folder and one final newline, and no other file stays."""
    path = tmp_path / "docs" / "models.md"
    assert publish(path, TEMPLATE + "\n\n", FIRST)
    assert path.read_bytes() == compose(TEMPLATE, FIRST).encode()
    assert path.read_bytes().endswith(b"Hand text.\n")
    assert names(path.parent) == ["models.md"]


def test_a_new_document_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    """A new document has the mode of any new file."""
    other = tmp_path / "other"
    other.touch()
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    assert path.stat().st_mode == other.stat().st_mode


def test_an_unchanged_document_is_not_touched(tmp_path: Path) -> None:
    """An unchanged document is not written again."""
    path = tmp_path / "models.md"
    assert publish(path, TEMPLATE, FIRST)
    before = path.stat()
    assert not publish(path, TEMPLATE, FIRST)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_persons_text_line_endings_and_mode_stay(tmp_path: Path) -> None:
    """An update changes the region and no other byte."""
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    mine = path.read_bytes().replace(b"\n", b"\r\n").replace(b"Hand text.\r\n", b"Mine\x0c\xc2\x85")
    path.write_bytes(mine)
    path.chmod(0o640)
    assert publish(path, TEMPLATE, SECOND)
    written = path.read_bytes()
    assert written.endswith(b"\r\n<!-- catalog:end a -->\r\n\r\nMine\x0c\xc2\x85")
    assert b"\r\nGamma\r\n" in written
    assert path.stat().st_mode & 0o7777 == 0o640


def test_a_symlink_is_written_through(tmp_path: Path) -> None:
    """The link stays a link, and its target holds the document, new or updated."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "models.md"
    link.symlink_to("real/models.md")
    assert publish(link, TEMPLATE, FIRST)
    assert publish(link, TEMPLATE, SECOND)
    assert link.is_symlink()
    assert "Gamma" in (tmp_path / "real" / "models.md").read_text(encoding="utf-8")
    assert names(tmp_path / "real") == ["models.md"]


def test_an_empty_file_is_as_good_as_none(tmp_path: Path) -> None:
    """An empty file is filled from the template."""
    path = tmp_path / "models.md"
    path.touch()
    assert publish(path, TEMPLATE, FIRST)
    assert "Alpha" in path.read_text(encoding="utf-8")


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    """A plan shows the new text without writing it."""
    path = tmp_path / "models.md"
    wanted = plan(path, TEMPLATE, FIRST)
    assert (wanted.differs, wanted.before, wanted.after) == (True, "", compose(TEMPLATE, FIRST))
    assert not path.exists()
    assert write(wanted)
    assert not plan(path, TEMPLATE, FIRST).differs
    assert plan(path, TEMPLATE, SECOND).before == compose(TEMPLATE, FIRST)


def test_an_edit_by_hand_stops_the_writing(tmp_path: Path) -> None:
    """An edited region is refused with path and line, and overwritten only by force."""
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    edited = path.read_text(encoding="utf-8").replace("Alpha", "Mine")
    path.write_text(edited, encoding="utf-8")
    with pytest.raises(RegionEdited, match=r"models\.md:3: region a was edited by hand") as caught:
        publish(path, TEMPLATE, SECOND)
    assert str(path) in str(caught.value)
    assert path.read_text(encoding="utf-8") == edited
    assert publish(path, TEMPLATE, SECOND, force=True)
    assert path.read_text(encoding="utf-8") == compose(TEMPLATE, SECOND)


def test_broken_markers_stop_the_writing(tmp_path: Path) -> None:
    """A document with swallowed regions is refused by name and left alone."""
    path, document = tmp_path / "models.md", "<div>\n" + TEMPLATE.partition("\n\n")[2]
    path.write_text(document, encoding="utf-8")
    with pytest.raises(MarkersBroken, match=r"models\.md:\d+: "):
        publish(path, TEMPLATE, FIRST, force=True)
    assert path.read_text(encoding="utf-8") == document


def test_a_document_without_markers_is_the_users(tmp_path: Path) -> None:
    """It is refused with a hint, also by force. A blank file counts as none."""
    path = tmp_path / "models.md"
    path.write_text("no region\n", encoding="utf-8")
    with pytest.raises(MarkersMissing, match=r"models\.md exists without markers") as caught:
        publish(path, TEMPLATE, FIRST, force=True)
    assert "--append" in caught.value.hint
    assert path.read_text(encoding="utf-8") == "no region\n"
    path.write_text(" \n", encoding="utf-8")
    assert publish(path, TEMPLATE, FIRST)
    assert path.read_text(encoding="utf-8") == compose(TEMPLATE, FIRST)


def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    """The error names the line, and the file is left alone."""
    path = tmp_path / "models.md"
    path.write_bytes(b"one\ntw\xffo\n")
    with pytest.raises(DocumentError, match=r"models\.md:2: .* not valid UTF-8") as caught:
        publish(path, TEMPLATE, FIRST)
    assert "UTF-8" in caught.value.hint
    assert path.read_bytes() == b"one\ntw\xffo\n"


def test_an_unreadable_path_is_reported(tmp_path: Path) -> None:
    """A folder in place of the document is an error with its path and reason."""
    with pytest.raises(DocumentError, match=r"could not be read: Is a directory") as caught:
        publish(tmp_path, TEMPLATE, FIRST)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.exit_code == 6


def test_a_swallowed_marker_is_reported_without_a_change(tmp_path: Path) -> None:
    """A hidden marker in an up-to-date document is found, unless the check is skipped."""
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    path.write_text("```\n" + path.read_text())
    with pytest.raises(MarkersBroken):
        plan(path, TEMPLATE, FIRST)
    assert not plan(path, TEMPLATE, FIRST, proved=False).differs


def test_a_poll_never_writes_below_an_open_fence(tmp_path: Path) -> None:
    """A changed document whose marker is hidden is refused without the full check too."""
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    path.write_text("```\n" + path.read_text())
    with pytest.raises(MarkersBroken, match="inside the block that begins with '```'"):
        plan(path, TEMPLATE, SECOND, proved=False)


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    """A pipe or device in place of the document is not read or replaced."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="not a regular file"):
        publish(tmp_path / "pipe", TEMPLATE, FIRST)
    assert (tmp_path / "pipe").is_fifo()


def test_a_failed_write_leaves_no_trace(tmp_path: Path) -> None:
    """A failed write is reported and leaves no temporary file."""
    taken = tmp_path / "models.md"
    taken.mkdir()
    with pytest.raises(DocumentError, match=r"models\.md: .* could not be written: Is a directory"):
        write(Plan(taken, "", "text\n"))
    assert names(tmp_path) == ["models.md"]


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """A file in the way of the document's folder is an error with the document's path."""
    (tmp_path / "docs").touch()
    wanted = Plan(tmp_path / "docs" / "models.md", "", "text\n")
    with pytest.raises(DocumentError, match=r"docs/models\.md: .* could not be written: "):
        write(wanted)


def test_a_reader_never_sees_half_a_document(tmp_path: Path) -> None:
    """A reader of the old document keeps its whole text."""
    path = tmp_path / "models.md"
    publish(path, TEMPLATE, FIRST)
    with path.open(encoding="utf-8") as reader:
        publish(path, TEMPLATE, SECOND)
        assert reader.read() == compose(TEMPLATE, FIRST)
    assert names(tmp_path) == ["models.md"]


def test_own_annotations_go_before_the_shipped_ones(tmp_path: Path) -> None:
    """A name of the user's own for a model replaces the shipped one."""
    own = tmp_path / "names.toml"
    own.write_text('[2]\ntitle = "Our Whisper"\n', encoding="utf-8")
    given = Settings.model_validate({"document": {"annotations": own}})
    assert wire_annotations(given) != wire_annotations(Settings())
