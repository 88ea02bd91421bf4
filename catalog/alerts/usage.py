"""Which files of the user's code a change is about, by the lock that `catalog check` wrote."""

from collections.abc import Callable, Iterable, Mapping

from catalog.changes.change import Change, Finding, Updated
from catalog.changes.rules import rules
from catalog.core.strict_json import parse
from catalog.core.text import count, one_line

Used = Mapping[tuple[str, str], tuple[str, ...]]
"""The files that use each model, by provider and name."""
Usage = Callable[[], Used]
"""Gives what is used; asked anew for each message, as code moves on."""
SHOWN = 3


def nothing_used() -> Used:
    """Say that nobody knows what is used: there is no lock."""
    return {}


def names(change: Change, rule: str) -> tuple[str, ...]:
    """Return the names that a change is about: also the old one where it is about the name."""
    return *change.names, *former("name", change, rule)


def former(attribute: str, change: Change, rule: str) -> list[str]:
    """Return what an attribute was, where that is what changed."""
    judged = rules().get(rule)
    if judged is None or judged.attribute != attribute or not isinstance(change, Updated):
        return []
    return [] if change.before is None else [str(parse(change.before))]


def is_used(change: Change, finding: Finding, used: Used) -> bool:
    """Whether any model that a change is about is used."""
    return any((finding.provider, name) in used for name in names(change, finding.rule))


def used_in(finding: Finding, used: Used) -> tuple[str, ...]:
    """Return the files that use any model of a finding, sorted."""
    found = {
        file
        for change in finding.changes
        for name in names(change, finding.rule)
        for file in used.get((finding.provider, name), ())
    }
    return tuple(sorted(found))


def files_text(files: Iterable[str]) -> str:
    """Name the first few files, and say how many more there are."""
    listed = list(files)
    shown, more = ", ".join(listed[:SHOWN]), len(listed) - SHOWN
    return one_line(f"{shown} and {count(more, 'more file')}" if more > 0 else shown)
