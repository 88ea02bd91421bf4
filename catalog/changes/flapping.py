"""What moves back and forth is told once, with the count, and again when it stays elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.changes.change import Change, Removed, Restored, Updated
from catalog.core.strict_json import JsonText, canonical

FLAPPING = "flapping"
DAMPED = "flapping-damped"
"""The rules of a return that is told, and of the moves after it that are not."""
SETTLES_AFTER = timedelta(days=3)
LISTED, AWAY = canonical(True), canonical(False)  # two values, not switches
Place = tuple[str, str | None]
"""A model's key and one of its fields; None stands for its being listed at all."""


@dataclass(frozen=True, slots=True)
class Move:
    """One change that is stored: where, from what to what, when, and by which rule it was told."""

    place: Place
    before: JsonText | None
    after: JsonText | None
    at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class Flap:
    """A place that is back at a value it had: `moves` counts this one too.

    It `was_told` where the same back and forth was told before.
    """

    moves: int
    was_told: bool


def place_of(change: Change) -> Place | None:
    """Return what a change is about; None of what cannot move back."""
    match change:
        case Updated():
            return change.model.key, change.field
        case Removed() | Restored():
            return change.model.key, None
    return None


def sides(change: Change) -> tuple[JsonText | None, JsonText | None]:
    """Return what stood at the place of a change before and after it."""
    match change:
        case Updated():
            return change.before, change.after
        case Removed():
            return LISTED, AWAY
    return AWAY, LISTED


def flaps(changes: Iterable[Change], past: Iterable[Move]) -> dict[Place, Flap]:
    """Find the places that flap: back at a value they had, or told of and not settled yet.

    `past` holds the moves of the time within which a place has to stay, oldest first.
    """
    earlier = _by_place(past)
    found = {}
    for change in changes:
        place = place_of(change)
        moves = earlier.get(place) if place else None
        if place is None or not moves:
            continue
        was_told = moves[-1].rule in {FLAPPING, DAMPED}
        if was_told or sides(change)[1] in {move.before for move in moves}:
            found[place] = Flap(len(moves) + 1, was_told)
    return found


def settled(past: Iterable[Move], until: datetime) -> tuple[tuple[Move, Move], ...]:
    """Return what flapped, has not moved since `until`, and stays at another value than was told.

    Of each, the move that was told and the last one. `past` holds all moves of these places.
    """
    found = []
    for moves in _by_place(past).values():
        last = moves[-1]
        told = next((move for move in reversed(moves) if move.rule == FLAPPING), last)
        if last.rule == DAMPED and last.at <= until and told.after != last.after:
            found.append((told, last))
    return tuple(found)


def _by_place(past: Iterable[Move]) -> dict[Place, list[Move]]:
    places: dict[Place, list[Move]] = defaultdict(list)
    for move in past:
        places[move.place].append(move)
    return places
