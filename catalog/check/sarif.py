"""A check as SARIF 2.1.0, as code scanning reads it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from catalog import __version__
from catalog.changes.change import Level
from catalog.check.notice import Notice
from catalog.check.outcome import Outcome, one_line
from catalog.check.rules import CHECK_RULES
from catalog.check.scan.use import Scanned
from catalog.core.clock import stamp
from catalog.core.files import shown

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Level.BREAKING: "error", Level.WARNING: "warning", Level.INFO: "note"}
_RULES = list(CHECK_RULES)
_FINGERPRINT = "modelUse/v1"


def log(outcome: Outcome) -> dict[str, Any]:
    """Write one run. What comments ignore and the baseline holds is there, marked as suppressed."""
    heeded = outcome.heeded
    seen: Counter[str] = Counter()
    results = [
        *_results(heeded.notices, None, seen),
        *_results(heeded.ignored, "inSource", seen),
        *_results(heeded.known, "external", seen),
    ]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(map(_skipped, outcome.skipped)),
            }
        ],
        "properties": {
            "provider": outcome.listing.provider,
            "catalog": shown(outcome.source),
            "catalogAsOf": stamp(outcome.listing.as_of),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _skipped(file: Scanned) -> dict[str, Any]:
    """Say that a file was not checked to its end."""
    return {
        "level": "warning",
        "message": {"text": f"not checked to its end: {file.skipped}"},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(file.path)}}],
    }


def _driver() -> dict[str, Any]:
    rules = [
        {
            "id": rule.id,
            "name": "".join(part.capitalize() for part in rule.id.split("-")),
            "shortDescription": {"text": rule.why},
            "defaultConfiguration": {"level": _LEVELS[rule.level]},
        }
        for rule in CHECK_RULES.values()
    ]
    return {"name": "catalog check", "semanticVersion": __version__, "rules": rules}


def _results(
    notices: Iterable[Notice], suppressed: str | None, seen: Counter[str]
) -> Iterator[dict[str, Any]]:
    for notice in notices:
        # The same name twice in one file is two alerts: they are told apart by their order.
        seen[notice.fingerprint] += 1
        result: dict[str, Any] = {
            "ruleId": notice.rule,
            "ruleIndex": _RULES.index(notice.rule),
            "level": _LEVELS[notice.level],
            "message": {"text": one_line(notice)},
            "locations": [{"physicalLocation": _place(notice)}],
            "partialFingerprints": {
                _FINGERPRINT: f"{notice.fingerprint}:{seen[notice.fingerprint]}"
            },
            "properties": {"model": notice.name, **notice.facts},
        }
        if suppressed is not None:
            result["suppressions"] = [{"kind": suppressed}]
        yield result


def _place(notice: Notice) -> dict[str, Any]:
    return {
        "artifactLocation": _artifact(notice.path),
        "region": {"startLine": notice.line, "startColumn": notice.column},
    }


def _artifact(path: str) -> dict[str, str]:
    if path.startswith("/"):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
