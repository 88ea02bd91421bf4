"""Build the JSON of values, as commands print it by `--format json`."""

from datetime import datetime
from typing import Any

from catalog.api.lazy_types import CheckResult
from catalog.api.values import ModelDetails
from catalog.changes.finding import Finding
from catalog.core.clock import now, stamp
from catalog.core.snapshot import Model, Snapshot
from catalog.report.json_output import finding_json, forecast_json, model_json, snapshot_json


def as_json(value: "Model | Snapshot | ModelDetails | Finding | CheckResult") -> dict[str, Any]:
    """Return a value as JSON.

    The result has only dicts, lists, text, numbers, booleans and None. Its keys are those of
    `--format json`, which change only by addition. Absent values are omitted.
    """
    if isinstance(value, Finding):
        number = {} if value.number is None else {"number": value.number}
        return finding_json(value) | number
    if isinstance(value, Model):
        return model_json(value)
    if isinstance(value, Snapshot):
        return snapshot_json(value) | {"models": [model_json(each) for each in value.models]}
    if isinstance(value, ModelDetails):
        return details_json(value, now())
    from catalog.check.formats import document  # slow to load

    return document(value)


def details_json(details: ModelDetails, at: datetime) -> dict[str, Any]:
    """Return the details of a model as JSON. Days left count from `at`."""
    known: dict[str, Any] = {"provider": details.provider, "snapshot": details.snapshot}
    known |= {"listed": details.is_listed, "first_seen": stamp(details.first_seen)}
    if details.gone_since is not None:
        known["gone_since"] = stamp(details.gone_since)
    if details.former_keys:
        known["formerly"] = list(details.former_keys)
    known |= model_json(details.model)
    if details.end is not None:
        known["forecast"] = forecast_json(details.end, at, details.successors)
    return known | {"history": [finding_json(finding) for finding in details.findings]}
