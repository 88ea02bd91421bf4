"""Print findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from catalog.changes.finding import Finding, Level
from catalog.changes.rules import rules
from catalog.cli.output import print_json, print_list, print_rows, say, say_wrapped
from catalog.cli.tables import Column
from catalog.core.clock import stamp
from catalog.core.strict_json import canonical
from catalog.core.visible import visible_json
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence

NUMBER = Column("#", rank=1)
PROVIDER = Column("Provider", rank=2)
COLUMNS = (Column("At"), Column("Level"), Column("Rule", rank=3), Column("What", fit="wrap"))
FLAT_COLUMNS = (
    *("snapshot", "at", "provider", "model", "key", "kind", "field"),
    *("before", "after", "level", "rule", "fingerprint", "number"),
)


def print_findings(
    style: str, findings: Sequence[Finding], *, timed: bool = True, named: bool = False
) -> None:
    """Print findings: sentences for people, every member for programs.

    Without `timed` the time of the changes is unknown, and `at` is omitted. `named` shows the
    provider.
    """
    if style == "json":
        print_json({"changes": [_json(finding, timed=timed) for finding in findings]})
    elif style == "csv":
        known = (_json(finding, timed=timed) for finding in single(findings))
        print_rows(style, [*map(Column, FLAT_COLUMNS)], map(_flat, known))
    elif not findings and style == "table":
        say("no changes")
    else:
        # New comparisons have no number.
        numbered = all(finding.number for finding in findings)
        columns = (*[NUMBER] * numbered, *[PROVIDER] * named, *COLUMNS)
        rows = [
            (*[finding.number] * numbered, *[finding.provider] * named, *_row(finding, timed=timed))
            for finding in findings
        ]
        print_rows(style, columns, rows)


def print_lines(findings: Iterable[Finding]) -> None:
    """Print one indented, colored line per finding, with reasons for severe ones.

    Quiet findings are omitted.
    """
    reported = (finding for finding in findings if finding.level is not Level.QUIET)
    for rule, group in groupby(reported, key=lambda finding: finding.rule):
        listed = list(group)
        print_list([(f"{finding.level:8}", sentence(finding)) for finding in listed], indent=2)
        if listed[-1].level is not Level.INFO:
            say_wrapped(rules()[rule].why, 12, dim=True)


def single(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Split waves: return each fact alone, with the wave's rule and level."""
    return tuple(
        replace(finding, changes=(change,)) for finding in findings for change in finding.changes
    )


def _row(finding: Finding, *, timed: bool) -> tuple[str | None, ...]:
    at = stamp(finding.at) if timed else None
    return (at, str(finding.level), finding.rule, sentence(finding))


def _json(finding: Finding, *, timed: bool) -> dict[str, Any]:
    known = finding_json(finding) | ({"number": finding.number} if finding.number else {})
    return known if timed else {name: value for name, value in known.items() if name != "at"}


def _flat(known: Mapping[str, Any]) -> tuple[str, ...]:
    texts = {
        name: value
        if isinstance(value, str) and name not in {"before", "after"}
        else visible_json(canonical(value))
        for name, value in known.items()
    }
    return tuple(texts.get(name, "") for name in FLAT_COLUMNS)
