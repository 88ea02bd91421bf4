"""How findings are printed, wherever a command has some."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from catalog.change import Finding, Level
from catalog.cli.output import LEVEL_COLORS, print_json, print_rows, say, visible
from catalog.clock import stamp
from catalog.publicjson import finding_json
from catalog.rules import rules
from catalog.words import sentence

COLUMNS = ("At", "Level", "Rule", "What")
FLAT_COLUMNS = (
    *("snapshot", "at", "provider", "model", "key", "kind", "field"),
    *("before", "after", "level", "rule", "fingerprint"),
)


def print_findings(style: str, findings: Sequence[Finding]) -> None:
    """Print findings: sentences for people, every member for programs."""
    if style == "json":
        print_json({"changes": [finding_json(finding) for finding in findings]})
    elif style == "csv":
        print_rows(style, FLAT_COLUMNS, map(_flat, single(findings)))
    elif not findings and style == "table":
        say("no changes")
    else:
        print_rows(style, COLUMNS, map(_row, findings))


def print_lines(findings: Iterable[Finding]) -> None:
    """Print one indented line a finding, its level colored, and why a grave one matters."""
    for rule, group in groupby(findings, key=lambda finding: finding.rule):
        for finding in group:
            say("  ", nl=False)
            say(f"{finding.level:8}", nl=False, fg=LEVEL_COLORS[finding.level])
            say(f"  {visible(sentence(finding))}")
        if finding.level is not Level.INFO:
            say(f"{'':12}{rules()[rule].why}", dim=True)


def single(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Take waves apart: each fact by itself, under the wave's rule and level."""
    return tuple(
        replace(finding, changes=(change,)) for finding in findings for change in finding.changes
    )


def _row(finding: Finding) -> tuple[str, ...]:
    return (stamp(finding.at), str(finding.level), finding.rule, sentence(finding))


def _flat(finding: Finding) -> tuple[str, ...]:
    from catalog.jsontext import canonical

    known: dict[str, Any] = finding_json(finding)
    texts = {
        name: value
        if isinstance(value, str) and name not in {"before", "after"}
        else canonical(value)
        for name, value in known.items()
    }
    return tuple(texts.get(name, "") for name in FLAT_COLUMNS)
