"""Findings in English, as plain text of one line: the only place that phrases them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from os.path import commonprefix

from catalog.change import Added, Finding, Level, Removed, Restored, Trouble, Updated
from catalog.jsontext import JsonText, parse
from catalog.payload import Drift
from catalog.snapshot import Model

VALUE_LIMIT = 120
LONG_PREFIX = 30
EXAMPLES = 3


def sentence(finding: Finding) -> str:
    """Say what happened, in one line without markup."""
    change = finding.change
    if finding.is_wave:
        return _wave(finding)
    match change:
        case Added(model):
            return f"{model.name} added: {_about(model)}"
        case Removed(model):
            return f"{model.name} removed{_last_call(finding)}"
        case Restored(model, gone_since):
            return f"{model.name} restored after {duration(finding.at - gone_since)}"
        case Updated(model, field, before, after):
            return f"{model.name}: {field} {_move(before, after)}"
        case Drift():
            return drift_sentence(change)
        case Trouble(outcome, reason):
            return f"answer {outcome}: {reason}"


def title(provider: str, findings: Iterable[Finding]) -> str:
    """Say how much happened, the gravest first: `infomaniak: 1 breaking, 3 info`."""
    counts = Counter(finding.level for finding in findings)
    return (
        f"{provider}: {', '.join(f'{counts[level]} {level}' for level in Level if counts[level])}"
    )


def show(value: JsonText | None) -> str:
    """Show one value: numbers with thousands separators, text bare and cut, absence as words."""
    if value is None:
        return "missing"
    parsed = parse(value)
    if isinstance(parsed, bool) or parsed is None:
        return value
    if isinstance(parsed, int):
        return f"{parsed:,}"
    text = parsed if isinstance(parsed, str) and parsed.strip() else value
    return text if len(text) <= VALUE_LIMIT else f"{text[: VALUE_LIMIT - 1]}…"


def _move(before: JsonText | None, after: JsonText | None) -> str:
    """Show both sides; of two long texts only what differs, from the last word they share."""
    old, new = show(before), show(after)
    shared = len(commonprefix([old, new]))
    start = max(old.rfind("/", 0, shared), old.rfind(" ", 0, shared))
    if start >= LONG_PREFIX and before is not None and after is not None:
        old, new = f"…{old[start:]}", f"…{new[start:]}"
    return f"{old} → {new}"


def duration(span: timedelta) -> str:
    """Write a span in its largest whole unit: `6 days`, `1 hour`, `5 minutes`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            return count(seconds // size, unit)
    return "0 seconds"


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 model`, `1,200 models`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _about(model: Model) -> str:
    parts = [model.type]
    if model.context_limit is not None:
        parts.append(f"{model.context_limit:,} tokens")
    if model.status is not None:
        parts.append(model.status)
    if model.beta:
        parts.append("beta")
    return ", ".join(parts)


def _last_call(finding: Finding) -> str:
    if finding.callable_until is None:
        return ""
    return f"; callable until at least {finding.callable_until} ({finding.ground})"


def _wave(finding: Finding) -> str:
    updates = [change for change in finding.changes if isinstance(change, Updated)]
    moves = Counter((change.before, change.after) for change in updates)
    (before, after), _ = moves.most_common(1)[0]
    what = _move(before, after) if len(moves) == 1 else f"{len(moves)} different moves"
    names = examples([change.model.name for change in updates])
    return f"{updates[0].field} on {count(len(updates), 'model')}: {what} ({names})"


def drift_sentence(change: Drift) -> str:
    """Say what was new about an answer, without a moment or a level."""
    where = f" ({examples(change.models)})" if change.models else ""
    if change.value is None:
        return f"{change.what} {change.field}{where}"
    return f"{change.what} of {change.field}: {show(change.value)}{where}"


def examples(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    shown = ", ".join(names[:EXAMPLES])
    more = len(names) - EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown
