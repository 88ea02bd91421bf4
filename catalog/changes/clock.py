"""Find the fields that follow the clock of the answer.

vLLM and Mistral fill `created` with the time of the request, so each poll would report a change.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.core.clock import read_moment
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, canonical, dotted, leaves, parse, undotted

SPREAD = timedelta(minutes=2)
"""The maximum difference between the times of one answer."""
_MILLISECONDS = 10**11
"""Larger numbers are milliseconds, because as seconds they are after the year 5000."""


def clock_fields(before: Snapshot, after: Snapshot) -> frozenset[str]:
    """Return the fields that moved to the same moment on every model.

    If there is only one model, its times are compared with the time of the poll.
    """
    old, new = before.by_key, after.by_key
    both = old.keys() & new.keys()
    if not both or any(old[key].facts == new[key].facts for key in both):  # the usual case
        return frozenset()
    pairs = [(old[key], new[key]) for key in both]
    moved: dict[str, list[datetime]] = {}
    for index, (former, model) in enumerate(pairs):
        found = dict(_forward(former, model))
        if index and not moved:
            return frozenset()
        moved = {
            field: [*moved.get(field, []), moment]
            for field, moment in found.items()
            if not index or field in moved
        }
    given = (after.taken_at,) if len(pairs) == 1 else ()
    return frozenset(field for field, moments in moved.items() if _is_close((*moments, *given)))


def with_earlier_values(before: Snapshot, after: Snapshot, fields: Collection[str]) -> Snapshot:
    """Return the later snapshot with the earlier values of these fields."""
    old = before.by_key
    models = (
        _with_earlier_values(old[model.key], model, fields) if model.key in old else model
        for model in after.models
    )
    return Snapshot.of(after.provider, after.taken_at, models)


def _with_earlier_values(former: Model, model: Model, fields: Iterable[str]) -> Model:
    old, new = parse(former.facts), parse(model.facts)
    for field in fields:
        *place, key = undotted(field)
        _at(new, place)[key] = _at(old, place)[key]
    facts = canonical(new)
    return former if facts == former.facts else replace(model, facts=facts)


def _at(facts: Any, place: Iterable[str]) -> Any:
    for key in place:
        facts = facts[key]
    return facts


def _forward(former: Model, model: Model) -> Iterator[tuple[str, datetime]]:
    """Yield the time fields that moved forward, with their new times."""
    old = dict(leaves(parse(former.facts)))
    for path, value in leaves(parse(model.facts)):
        if path not in old or old[path] == value:
            continue
        then, now = _moment(old[path]), _moment(value)
        if then is not None and now is not None and now > then:
            yield dotted(path), now


def _moment(value: Json) -> datetime | None:
    """Return the time in a number or a text, or None.

    A number counts seconds or milliseconds since 1970.
    A day without a time gives None, because it does not move with each answer.
    """
    if isinstance(value, str):
        if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
            return read_moment(value) if ":" in value else None
        value = int(value)
    try:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        seconds = value / 1000 if value >= _MILLISECONDS else value
        return datetime.fromtimestamp(seconds, UTC) if seconds >= _EARLIEST else None
    except (ValueError, OverflowError, OSError):
        return None


_DIGITS = 13
"""The maximum length of a number of milliseconds as text."""
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC).timestamp()
"""Smaller numbers are limits or counts, because no provider's list is older."""


def _is_close(moments: Collection[datetime]) -> bool:
    return max(moments) - min(moments) <= SPREAD
