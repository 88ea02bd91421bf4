"""Write and read findings with their changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Executable,
    Row,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from catalog.changes.change import (
    KINDS,
    PROBED_KINDS,
    Cancelled,
    Change,
    OfModel,
    Probed,
    Renamed,
    Retiring,
)
from catalog.changes.codec import COLUMNS, decode, encode
from catalog.changes.finding import Finding, Level, fingerprint
from catalog.changes.incident import TROUBLES, TroubleKind
from catalog.changes.rows import BadRowReports, bad_row_reports
from catalog.core.errors import StoreError
from catalog.core.payload import Drift
from catalog.core.strict_json import canonical
from catalog.store import tally
from catalog.store.history import MODEL_COLUMNS, basis, to_model
from catalog.store.tables import (
    ChangeRow,
    DeliveryRow,
    FindingRow,
    ModelVersionRow,
    PollRow,
    col,
    fixed,
    inserting,
    plain,
    table_of,
)
from catalog.store.text_values import DAMAGED


def write_findings(
    connection: Connection, poll: int, findings: Sequence[Finding], versions: Mapping[str, int]
) -> list[int]:
    """Write findings with their changes and return their row ids.

    `versions` holds version row ids by model key.
    """
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
    # One query returns all ids, because we hold the write lock.
    newest = {"poll": poll, "count": len(rows)}
    numbers = tally.add(plain(connection), "finding", _NEWEST, newest)
    changes = [
        {
            "finding_id": number,
            "kind": change.kind,
            "fingerprint": fingerprint(finding.provider, change),
            "version_id": versions[change.model.key] if isinstance(change, OfModel) else None,
            **encode(change),
        }
        for number, finding in zip(numbers, findings, strict=True)
        for change in finding.changes
    ]
    connection.execute(inserting(ChangeRow), changes)
    written = {"first": numbers[0], "last": numbers[-1]}
    tally.add(plain(connection), "change", "finding_id BETWEEN :first AND :last", written)
    return numbers


_NEWEST = """
id IN (SELECT id FROM finding WHERE poll_id = :poll ORDER BY id DESC LIMIT :count) ORDER BY id
"""
FINDING_COLUMNS = (
    *(col(getattr(FindingRow, name)) for name in ("provider", "rule", "level", "moves")),
    *(col(getattr(FindingRow, name)) for name in ("callable_until", "ground", "basis")),
)
CHANGE_COLUMNS = (
    *(col(getattr(ChangeRow, name)) for name in ("kind", "field", "before", "after")),
    *(col(getattr(ChangeRow, name)) for name in ("gone_since", "detail")),
    *MODEL_COLUMNS,
)
_STORED = (*COLUMNS, "detail")
_stored = attrgetter(*_STORED)


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """The filter of findings. Times are inclusive. None matches all.

    `keys` are model keys, and also match models that were renamed to them. With `stated`, new and
    moved ends in a provider's own list match too, in addition to `kinds`.
    """

    provider: str
    since: datetime | None = None
    until: datetime | None = None
    from_snapshot: int | None = None
    up_to_snapshot: int | None = None
    keys: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    kinds: tuple[str, ...] = ()
    stated: bool = False
    rules: tuple[str, ...] = ()
    message: str | None = None
    numbers: tuple[int, ...] | None = None


def findings(connection: Connection, wanted: FindingFilter) -> tuple[Finding, ...]:
    """Return findings, oldest poll first, then most severe first."""
    query = (
        select(
            col(FindingRow.id).label("finding_id"),
            *FINDING_COLUMNS,
            col(PollRow.started_at),
            col(PollRow.snapshot_id),
            *CHANGE_COLUMNS,
        )
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .join(table_of(ChangeRow), col(ChangeRow.finding_id) == col(FindingRow.id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(*conditions(wanted))
        .order_by(col(FindingRow.id), col(ChangeRow.id))
    )
    rows = connection.execute(query)
    return tuple(_finding(list(group)) for _, group in groupby(rows, key=lambda r: r.finding_id))


def snapshot_with(connection: Connection, wanted: FindingFilter, least: int) -> int:
    """Return the newest snapshot since which `least` findings exist, else 0.

    Findings are read from newest to oldest, because reading all takes longer each year.
    """
    number, least = col(FindingRow.id), max(1, least)
    query = (
        select(number, col(PollRow.snapshot_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .join(table_of(ChangeRow), col(ChangeRow.finding_id) == number)
        .where(*conditions(wanted), col(PollRow.snapshot_id).is_not(None))
        .distinct()
        .order_by(number.desc())
        .limit(least)
    )
    found = connection.execute(query).all()
    return int(found[-1].snapshot_id) if len(found) == least else 0


def count(connection: Connection, wanted: FindingFilter) -> int:
    """Return the number of matching findings."""
    query = (
        select(func.count(col(FindingRow.id).distinct()))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .join(table_of(ChangeRow), col(ChangeRow.finding_id) == col(FindingRow.id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(*conditions(wanted))
    )
    return connection.scalar(query) or 0


def reported_drift(connection: Connection, provider: str) -> frozenset[str]:
    """Return the fingerprints of all reported drift."""
    query = (
        select(col(ChangeRow.fingerprint))
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .where(col(FindingRow.provider) == provider, col(ChangeRow.kind) == Drift.kind)
    )
    return frozenset(connection.scalars(query))


def bad_rows(connection: Connection, provider: str) -> BadRowReports:
    """Return the rows that are reported as refused."""
    rows = connection.execute(_bad_rows_query(), {"provider": provider})
    changes = ((to_change(row), row.started_at) for row in rows)
    return bad_row_reports((each, at) for each, at in changes if isinstance(each, Drift))


@cache
def _bad_rows_query() -> Executable:
    return (
        select(*CHANGE_COLUMNS, col(PollRow.started_at))
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(col(FindingRow.provider) == bindparam("provider"))
        .where(col(ChangeRow.kind) == fixed(Drift.kind))
        .where(col(ChangeRow.detail).contains('"keys":['))
        .order_by(col(ChangeRow.id))
    )


def reported_troubles(
    connection: Connection, provider: str, poll: int
) -> dict[TroubleKind, datetime]:
    """Return when each problem was last reported after a poll."""
    query = (
        select(col(ChangeRow.kind), col(PollRow.started_at))
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .where(col(FindingRow.provider) == provider, col(FindingRow.poll_id) > poll)
        .where(col(ChangeRow.kind).in_(TROUBLES))
        .order_by(col(PollRow.id))
    )
    # Row order counts, because a clock may have been ahead.
    at: dict[str, datetime] = {row[0]: row[1] for row in connection.execute(query)}
    return {kind: at[kind] for kind in TROUBLES if kind in at}


def reported_probes(connection: Connection, provider: str) -> dict[tuple[str, str], Probed]:
    """Return the last report of each probe result, by `report_key`."""
    query = (
        select(*CHANGE_COLUMNS)
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(col(FindingRow.provider) == provider, col(ChangeRow.kind).in_(PROBED_KINDS))
        .order_by(col(ChangeRow.id))
    )
    changes = map(to_change, connection.execute(query))
    return {change.report_key: change for change in changes if isinstance(change, Probed)}


def conditions(wanted: FindingFilter) -> Iterable[Any]:
    """Yield the conditions of a query over findings and their changes."""
    yield col(FindingRow.provider) == wanted.provider
    if wanted.since is not None:
        yield col(PollRow.started_at) >= wanted.since
    if wanted.until is not None:
        yield col(PollRow.started_at) <= wanted.until
    if wanted.from_snapshot is not None:
        yield col(PollRow.snapshot_id) >= wanted.from_snapshot
        yield col(FindingRow.id) >= _first_since(wanted.provider, wanted.from_snapshot)
    if wanted.up_to_snapshot is not None:
        yield col(PollRow.snapshot_id) <= wanted.up_to_snapshot
    if wanted.keys:
        yield col(ChangeRow.id).in_(_of_models(wanted.provider, wanted.keys))
    levels = [str(level) for level in wanted.levels]
    chosen = ((FindingRow.level, levels), (FindingRow.rule, wanted.rules))
    yield from (col(column).in_(values) for column, values in chosen if values)
    if wanted.kinds:
        of_kinds = col(ChangeRow.kind).in_(wanted.kinds)
        stated = col(ChangeRow.detail).contains('"is_stated":true')
        is_stated = and_(col(ChangeRow.kind) == Retiring.kind, stated)
        yield or_(of_kinds, is_stated) if wanted.stated else of_kinds
    if wanted.numbers is not None:
        yield col(FindingRow.id).in_(wanted.numbers)
    if wanted.message is not None:
        of_message = select(col(DeliveryRow.finding_id)).where(
            col(DeliveryRow.message_id) == wanted.message
        )
        yield col(FindingRow.id).in_(of_message)


def _of_models(provider: str, keys: Collection[str]) -> CompoundSelect[Any]:
    """Select the changes of some models.

    It is a union, because SQLite reads all findings for a condition on two tables.
    """
    version, change = table_of(ModelVersionRow).alias(), table_of(ChangeRow).alias()
    versions = select(version.c.id).where(version.c.provider == provider, version.c.key.in_(keys))
    texts = list(map(canonical, keys))
    renamed = and_(change.c.kind == Renamed.kind, change.c.after.in_(texts))
    # Ends and probe results have no version. Their JSON detail has the key.
    named = or_(*(change.c.detail.contains(f'"key":{text}', autoescape=True) for text in texts))
    of_name = change.c.kind.in_((*PROBED_KINDS, Retiring.kind, Cancelled.kind))
    found = (change.c.version_id.in_(versions), or_(renamed, and_(of_name, named)))
    return union_all(*(select(change.c.id).where(each) for each in found))


def _first_since(provider: str, snapshot: int) -> ColumnElement[int]:
    """Select the first finding of a snapshot or later ones."""
    polls, found = table_of(PollRow).alias(), table_of(FindingRow).alias()
    of_provider = (polls.c.provider == provider, polls.c.snapshot_id < snapshot)
    last = select(polls.c.id).where(*of_provider).order_by(polls.c.id.desc()).limit(1)
    after = found.c.poll_id > func.coalesce(last.scalar_subquery(), 0)
    # `+ 0`, because otherwise SQLite searches all ids, beginning with the first.
    return func.coalesce(select(func.min(found.c.id + 0)).where(after).scalar_subquery(), 0)


def _finding(rows: list[Row[*tuple[Any, ...]]]) -> Finding:
    first = rows[0]
    return Finding(
        provider=first.provider,
        at=first.started_at,
        rule=first.rule,
        level=Level(first.level),
        changes=tuple(map(to_change, rows)),
        callable_until=first.callable_until,
        ground=first.ground,
        basis=basis(first),
        moves=first.moves,
        snapshot=first.snapshot_id,
        number=first.finding_id,
    )


def to_change(row: Row[*tuple[Any, ...]]) -> Change:
    """Return the change of a row that selects CHANGE_COLUMNS."""
    kind_class = KINDS.get(row.kind)
    if kind_class is None:
        raise StoreError(f"a stored change has the unknown kind {row.kind!r}", hint=DAMAGED)
    columns = dict(zip(_STORED, _stored(row), strict=True))
    return decode(row.kind, columns, to_model(row) if issubclass(kind_class, OfModel) else None)
