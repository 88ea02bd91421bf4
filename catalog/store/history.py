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
    CHANGE,
    FINDING,
    MISSING_MODEL,
    MODEL_VERSION,
    POLL,
    SNAPSHOT,
)
from catalog.store.text_values import FIRST

ACCEPTED = ("first", "changed", "unchanged")
MODEL_FIELDS = tuple(field.name for field in fields(Model))
_model_values = attrgetter(*MODEL_FIELDS)
MODEL_COLUMNS = tuple(MODEL_VERSION.c[name] for name in MODEL_FIELDS)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The current state without its models, cheap to read at every poll.

    `payload` is the SHA-256 of the last accepted body, `validators` are its cache headers.
    `missing` holds unlisted models that are kept until their removal is confirmed: the key, and the
    time since when. The function `missing` reads them.
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
    of_provider = SNAPSHOT.c.provider == provider
    head = select(func.max(SNAPSHOT.c.id)).where(of_provider).scalar_subquery()
    newest = (
        select(POLL.c.id)
        .where(POLL.c.provider == provider, POLL.c.outcome.in_(ACCEPTED))
        .order_by(POLL.c.id.desc())
        .limit(1)
    )
    body, named = POLL.alias(), POLL.alias()
    with_body = newest.where(POLL.c.payload_sha256.is_not(None)).scalar_subquery()
    either = or_(POLL.c.etag.is_not(None), POLL.c.last_modified.is_not(None))
    # Older validators are skipped, because they belong to another body.
    headers = newest.where(either, POLL.c.id >= body.c.id).correlate(body)
    return (
        select(*(SNAPSHOT.c[name] for name in ("id", "digest", "taken_at")))
        .add_columns(body.c.payload_sha256, named.c.etag, named.c.last_modified)
        .select_from(SNAPSHOT)
        .outerjoin(body, body.c.id == with_body)
        .outerjoin(named, named.c.id == headers.scalar_subquery())
        .where(SNAPSHOT.c.id == head)
    )


def baseline(connection: Connection, provider: str) -> Baseline:
    """Return the current state. It is empty before the first accepted poll."""
    row = connection.execute(_baseline_query(), {"provider": provider}).first()
    if row is None:
        return Baseline()
    validators = Validators(row.etag, row.last_modified)
    return Baseline(row.id, row.digest, row.taken_at, row.payload_sha256, validators)


def missing(connection: Connection, provider: str) -> dict[str, datetime]:
    """Return the unlisted keys that are kept, with the time since when."""
    rows = connection.execute(_missing_query(), {"provider": provider})
    return {row.key: row.started_at for row in rows}


@cache
def _missing_query() -> Executable:
    last = select(func.max(POLL.c.id)).where(
        POLL.c.provider == bindparam("provider"), POLL.c.outcome.in_(ACCEPTED)
    )
    return (
        select(MISSING_MODEL.c.key, POLL.c.started_at)
        .join(POLL, POLL.c.id == MISSING_MODEL.c.poll_id)
        .where(MISSING_MODEL.c.poll_id == last.scalar_subquery())
    )


def heads(connection: Connection, provider: str) -> tuple[Head, ...]:
    """Return the head of every stored snapshot, oldest first."""
    query = select(SNAPSHOT).where(SNAPSHOT.c.provider == provider).order_by(SNAPSHOT.c.id)
    return tuple(
        Head(row.id, row.provider, row.taken_at, row.digest, row.model_count)
        for row in connection.execute(query)
    )


def number_at(connection: Connection, provider: str, when: datetime | int | None) -> int:
    """Return the number of a snapshot by time or number.

    None means the current one. Raise NotFound if there is none.
    """
    query = select(func.max(SNAPSHOT.c.id)).where(SNAPSHOT.c.provider == provider)
    if isinstance(when, int):
        query = query.where(SNAPSHOT.c.id == when)
    elif when is not None:
        query = query.where(SNAPSHOT.c.taken_at <= when)
    number = connection.scalar(query)
    if number is not None:
        return int(number)
    if when is None:
        raise NotFound("no snapshot is stored yet", hint=FIRST)
    what = f"snapshot {when}" if isinstance(when, int) else f"snapshot as early as {when:%F %T} UTC"
    raise NotFound(f"there is no {what}", hint="`catalog snapshots` lists what is stored.")


def taken_at(connection: Connection, number: int) -> datetime:
    """Return the time of a snapshot of any provider. Raise NotFound."""
    query = select(SNAPSHOT.c.taken_at).where(SNAPSHOT.c.id == number)
    moment: datetime | None = connection.scalar(query)
    if moment is None:
        hint = "`catalog snapshots` lists what is stored."
        raise NotFound(f"there is no snapshot {number}", hint=hint)
    return moment


