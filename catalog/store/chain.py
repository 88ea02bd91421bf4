"""The hash chain over the snapshots: whoever edits the past has to edit all that came after it.

A link covers its snapshot, the model versions that begin with it, the changes of models that its
poll found, what else was found since the snapshot before it, and the link before it. Row numbers
and columns that may be added later are no part of it. Migration 0004 holds a copy of this formula:
a change of it needs a migration.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, select, type_coerce, update
from sqlmodel import col

from catalog.jsontext import Json, canonical
from catalog.snapshot import Model
from catalog.store.tables import ChangeRow, FindingRow, ModelVersionRow, PollRow, SnapshotRow

BROUGHT = ("first", "changed")
"""The outcomes of a poll that brings a snapshot."""


@dataclass(frozen=True, slots=True)
class Link:
    """One snapshot's place in the chain: as stored, and as its rows give it."""

    snapshot: int
    stored: str
    expected: str


def version_digest(provider: str, model: Model) -> str:
    """Return the SHA-256 over all that a model version says."""
    said = [model.key, model.name, model.type, model.status, model.beta, model.context_limit]
    return _sha256([provider, *said, model.description, model.route, model.facts])


def seal(connection: Connection, provider: str) -> None:
    """Write the link of the newest snapshot, once everything of its poll is written."""
    query = _brought(provider).order_by(col(PollRow.id).desc()).limit(2)
    newest, *before = connection.execute(query)
    chain = _work_out(connection, newest, before[0] if before else None)
    rows = update(SnapshotRow).where(col(SnapshotRow.id) == newest.id)
    connection.execute(rows.values(chain=chain))


def links(connection: Connection, provider: str) -> Iterator[Link]:
    """Yield every link of a provider, oldest first: the first that differs is where it broke."""
    before: Row[*tuple[Any, ...]] | None = None
    for row in connection.execute(_brought(provider).order_by(col(PollRow.id))).all():
        yield Link(row.id, row.chain, _work_out(connection, row, before))
        before = row


def _brought(provider: str) -> Select[*tuple[Any, ...]]:
    """Select the snapshots of a provider, each with the poll that brought it."""
    named = ("id", "provider", "digest", "model_count", "chain")
    return (
        select(
            *(col(getattr(SnapshotRow, name)) for name in named),
            type_coerce(col(SnapshotRow.taken_at), Text).label("taken_at"),
            col(PollRow.id).label("poll_id"),
            col(PollRow.payload_sha256),
        )
        .join(PollRow, col(PollRow.snapshot_id) == col(SnapshotRow.id))
        .where(col(PollRow.provider) == provider, col(PollRow.outcome).in_(BROUGHT))
    )


def _work_out(
    connection: Connection,
    snapshot: Row[*tuple[Any, ...]],
    before: Row[*tuple[Any, ...]] | None,
) -> str:
    begun = connection.scalars(
        select(col(ModelVersionRow.digest))
        .where(col(ModelVersionRow.first_snapshot) == snapshot.id)
        .order_by(col(ModelVersionRow.id))
    )
    found = _found(connection, snapshot.provider, before.poll_id if before else 0, snapshot.poll_id)
    head = [snapshot.provider, snapshot.taken_at, snapshot.digest, snapshot.model_count]
    head.append(snapshot.payload_sha256)
    return _sha256([before.chain if before else "", *head, list(begun), found])


def _found(connection: Connection, provider: str, since: int, poll: int) -> list[Json]:
    """Return what the poll found of models, and all else from `since` to before it.

    What is not of models may still be told later beside the poll's own findings: the next link has
    it.
    """
    of_model = col(ChangeRow.version_id).is_not(None)
    own = of_model & (col(PollRow.id) == poll)
    else_since = ~of_model & (col(PollRow.id) < poll)
    query = (
        select(
            type_coerce(col(PollRow.started_at), Text).label("started_at"),
            col(PollRow.outcome),
            *(col(getattr(FindingRow, name)) for name in ("rule", "level", "callable_until")),
            col(FindingRow.ground),
            col(FindingRow.fingerprint).label("finding"),
            *(col(getattr(ChangeRow, name)) for name in ("kind", "field", "before", "after")),
            *(col(getattr(ChangeRow, name)) for name in ("detail", "fingerprint")),
            type_coerce(col(ChangeRow.gone_since), Text).label("gone_since"),
        )
        .join(FindingRow, col(FindingRow.poll_id) == col(PollRow.id))
        .join(ChangeRow, col(ChangeRow.finding_id) == col(FindingRow.id))
        .where(col(PollRow.id) >= since, col(PollRow.id) <= poll, own | else_since)
        .where(col(PollRow.provider) == provider)
        .order_by(col(FindingRow.id), col(ChangeRow.id))
    )
    return [
        [
            *(row.started_at, row.outcome, row.rule, row.level, row.finding, row.ground),
            row.callable_until and row.callable_until.isoformat(),
            *(row.kind, row.field, row.before, row.after, row.detail, row.fingerprint),
            row.gone_since,
        ]
        for row in connection.execute(query)
    ]


def _sha256(parts: list[Json]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
