"""Insert a poll, in a full pass and on the fast path.

This module uses the standard library alone, because of the fast path.
"""

from collections.abc import Mapping
from typing import Any

from catalog.store import tally
from catalog.store.driver import Execute


def insert_poll(execute: Execute, poll: Mapping[str, Any]) -> int:
    """Insert a poll, add it to the tally, return its id.

    `poll` maps columns to values, with times as text.
    """
    names, marks = ", ".join(poll), ", ".join(f":{name}" for name in poll)
    statement = f"INSERT INTO poll ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608  # our own names
    (number,) = execute(statement, poll).fetchone()
    tally.add_poll(execute, number, poll)
    return int(number)
