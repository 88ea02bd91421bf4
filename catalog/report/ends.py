"""Write sentences about the ends of models: announced days and removals."""

from collections.abc import Sequence
from datetime import date, datetime

from catalog.changes.change import Basis, Cancelled, Removed, Retiring
from catalog.changes.finding import Finding
from catalog.changes.rules import WITHDRAWN
from catalog.core.strict_json import cut
from catalog.core.text import EXAMPLES, VALUE_LIMIT, count, examples, one_line

KEPT = frozenset({WITHDRAWN, "removed-with-alias"})
"""The rules of removed models that need no replacement."""


def last_call(finding: Finding) -> str | None:
    """Return the last day of calls and its source.

    None without a day, or if the fact has it already: a removal as announced.
    """
    if finding.callable_until is None or is_as_announced(finding):
        return None
    days = sorted({each.until for each in finding.changes if isinstance(each, Retiring)})
    if len(days) > 1:
        return one_line(f"announced to end from {days[0]} to {days[-1]} ({finding.ground})")
    return until(finding.callable_until, finding.basis, str(finding.ground))


def until(day: date, basis: Basis | None, ground: str) -> str:
    """Return a last day of calls, worded by its basis."""
    match basis:
        case "proved":
            return one_line(ground)
        case "announced":
            return one_line(f"announced to end on {day} ({ground})")
    return one_line(f"callable until at least {day} ({ground})")


def is_as_announced(finding: Finding) -> bool:
    """Return whether models left the list on their announced day or later."""
    day = finding.callable_until
    is_announced = finding.basis == "announced" and day is not None and day <= finding.at.date()
    return is_announced and isinstance(finding.change, Removed)


def as_announced(finding: Finding) -> str:
    """Return one line for all models that left as announced."""
    removed = [each for each in finding.changes if isinstance(each, Removed)]
    said = f"as announced on {finding.callable_until} ({finding.ground})"
    if len(removed) == 1:
        (change,) = removed
        instead = f"; instead: {_name(change.successor)}" if change.successor else ""
        return f"{_name(change.model.name)} removed {said}{instead}"
    pairs = [(change.model.name, change.successor) for change in removed]
    return f"{count(len(removed), 'model')} removed {said}: {_listed(pairs)}"


def together(finding: Finding) -> str | None:
    """Return one line for several changes of ends, None for other changes."""
    reports = [each for each in finding.changes if isinstance(each, Retiring)]
    over = [each for each in finding.changes if isinstance(each, Cancelled)]
    if reports:
        return retiring(reports, finding.at)
    if over:
        return cancelled(over)
    return as_announced(finding) if is_as_announced(finding) else None


def instead(finding: Finding) -> str:
    """Return the best replacement of each removed model.

    For one model, the number of other replacements follows. Empty if the name still works, or if
    the fact names the replacement.
    """
    if finding.rule in KEPT or is_as_announced(finding):
        return ""
    removed = [each for each in finding.changes if isinstance(each, Removed) and each.candidates]
    if not removed:
        return ""
    if len(finding.changes) > 1:
        pairs = [(each.model.name, each.candidates[0]) for each in removed]
        return one_line(f"; instead: {_listed(pairs)}")
    best, *others = removed[0].candidates
    rest = count(len(others), "other")
    return one_line(f"; instead: {_name(best)}{f' or {rest}' if others else ''}")


def retiring(changes: Sequence[Retiring], at: datetime) -> str:
    """Return the report of one end, or of several as one line."""
    first = changes[0]
    left = "over" if first.basis == "proved" else days_left(first.until, at)
    moved = "" if first.moved_from is None else f", {_moved(first)} {first.moved_from}"
    if len(changes) == 1:
        names = ", ".join(map(_name, first.candidates))
        return f"{_name(first.name)}: {left}{moved}{f'; instead: {names}' if names else ''}"
    pairs = [(each.name, each.successor) for each in changes]
    last = days_left(changes[-1].until, at)
    left = left if last == left else f"{left} to {last}"
    return f"{count(len(changes), 'model')}: {left}{moved} ({_listed(pairs)})"


def cancelled(changes: Sequence[Cancelled]) -> str:
    """Return the sentence about cancelled ends of one day."""
    said = f"no longer announced to end on {changes[0].was}"
    if len(changes) == 1:
        return f"{_name(changes[0].name)}: {said}"
    return f"{count(len(changes), 'model')}: {said} ({examples([each.name for each in changes])})"


def days_left(until: date, at: datetime) -> str:
    """Return the days left as text.

    Examples: `14 days left`, `last day`, `over since 2026-06-18`.
    """
    days = (until - at.date()).days
    if days == 0:
        return "last day"
    return f"{count(days, 'day')} left" if days > 0 else f"over since {until}"


def _moved(change: Retiring) -> str:
    return "before it was" if change.shift is None else f"{change.shift} from"


def _listed(pairs: Sequence[tuple[str, str | None]]) -> str:
    """Return the first few names with successors, and the number of others."""
    shown = ", ".join(
        f"{_name(name)} → {_name(to)}" if to else _name(name) for name, to in pairs[:EXAMPLES]
    )
    more = len(pairs) - EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _name(name: str) -> str:
    return cut(name, VALUE_LIMIT)
