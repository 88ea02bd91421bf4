"""Chain the snapshots by hashes, so edits are detected.

A link covers its snapshot, the model versions that begin with it, the model changes of its poll,
the other findings and the notes since the previous snapshot, and the previous link. Row numbers and
later columns are excluded. Migration 0004 has a copy of this formula, so a change needs a
migration. Links from before schema 0012 have no number in `notes`. They cover neither notes nor the
basis and moves of findings, so a chain head that a user wrote down then still verifies.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Row,
    Select,
    Text,
    bindparam,
    func,
    select,
    type_coerce,
    update,
)

from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, canonical
from catalog.store.tables import (
    ChangeRow,
    FindingRow,
    ModelVersionRow,
    NoteRow,
    PollRow,
    SnapshotRow,
    col,
    fixed,
    table_of,
)

STORING = ("first", "changed")
"""The poll outcomes that store a snapshot."""


@dataclass(frozen=True, slots=True)
class Link:
    """The stored and the computed link of one snapshot."""

    snapshot: int
    stored: str
    expected: str


def version_digest(provider: str, model: Model) -> str:
    """Return the SHA-256 over the content of a model version."""
    content = [model.key, model.name, model.type, model.status, model.beta, model.context_limit]
    return _sha256([provider, *content, model.description, model.route, model.facts])


def seal(connection: Connection, provider: str, begun: Sequence[str]) -> None:
    """Write the link of the newest snapshot, as its poll's last step.

    `begun` are the digests of its new model versions in row order. They are passed in, because a
    query would take longer each year.
    """
    newest, *before = connection.execute(_newest_query(), {"provider": provider})
    notes = connection.scalar(_last_note()) or 0
    chain = _compute(connection, newest, before[0] if before else None, begun, notes)
    connection.execute(_seal_statement(), {"number": newest.id, "sealed": chain, "last": notes})


def links(connection: Connection, provider: str) -> Iterator[Link]:
    """Yield every link of a provider, oldest first.

    The first one that differs shows where the chain breaks.
    """
    before: Row[*tuple[Any, ...]] | None = None
    query = _snapshots().order_by(col(PollRow.id))
    begun = _begun(connection)
    for row in connection.execute(query, {"provider": provider}).all():
        expected = _compute(connection, row, before, begun.get(row.id, ()), row.notes)
        yield Link(row.id, row.chain, expected)
        before = row


@cache
def _newest_query() -> Executable:
    return _snapshots().order_by(col(PollRow.id).desc()).limit(2)


@cache
def _seal_statement() -> Executable:
    rows = update(table_of(SnapshotRow)).where(col(SnapshotRow.id) == bindparam("number"))
    return rows.values(chain=bindparam("sealed"), notes=bindparam("last"))


@cache
def _last_note() -> Executable:
    return select(func.max(col(NoteRow.id)))


def _snapshots() -> Select[*tuple[Any, ...]]:
    named = ("id", "provider", "digest", "model_count", "chain", "notes")
    return (
        select(
            *(col(getattr(SnapshotRow, name)) for name in named),
            type_coerce(col(SnapshotRow.taken_at), Text).label("taken_at"),
            col(PollRow.id).label("poll_id"),
            col(PollRow.payload_sha256),
        )
        .join(table_of(PollRow), col(PollRow.snapshot_id) == col(SnapshotRow.id))
        .where(
            col(PollRow.provider) == bindparam("provider"),
            col(PollRow.outcome).in_([*map(fixed, STORING)]),
        )
    )


def _compute(
    connection: Connection,
    snapshot: Row[*tuple[Any, ...]],
    before: Row[*tuple[Any, ...]] | None,
    begun: Sequence[str],
    notes: int | None,
) -> str:
    since = before.poll_id if before else 0
    found = _found(connection, snapshot.provider, since, snapshot.poll_id, notes is not None)
    head = [snapshot.provider, snapshot.taken_at, snapshot.digest, snapshot.model_count]
    head.append(snapshot.payload_sha256)
    parts = [before.chain if before else "", *head, list(begun), found]
    if notes is not None:
        after = (before.notes if before else None) or 0
        parts.append([notes, *_notes(connection, snapshot.provider, after, notes)])
    return _sha256(parts)


def _begun(connection: Connection) -> Mapping[int, Sequence[str]]:
    """Return the digests of model versions by their first snapshot.

    All are read at once, because there is no index by snapshot.
    """
    query = select(col(ModelVersionRow.first_snapshot), col(ModelVersionRow.digest))
    begun = defaultdict[int, list[str]](list)
    for first, digest in connection.execute(query.order_by(col(ModelVersionRow.id))):
        begun[first].append(digest)
    return begun


def _notes(connection: Connection, provider: str, after: int, last: int) -> list[Json]:
    if last <= after:
        return []
    values = {"provider": provider, "after": after, "last": last}
    return [
        [row.key, row.noted_at, row.retires and row.retires.isoformat(), row.successor, row.source]
        for row in connection.execute(_notes_query(), values)
    ]


@cache
def _notes_query() -> Executable:
    number = col(NoteRow.id)
    return (
        select(
            col(NoteRow.key),
            type_coerce(col(NoteRow.noted_at), Text).label("noted_at"),
            *(col(getattr(NoteRow, name)) for name in ("retires", "successor", "source")),
        )
        .where(col(NoteRow.provider) == bindparam("provider"))
        .where(number > bindparam("after"), number <= bindparam("last"))
        .order_by(number)
    )


def _found(connection: Connection, provider: str, since: int, poll: int, whole: bool) -> list[Json]:
    """Return the model changes of the poll, and other findings before it.

    Other findings of the poll itself belong to the next link, because they may be written later.
    """
    values = {"provider": provider, "since": since, "poll": poll}
    return [
        [
            *(row.started_at, row.outcome, row.rule, row.level, row.finding, row.ground),
            row.callable_until and row.callable_until.isoformat(),
            *(row.kind, row.field, row.before, row.after, row.detail, row.fingerprint),
            row.gone_since,
            *([row.basis, row.moves] if whole else []),
        ]
        for row in connection.execute(_found_query(), values)
    ]


@cache
def _found_query() -> Executable:
    poll: BindParameter[int] = bindparam("poll")
    of_model = col(ChangeRow.version_id).is_not(None)
    own = of_model & (col(PollRow.id) == poll)
    else_since = ~of_model & (col(PollRow.id) < poll)
    return (
        select(
            type_coerce(col(PollRow.started_at), Text).label("started_at"),
            col(PollRow.outcome),
            *(col(getattr(FindingRow, name)) for name in ("rule", "level", "callable_until")),
            *(col(getattr(FindingRow, name)) for name in ("ground", "basis", "moves")),
            col(FindingRow.fingerprint).label("finding"),
            *(col(getattr(ChangeRow, name)) for name in ("kind", "field", "before", "after")),
            *(col(getattr(ChangeRow, name)) for name in ("detail", "fingerprint")),
            type_coerce(col(ChangeRow.gone_since), Text).label("gone_since"),
        )
        .join(table_of(FindingRow), col(FindingRow.poll_id) == col(PollRow.id))
        .join(table_of(ChangeRow), col(ChangeRow.finding_id) == col(FindingRow.id))
        .where(col(PollRow.id) >= bindparam("since"), col(PollRow.id) <= poll, own | else_since)
        .where(col(PollRow.provider) == bindparam("provider"))
        .order_by(col(FindingRow.id), col(ChangeRow.id))
    )


def _sha256(parts: list[Json]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
