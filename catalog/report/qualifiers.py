"""Describe how far and how often a value moved, and any doubt."""

from decimal import Decimal

from catalog.changes.change import Updated
from catalog.changes.finding import Finding
from catalog.changes.flapping import DAMPED, FLAPPING, WAITING
from catalog.changes.values import JUMP, UNIT, factor
from catalog.core.strict_json import parse

FACTOR_RULES = {"price-raised", "price-lowered", "limit-raised", "limit-lowered"} | WAITING
"""The rules whose findings name a large factor."""


def extent(finding: Finding) -> str:
    """Return a large factor of a value, its likely cause, and doubts."""
    doubt = ", implausible, waiting for confirmation" if finding.rule in WAITING else ""
    updates = finding.changes if finding.rule in FACTOR_RULES else ()
    factors = [_factor(each) for each in updates if isinstance(each, Updated)]
    known = [each for each in factors if each is not None]
    if len(known) < len(factors) or min(known, default=0) <= JUMP:
        return doubt
    times = f"{'at least ' * (len(known) > 1)}{min(known):,.0f} times"
    unit = ": the unit may have changed" if min(known) > UNIT else ""
    return f" ({times}{unit}){doubt}"


def _factor(change: Updated) -> Decimal | None:
    before, after = (side and parse(side) for side in (change.before, change.after))
    return factor(before, after)


def moved(finding: Finding) -> str:
    """Return how often the value moved recently, or an empty text."""
    if finding.moves is None:
        return ""
    if finding.rule in {FLAPPING, DAMPED}:
        return f", keeps switching: change {finding.moves}"
    return f", moved {finding.moves} times recently"
