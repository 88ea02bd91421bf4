"""The note of `catalog status` without write access."""

import os
from pathlib import Path

import pytest

from catalog.cli.status import read_only

FILE = Path("/srv/models/catalog.db")


@pytest.mark.parametrize("refused", [FILE, FILE.parent])
def test_a_file_or_folder_without_write_access_is_a_note(refused: Path) -> None:
    """A user who cannot write the database or its folder gets a note, which is no problem."""
    note = read_only(FILE, lambda place, mode: mode == os.W_OK and place != refused)
    assert note is not None
    assert note.what == "this user cannot write the database, so it cannot poll"
    assert note.todo == "`catalog doctor` checks it."
    assert not note.counts


def test_a_writable_database_gives_no_note() -> None:
    """A user who can write both sees no note, and neither does one of a database server."""
    assert read_only(FILE, lambda _place, _mode: True) is None
    assert read_only(None, lambda _place, _mode: False) is None
