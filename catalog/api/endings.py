"""Read the models that end, with successors, and show them as JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.api.reads import read_ends
from catalog.changes.forecast import End
from catalog.changes.successors import Successor
from catalog.config.build import wire_provider
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.report.json_output import forecast_json
from catalog.store import history
from catalog.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Ending:
    """A model with an end, and its possible successors, best first."""

    provider: str
    end: End
    successors: tuple[Successor, ...]


def every(_end: End) -> bool:
    """Return true for every end."""
    return True


def read_endings(
    connection: Transaction,
    each: Iterable[Settings],
    now: datetime,
    wanted: Callable[[End], bool] = every,
) -> tuple[Ending, ...]:
    """Return the wanted models with an end.

    Future ends come first, by day, then past ends, newest first. Successors are computed for the
    wanted ones only, because that takes long. Raise NotFound if a provider has no snapshot.
    """
    found: list[Ending] = []
    for settings in each:
        name = settings.one.name
        number = history.number_at(connection, name, None)
        known = read_ends(connection, wire_provider(settings.one), number, wanted)
        found += [Ending(name, end, instead) for end, instead in known]
    return tuple(sorted(found, key=lambda each: _order(each.end, now)))


def ending_json(ending: Ending, now: datetime) -> dict[str, Any]:
    """Return an end as JSON. Days left count from `now`."""
    end, model = ending.end, ending.end.model
    known: dict[str, Any] = {"provider": ending.provider, "model": model.name}
    known |= {"key": model.key, "type": model.type, "listed": end.gone is None}
    known |= {} if end.gone is None else {"gone_since": stamp(end.gone.gone_since)}
    return known | forecast_json(end.forecast, now, ending.successors)


def _order(end: End, now: datetime) -> tuple[bool, int]:
    days = end.forecast.days_left(now)
    return days < 0, abs(days)
