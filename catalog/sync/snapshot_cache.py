"""Cache the current snapshot of one provider between passes of a process."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.changes.finding import Delisted
from catalog.core.payload import Seen
from catalog.core.snapshot import Snapshot
from catalog.store import history
from catalog.store.database import Transaction


@dataclass(slots=True)
class SnapshotCache:
    """The cached snapshot and its removed models. It is empty at first.

    Snapshots with the same number, digest and time are equal. A transaction that reads the same
    three values may therefore use the cache, even if another process writes to the file. `seen`
    holds the rows of the last answer by their texts.
    """

    _of: tuple[int | None, str | None, datetime | None] = (None, None, None)
    _state: Snapshot | None = None
    _gone: tuple[Delisted, ...] | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)

    def state(self, connection: Transaction, known: history.Baseline) -> Snapshot | None:
        """Return the current snapshot, None before the first one."""
        if known.number is None:
            return None
        self._select(known)
        if self._state is None:
            self._state = history.snapshot(connection, known.number)
        return self._state

    def cached(self, known: history.Baseline) -> Snapshot | None:
        """Return the current snapshot, None if it is not cached."""
        return self._state if known.state == self._of else None

    def numbered(self, number: int) -> Snapshot | None:
        """Return the snapshot with this number, None if it is not cached."""
        is_cached = self._state is not None and self._state.number == number
        return self._state if is_cached else None

    def gone(
        self, connection: Transaction, provider: str, known: history.Baseline
    ) -> tuple[Delisted, ...]:
        """Return the removed models that are not restored in the current snapshot."""
        if known.number is None:
            return ()
        self._select(known)
        if self._gone is None:
            self._gone = history.delisted(connection, provider, known.number)
        return self._gone

    def keep(self, state: Snapshot, number: int) -> None:
        """Cache a written snapshot as a query would return it.

        The caller must commit first, because a rollback would leave a wrong cache.
        """
        taken_at = state.taken_at.replace(microsecond=0)
        before = self._state.by_key.keys() if self._state else frozenset()
        if before != state.by_key.keys():
            self._gone = None  # because the set of models changed
        self._of = (number, state.digest, taken_at)
        self._state = replace(state, taken_at=taken_at, number=number)

    def _select(self, known: history.Baseline) -> None:
        if known.state != self._of:
            self._of, self._state, self._gone = known.state, None, None
