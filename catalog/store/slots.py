"""Which slots of the schedule were done, and who is doing one: each is done once.

Whoever runs a slot claims it first, in the one writing transaction there is; its row is unique.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, text, update

from catalog.core.clock import stamp
from catalog.store.claims import is_held, owner, present
from catalog.store.rest import SLOT_DONE, SLOTS_FORGOTTEN, about_slot
from catalog.store.tables import SlotRow, col, table_of


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of the wish to do a slot: it is ours, unless it was done or is being done.

    `until` says when the process that is doing it has to be done with it.
    """

    moment: datetime
    done_at: datetime | None = None
    until: datetime | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the slot is to be done by us."""
        return self.done_at is None and self.until is None


def claim(
    connection: Connection, provider: str, moment: datetime, now: datetime, longest: timedelta
) -> Claim:
    """Take a slot, unless it was done or another process is doing it.

    A pass lasts `longest` at most.
    """
    row = _row(connection, provider, moment)
    if row is not None and row.done_at is not None:
        return Claim(moment, done_at=row.done_at)
    at = present(connection, now)
    if row is not None and is_held(row.claimed_by, row.claimed_until, longest, at):
        return Claim(moment, until=row.claimed_until)
    values = {"claimed_by": owner(), "claimed_until": at.now + longest}
    if row is None:
        given = {"provider": provider, "moment": moment, **values}
        connection.execute(insert(table_of(SlotRow)).values(**given))
    else:
        connection.execute(update(table_of(SlotRow)).where(*_is(provider, moment)).values(**values))
    return Claim(moment)


def finish(connection: Connection, provider: str, moment: datetime, now: datetime) -> None:
    """Note that the slot was done, whoever had claimed it, and forget all but the latest others."""
    about = about_slot(provider, moment, stamp(now))
    for statement in (SLOT_DONE, SLOTS_FORGOTTEN):
        connection.execute(text(statement), about)


def is_done(connection: Connection, provider: str, moment: datetime) -> bool:
    """Say whether the slot was done."""
    row = _row(connection, provider, moment)
    return row is not None and row.done_at is not None


def _row(connection: Connection, provider: str, moment: datetime) -> Row[Any] | None:
    query = select(table_of(SlotRow))
    return connection.execute(query.where(*_is(provider, moment))).one_or_none()


def _is(provider: str, moment: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(SlotRow.provider) == provider, col(SlotRow.moment) == moment
