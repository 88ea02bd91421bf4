"""Findings and their changes, written: values -> rows."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, select

from catalog.change import (
    Change,
    Finding,
    Probed,
    Recovered,
    Renamed,
    Restored,
    Retiring,
    Trouble,
    Undelivered,
    Updated,
    fingerprint,
)
from catalog.clock import stamp
from catalog.jsontext import canonical
from catalog.payload import Drift
from catalog.store import tally
from catalog.store.changelog import DAYS
from catalog.store.tables import ChangeRow, FindingRow, col, inserting, plain

PROBED_DETAIL = ("name", "key", "type", "routes", "elsewhere", "answered_as", "before", "said")


def write_findings(
    connection: Connection, poll: int, findings: Sequence[Finding], versions: Mapping[str, int]
) -> list[int]:
    """Write findings and their changes; return their row ids. `versions`: row ids by model key."""
    if not findings:
        return []
    rows = [
        {
            "poll_id": poll,
            "provider": finding.provider,
            "rule": finding.rule,
            "level": str(finding.level),
            "fingerprint": finding.fingerprint,
            "callable_until": finding.callable_until,
            "ground": finding.ground,
            "basis": finding.basis,
            "moves": finding.moves,
        }
        for finding in findings
    ]
    connection.execute(inserting(FindingRow), rows)
    # Counted up in the order of the rows, and nobody else writes meanwhile: one question for all.
    newest = connection.scalars(_numbers_query(), {"poll": poll, "count": len(rows)})
    numbers = list(newest)[::-1]
    changes = [
        {
            "finding_id": number,
            "kind": change.kind,
            "fingerprint": fingerprint(finding.provider, change),
            **_columns(change, versions),
        }
        for number, finding in zip(numbers, findings, strict=True)
        for change in finding.changes
    ]
    connection.execute(inserting(ChangeRow), changes)
    written = {"first": numbers[0], "last": numbers[-1]}
    tally.add(plain(connection), "finding", "id BETWEEN :first AND :last", written)
    tally.add(plain(connection), "change", "finding_id BETWEEN :first AND :last", written)
    return numbers


@cache
def _numbers_query() -> Executable:
    """Select the numbers of the newest findings of a poll, so many of them."""
    number, of_poll = col(FindingRow.id), col(FindingRow.poll_id) == bindparam("poll")
    return select(number).where(of_poll).order_by(number.desc()).limit(bindparam("count"))


def _columns(change: Change, versions: Mapping[str, int]) -> dict[str, Any]:
    columns: dict[str, Any] = dict.fromkeys(
        ("version_id", "field", "before", "after", "gone_since", "detail")
    )
    match change:
        case Drift():
            detail = canonical({"what": change.what, "models": change.models})
            return columns | {"field": change.field, "after": change.value, "detail": detail}
        case Trouble():
            since = {} if change.since is None else {"since": stamp(change.since)}
            return columns | {"detail": canonical({"reason": change.reason, **since})}
        case Recovered():
            detail = canonical({"troubles": change.troubles, "since": stamp(change.since)})
            return columns | {"detail": detail}
        case Undelivered():
            detail = canonical({"channel": change.channel, "reason": change.reason})
            return columns | {"detail": detail}
        case Probed():
            detail = canonical(_probed_detail(change))
            return columns | {"gone_since": change.gone_since, "detail": detail}
        case Retiring():
            return columns | {"detail": canonical(_retiring_detail(change))}
    columns["version_id"] = versions[change.model.key]
    match change:
        case Updated():
            return columns | {
                "field": change.field,
                "before": change.before,
                "after": change.after,
            }
        case Restored():
            return columns | {"gone_since": change.gone_since}
        case Renamed():
            detail = canonical({"name": change.name})
            return columns | {"after": canonical(change.key), "detail": detail}
    return columns


def _probed_detail(change: Probed) -> dict[str, Any]:
    """Say all of it but what has a column; what is absent is left out."""
    known = {name: getattr(change, name) for name in PROBED_DETAIL}
    return {name: value for name, value in known.items() if value not in {None, ()}}


def _retiring_detail(change: Retiring) -> dict[str, Any]:
    """Say all of it; what is absent is left out, and days are text."""
    known = {each.name: getattr(change, each.name) for each in fields(change)}
    days = {name: str(known[name]) for name in DAYS if known[name]}
    return {name: value for name, value in (known | days).items() if value not in {None, ()}}
