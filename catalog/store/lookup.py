"""Find one finding by number or fingerprint, and its deliveries."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from catalog.core.clock import stamp
from catalog.core.errors import NotFound
from catalog.core.strict_json import cut
from catalog.store.tables import DeliveryRow, FindingRow, PollRow, SnapshotRow, col, table_of

ROW_ID_LIMIT = 2**31
"""The limit of row numbers, because PostgreSQL rejects larger ones."""
DIGITS = 10
"""The maximum digits of a row id, because Python refuses to read thousands of them."""
LEAST_DIGITS = 4
"""The minimum length of a fingerprint prefix. Shorter ones are mistakes."""
_FINGERPRINT = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},16}}")
_LISTED = "`catalog changes` lists the numbers of findings, `--format json` also the fingerprints."


@dataclass(frozen=True, slots=True)
class FindingDelivery:
    """The delivery of a finding. `delivered_at` is None until it succeeds."""

    channel: str
    state: str
    message_id: str
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    error: str | None


def find(
    connection: Connection, providers: Collection[str], name: str
) -> tuple[str, tuple[int, ...]]:
    """Return the provider and finding numbers of a fingerprint, newest first.

    `name` is a number, a fingerprint or its beginning. A number has precedence. Raise NotFound if
    no fingerprint or several match.
    """
    query = select(table_of(FindingRow)).where(col(FindingRow.provider).in_(sorted(providers)))
    if name.isdecimal() and len(name) <= DIGITS and int(name) < ROW_ID_LIMIT:
        row = connection.execute(query.where(col(FindingRow.id) == int(name))).first()
        if row is not None:
            return row.provider, (row.id,)
    begins = query.where(col(FindingRow.fingerprint).startswith(name))
    latest = begins.order_by(col(FindingRow.id).desc())
    rows = connection.execute(latest).all() if _FINGERPRINT.fullmatch(name) else ()
    if not rows:
        raise NotFound(f"there is no finding {cut(name, 60)!r}", hint=_LISTED)
    known = sorted({row.fingerprint for row in rows})
    if len(known) > 1:
        some = ", ".join(known[:5])
        raise NotFound(
            f"several fingerprints begin with {name!r}: {some}", hint="Write one of them."
        )
    return rows[0].provider, tuple(row.id for row in rows)


def deliveries(connection: Connection, number: int) -> tuple[FindingDelivery, ...]:
    """Return the deliveries of a finding by channel."""
    names = list(FindingDelivery.__dataclass_fields__)
    query = select(*(col(getattr(DeliveryRow, name)) for name in names))
    query = query.where(col(DeliveryRow.finding_id) == number).order_by(col(DeliveryRow.channel))
    return tuple(FindingDelivery(*row) for row in connection.execute(query))


def compared(
    connection: Connection, numbers: Collection[int]
) -> dict[int, tuple[str | None, str | None]]:
    """Return the two compared snapshots by finding, such as `4 of 2026-03-19T13:53:46Z`.

    Findings of polls without a snapshot are left out.
    """
    after, before = table_of(SnapshotRow), table_of(SnapshotRow).alias()
    query = (
        select(col(FindingRow.id), after.c.id, after.c.taken_at, before.c.id, before.c.taken_at)
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .join(after, after.c.id == col(PollRow.snapshot_id))
        .outerjoin(before, before.c.id == after.c.previous_id)
        .where(col(FindingRow.id).in_(numbers))
    )
    return {
        number: (_named(*snapshots[2:]), _named(*snapshots[:2]))
        for number, *snapshots in connection.execute(query)
    }


def _named(number: int | None, taken_at: datetime | None) -> str | None:
    return None if taken_at is None else f"{number} of {stamp(taken_at)}"
