"""Read the stored facts that the decision about a poll needs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from catalog.changes.clock import clock_fields
from catalog.changes.finding import Delisted
from catalog.changes.flapping import DAMPED, WAITING, Move, Place, settled
from catalog.changes.forecast import Evidence, LastReport
from catalog.changes.rows import BadRowReports
from catalog.core.snapshot import Snapshot
from catalog.store import changelog, forecasts, polls
from catalog.store.database import Transaction
from catalog.store.history import Baseline
from catalog.store.listed_once import listed_once
from catalog.store.moves import of_models, open_since, since
from catalog.sync.decide import Decision, Past, Policy, Reading
from catalog.sync.snapshot_cache import SnapshotCache
from catalog.sync.start import Start


def past(
    connection: Transaction,
    cache: SnapshotCache,
    start: Start,
    decision: Decision,
    reading: Reading,
) -> Past:
    """Read the stored facts in the transaction that writes the poll.

    The models of the current snapshot are only read if the decision needs them.
    """
    name, known, policy = decision.provider.name, start.known, decision.policy
    gone = cache.gone(connection, name, known)
    seen = _without_models(connection, gone, start, decision, reading)
    candidate = reading.candidate
    if candidate is None or candidate.digest == known.digest:
        needed = known.number is not None and decision.reminds(seen)
        return replace(seen, snapshot=cache.state(connection, known)) if needed else seen
    snapshot = cache.state(connection, known)
    clock = clock_fields(snapshot, candidate) if snapshot else frozenset[str]()
    if clock and not reading.drift:
        seen = replace(seen, reported=changelog.reported_drift(connection, name))
    moved = candidate.differing(snapshot) if snapshot else ()
    held, held_at = _held(connection, policy, snapshot, candidate, decision.started_at)
    return replace(
        seen,
        snapshot=snapshot,
        clock=clock,
        held=held,
        held_at=held_at,
        moves=since(connection, name, decision.started_at - policy.settles_after, moved),
        brief=_brief(connection, policy, known, snapshot, candidate),
    )


def _without_models(
    connection: Transaction,
    gone: Sequence[Delisted],
    start: Start,
    decision: Decision,
    reading: Reading,
) -> Past:
    """Read what every poll needs. `gone` are the models that are no longer listed."""
    name, policy = decision.provider.name, decision.policy
    evidence = forecasts.evidence(connection, name, gone)
    resolved, doubted = _open(connection, name, policy, start.polled_at, decision.started_at)
    return Past(
        digest=start.known.digest,
        gone={each.model.key: each for each in gone},
        evidence=evidence,
        reminded=_reminded(connection, decision, evidence, has_gone=bool(gone)),
        polled_at=start.polled_at,
        reported=changelog.reported_drift(connection, name) if reading.drift else frozenset(),
        bad_rows=_bad_rows(connection, name, reading),
        unwell=polls.unwell(connection, name),
        missing=start.known.missing,
        settled=resolved,
        doubted=doubted,
    )


def _brief(
    connection: Transaction,
    policy: Policy,
    known: Baseline,
    snapshot: Snapshot | None,
    candidate: Snapshot,
) -> frozenset[str]:
    """Return the missing models that were listed in one answer only."""
    left = snapshot.by_key.keys() - candidate.by_key.keys() if snapshot else frozenset()
    if not left:
        return frozenset()
    of, at = candidate.provider, candidate.taken_at
    listed = {key: known.missing.get(key, at) for key in left}
    return listed_once(connection, of, listed, policy.settles_after)


def _reminded(
    connection: Transaction, decision: Decision, evidence: Evidence, *, has_gone: bool
) -> dict[str, LastReport]:
    """Return the last report of each end, if ends are possible."""
    if has_gone or evidence.noted or decision.provider.announces:
        return forecasts.reports(connection, decision.provider.name)
    return {}


def _bad_rows(connection: Transaction, provider: str, reading: Reading) -> BadRowReports:
    if reading.refused is None:
        return BadRowReports()
    return changelog.bad_rows(connection, provider)


def _held(
    connection: Transaction,
    policy: Policy,
    snapshot: Snapshot | None,
    candidate: Snapshot,
    started: datetime,
) -> tuple[int, datetime | None]:
    """Count the held polls in a row, and return the last start."""
    hold = policy.hold
    if hold.reason(snapshot, candidate) is None:
        return 0, None
    lacking = candidate.lacking(snapshot)
    return polls.held_in_a_row(connection, candidate.provider, lacking, started, hold.apart)


def _open(
    connection: Transaction,
    provider: str,
    policy: Policy,
    polled_at: datetime | None,
    started: datetime,
) -> tuple[tuple[tuple[Move, Move], ...], dict[Place, Move]]:
    """Return the settled places, and the implausible values."""
    if polled_at is None:
        return (), {}
    until = started - policy.settles_after
    found = open_since(connection, provider, polled_at - policy.settles_after)
    doubted = {each.place: each for each in found if each.rule in WAITING}
    damped = {each.place[0] for each in found if each.rule == DAMPED and each.at <= until}
    return settled(of_models(connection, provider, damped), until) if damped else (), doubted
