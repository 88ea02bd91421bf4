"""Compare the ends that two states of a list announce."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from catalog.changes.announced import Announcements
from catalog.changes.change import Cancelled, Change, EndChange, Removed, Retiring
from catalog.changes.forecast import End, Evidence, LastReport, candidates, ends, retiring
from catalog.changes.successors import Successor, successors
from catalog.core.snapshot import Model, Snapshot

SEARCHED = 10
"""The maximum number of removals in a poll that get replacements."""


def compare_ends(
    before: Snapshot, after: Snapshot, old: Announcements, new: Announcements
) -> tuple[EndChange, ...]:
    """Return new, moved and cancelled ends between two states.

    `old` and `new` hold the announced ends of each state.
    """
    was, now = (ends({}, Evidence(stated=each), None) for each in (old, new))
    reports = {
        end.model.key: LastReport(end.forecast.until, "announced", before.taken_at) for end in was
    }
    at, found = after.taken_at, candidates(now, Evidence(stated=new), after.models)
    due = retiring(now, reports, (), at, at)
    return *cancelled(now, reports, after.by_key), *with_candidates(due, found)


def with_candidates(
    due: Iterable[Retiring], found: Mapping[str, Sequence[Successor]]
) -> tuple[Retiring, ...]:
    """Name the possible successors of each model that ends."""
    return tuple(
        replace(
            each,
            candidates=tuple(one.name for one in found[each.key]),
            successor=next((one.name for one in found[each.key] if one.is_named), None),
        )
        for each in due
    )


def cancelled(
    known: Iterable[End], reports: Mapping[str, LastReport], listed: Mapping[str, Model]
) -> tuple[Cancelled, ...]:
    """Return the reported announcements of listed models that have no end now."""
    ending = {end.model.key for end in known}
    gone = (
        (model, last)
        for key, last in reports.items()
        if last.basis == "announced" and key not in ending and (model := listed.get(key))
    )
    return tuple(Cancelled(model.key, model.name, model.type, last.until) for model, last in gone)


def moved(
    before: Announcements,
    after: Announcements,
    evidence: Evidence,
    reports: Mapping[str, LastReport],
) -> frozenset[str]:
    """Return the models whose moved day has its own finding.

    There is no finding if a person's note has precedence, or if a cancelled end was never
    reported.
    """
    found = set()
    for key in before.keys() | after.keys():
        note, last = evidence.notes.get(key), reports.get(key)
        old, new = (each.until if each else None for each in (before.get(key), after.get(key)))
        is_noted = note is not None and note.retires is not None
        is_reported = new is not None or (last is not None and last.basis == "announced")
        if old != new and is_reported and not is_noted:
            found.add(key)
    return frozenset(found)


def with_successors(
    changes: Iterable[Change],
    evidence: Evidence,
    listed: Sequence[Model] = (),
    leaving: Collection[str] = frozenset(),
) -> tuple[Change, ...]:
    """Name the successor and the possible replacements of each removed model.

    Models with a key in `leaving` are suggested only if they are named. Only the first
    removals get replacements, because comparing the names of long lists takes long.
    """
    found, searched = list[Change](), 0
    for each in changes:
        if not isinstance(each, Removed):
            found.append(each)
            continue
        key, names = each.model.key, tuple[str, ...]()
        if listed and searched < SEARCHED:
            searched += 1
            note, stated = evidence.notes.get(key), evidence.stated.get(key)
            noted = None if note is None else note.successor
            announced = None if stated is None else stated.successor
            others = successors(each.model, listed, noted, leaving, announced)
            names = tuple(one.name for one in others)
        found.append(replace(each, successor=evidence.successor(key), candidates=names))
    return tuple(found)
