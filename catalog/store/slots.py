"""Claim and finish each slot (planned time) of a schedule once.

A process claims a slot in a write transaction before it begins to work. The functions take an
`Execute` and use the standard library alone, because the fast path has no SQLAlchemy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from catalog.core.clock import stamp
from catalog.store.claims import Present, is_held, owner
from catalog.store.driver import Execute
from catalog.store.text_values import to_moment

KEPT: Final = 10
"""The number of latest slots that are kept per provider."""
KEPT_FOR: Final = timedelta(hours=1)
"""The minimum age of deleted slots, because another clock may be slow."""
_KNOWN: Final = """
SELECT claimed_by, claimed_until, done_at FROM slot WHERE provider = :provider AND moment = :moment
"""
_CLAIM: Final = """
INSERT INTO slot (provider, moment, claimed_by, claimed_until)
VALUES (:provider, :moment, :owner, :until)
ON CONFLICT (provider, moment)
DO UPDATE SET claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
"""
_DONE: Final = """
INSERT INTO slot (provider, moment, done_at) VALUES (:provider, :moment, :now)
ON CONFLICT (provider, moment)
DO UPDATE SET claimed_until = NULL, done_at = excluded.done_at
"""
_NEWEST: Final = """
SELECT provider, max(moment) FROM slot WHERE done_at IS NOT NULL GROUP BY provider
"""
_RELEASE: Final = """
UPDATE slot SET claimed_until = NULL
WHERE provider = :provider AND moment = :moment AND claimed_by = :owner AND done_at IS NULL
"""
_FORGET: Final = """
DELETE FROM slot WHERE provider = :provider AND moment < :before AND moment NOT IN
(SELECT moment FROM slot WHERE provider = :provider ORDER BY moment DESC LIMIT :kept)
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The result of a claim.

    `done_at` is set if the slot is done. `until` is the end of another process's claim. If both
    are None, this process has the slot.
    """

    moment: datetime
    done_at: datetime | None = None
    until: datetime | None = None

    @property
    def is_ours(self) -> bool:
        """Return whether this process has the slot."""
        return self.done_at is None and self.until is None


def claim(
    execute: Execute, provider: str, moment: datetime, longest: timedelta, at: Present
) -> Claim:
    """Claim a slot, unless it is done or another process claims it.

    The claim expires after `longest`, the maximum time of a pass. Raise StoreError.
    """
    slot = _slot(provider, moment)
    by, until, done_at = execute(_KNOWN, slot).fetchone() or (None, None, None)
    if done_at is not None:
        return Claim(moment, done_at=to_moment(done_at))
    ends = None if until is None else to_moment(until)
    if is_held(by, ends, longest, at):
        return Claim(moment, until=ends)
    execute(_CLAIM, slot | {"owner": owner(), "until": stamp(at.now + longest)})
    return Claim(moment)


def finish(execute: Execute, provider: str, moment: datetime, now: datetime) -> None:
    """Record that a slot is done, and delete old ones.

    The owner of its claim is kept, because it proves that a process follows the schedule.
    """
    slot = _slot(provider, moment)
    execute(_DONE, slot | {"now": stamp(now)})
    before = {"provider": provider, "before": stamp(moment - KEPT_FOR), "kept": KEPT}
    execute(_FORGET, before)


def release(execute: Execute, provider: str, moment: datetime) -> None:
    """Let other processes claim a slot that this process could not finish."""
    execute(_RELEASE, _slot(provider, moment) | {"owner": owner()})


def newest_done(execute: Execute) -> dict[str, datetime]:
    """Return the latest finished slot of each provider. Raise StoreError."""
    return {provider: to_moment(moment) for provider, moment in execute(_NEWEST, {}).fetchall()}


def was_claimed(execute: Execute, provider: str, moments: Iterable[datetime]) -> bool:
    """Return whether a process claimed one of these slots."""
    known = (execute(_KNOWN, _slot(provider, moment)).fetchone() for moment in moments)
    return any(row is not None and row[0] is not None for row in known)


def is_ours(execute: Execute, provider: str, moment: datetime) -> bool:
    """Return whether this process has the claim of a slot."""
    row = execute(_KNOWN, _slot(provider, moment)).fetchone()
    return row is not None and row[0] == owner()


def done_at(execute: Execute, provider: str, moment: datetime) -> datetime | None:
    """Return when a slot was done, or None. Raise StoreError."""
    row = execute(_KNOWN, _slot(provider, moment)).fetchone()
    return None if row is None or row[2] is None else to_moment(row[2])


def _slot(provider: str, moment: datetime) -> dict[str, Any]:
    return {"provider": provider, "moment": stamp(moment)}
