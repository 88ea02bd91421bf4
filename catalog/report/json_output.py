"""Build the public JSON of the command line and of webhooks.

The format changes only by addition. Absent values are omitted.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog.changes.blocks import parent
from catalog.changes.change import Cancelled, Removed, Renamed, Retiring, Updated
from catalog.changes.finding import Finding
from catalog.changes.forecast import Forecast
from catalog.changes.likeness import common_tendency, suffix
from catalog.changes.successors import Successor
from catalog.core.clock import stamp
from catalog.core.probe import Probe
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import parse, values_json
from catalog.report.ends import is_as_announced
from catalog.report.spans import direction

SCHEMA_VERSION = 1


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON.

    A wave has `count` and `models` in place of `model` and `key`.
    """
    result: dict[str, Any] = {"at": stamp(finding.at), "provider": finding.provider}
    if finding.snapshot is not None:
        result["snapshot"] = finding.snapshot
    result |= _wave(finding) if finding.is_wave else finding.change.as_json(finding.at)
    if finding.callable_until is not None:
        result["callable_until"] = finding.callable_until.isoformat()
        result["basis"] = finding.basis
        result["ground"] = finding.ground
    if finding.moves is not None:
        result["moves"] = finding.moves
    result |= {"level": str(finding.level), "rule": finding.rule}
    return result | {"fingerprint": finding.fingerprint}


def model_json(model: Model) -> dict[str, Any]:
    """Return a model as JSON: known attributes and all original facts."""
    result: dict[str, Any] = {"key": model.key, "name": model.name, "type": model.type}
    known = {
        "status": model.status,
        "beta": model.beta,
        "context_limit": model.context_limit,
        "description": model.description,
        "route": model.route,
    }
    result |= {name: value for name, value in known.items() if value is not None}
    return result | {"facts": parse(model.facts)}


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """Return the identity of a snapshot as JSON."""
    result: dict[str, Any] = {"provider": snapshot.provider}
    if snapshot.number is not None:
        result["snapshot"] = snapshot.number
    return result | {"taken_at": stamp(snapshot.taken_at)}


def probe_json(probe: Probe) -> dict[str, Any]:
    """Return one probe call as JSON."""
    result = probe.result
    known: dict[str, Any] = {"model": probe.name, "key": probe.key, "route": probe.route}
    known |= {"at": stamp(probe.at), "verdict": str(probe.verdict), "believed": probe.believed}
    known |= {"http_status": result.http_status, "latency_ms": result.latency_ms}
    known |= {"calls": result.calls, "tokens": result.tokens, "answered_as": result.answered_as}
    known |= {"said": result.said, "accepted": list(result.accepted) or None}
    return {name: value for name, value in known.items() if value is not None}


def forecast_json(
    forecast: Forecast, now: datetime, found: Iterable[Successor] = ()
) -> dict[str, Any]:
    """Return the end of a model, its source and successors as JSON."""
    known: dict[str, Any] = {"until": forecast.until.isoformat()}
    known |= {"days_left": forecast.days_left(now), "basis": forecast.basis}
    known["ground"] = forecast.ground
    named = [successor_json(each) for each in found]
    return known | ({"successors": named} if named else {})


def successor_json(successor: Successor) -> dict[str, Any]:
    """Return a possible successor as JSON, with its differences."""
    known: dict[str, Any] = {"model": successor.name, "noted": successor.is_noted}
    known |= {"announced": True} if successor.is_announced else {}
    known["listed"] = successor.is_listed
    other = [
        {"what": each.what} | _present({"before": each.before, "after": each.after})
        for each in successor.differences
    ]
    return known | ({"differences": other} if other else {})


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _wave(finding: Finding) -> dict[str, Any]:
    names = [model.name for model in finding.models]
    updates = [change for change in finding.changes if isinstance(change, Updated)]
    if isinstance(finding.change, Retiring | Cancelled) or is_as_announced(finding):
        return _ends(finding)
    if not updates:
        return _variants(finding) | {"count": len(names), "models": names}
    fields = list(dict.fromkeys(change.field for change in updates))
    result: dict[str, Any] = {"kind": Updated.kind}
    if len(fields) == 1:
        result["field"] = fields[0]
    else:
        above = parent(fields)
        result |= {"parent": above} if above else {}
        result["fields"] = fields
    result["count"] = len(names)
    moves = {(change.before, change.after) for change in updates}
    if len(moves) == 1 and len(fields) == 1:
        result |= values_json(*moves.pop())
    else:
        result |= _present({"move": common_tendency(updates) or direction(updates)})
    if len(names) == 1 and "move" not in result:
        result["moves_of_fields"] = [
            {"field": each.field, **values_json(each.before, each.after)} for each in updates
        ]
    return result | {"models": names}


def _ends(finding: Finding) -> dict[str, Any]:
    """Return announced ends that are one event."""
    kinds = Retiring | Removed | Cancelled
    rows = [_end(change) for change in finding.changes if isinstance(change, kinds)]
    models = [row["model"] for row in rows]
    return {"kind": finding.change.kind, "count": len(rows), "models": models, "ends": rows}


def _end(change: Retiring | Removed | Cancelled) -> dict[str, Any]:
    if isinstance(change, Cancelled):
        return {"model": change.name, "key": change.key, "was": change.was.isoformat()}
    if isinstance(change, Removed):
        model = change.model
        row = {"model": model.name, "key": model.key, "successor": change.successor}
    else:
        row = {"model": change.name, "key": change.key, "until": change.until.isoformat()}
        row["successor"] = change.successor
    return _present(row)


def _variants(finding: Finding) -> dict[str, Any]:
    change = finding.change
    if isinstance(change, Renamed):
        sides = [each.sides_json() for each in finding.changes if isinstance(each, Renamed)]
        return {"kind": change.kind, **{at: [each[at] for each in sides] for at in sides[0]}}
    ending = suffix(finding.models[0].name) if finding.models else None
    return {"kind": change.kind} | ({} if ending is None else {"suffix": ending})
