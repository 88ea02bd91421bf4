"""Identify the content of the store.

Readers compare it to know whether an answer is still valid.
"""

import hashlib
from functools import cache

from sqlalchemy import Connection, Executable, func, select

from catalog.store.record import PENDING
from catalog.store.tables import (
    DELIVERY,
    FINDING,
    NOTE,
    POLL,
    PROBE,
    SNAPSHOT,
)


def revision(connection: Connection, *, polls: bool) -> str:
    """Return a text that identifies the content of the store.

    It changes with every snapshot, finding, probe or note, and with `polls` also with every poll
    and delivery. It has the chain digest of the newest snapshot, so a restored database differs
    too.
    """
    parts = connection.execute(_query(polls=polls)).one()
    return hashlib.sha256(repr(tuple(parts)).encode()).hexdigest()[:16]


@cache
def _query(*, polls: bool) -> Executable:
    tables = (FINDING, PROBE, NOTE, SNAPSHOT, *((POLL, DELIVERY) if polls else ()))
    newest = [select(func.max(table.c.id)).scalar_subquery() for table in tables]
    chain = select(SNAPSHOT.c.chain).order_by(SNAPSHOT.c.id.desc()).limit(1)
    last = select(POLL.c.started_at).order_by(POLL.c.id.desc()).limit(1)
    # A retry that fails changes no count, but the time of the next one.
    waiting = [
        select(value).where(DELIVERY.c.state == PENDING).scalar_subquery()
        for value in (func.count(), func.sum(DELIVERY.c.attempts))
    ]
    others = (last.scalar_subquery(), *waiting) if polls else ()
    return select(*newest, chain.scalar_subquery(), *others)
