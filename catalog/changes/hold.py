"""Hold implausible answers. A new reason to hold goes here."""

from dataclasses import dataclass
from datetime import timedelta

from catalog.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class HoldRule:
    """The limits that hold an implausible answer, and that release it.

    An answer is held if more than `share` of at least `floor` models are gone. It is accepted after
    `polls` polls in a row, at least `apart` from each other, that lack the same models. Other
    changes do not matter, because large catalogs always change.
    """

    share: float = 0.30
    floor: int = 10
    polls: int = 3
    apart: timedelta = timedelta(minutes=10)

    def reason(self, before: Snapshot | None, after: Snapshot) -> str | None:
        """Return the reason to hold this snapshot, or None."""
        if not after.models:
            return "the list is empty"
        if before is None or len(before.models) < self.floor:
            return None
        total = len(before.models)
        lost = len(before.by_key.keys() - after.by_key.keys())
        if lost <= self.share * total:
            return None
        return f"{lost} of {total} models gone ({lost / total:.0%}, limit {self.share:.0%})"
