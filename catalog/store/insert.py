"""Insert a poll: one place for the full pass and for the fast path. The standard library alone."""

from collections.abc import Mapping
from typing import Any

from catalog.store import tally
from catalog.store.driver import Execute


def insert_poll(execute: Execute, poll: Mapping[str, Any]) -> int:
    """Insert a poll by its columns, with moments as text, and count it; return its number."""
    names, marks = ", ".join(poll), ", ".join(f":{name}" for name in poll)
    # The names are those of our own columns; the values are bound.
    statement = f"INSERT INTO poll ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608  # our own names
    (number,) = execute(statement, poll).fetchone()
    tally.add_poll(execute, number, poll)
    return int(number)
