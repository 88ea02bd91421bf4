"""Find how long each value of a model lasted, for its timeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Final

from catalog.changes.items import leaves
from catalog.changes.values import attribute_within, number
from catalog.core.paths import Attributes
from catalog.core.probe import Probe, Verdict
from catalog.core.snapshot import Model
from catalog.core.strict_json import dotted, parse
from catalog.store.history import Version

MOST_PRICES: Final = 4
MOST_ROUTES: Final = 6
Prices = Mapping[str, Decimal]
"""The prices of one version by dotted field."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A value from one moment to another, None until now.

    `share` is the share of a number in the largest one, 1 for other values.
    """

    since: datetime
    until: datetime | None
    value: str
    share: float = 1.0


def model_prices(model: Model, attributes: Attributes) -> Prices:
    """Return the prices in the facts of a model. Negative numbers mean an unknown price."""
    found: dict[str, Decimal] = {}
    if not attributes.places("price"):
        return found
    for path, value in leaves(parse(model.facts)):
        field = dotted(path)
        if attribute_within(field, attributes.of_field(field)) == "price":
            price = number(value)
            found |= {} if price is None or price < 0 else {field: price}
    return found


def presence(versions: Sequence[Version]) -> list[Stretch]:
    """Return when the model was `listed`, and `gone` between and after."""
    found: list[Stretch] = []
    for each in merged((version, "listed") for version in versions):
        if found and found[-1].until is not None:
            found.append(Stretch(found[-1].until, each.since, "gone"))
        found.append(each)
    last = found[-1].until
    return [*found, Stretch(last, None, "gone")] if last is not None else found


def limits(versions: Sequence[Version]) -> list[Stretch]:
    """Return the token limits."""
    known = ((version, version.model.context_limit) for version in versions)
    return _numbers([(version, Decimal(limit)) for version, limit in known if limit is not None])


def prices(
    versions: Sequence[Version], known: Sequence[Prices]
) -> Iterator[tuple[str, list[Stretch]]]:
    """Yield the fields with the most moves first, then by name. `known` is per version."""
    fields = sorted({field for each in known for field in each})
    found = []
    for field in fields:
        of_versions = zip(versions, known, strict=True)
        values = [(version, each[field]) for version, each in of_versions if field in each]
        found.append((field, _numbers(values)))
    found.sort(key=lambda each: -len(each[1]))
    yield from found[:MOST_PRICES]


def verdicts(probes: Iterable[Probe]) -> Iterator[tuple[str, list[Stretch]]]:
    """Yield the verdicts of each route. A verdict lasts until the next other one."""
    called = [each for each in probes if each.verdict is not Verdict.SKIPPED]
    called.sort(key=attrgetter("route"))  # stable, so calls stay in their order
    routes = [(route, list(group)) for route, group in groupby(called, attrgetter("route"))]
    for route, calls in routes[:MOST_ROUTES]:
        found: list[Stretch] = []
        for call in calls:
            if found and found[-1].value == call.verdict:
                continue
            if found:
                found[-1] = replace(found[-1], until=call.at)
            found.append(Stretch(call.at, None, str(call.verdict)))
        yield route, found


def merged(values: Iterable[tuple[Version, str | None]]) -> list[Stretch]:
    """Return stretches of equal values without a gap. None has no stretch."""
    found: list[Stretch] = []
    for version, value in values:
        if value is None:
            continue
        if found and found[-1].value == value and found[-1].until == version.since:
            found[-1] = replace(found[-1], until=version.until)
        else:
            found.append(Stretch(version.since, version.until, value))
    return found


def _numbers(values: Sequence[tuple[Version, Decimal]]) -> list[Stretch]:
    most = max((value for _, value in values), default=Decimal(0))
    shares = {
        f"{value:,f}": float(value / most) if value > 0 else 0.0  # the largest is above 0 then
        for _, value in values
    }
    stretches = merged((version, f"{value:,f}") for version, value in values)
    return [replace(each, share=shares[each.value]) for each in stretches]
