"""Read snapshots and model versions, current or past.

A model version covers a half-open range of snapshots, so "as of" is one indexed query.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Integer,
    Row,
    Select,
    bindparam,
    func,
    or_,
    select,
)

from catalog.changes.change import Basis
from catalog.changes.finding import Delisted
from catalog.core.errors import NotFound
from catalog.core.payload import Validators
from catalog.core.snapshot import Model, Snapshot, key_order
from catalog.core.strict_json import canonical
from catalog.core.text import closest, did_you_mean
from catalog.store.tables import (
    ChangeRow,
    FindingRow,
    MissingModelRow,
    ModelVersionRow,
    PollRow,
    SnapshotRow,
    col,
    fixed,
    table_of,
)
from catalog.store.text_values import FIRST

ACCEPTED = ("first", "changed", "unchanged")
_IS_ACCEPTED = col(PollRow.outcome).in_([*map(fixed, ACCEPTED)])
MODEL_FIELDS = tuple(field.name for field in fields(Model))
_model_values = attrgetter(*MODEL_FIELDS)
MODEL_COLUMNS = tuple(col(getattr(ModelVersionRow, name)) for name in MODEL_FIELDS)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The current state without its models, cheap to read at every poll.

    `payload` is the SHA-256 of the last accepted body, `validators` are its cache headers.
    `missing` holds unlisted models that are kept until their removal is confirmed: the key, and
    when it was first missing. The function `missing` reads them.
    """

    number: int | None = None
    digest: str | None = None
    taken_at: datetime | None = None
    payload: str | None = None
    validators: Validators = field(default_factory=Validators)
    missing: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def state(self) -> tuple[int | None, str | None, datetime | None]:
        """Return the identity of the current state."""
        return self.number, self.digest, self.taken_at


@dataclass(frozen=True, slots=True)
class Head:
    """The identity of a stored snapshot."""

    number: int
    provider: str
    taken_at: datetime
    digest: str
    model_count: int


@dataclass(frozen=True, slots=True)
class Version:
    """One time range without changes of a model, open without `until`."""

    model: Model
    since: datetime
    until: datetime | None
    first_snapshot: int
    last_snapshot: int | None


@cache
def _baseline_query() -> Executable:
    provider: BindParameter[str] = bindparam("provider")
    of_provider = col(SnapshotRow.provider) == provider
    head = select(func.max(col(SnapshotRow.id))).where(of_provider).scalar_subquery()
    accepted = select(col(PollRow.id)).where(col(PollRow.provider) == provider, _IS_ACCEPTED)
    newest = accepted.order_by(col(PollRow.id).desc()).limit(1)
    body, named = table_of(PollRow).alias(), table_of(PollRow).alias()
    with_body = newest.where(col(PollRow.payload_sha256).is_not(None)).scalar_subquery()
    either = or_(col(PollRow.etag).is_not(None), col(PollRow.last_modified).is_not(None))
    # Older validators are skipped, because they belong to another body.
    headers = newest.where(either, col(PollRow.id) >= body.c.id).correlate(body)
    return (
        select(*(col(getattr(SnapshotRow, name)) for name in ("id", "digest", "taken_at")))
        .add_columns(body.c.payload_sha256, named.c.etag, named.c.last_modified)
        .select_from(table_of(SnapshotRow))
        .outerjoin(body, body.c.id == with_body)
        .outerjoin(named, named.c.id == headers.scalar_subquery())
        .where(col(SnapshotRow.id) == head)
    )


def baseline(connection: Connection, provider: str) -> Baseline:
    """Return the current state. It is empty before the first accepted poll."""
    row = connection.execute(_baseline_query(), {"provider": provider}).first()
    if row is None:
        return Baseline()
    validators = Validators(row.etag, row.last_modified)
    return Baseline(row.id, row.digest, row.taken_at, row.payload_sha256, validators)


def missing(connection: Connection, provider: str) -> dict[str, datetime]:
    """Return the kept unlisted keys, and when each was first missing."""
    rows = connection.execute(_missing_query(), {"provider": provider})
    return {row.key: row.started_at for row in rows}


@cache
def _missing_query() -> Executable:
    of_provider = col(PollRow.provider) == bindparam("provider")
    last = select(func.max(col(PollRow.id))).where(of_provider, _IS_ACCEPTED)
    return (
        select(col(MissingModelRow.key), col(PollRow.started_at))
        .join(table_of(PollRow), col(PollRow.id) == col(MissingModelRow.poll_id))
        .where(col(MissingModelRow.poll_id) == last.scalar_subquery())
    )


