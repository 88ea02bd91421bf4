"""The tally: a digest of what each table said when it was written, so that an edit is noticed.

A row of the tally is the sum of the digests of up to a hundred rows: one more is added, one that
goes is taken off, whatever their order. So it grows by less than a byte a row. Migration 0012 holds
a copy of this formula: a change of it needs a migration. The standard library alone: see
store/fast.py.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from catalog.store.driver import Execute

SPAN: Final = 100
"""The rows with numbers from one multiple of it to the next are counted together."""
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
"""The columns that count, of each table that does; the number of a row comes first."""
_MODULUS: Final = 1 << 128
_KNOWN: Final = "SELECT row_count, digest FROM tally WHERE name = :name AND span = :span"
_STORE: Final = """
INSERT INTO tally (name, span, row_count, digest) VALUES (:name, :span, :row_count, :digest)
ON CONFLICT (name, span) DO UPDATE SET row_count = excluded.row_count, digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """What some rows come to: how many they are, and the sum of their digests."""

    rows: int = 0
    digest: int = 0

    def plus(self, other: "Sum", sign: int = 1) -> "Sum":
        """Return the sum of both, or the difference."""
        digest = (self.digest + sign * other.digest) % _MODULUS
        return Sum(self.rows + sign * other.rows, digest)

    @property
    def text(self) -> str:
        """The digest as it is stored."""
        return f"{self.digest:032x}"


Sums = dict[int, Sum]
"""By the first number of each span."""


def add(execute: Execute, name: str, where: str, given: Mapping[str, Any]) -> None:
    """Count rows that were just written; `where` is SQL of ours, `given` its parameters."""
    _count(execute, name, where, given, 1)


def add_poll(execute: Execute, number: int, poll: Mapping[str, Any]) -> None:
    """Count a poll that was just written, by its columns: to read it back takes longer."""
    row = [number, *(poll.get(name) for name in COVERED["poll"][1:])]
    span, found = number // SPAN * SPAN, Sum(1, _digest("poll", row))
    _write(execute, "poll", span, found, 1)


def take_off(execute: Execute, name: str, where: str, given: Mapping[str, Any]) -> None:
    """Count rows no more that are about to be changed or to go."""
    _count(execute, name, where, given, -1)


def sums(name: str, rows: Iterable[Sequence[Any]]) -> Sums:
    """Sum up rows, which have the covered columns."""
    found: Sums = {}
    for row in rows:
        span = row[0] // SPAN * SPAN
        found[span] = found.get(span, Sum()).plus(Sum(1, _digest(name, row)))
    return found


def selected(name: str) -> str:
    """Return the SQL that selects what `sums` takes."""
    return f'SELECT {", ".join(COVERED[name])} FROM "{name}"'  # noqa: S608  # our own names


def _count(execute: Execute, name: str, where: str, given: Mapping[str, Any], sign: int) -> None:
    rows = execute(f"{selected(name)} WHERE {where}", given).fetchall()
    for span, found in sums(name, rows).items():
        _write(execute, name, span, found, sign)


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
        return Sum()  # an edit; whatever is added, it does not fit the rows


def _digest(name: str, row: Sequence[Any]) -> int:
    said = json.dumps([name, *map(_plain, row)], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:16])


def _plain(value: Any) -> Any:
    """Write a value alike on every database."""
    match value:
        case bool():
            return int(value)
        case date():
            return value.isoformat()
        case bytes():
            return [value.hex()]  # no column has bytes, but an edit may put them there
    return value
