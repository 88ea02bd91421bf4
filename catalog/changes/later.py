"""Make the changes that later polls report: settled and confirmed values."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from catalog.changes.change import Change, ModelChange, Removed, Restored, Updated
from catalog.changes.finding import Delisted
from catalog.changes.flapping import Move, Place, place_of
from catalog.core.snapshot import Model


def settled_changes(
    settled: Iterable[tuple[Move, Move]],
    listed: Mapping[str, Model],
    gone: Mapping[str, Delisted],
    moving: Collection[Place | None],
) -> list[Change]:
    """Return the changes from reported values to settled values.

    `settled` pairs both moves. Places that move in this poll are left out. Only databases of
    earlier versions hold damped removals and returns.
    """
    changes: list[Change] = []
    for reported, last in settled:
        key, field = last.place
        if last.place in moving:
            continue
        if field is not None and key in listed:
            after = Updated(listed[key], field, reported.after, last.after, since=last.at)
            changes.append(after)
        elif field is None and key in listed:
            changes.append(Restored(listed[key], reported.at))
        elif field is None and key in gone:
            changes.append(Removed(gone[key].model))
    return changes


def confirmed_changes(
    doubted: Mapping[Place, Move], listed: Mapping[str, Model], moving: Collection[Place | None]
) -> list[Change]:
    """Return the changes to implausible values that this poll confirms."""
    return [
        Updated(listed[key], field, move.before, move.after)
        for (key, field), move in doubted.items()
        if field is not None and key in listed and (key, field) not in moving
    ]


def from_last_good(change: ModelChange, doubted: Mapping[Place, Move]) -> ModelChange:
    """Return the change, starting at the last plausible value."""
    place = place_of(change)
    if not isinstance(change, Updated) or place is None or place not in doubted:
        return change
    move = doubted[place]
    if move.before == change.after or move.after != change.before:
        return change
    return replace(change, before=move.before)