def heads(connection: Connection, provider: str) -> tuple[Head, ...]:
    """Return the head of every stored snapshot, oldest first."""
    query = (
        select(table_of(SnapshotRow))
        .where(col(SnapshotRow.provider) == provider)
        .order_by(col(SnapshotRow.id))
    )
    return tuple(
        Head(row.id, row.provider, row.taken_at, row.digest, row.model_count)
        for row in connection.execute(query)
    )


def number_at(connection: Connection, provider: str, when: datetime | int | None) -> int:
    """Return the number of a snapshot by time or number.

    None means the current one. Raise NotFound if there is none.
    """
    query = select(func.max(col(SnapshotRow.id))).where(col(SnapshotRow.provider) == provider)
    if isinstance(when, int):
        query = query.where(col(SnapshotRow.id) == when)
    elif when is not None:
        query = query.where(col(SnapshotRow.taken_at) <= when)
    number = connection.scalar(query)
    if number is not None:
        return int(number)
    if when is None:
        raise NotFound("no snapshot is stored yet", hint=FIRST)
    what = str(when) if isinstance(when, int) else f"from {when:%F %T} UTC or earlier"
    raise NotFound(f"there is no snapshot {what}", hint="`catalog snapshots` lists what is stored.")


def taken_at(connection: Connection, number: int) -> datetime:
    """Return the time of a snapshot of any provider. Raise NotFound."""
    query = select(col(SnapshotRow.taken_at)).where(col(SnapshotRow.id) == number)
    moment: datetime | None = connection.scalar(query)
    if moment is None:
        hint = "`catalog snapshots` lists what is stored."
        raise NotFound(f"there is no snapshot {number}", hint=hint)
    return moment


def snapshot(connection: Connection, number: int) -> Snapshot:
    """Return one stored snapshot with its models."""
    head = connection.execute(
        select(col(SnapshotRow.provider), col(SnapshotRow.taken_at)).where(
            col(SnapshotRow.id) == number
        )
    ).one()
    values = {"provider": head.provider, "number": number}
    # Columns are read by position, because access by name takes twice as long.
    rows = connection.execute(_as_of(), values).all()
    models = sorted([Model(*row) for row in rows], key=lambda model: key_order(model.key))
    return Snapshot(head.provider, head.taken_at, tuple(models), number)


def _newest_versions() -> Select[*tuple[Any, ...]]:
    """Select the newest version of each key as of a snapshot.

    The query steps from key to key, so its cost does not grow over the years. No index could find
    the ranges that contain a snapshot.
    """
    key, number = col(ModelVersionRow.key), bindparam("number", type_=Integer)
    of_provider = col(ModelVersionRow.provider) == bindparam("provider")
    known = select(func.min(key).label("key")).where(of_provider).cte("known", recursive=True)
    following = select(func.min(key)).where(of_provider, key > known.c.key).scalar_subquery()
    known = known.union_all(select(following).where(known.c.key.is_not(None)))
    newest = (
        select(col(ModelVersionRow.id))
        .where(of_provider, key == known.c.key, col(ModelVersionRow.first_snapshot) <= number)
        .order_by(col(ModelVersionRow.first_snapshot).desc())
        .limit(1)
        .correlate(known)
        .scalar_subquery()
    )
    return (
        select(*MODEL_COLUMNS)
        .select_from(known)
        .join(table_of(ModelVersionRow), col(ModelVersionRow.id) == newest)
    )


@cache
def _as_of() -> Executable:
    last, number = col(ModelVersionRow.last_snapshot), bindparam("number", type_=Integer)
    return _newest_versions().where(or_(last.is_(None), last > number))


def delisted(connection: Connection, provider: str, number: int) -> tuple[Delisted, ...]:
    """Return the models missing at a snapshot, latest removal first."""
    rows = connection.execute(_delisted_query(), {"provider": provider, "number": number})
    removed = [_delisted(row) for row in {row.key: row for row in rows}.values()]
    removed.sort(key=lambda item: key_order(item.model.key))
    return tuple(sorted(removed, key=lambda item: item.gone_since, reverse=True))