def snapshot(connection: Connection, number: int) -> Snapshot:
    """Return one stored snapshot with its models."""
    head = connection.execute(
        select(SNAPSHOT.c.provider, SNAPSHOT.c.taken_at).where(SNAPSHOT.c.id == number)
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
    key, number = MODEL_VERSION.c.key, bindparam("number", type_=Integer)
    of_provider = MODEL_VERSION.c.provider == bindparam("provider")
    known = select(func.min(key).label("key")).where(of_provider).cte("known", recursive=True)
    following = select(func.min(key)).where(of_provider, key > known.c.key).scalar_subquery()
    known = known.union_all(select(following).where(known.c.key.is_not(None)))
    newest = (
        select(MODEL_VERSION.c.id)
        .where(of_provider, key == known.c.key, MODEL_VERSION.c.first_snapshot <= number)
        .order_by(MODEL_VERSION.c.first_snapshot.desc())
        .limit(1)
        .correlate(known)
        .scalar_subquery()
    )
    return (
        select(*MODEL_COLUMNS).select_from(known).join(MODEL_VERSION, MODEL_VERSION.c.id == newest)
    )


@cache
def _as_of() -> Executable:
    last, number = MODEL_VERSION.c.last_snapshot, bindparam("number", type_=Integer)
    return _newest_versions().where(or_(last.is_(None), last > number))


def delisted(connection: Connection, provider: str, number: int) -> tuple[Delisted, ...]:
    """Return the models missing at a snapshot, latest removal first."""
    rows = connection.execute(_delisted_query(), {"provider": provider, "number": number})
    removed = [_delisted(row) for row in {row.key: row for row in rows}.values()]
    removed.sort(key=lambda item: key_order(item.model.key))
    return tuple(sorted(removed, key=lambda item: item.gone_since, reverse=True))


@cache
def _delisted_query() -> Executable:
    ended, number = MODEL_VERSION.c.last_snapshot, bindparam("number", type_=Integer)
    reported = (FINDING.c.callable_until, FINDING.c.basis, FINDING.c.ground)
    return (
        _newest_versions()
        .add_columns(SNAPSHOT.c.taken_at, *reported)
        .join(SNAPSHOT, SNAPSHOT.c.id == ended)
        .outerjoin(
            CHANGE,
            (CHANGE.c.version_id == MODEL_VERSION.c.id) & CHANGE.c.kind.in_(("removed", "renamed")),
        )
        .outerjoin(FINDING, FINDING.c.id == CHANGE.c.finding_id)
        .where(ended <= number)
        .order_by(ended, CHANGE.c.id)
    )


def _delisted(row: Row[*tuple[Any, ...]]) -> Delisted:
    return Delisted(to_model(row), row.taken_at, row.callable_until, basis(row), row.ground)


def basis(row: Row[*tuple[Any, ...]]) -> Basis | None:
    """Return the source of an end, `policy` for old rows without one."""
    return row.basis or ("policy" if row.callable_until else None)


@cache
def _versions_query() -> Executable:
    first, last = SNAPSHOT.alias(), SNAPSHOT.alias()
    return (
        select(
            *MODEL_COLUMNS,
            MODEL_VERSION.c.first_snapshot,
            MODEL_VERSION.c.last_snapshot,
            first.c.taken_at.label("since"),
            last.c.taken_at.label("until"),
        )
        .join(first, first.c.id == MODEL_VERSION.c.first_snapshot)
        .outerjoin(last, last.c.id == MODEL_VERSION.c.last_snapshot)
        .where(MODEL_VERSION.c.provider == bindparam("provider"))
        .where(MODEL_VERSION.c.key == bindparam("key"))
        .order_by(MODEL_VERSION.c.first_snapshot)
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
        renames = select(CHANGE.c.id).where(
            CHANGE.c.kind == "renamed", CHANGE.c.after == canonical(known)
        )
        # Asked first, because SQLite otherwise begins with all versions, and most have no rename.
        found = connection.scalars(renames).all()
        if not found:
            continue
        query = (
            select(MODEL_VERSION.c.key)
            .join(CHANGE, CHANGE.c.version_id == MODEL_VERSION.c.id)
            .join(FINDING, FINDING.c.id == CHANGE.c.finding_id)
            .join(POLL, POLL.c.id == FINDING.c.poll_id)
            .where(MODEL_VERSION.c.provider == provider, POLL.c.snapshot_id <= number)
            .where(CHANGE.c.id.in_(found))
            .order_by(CHANGE.c.id.desc())
        )
        keys += dict.fromkeys(each for each in connection.scalars(query) if each not in keys)
    return tuple(keys)


def find_key(connection: Connection, provider: str, name_or_key: str, number: int) -> str:
    """Return the key of a model, or raise NotFound.

    A name has precedence over a key. If a name is reused, the newest model counts.
    """

    def latest(query: Select[Any]) -> str | None:
        newest = query.order_by(MODEL_VERSION.c.first_snapshot.desc()).limit(1)
        key: str | None = connection.scalar(newest)
        return key

    query = select(MODEL_VERSION.c.key).where(
        MODEL_VERSION.c.provider == provider, MODEL_VERSION.c.first_snapshot <= number
    )
    found = latest(query.where(MODEL_VERSION.c.name == name_or_key)) or latest(
        query.where(MODEL_VERSION.c.key == name_or_key)
    )
    if found is None:
        names = select(MODEL_VERSION.c.name).where(MODEL_VERSION.c.provider == provider)
        meant = did_you_mean(closest(name_or_key, connection.scalars(names.distinct())))
        hint = "`catalog models` lists the names; case matters."
        raise NotFound(f"no model {name_or_key!r} is known{meant}", hint=hint)
    return found


def to_model(row: Row[*tuple[Any, ...]]) -> Model:
    """Return the model of a row that selects MODEL_COLUMNS."""
    return Model(*_model_values(row))
