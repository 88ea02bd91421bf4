"""Write check results as JSON, JUnit, SARIF and GitHub annotations."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from catalog import __version__
from catalog.changes.finding import Level
from catalog.check.notice import CHECK_RULES, Notice
from catalog.check.result import CheckResult, one_line
from catalog.check.scan.uses import Scanned
from catalog.core.clock import stamp
from catalog.core.files import shown
from catalog.core.visible import visible


def document(result: CheckResult) -> dict[str, Any]:
    """Return the result as JSON, without its schema version."""
    listing, notices = result.listing, result.notices
    return {
        "provider": listing.provider,
        "catalog": {
            "source": shown(result.source),
            "from": stamp(listing.since),
            "to": stamp(listing.as_of),
            "listed": len(listing.listed),
        },
        "files": len(result.files),
        "uses": result.uses,
        "failed": result.failed,
        "notices": [notice_json(notice) for notice in notices.reported],
        "ignored": len(notices.ignored),
        "in_baseline": len(notices.known),
        "skipped": [{"path": shown(each.path), "reason": each.skipped} for each in result.skipped],
        "not_counted": [
            {
                "path": shown(each.path),
                "line": each.line,
                "column": each.column,
                "name": each.name,
                "reason": each.reason,
            }
            for each in result.uncounted
        ],
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    """Return one notice as JSON. `facts` describe the model."""
    known = {
        "path": shown(notice.path),
        "line": notice.line,
        "column": notice.column,
        "rule": notice.rule,
        "level": str(notice.level),
        "name": notice.name,
        "text": notice.text,
        "do": notice.instead,
        **notice.facts,
        "fingerprint": notice.fingerprint,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


_COMMANDS = {Level.BREAKING: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def annotations(result: CheckResult) -> str:
    """Return one line per notice and per incompletely checked file."""
    skipped = (
        f"::warning file={_property(each.path)},title=not checked::{_data(each.skipped)}\n"
        for each in result.skipped
    )
    return "".join((*(f"{_annotation(notice)}\n" for notice in result.notices.reported), *skipped))


def _annotation(notice: Notice) -> str:
    places = {
        "file": shown(notice.path),
        "line": str(notice.line),
        "col": str(notice.column),
        "title": f"{notice.rule} model name",
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::{_COMMANDS[notice.level]} {properties}::{_data(one_line(notice))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def report(result: CheckResult) -> str:
    """Return a JUnit report.

    It has a case for each notice, each file without notices, and each skipped file. A notice below
    `fail_on` is a passed case with its text as output.
    """
    notices = result.notices.reported
    named = {notice.path for notice in notices}
    clean = [path for path in result.files if path not in named]
    failures = sum(result.fails(notice) for notice in notices)
    skipped = result.skipped
    tests = len(notices) + len(clean) + len(skipped)
    counts = f'tests="{tests}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="catalog check" {counts} time="0">',
        f'  <testsuite name="catalog check" {counts} skipped="{len(skipped)}" time="0">',
        *(line for notice in notices for line in _case(notice, failed=result.fails(notice))),
        *(f"    <testcase {_named(shown(path), 'models')}/>" for path in clean),
        *(
            f"    <testcase {_named(shown(each.path), 'limits')}>"
            f"<skipped message={_quoted(each.skipped)}/></testcase>"
            for each in skipped
        ),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(notice: Notice, *, failed: bool) -> Iterator[str]:
    name = f"{notice.rule} {notice.name} at {notice.line}:{notice.column}"
    where = f"{shown(notice.path)}:{notice.line}:{notice.column}"
    content = escape(visible(f"{where}: {one_line(notice)}"))
    yield f"    <testcase {_named(shown(notice.path), name)}>"
    if failed:
        kind, message = _quoted(notice.rule), _quoted(notice.text)
        yield f"      <failure type={kind} message={message}>{content}</failure>"
    else:
        yield f"      <system-out>{content}</system-out>"
    yield "    </testcase>"


def _named(path: str, name: str) -> str:
    return f'classname={_quoted(path)} name={_quoted(name)} time="0"'


def _quoted(text: str) -> str:
    return quoteattr(visible(text))


SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Level.BREAKING: "error", Level.WARNING: "warning", Level.INFO: "note"}
_RULES = list(CHECK_RULES)
_FINGERPRINT = "modelUse/v1"


def log(result: CheckResult) -> dict[str, Any]:
    """Return a SARIF log with one run.

    Notices that comments or the baseline ignore are marked as suppressed.
    """
    notices = result.notices
    seen: Counter[str] = Counter()
    results = [
        *_results(notices.reported, None, seen),
        *_results(notices.ignored, "inSource", seen),
        *_results(notices.known, "external", seen),
    ]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(map(_skipped, result.skipped)),
            }
        ],
        "properties": {
            "provider": result.listing.provider,
            "catalog": shown(result.source),
            "catalogAsOf": stamp(result.listing.as_of),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _skipped(file: Scanned) -> dict[str, Any]:
    """Return the SARIF notification of an incompletely checked file."""
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
        # Numbered by order, because the same name twice in one file is two alerts.
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
