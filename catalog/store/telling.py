"""Findings and their changes, written: values -> rows."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Executable, bindparam, select

from catalog.changes.change import Finding, ModelChange, fingerprint
from catalog.changes.codec import encode
from catalog.store import tally
from catalog.store.tables import ChangeRow, FindingRow, col, inserting, plain


def write_findings(
    connection: Connection, poll: int, findings: Sequence[Finding], versions: Mapping[str, int]
) -> list[int]:
    """Write findings and their changes; return their row ids. `versions`: row ids by model key."""
    if not findings:
        return []
    rows = [
        {
            "poll_id": poll,
            "provider": finding.provider,
            "rule": finding.rule,
            "level": str(finding.level),
            "fingerprint": finding.fingerprint,
            "callable_until": finding.callable_until,
            "ground": finding.ground,
            "basis": finding.basis,
            "moves": finding.moves,
        }
        for finding in findings
    ]
    connection.execute(inserting(FindingRow), rows)
    # Counted up in the order of the rows, and nobody else writes meanwhile: one question for all.
    newest = connection.scalars(_numbers_query(), {"poll": poll, "count": len(rows)})
    numbers = list(newest)[::-1]
    changes = [
        {
            "finding_id": number,
            "kind": change.kind,
            "fingerprint": fingerprint(finding.provider, change),
            "version_id": versions[change.model.key] if isinstance(change, ModelChange) else None,
            **encode(change),
        }
        for number, finding in zip(numbers, findings, strict=True)
        for change in finding.changes
    ]
    connection.execute(inserting(ChangeRow), changes)
    written = {"first": numbers[0], "last": numbers[-1]}
    tally.add(plain(connection), "finding", "id BETWEEN :first AND :last", written)
    tally.add(plain(connection), "change", "finding_id BETWEEN :first AND :last", written)
    return numbers


@cache
def _numbers_query() -> Executable:
    """Select the numbers of the newest findings of a poll, so many of them."""
    number, of_poll = col(FindingRow.id), col(FindingRow.poll_id) == bindparam("poll")
    return select(number).where(of_poll).order_by(number.desc()).limit(bindparam("count"))
