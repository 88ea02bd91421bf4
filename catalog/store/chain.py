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
    CHANGE,
    FINDING,
    MODEL_VERSION,
    NOTE,
    POLL,
    SNAPSHOT,
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
    query = _snapshots().order_by(POLL.c.id)
    begun = _begun(connection)
    for row in connection.execute(query, {"provider": provider}).all():
        expected = _compute(connection, row, before, begun.get(row.id, ()), row.notes)
        yield Link(row.id, row.chain, expected)
        before = row


@cache
def _newest_query() -> Executable:
    return _snapshots().order_by(POLL.c.id.desc()).limit(2)


@cache
def _seal_statement() -> Executable:
    rows = update(SNAPSHOT).where(SNAPSHOT.c.id == bindparam("number"))
    return rows.values(chain=bindparam("sealed"), notes=bindparam("last"))


@cache
def _last_note() -> Executable:
    return select(func.max(NOTE.c.id))


def _snapshots() -> Select[*tuple[Any, ...]]:
    named = ("id", "provider", "digest", "model_count", "chain", "notes")
    return (
        select(
            *(SNAPSHOT.c[name] for name in named),
            type_coerce(SNAPSHOT.c.taken_at, Text).label("taken_at"),
            POLL.c.id.label("poll_id"),
            POLL.c.payload_sha256,
        )
        .join(POLL, POLL.c.snapshot_id == SNAPSHOT.c.id)
        .where(POLL.c.provider == bindparam("provider"), POLL.c.outcome.in_(STORING))
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
    query = select(MODEL_VERSION.c.first_snapshot, MODEL_VERSION.c.digest)
    begun = defaultdict[int, list[str]](list)
    for first, digest in connection.execute(query.order_by(MODEL_VERSION.c.id)):
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
    number = NOTE.c.id
    return (
        select(
            NOTE.c.key,
            type_coerce(NOTE.c.noted_at, Text).label("noted_at"),
            *(NOTE.c[name] for name in ("retires", "successor", "source")),
        )
        .where(NOTE.c.provider == bindparam("provider"))
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
    of_model = CHANGE.c.version_id.is_not(None)
    own = of_model & (POLL.c.id == poll)
    else_since = ~of_model & (POLL.c.id < poll)
    return (
        select(
            type_coerce(POLL.c.started_at, Text).label("started_at"),
            POLL.c.outcome,
            *(FINDING.c[name] for name in ("rule", "level", "callable_until")),
            *(FINDING.c[name] for name in ("ground", "basis", "moves")),
            FINDING.c.fingerprint.label("finding"),
            *(CHANGE.c[name] for name in ("kind", "field", "before", "after")),
            *(CHANGE.c[name] for name in ("detail", "fingerprint")),
            type_coerce(CHANGE.c.gone_since, Text).label("gone_since"),
        )
        .join(FINDING, FINDING.c.poll_id == POLL.c.id)
        .join(CHANGE, CHANGE.c.finding_id == FINDING.c.id)
        .where(POLL.c.id >= bindparam("since"), POLL.c.id <= poll, own | else_since)
        .where(POLL.c.provider == bindparam("provider"))
        .order_by(FINDING.c.id, CHANGE.c.id)
    )


def _sha256(parts: list[Json]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