@cache
def _delisted_query() -> Executable:
    ended, number = col(ModelVersionRow.last_snapshot), bindparam("number", type_=Integer)
    reported = (col(FindingRow.callable_until), col(FindingRow.basis), col(FindingRow.ground))
    return (
        _newest_versions()
        .add_columns(col(SnapshotRow.taken_at), *reported)
        .join(table_of(SnapshotRow), col(SnapshotRow.id) == ended)
        .outerjoin(
            table_of(ChangeRow),
            (col(ChangeRow.version_id) == col(ModelVersionRow.id))
            & col(ChangeRow.kind).in_(("removed", "renamed")),
        )
        .outerjoin(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .where(ended <= number)
        .order_by(ended, col(ChangeRow.id))
    )


def _delisted(row: Row[*tuple[Any, ...]]) -> Delisted:
    return Delisted(to_model(row), row.taken_at, row.callable_until, basis(row), row.ground)


def basis(row: Row[*tuple[Any, ...]]) -> Basis | None:
    """Return the source of an end, `policy` for old rows without one."""
    return row.basis or ("policy" if row.callable_until else None)


@cache
def _versions_query() -> Executable:
    first, last = table_of(SnapshotRow).alias(), table_of(SnapshotRow).alias()
    return (
        select(
            *MODEL_COLUMNS,
            col(ModelVersionRow.first_snapshot),
            col(ModelVersionRow.last_snapshot),
            first.c.taken_at.label("since"),
            last.c.taken_at.label("until"),
        )
        .join(first, first.c.id == col(ModelVersionRow.first_snapshot))
        .outerjoin(last, last.c.id == col(ModelVersionRow.last_snapshot))
        .where(col(ModelVersionRow.provider) == bindparam("provider"))
        .where(col(ModelVersionRow.key) == bindparam("key"))
        .order_by(col(ModelVersionRow.first_snapshot))
    )


def versions(connection: Connection, provider: str, key: str) -> tuple[Version, ...]:
    """Return all versions of one model, oldest first."""
    return tuple(
        Version(to_model(row), row.since, row.until, row.first_snapshot, row.last_snapshot)
        for row in connection.execute(_versions_query(), {"provider": provider, "key": key})
    )


def lineage(connection: Connection, provider: str, key: str, number: int) -> tuple[str, ...]:
    """Return the key and all earlier keys of a model."""
    keys = [key]
    for known in keys:  # the loop appends to this list
        renames = select(col(ChangeRow.id)).where(
            col(ChangeRow.kind) == "renamed", col(ChangeRow.after) == canonical(known)
        )
        # Renames are read first, because SQLite otherwise begins with all versions.
        found = connection.scalars(renames).all()
        if not found:
            continue
        query = (
            select(col(ModelVersionRow.key))
            .join(table_of(ChangeRow), col(ChangeRow.version_id) == col(ModelVersionRow.id))
            .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
            .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
            .where(col(ModelVersionRow.provider) == provider, col(PollRow.snapshot_id) <= number)
            .where(col(ChangeRow.id).in_(found))
            .order_by(col(ChangeRow.id).desc())
        )
        keys += dict.fromkeys(each for each in connection.scalars(query) if each not in keys)
    return tuple(keys)


def find_key(connection: Connection, provider: str, name_or_key: str, number: int) -> str:
    """Return the key of a model, or raise NotFound.

    A name has precedence over a key. If a name is reused, the newest model counts.
    """

    def latest(query: Select[Any]) -> str | None:
        newest = query.order_by(col(ModelVersionRow.first_snapshot).desc()).limit(1)
        key: str | None = connection.scalar(newest)
        return key

    query = select(col(ModelVersionRow.key)).where(
        col(ModelVersionRow.provider) == provider, col(ModelVersionRow.first_snapshot) <= number
    )
    found = latest(query.where(col(ModelVersionRow.name) == name_or_key)) or latest(
        query.where(col(ModelVersionRow.key) == name_or_key)
    )
    if found is None:
        names = select(col(ModelVersionRow.name)).where(col(ModelVersionRow.provider) == provider)
        meant = did_you_mean(closest(name_or_key, connection.scalars(names.distinct())))
        hint = "`catalog models` lists the names; case matters."
        raise NotFound(f"no model {name_or_key!r} is known{meant}", hint=hint)
    return found


def to_model(row: Row[*tuple[Any, ...]]) -> Model:
    """Return the model of a row that selects MODEL_COLUMNS."""
    return Model(*_model_values(row))
