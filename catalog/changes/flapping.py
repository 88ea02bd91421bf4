"""Find values that move back and forth, to report that once.

A value flaps if it returns to a value of the last days. The first return is reported, and later
returns are quiet until the value settles. A new value and a removal are always reported.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.changes.change import Change, Removed, Restored, Updated
from catalog.core.strict_json import JsonText, canonical

FLAPPING = "flapping"
DAMPED = "flapping-damped"
"""The rules of a reported return, and of the quiet moves after it."""
IMPLAUSIBLE = "implausible"
IMPLAUSIBLE_AGAIN = "implausible-again"
DROPPED = "implausible-dropped"
"""The rules of an implausible value, of its repetition, and of its end without confirmation."""
WAITING = frozenset({IMPLAUSIBLE, IMPLAUSIBLE_AGAIN})
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
    """A place that moved at least twice within the settling time.

    `moves` includes this move. `returns` is true if the place already had the new value within that
    time. `was_reported` is true if the previous move was a return, reported or damped.
    """

    moves: int
    returns: bool
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
    """Return the places that moved before.

    `past` holds the moves within the settling time, oldest first. A removal does not count as a
    return, because each removal breaks calls.
    """
    earlier = _by_place(past)
    found = {}
    for change in changes:
        place = place_of(change)
        moves = earlier.get(place) if place else None
        if place is None or not moves:
            continue
        known = {value for move in moves for value in (move.before, move.after)}
        returns = sides(change)[1] in known and not isinstance(change, Removed)
        found[place] = Flap(len(moves) + 1, returns, moves[-1].rule in {FLAPPING, DAMPED})
    return found


def settled(past: Iterable[Move], until: datetime) -> tuple[tuple[Move, Move], ...]:
    """Return places that settled at another value than reported.

    Each result is the reported move and the last move. `past` holds all moves of these places. No
    returned place moved after `until`.
    """
    found = []
    for moves in _by_place(past).values():
        last = moves[-1]
        reported = next((move for move in reversed(moves) if move.rule == FLAPPING), last)
        if last.rule == DAMPED and last.at <= until and reported.after != last.after:
            found.append((reported, last))
    return tuple(found)


def _by_place(past: Iterable[Move]) -> dict[Place, list[Move]]:
    """Return the moves of each place, without values that were never confirmed."""
    places: dict[Place, list[Move]] = defaultdict(list)
    for move in past:
        if move.rule not in WAITING | {DROPPED}:
            places[move.place].append(move)
    return places
