"""Identify the content of the store.

Readers compare it to know whether an answer is still valid.
"""

import hashlib
from functools import cache

from sqlalchemy import Connection, Executable, func, select

from catalog.store.record import PENDING
from catalog.store.tables import (
    DeliveryRow,
    FindingRow,
    NoteRow,
    PollRow,
    ProbeRow,
    SnapshotRow,
    TallyRow,
    col,
    table_of,
)


def revision(connection: Connection, *, polls: bool) -> str:
    """Return a text that identifies the content of the store.

    It changes with every snapshot, finding or note, with the start and the end of a probe, and
    with `polls` also with every poll and delivery. It has the chain digest of the newest snapshot,
    so a restored database differs too.
    """
    parts = connection.execute(_query(polls=polls)).one()
    return hashlib.sha256(repr(tuple(parts)).encode()).hexdigest()[:16]


@cache
def _query(*, polls: bool) -> Executable:
    rows = (FindingRow, ProbeRow, NoteRow, SnapshotRow, *((PollRow, DeliveryRow) if polls else ()))
    newest = [select(func.max(col(row.id))).scalar_subquery() for row in rows]
    # The end of a probe changes its row, which only the digests of the newest rows show.
    probes = select(col(TallyRow.digest)).where(col(TallyRow.name) == table_of(ProbeRow).name)
    last = probes.order_by(col(TallyRow.span).desc()).limit(1)
    ended = [last.offset(each).scalar_subquery() for each in (0, 1)]
    chain = select(col(SnapshotRow.chain)).order_by(col(SnapshotRow.id).desc()).limit(1)
    polled = select(col(PollRow.started_at)).order_by(col(PollRow.id).desc()).limit(1)
    # A retry that fails changes no count, but the time of the next one.
    waiting = [
        select(value).where(col(DeliveryRow.state) == PENDING).scalar_subquery()
        for value in (func.count(), func.sum(col(DeliveryRow.attempts)))
    ]
    others = (polled.scalar_subquery(), *waiting) if polls else ()
    return select(*newest, *ended, chain.scalar_subquery(), *others)
