"""Verify the stored rows and name each check's first bad row."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat

from sqlalchemy import Connection, Text, func, select, text, type_coerce

from catalog.changes.finding import fingerprint
from catalog.core.errors import StoreError
from catalog.core.snapshot import Model, Snapshot
from catalog.store import bodies
from catalog.store.chain import links, version_digest
from catalog.store.changelog import CHANGE_COLUMNS, to_change
from catalog.store.engine import file_of
from catalog.store.history import ACCEPTED, MODEL_COLUMNS, to_model
from catalog.store.pages import PAGE_SIZE, cut
from catalog.store.tables import (
    ChangeRow,
    FindingRow,
    ModelVersionRow,
    PollRow,
    SnapshotRow,
    col,
    table_of,
)
from catalog.store.tally import SPAN, Sum, selected, sums
from catalog.store.text_values import to_moment, to_outcome

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
COUNTED = {
    "findings": "finding",
    "deliveries": "delivery",
    "probes": "probe",
    "notes": "note",
}
"""Tables that only the tally verifies, by the name of the check."""
GARBLED = (StoreError, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True)
class Bad:
    """A changed or damaged row. `row` is its primary key."""

    table: str
    row: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: rows, a remark, the first bad row."""

    name: str
    rows: int
    remark: str
    bad: Bad | None = None


Verdicts = Iterator[Bad | str]
"""One error or remark per row. The last remark is shown."""


def verify(connection: Connection, noted: str | None = None) -> Iterator[Check]:
    """Check everything in one transaction, from the bytes to the chain.

    Findings since the newest snapshot are in no link yet. Only a chain head that the user
    `noted` elsewhere reveals recomputed or removed links.
    """
    if connection.dialect.name == "sqlite":
        yield _check("database", "database", _database(connection))
    yield _check("payloads", "payload", _payloads(connection))
    yield _check("model versions", "model_version", _versions(connection))
    yield _check("snapshots", "snapshot", _snapshots(connection))
    yield _check("changes", "change", _changes(connection), _tallied(connection, "change"))
    spans = (_tallied(connection, name) for name in ("poll", "missing_model"))
    yield _check("polls", "poll", _polls(connection), chain.from_iterable(spans))
    for name, table in COUNTED.items():
        yield _check(name, table, _rows(connection, table), _tallied(connection, table))
    providers = select(col(SnapshotRow.provider)).distinct().order_by(col(SnapshotRow.provider))
    for provider in connection.scalars(providers).all():
        yield _check(f"chain of {provider}", "snapshot", _chain(connection, provider))
    if noted is not None:
        yield _check("noted head", "snapshot", _noted(connection, noted))


def _check(name: str, table: str, verdicts: Verdicts, spans: Iterable[Bad] = ()) -> Check:
    """Check each row, then the sums over spans of rows."""
    rows, remark, bad = 0, "", None
    try:
        for verdict in verdicts:
            rows += 1
            if isinstance(verdict, str):
                remark = verdict
            else:
                bad = bad or verdict
        bad = bad or next(iter(spans), None)
    except GARBLED as error:
        bad = bad or Bad(table, "?", f"a row cannot be read: {error}")
    return Check(name, rows, remark, bad)


def _database(connection: Connection) -> Verdicts:
    file, page = file_of(connection.engine.url), connection.exec_driver_sql(PAGE_SIZE).scalar_one()
    lacking = None if file is None else cut(file, page)
    result = lacking or connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    sound = "intact, and every reference has its row"
    yield sound if result == "ok" else Bad("database", "file", result)
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Bad(table, str(row), f"refers to a missing {parent}")


def _payloads(connection: Connection) -> Verdicts:
    pruned = 0
    needed = _needed(connection)
    for checked in bodies.check(connection):
        if checked.problem is not None:
            yield Bad("payload", checked.sha256, checked.problem)
            continue
        if not checked.is_there and checked.sha256 in needed:
            yield Bad(
                "payload",
                checked.sha256,
                "its body is missing, but it is the current or newest one",
            )
            continue
        pruned += not checked.is_there
        yield "every digest matches" + (f"; {pruned:,} without a body, pruned" if pruned else "")


def _needed(connection: Connection) -> set[str]:
    accepted = func.max(col(PollRow.id)).filter(col(PollRow.outcome).in_(ACCEPTED))
    query = (
        select(accepted, func.max(col(PollRow.id)))
        .where(col(PollRow.payload_sha256).is_not(None))
        .group_by(col(PollRow.provider))
    )
    polls = {number for row in connection.execute(query) for number in row}
    of_polls = select(col(PollRow.payload_sha256)).where(col(PollRow.id).in_(polls))
    return set(connection.scalars(of_polls))


