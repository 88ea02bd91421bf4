"""Write a poll, its snapshot, findings and messages in one transaction."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    bindparam,
    func,
    select,
    update,
)

from catalog.changes.finding import Finding, Level
from catalog.changes.poll import Poll
from catalog.core.clock import stamp
from catalog.core.payload import Payload
from catalog.core.snapshot import Model, Snapshot
from catalog.store import bodies, history, tally
from catalog.store.chain import seal, version_digest
from catalog.store.changelog import write_findings
from catalog.store.insert import insert_poll
from catalog.store.tables import (
    DeliveryRow,
    MissingModelRow,
    ModelVersionRow,
    PollRow,
    SnapshotRow,
    col,
    inserting,
    plain,
    table_of,
    write,
)

Wants = Callable[[Finding], bool]
Due = Callable[[datetime, Iterable[Level]], datetime]
Recipients = Mapping[str, tuple[Wants, Due]]
"""The filter and the send time of each channel, by its name."""

PENDING = "owed"


def record(
    connection: Connection,
    poll: Poll,
    recipients: Recipients,
    known: history.Baseline | None = None,
    before: Snapshot | None = None,
) -> int | None:
    """Write a poll with its results, and return the current snapshot's number.

    `known` and `before` are the previous snapshot and its models, if this transaction has read
    them. Return None before the first snapshot.
    """
    known = known or history.baseline(connection, poll.provider)
    number = known.number
    versions, begun = dict[str, int](), list[str]()
    if isinstance(poll.answer, Payload):
        bodies.write(connection, poll.answer, known.payload)
    if poll.snapshot is not None:
        number = _write_snapshot(connection, poll.snapshot, known.number)
        if before is None and known.number is not None:
            before = history.snapshot(connection, known.number)
        versions, begun = _write_versions(connection, poll.snapshot, before, number)
    poll_id = insert_poll(plain(connection), _row(poll, known, number))
    if missing := _missing(poll):
        rows = [{"poll_id": poll_id, "key": key} for key in sorted(missing)]
        connection.execute(inserting(MissingModelRow), rows)
        tally.add(plain(connection), "missing_model", "poll_id = :poll", {"poll": poll_id})
    _write(connection, poll_id, poll.findings, versions, recipients)
    if poll.snapshot is not None:
        seal(connection, poll.provider, begun)
    return number


def record_findings(
    connection: Connection, findings: Sequence[Finding], recipients: Recipients
) -> None:
    """Write findings between two polls, as part of the last poll.

    All findings are of one provider.
    """
    newest = select(func.max(col(PollRow.id))).where(col(PollRow.provider) == findings[0].provider)
    poll_id = connection.scalar(newest)
    _write(connection, poll_id, findings, {}, recipients)


def _write(
    connection: Connection,
    poll_id: Any,
    findings: Sequence[Finding],
    versions: Mapping[str, int],
    recipients: Recipients,
) -> None:
    """Write findings and the messages for the channels."""
    versions = _latest_versions(connection, findings, versions)
    numbers = write_findings(connection, poll_id, findings, versions)
    written = False
    for channel in sorted(recipients):
        wants, due = recipients[channel]
        wanted = [
            (number, each) for number, each in zip(numbers, findings, strict=True) if wants(each)
        ]
        if not wanted:
            continue
        at = findings[0].at
        moment = due(at, [each.level for _, each in wanted])
        parts = [findings[0].provider, stamp(at), channel, *(each.fingerprint for each in findings)]
        message = {
            "channel": channel,
            "message_id": message_id(*parts),
            "state": PENDING,
            "attempts": 0,
            # None means now, because `at` is in the future after the clock is set back.
            "next_at": None if moment <= at else moment,
        }
        rows = [{"finding_id": number, **message} for number, _ in wanted]
        connection.execute(inserting(DeliveryRow), rows)
        written = True
    if written:
        tally.add(
            plain(connection),
            "delivery",
            "finding_id BETWEEN :first AND :last",
            {"first": numbers[0], "last": numbers[-1]},
        )


def _latest_versions(
    connection: Connection, findings: Sequence[Finding], versions: Mapping[str, int]
) -> dict[str, int]:
    """Add the last versions of unchanged models that have findings."""
    keys = {model.key for finding in findings for model in finding.models} - versions.keys()
    if not keys:
        return dict(versions)
    newest = select(col(ModelVersionRow.key), func.max(col(ModelVersionRow.id)).label("id"))
    of_keys = newest.where(
        col(ModelVersionRow.provider) == findings[0].provider, col(ModelVersionRow.key).in_(keys)
    )
    return {**versions} | _by_key(connection.execute(of_keys.group_by(col(ModelVersionRow.key))))


def _missing(poll: Poll) -> tuple[str, ...]:
    """Return the keys of unlisted models to store with this poll."""
    if poll.held is None:
        return poll.missing
    return () if poll.held.is_repeated else tuple(each.key for each in poll.held.missing)


def _row(poll: Poll, known: history.Baseline, number: int | None) -> dict[str, Any]:
    return {
        "provider": poll.provider,
        "started_at": stamp(poll.started_at),
        "duration_ms": poll.duration_ms,
        "outcome": str(poll.outcome),
        "snapshot_id": number,
        "candidate": poll.candidate,
        "error": None if poll.error is None else str(poll.error),
        **_http_facts(poll, known),
    }


def _http_facts(poll: Poll, known: history.Baseline) -> dict[str, Any]:
    """Return the answer's columns that differ from the last accepted poll.

    An unchanged poll is then a small row.
    """
    if poll.answer is None:
        return {"http_status": getattr(poll.error, "status", None)}
    facts: dict[str, Any] = {"http_status": poll.answer.status}
    if not isinstance(poll.answer, Payload):
        return facts
    answer = poll.answer
    if answer.digest != known.payload:
        facts |= {"url": answer.url, "payload_sha256": answer.digest}
    elif answer.validators == known.validators:
        return facts
    return facts | {
        "etag": answer.validators.etag,
        "last_modified": answer.validators.last_modified,
    }


def _write_snapshot(connection: Connection, snapshot: Snapshot, previous: int | None) -> int:
    return write(
        connection,
        SnapshotRow,
        provider=snapshot.provider,
        taken_at=snapshot.taken_at,
        digest=snapshot.digest,
        previous_id=previous,
        model_count=len(snapshot.models),
    )


def _write_versions(
    connection: Connection, snapshot: Snapshot, previous: Snapshot | None, number: int
) -> tuple[dict[str, int], list[str]]:
    """End the versions of changed and removed models, and begin new ones.

    Return their row ids by model key, and the digests of the new versions.
    """
    before = previous.by_key if previous else {}
    # Objects are compared by identity first, because that is fast.
    others = [model for model in snapshot.models if before.get(model.key) is not model]
    begun = [model for model in others if before.get(model.key) != model]
    staying = snapshot.by_key.keys() - {model.key for model in begun}
    ended = sorted(before.keys() - staying)
    values: dict[str, Any] = {"of": snapshot.provider, "number": number}
    if ended:
        connection.execute(_end_statement(), [values | {"ended": key} for key in ended])
    versions = dict[str, int]()
    if before.keys() - snapshot.by_key.keys():
        versions |= _by_key(connection.execute(_ended_query(), values))
    rows = [_version_row(snapshot.provider, model, number) for model in begun]
    if rows:
        connection.execute(inserting(ModelVersionRow), rows)
        values["count"] = len(rows)
        versions |= _by_key(connection.execute(_begun_query(), values))
    return versions, [row["digest"] for row in rows]


@cache
def _end_statement() -> Executable:
    table = table_of(ModelVersionRow)
    of_model = (table.c.provider == bindparam("of"), table.c.key == bindparam("ended"))
    last = update(table).where(*of_model, table.c.last_snapshot.is_(None))
    return last.values(last_snapshot=bindparam("number"))


@cache
def _ended_query() -> Executable:
    """Select the versions that end with a snapshot."""
    ids = select(col(ModelVersionRow.key), col(ModelVersionRow.id))
    of_provider = col(ModelVersionRow.provider) == bindparam("of")
    return ids.where(of_provider, col(ModelVersionRow.last_snapshot) == bindparam("number"))


@cache
def _begun_query() -> Executable:
    """Select the versions that begin with a snapshot, newest first."""
    ids = select(col(ModelVersionRow.key), col(ModelVersionRow.id))
    begun = ids.where(col(ModelVersionRow.first_snapshot) == bindparam("number"))
    return begun.order_by(col(ModelVersionRow.id).desc()).limit(bindparam("count"))


def _by_key(rows: Iterable[Any]) -> dict[str, int]:
    return {row.key: row.id for row in rows}


def _version_row(provider: str, model: Model, number: int) -> dict[str, Any]:
    columns = {name: getattr(model, name) for name in history.MODEL_FIELDS}
    row = {"provider": provider, "first_snapshot": number, "last_snapshot": None, **columns}
    return row | {"digest": version_digest(provider, model)}


def message_id(*parts: str) -> str:
    """Return the id of a message: a digest of its parts."""
    return f"msg_{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"
