"""Find values that move back and forth, so they are reported once.

A flapping value is reported again only if it settles at another value.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.changes.change import Change, Removed, Restored, Updated
from catalog.core.strict_json import JsonText, canonical

FLAPPING = "flapping"
DAMPED = "flapping-damped"
"""The rules of a reported return and of later, unreported moves."""
SETTLES_AFTER = timedelta(days=3)
LISTED, AWAY = canonical(True), canonical(False)  # JSON texts, not flags
Place = tuple[str, str | None]
"""A model key and a field. None means the listing itself."""


@dataclass(frozen=True, slots=True)
class Move:
    """One stored change: place, values, time, and rule."""

    place: Place
    before: JsonText | None
    after: JsonText | None
    at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Flap:
    """A place that returned to an earlier value.

    `moves` includes this move. `was_reported` is true if this back and forth was reported before.
    """

    moves: int
    was_reported: bool


def place_of(change: Change) -> Place | None:
    """Return the place of a change, None if it cannot flap."""
    match change:
        case Updated():
            return change.model.key, change.field
        case Removed() | Restored():
            return change.model.key, None
    return None


def sides(change: Change) -> tuple[JsonText | None, JsonText | None]:
    """Return the values before and after a change."""
    match change:
        case Updated():
            return change.before, change.after
        case Removed():
            return LISTED, AWAY
    return AWAY, LISTED


def flaps(changes: Iterable[Change], past: Iterable[Move]) -> dict[Place, Flap]:
    """Return the places that flap and are not settled yet.

    `past` holds the moves within the settling time, oldest first.
    """
    earlier = _by_place(past)
    found = {}
    for change in changes:
        place = place_of(change)
        moves = earlier.get(place) if place else None
        if place is None or not moves:
            continue
        was_reported = moves[-1].rule in {FLAPPING, DAMPED}
        if was_reported or sides(change)[1] in {move.before for move in moves}:
            found[place] = Flap(len(moves) + 1, was_reported)
    return found


def settled(past: Iterable[Move], until: datetime) -> tuple[tuple[Move, Move], ...]:
    """Return places that settled at another value than reported.

    Each result is the reported move and the last move. `past` holds all moves of these places; none
    of the results moved since `until`.
    """
    found = []
    for moves in _by_place(past).values():
        last = moves[-1]
        reported = next((move for move in reversed(moves) if move.rule == FLAPPING), last)
        if last.rule == DAMPED and last.at <= until and reported.after != last.after:
            found.append((reported, last))
    return tuple(found)


def _by_place(past: Iterable[Move]) -> dict[Place, list[Move]]:
    places: dict[Place, list[Move]] = defaultdict(list)
    for move in past:
        places[move.place].append(move)
    return places
