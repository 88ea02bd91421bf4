"""Imports of the committed versions of a file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.builders import body, row
from tests.support.git_repository import Made
from tests.support.shell import Ran, Shell

FILE = "models.json"


def version(number: int) -> bytes:
    """Return an answer with one changed model and others that stay."""
    return body(row(version=str(number)), *(row(id=one, name=f"m-{one}") for one in range(2, 9)))


def commits(count: int, path: str = FILE) -> list[Made]:
    """Return hourly commits, each with another answer."""
    return [Made(hour, {path: version(hour)}) for hour in range(count)]


def load(shell: Shell, *words: str | Path, code: int = 0, path: str = FILE) -> Ran:
    """Import the file from the repository in the folder `git`."""
    return shell("import", "--git", "git", "--path", path, *words, code=code)


def polls(shell: Shell) -> list[tuple[str, str]]:
    """Return the start and the outcome of all stored polls."""
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database:
        return database.execute("SELECT started_at, outcome FROM poll ORDER BY id").fetchall()


def hours(shell: Shell) -> list[str]:
    """Return the time of day of all stored polls."""
    return [at[11:19] for at, _ in polls(shell)]
