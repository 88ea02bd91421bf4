"""Keep a tally of the rows of each table, to detect edits.

A row of the tally is the sum of the digests of up to a hundred rows. Inserts add a digest, deletes
subtract one, in any order. So the tally grows by less than a byte per row. Migration 0012 has a
copy of this formula, so a change needs a migration. This module uses the standard library alone,
because of store/fast.py.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from catalog.store.driver import Execute

SPAN: Final = 100
"""The number of row ids that share one row of the tally."""
COVERED: Final[Mapping[str, tuple[str, ...]]] = {
    "poll": (
        *("id", "provider", "started_at", "duration_ms", "outcome", "http_status", "snapshot_id"),
        *("url", "etag", "last_modified", "payload_sha256", "candidate", "error"),
    ),
    "missing_model": ("poll_id", "key"),
    "finding": (
        *("id", "poll_id", "provider", "rule", "level", "fingerprint", "callable_until"),
        *("ground", "basis", "moves"),
    ),
    "change": (
        *("id", "finding_id", "kind", "version_id", "field", "before", "after", "gone_since"),
        *("detail", "fingerprint"),
    ),
    "delivery": (
        *("id", "finding_id", "channel", "message_id", "state", "attempts", "next_at"),
        *("paused_until", "delivered_at", "error"),
    ),
    "probe": (
        *("id", "provider", "key", "name", "route", "at", "verdict", "believed", "http_status"),
        *("latency_ms", "calls", "tokens", "answered_as", "said", "accepted"),
    ),
    "note": ("id", "provider", "key", "noted_at", "retires", "successor", "source"),
}
"""The covered columns by table. The first one decides the span."""
_MODULUS: Final = 1 << 128
_KNOWN: Final = "SELECT row_count, digest FROM tally WHERE name = :name AND span = :span"
_STORE: Final = """
INSERT INTO tally (name, span, row_count, digest) VALUES (:name, :span, :row_count, :digest)
ON CONFLICT (name, span) DO UPDATE SET row_count = excluded.row_count, digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """The number of some rows, and the sum of their digests."""

    rows: int = 0
    digest: int = 0

    def plus(self, other: "Sum", sign: int = 1) -> "Sum":
        """Return the sum, or the difference if `sign` is -1."""
        digest = (self.digest + sign * other.digest) % _MODULUS
        return Sum(self.rows + sign * other.rows, digest)

    @property
    def text(self) -> str:
        """Return the digest as hexadecimal text for the database."""
        return f"{self.digest:032x}"


Sums = dict[int, Sum]
"""Sums by the first row id of each span."""


def add(execute: Execute, name: str, where: str, values: Mapping[str, Any]) -> list[int]:
    """Add inserted rows and return their ids.

    `where` selects them, `values` are its parameters.
    """
    return _count(execute, name, where, values, 1)


def add_poll(execute: Execute, number: int, poll: Mapping[str, Any]) -> None:
    """Add an inserted poll by its columns, because a query takes longer."""
    row = [number, *(poll.get(name) for name in COVERED["poll"][1:])]
    span, found = number // SPAN * SPAN, Sum(1, _digest("poll", row))
    _write(execute, "poll", span, found, 1)


def subtract(execute: Execute, name: str, where: str, values: Mapping[str, Any]) -> None:
    """Subtract rows before they are changed or deleted."""
    _count(execute, name, where, values, -1)


def sums(name: str, rows: Iterable[Sequence[Any]]) -> Sums:
    """Return the sums of rows of the covered columns."""
    found: Sums = {}
    for row in rows:
        span = row[0] // SPAN * SPAN
        found[span] = found.get(span, Sum()).plus(Sum(1, _digest(name, row)))
    return found


def selected(name: str) -> str:
    """Return the SQL that selects the covered columns."""
    return f'SELECT {", ".join(COVERED[name])} FROM "{name}"'  # noqa: S608  # our own names


def _count(
    execute: Execute, name: str, where: str, values: Mapping[str, Any], sign: int
) -> list[int]:
    rows = execute(f"{selected(name)} WHERE {where}", values).fetchall()
    for span, found in sums(name, rows).items():
        _write(execute, name, span, found, sign)
    return [row[0] for row in rows]


def _write(execute: Execute, name: str, span: int, found: Sum, sign: int) -> None:
    known = execute(_KNOWN, {"name": name, "span": span}).fetchone()
    before = _read(*known) if known else Sum()
    after = before.plus(found, sign)
    values = {"row_count": after.rows, "digest": after.text}
    execute(_STORE, {"name": name, "span": span, **values})


def _read(rows: Any, digest: Any) -> Sum:
    try:
        return Sum(int(rows), int(digest, 16))
    except (ValueError, TypeError):
        return Sum()  # because an edited tally row fails the check in any case


def _digest(name: str, row: Sequence[Any]) -> int:
    text = json.dumps([name, *map(_plain, row)], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])


def _plain(value: Any) -> Any:
    """Return a value in the form that all databases share."""
    match value:
        case bool():
            return int(value)
        case date():
            return value.isoformat()
        case bytes():
            return [value.hex()]  # because an edit may store bytes in any column
    return value