def _versions(connection: Connection) -> Verdicts:
    query = select(
        *(col(ModelVersionRow.id), col(ModelVersionRow.provider), col(ModelVersionRow.digest)),
        *MODEL_COLUMNS,
    ).order_by(col(ModelVersionRow.id))
    for row in connection.execute(query):
        if version_digest(row.provider, to_model(row)) == row.digest:
            yield "every digest matches"
        else:
            reason = f"{row.key} ({row.name}) was changed: the digest does not match"
            yield Bad("model_version", str(row.id), reason)


def _snapshots(connection: Connection) -> Verdicts:
    stretch = (col(ModelVersionRow.first_snapshot), col(ModelVersionRow.last_snapshot))
    begin: dict[int, dict[int, Model]] = defaultdict(dict)
    end: dict[int | None, list[int]] = defaultdict(list)
    for row in connection.execute(select(col(ModelVersionRow.id), *stretch, *MODEL_COLUMNS)):
        begin[row.first_snapshot][row.id] = to_model(row)
        end[row.last_snapshot].append(row.id)
    current: dict[str, dict[int, Model]] = defaultdict(dict)
    wanted = ("id", "provider", "digest", "model_count")
    query = select(*(col(getattr(SnapshotRow, name)) for name in wanted))
    for row in connection.execute(query.order_by(col(SnapshotRow.id))):
        models = current[row.provider]
        for version in end[row.id]:
            models.pop(version, None)
        models |= begin[row.id]
        digest = Snapshot.of(row.provider, ANY_TIME, models.values()).digest
        if (digest, len(models)) == (row.digest, row.model_count):
            yield "every digest matches the models"
        else:
            yield Bad("snapshot", str(row.id), "its digest or count does not match its models")


def _changes(connection: Connection) -> Verdicts:
    query = (
        select(
            *(col(ChangeRow.id), col(ChangeRow.fingerprint), col(FindingRow.provider)),
            *CHANGE_COLUMNS,
        )
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .order_by(col(ChangeRow.id))
    )
    for row in connection.execute(query):
        try:
            same = fingerprint(row.provider, to_change(row)) == row.fingerprint
        except GARBLED:
            same = False
        reason = "it was changed: the fingerprint does not match"
        yield "every fingerprint matches" if same else Bad("change", str(row.id), reason)


def _polls(connection: Connection) -> Verdicts:
    began = type_coerce(col(PollRow.started_at), Text).label("began")
    query = select(began, col(PollRow.id), col(PollRow.outcome))
    for row in connection.execute(query.order_by(col(PollRow.id))):
        try:
            to_outcome(row.outcome)
            to_moment(row.began)
        except GARBLED as error:
            yield Bad("poll", str(row.id), str(error))
        else:
            yield "every row can be read"


def _rows(connection: Connection, table: str) -> Verdicts:
    count = connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0  # noqa: S608  # our own names
    yield from repeat("every row is as it was written", count)


def _tallied(connection: Connection, table: str) -> Iterator[Bad]:
    query = "SELECT span, row_count, digest FROM tally WHERE name = :name"
    stored = {row[0]: row[1:] for row in connection.execute(text(query), {"name": table})}
    found = sums(table, connection.execute(text(selected(table))))
    for span in sorted(stored.keys() | found.keys()):
        now = found.get(span, Sum())
        count, digest = stored.get(span, (0, Sum().text))
        if (now.rows, now.text) == (count, digest):
            continue
        wrong = "a row was edited" if now.rows == count else f"it has {now.rows} rows, not {count}"
        yield Bad(table, f"{span} to {span + SPAN - 1}", wrong)


def _broken_link(named: int | None, before: int | None) -> str:
    """Return what is wrong with the previous snapshot that one names."""
    names = "it names no previous snapshot" if named is None else f"it names {named} as previous"
    return f"{names}, but {'none' if before is None else before} is stored before it"


def _chain(connection: Connection, provider: str) -> Verdicts:
    columns = (col(SnapshotRow.id), col(SnapshotRow.previous_id))
    query = select(*columns).where(col(SnapshotRow.provider) == provider)
    known = {link.snapshot: link for link in links(connection, provider)}
    before = None
    for row in connection.execute(query.order_by(col(SnapshotRow.id))):
        link = known.get(row.id)
        if row.previous_id != before:
            yield Bad("snapshot", str(row.id), _broken_link(row.previous_id, before))
        elif link is None:
            yield Bad("snapshot", str(row.id), "the poll that stored it is missing")
        elif link.stored != link.expected:
            reason = "it, its models or the findings since the previous snapshot were changed"
            yield Bad("snapshot", str(row.id), reason)
        else:
            yield f"each digest includes the previous one; the newest, the head, is {link.stored}"
        before = row.id


def _noted(connection: Connection, head: str) -> Verdicts:
    query = select(col(SnapshotRow.id)).where(col(SnapshotRow.chain) == head)
    number = connection.scalar(query)
    gone = Bad("snapshot", "?", "no snapshot has this digest: the history up to it was changed")
    yield (
        gone
        if number is None
        else f"it is the digest of snapshot {number}, so the history up to it is unchanged"
    )
