"""List the models that end, with successors, and show them as JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.api.reads import State
from catalog.changes.forecast import End
from catalog.changes.successors import Successor
from catalog.core.clock import stamp
from catalog.report.json_output import forecast_json


@dataclass(frozen=True, slots=True)
class Ending:
    """A model with an end, and its possible successors, best first."""

    provider: str
    end: End
    successors: tuple[Successor, ...]


def every(_end: End) -> bool:
    """Return true for every end."""
    return True


def endings(
    states: Iterable[State], now: datetime, wanted: Callable[[End], bool] = every
) -> tuple[Ending, ...]:
    """Return the wanted models with an end.

    Future ends come first, by day, then past ends, newest first. Successors are computed for the
    wanted ones only, because that takes long.
    """
    found = [ending(state, end) for state in states for end in state.ends if wanted(end)]
    return tuple(sorted(found, key=lambda each: _order(each.end, now)))


def ending(state: State, end: End) -> Ending:
    """Return an end of a state with its successors."""
    return Ending(state.snapshot.provider, end, state.instead_of(end))


def ending_json(one: Ending, now: datetime) -> dict[str, Any]:
    """Return an end as JSON. Days left count from `now`."""
    end, model = one.end, one.end.model
    known: dict[str, Any] = {"provider": one.provider, "model": model.name}
    known |= {"key": model.key, "type": model.type, "listed": end.gone is None}
    known |= {} if end.gone is None else {"gone_since": stamp(end.gone.gone_since)}
    return known | forecast_json(end.forecast, now, one.successors)


def _order(end: End, now: datetime) -> tuple[bool, int]:
    days = end.forecast.days_left(now)
    return days < 0, abs(days)
