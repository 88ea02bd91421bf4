"""Hold implausible answers, so the current snapshot stays. Add new reasons here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.changes.change import Added, Change, OfModel, Renamed, Restored, Updated
from catalog.changes.finding import Finding
from catalog.core.snapshot import Model, Snapshot

EMPTY = "the list is empty"


@dataclass(frozen=True, slots=True)
class Release:
    """The condition under which a held answer is accepted without a command.

    That needs `polls` more polls that lack the same models. The last one cannot be before `at`.
    Commands name `provider`, because several are configured. With only one it is empty.
    """

    polls: int
    at: datetime
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The content of a held answer.

    `missing` are the models that it lacks. `findings` are those that `catalog sync --accept`
    would report. `is_repeated` is true if earlier polls lacked the same models.
    """

    missing: tuple[Model, ...]
    findings: tuple[Finding, ...]
    release: Release
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class HoldRule:
    """The limits for holding and for accepting an implausible answer.

    An answer is held if more than `share` of at least `floor` models are missing. It is accepted
    after `polls` polls in a row, at least `apart` from each other, that lack the same models. Other
    changes do not matter, because large catalogs always change. `provider` goes to the Release.
    """

    share: float = 0.30
    floor: int = 10
    polls: int = 3
    apart: timedelta = timedelta(minutes=10)
    provider: str = ""

    def reason(self, before: Snapshot | None, after: Snapshot) -> str | None:
        """Return the reason to hold this snapshot, or None."""
        if not after.models:
            return EMPTY
        if before is None or len(before.models) < self.floor:
            return None
        total = len(before.models)
        lost = len(before.by_key.keys() - after.by_key.keys())
        if lost <= self.share * total:
            return None
        limit = f"{100 * self.share:g}%"
        percent = round(100 * lost / total)
        # Rounded down to the limit, the share would look like a wrong reason.
        share = f"{percent}%" if percent > 100 * self.share else f"over {limit}"
        return f"{lost:,} of {total:,} models are missing ({share}, limit {limit})"

    def release(self, held: int, at: datetime, last: datetime | None = None) -> Release:
        """Return when the answer of a poll is accepted.

        `held` counts the held polls in a row, with this one. `last` is the start of the last one
        that counts. A poll soon after it does not delay the answer, because both count as one.
        """
        left = max(1, self.polls - held)
        is_soon = last is not None and timedelta() <= at - last < self.apart
        start = last if last and is_soon else at
        return Release(left, start + left * self.apart, self.provider)


def missing(before: Snapshot | None, after: Snapshot) -> tuple[Model, ...]:
    """Return the models that an answer lacks."""
    listed = after.by_key
    return tuple(each for each in before.models if each.key not in listed) if before else ()


def otherwise(changes: Sequence[Change]) -> dict[str, tuple[str, ...]]:
    """Return the other models that a held answer changes, by kind."""
    words = {Added: "added", Restored: "restored", Renamed: "renamed", Updated: "changed"}
    found: dict[str, dict[str, str]] = {}
    for each in changes:
        if isinstance(each, OfModel) and (word := words.get(type(each))):
            found.setdefault(word, {})[each.model.key] = each.model.name
    return {word: tuple(names.values()) for word, names in found.items()}
