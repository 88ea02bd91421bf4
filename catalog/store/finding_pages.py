"""Read findings page by page, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, cast, func, or_, select

from catalog.changes.finding import Finding
from catalog.store.changelog import FindingFilter, conditions, findings
from catalog.store.tables import ChangeRow, FindingRow, ModelVersionRow, PollRow, col, table_of

_NUMBER: ColumnElement[int] = table_of(FindingRow).c.id


@dataclass(frozen=True, slots=True)
class Page:
    """Some findings, newest first.

    `older` and `newer` are the cursors of the next and the previous page, None without one. 0 is
    the cursor of the first page.
    """

    findings: tuple[Finding, ...]
    older: int | None = None
    newer: int | None = None


def read_page(
    connection: Connection,
    wanted: Collection[FindingFilter],
    size: int,
    *,
    before: int | None = None,
) -> Page:
    """Return at most `size` findings that match any filter.

    Their numbers are less than `before`, if it is given.
    """
    matching = _matching(wanted)
    older = matching if not before else matching.where(before > _NUMBER)
    numbers = connection.scalars(older.order_by(_NUMBER.desc()).limit(size + 1)).all()
    shown = tuple(numbers[:size])
    return Page(
        by_numbers(connection, shown, wanted),
        older=shown[-1] if len(numbers) > size else None,
        newer=_newer(connection, matching, size, before),
    )


def by_numbers(
    connection: Connection, numbers: tuple[int, ...], wanted: Collection[FindingFilter]
) -> tuple[Finding, ...]:
    """Return findings by number, newest first. `wanted` gives their providers."""
    found = [
        finding
        for provider in sorted({each.provider for each in wanted})
        for finding in findings(connection, FindingFilter(provider, numbers=numbers))
    ]
    return tuple(sorted(found, key=lambda each: each.number or 0, reverse=True))


def digests_of_months(connection: Connection) -> dict[str, str]:
    """Return a digest of the findings of each month, newest first."""
    values = (col(FindingRow.provider), col(FindingRow.level), col(FindingRow.fingerprint))
    query = select(_month(), _NUMBER, cast(col(PollRow.started_at), Text), *values)
    query = query.join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
    known: dict[str, Any] = {}
    for month, *found in connection.execute(query.order_by(_NUMBER)):
        known.setdefault(month, sha256()).update(repr(found).encode())
    return {month: known[month].hexdigest() for month in sorted(known, reverse=True)}


def months_with_findings(connection: Connection) -> tuple[str, ...]:
    """Return the months with findings, such as `2026-05`, newest first."""
    month = _month()
    found = col(PollRow.id).in_(select(col(FindingRow.poll_id)).distinct())
    query = select(month).where(found).distinct().order_by(month.desc())
    return tuple(connection.scalars(query))


def _month() -> ColumnElement[str]:
    """Return the month of a poll in SQL."""
    return func.substr(cast(col(PollRow.started_at), Text), 1, 7)


def _newer(
    connection: Connection, matching: Select[int], size: int, before: int | None
) -> int | None:
    """Return the cursor of the previous page, None on the first."""
    if not before:
        return None
    later = matching.where(before <= _NUMBER).order_by(_NUMBER).limit(size + 1)
    numbers = connection.scalars(later).all()
    if not numbers:
        return None
    return numbers[size] if len(numbers) > size else 0


def _matching(wanted: Collection[FindingFilter]) -> Select[int]:
    """Select the number of each matching finding once."""
    of: list[ColumnElement[bool]] = [and_(*conditions(each)) for each in wanted]
    query = select(_NUMBER).join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
    query = query.join(table_of(ChangeRow), col(ChangeRow.finding_id) == _NUMBER)
    version = col(ModelVersionRow.id) == col(ChangeRow.version_id)
    query = query.outerjoin(table_of(ModelVersionRow), version)
    return query.where(or_(*of)).distinct()
