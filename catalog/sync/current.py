"""Keep the current snapshot of one provider between the passes of one process."""

from dataclasses import dataclass, replace
from datetime import datetime

from catalog.changes.finding import Delisted
from catalog.core.snapshot import Snapshot
from catalog.store import history
from catalog.store.database import Transaction


@dataclass(slots=True)
class Memory:
    """The last state in force and who was gone then; none at first.

    What is stored under a number, a digest and a time never changes. So who has read these within
    the transaction knows the state too, whatever other processes do to the file.
    """

    _of: tuple[int | None, str | None, datetime | None] = (None, None, None)
    _state: Snapshot | None = None
    _gone: tuple[Delisted, ...] | None = None

    def state(self, connection: Transaction, known: history.Baseline) -> Snapshot | None:
        """Return the state in force; None before the first."""
        if known.number is None:
            return None
        self._turn_to(known)
        if self._state is None:
            self._state = history.snapshot(connection, known.number)
        return self._state

    def gone(
        self, connection: Transaction, provider: str, known: history.Baseline
    ) -> tuple[Delisted, ...]:
        """Return who has left and is not back, as of the state in force."""
        if known.number is None:
            return ()
        self._turn_to(known)
        if self._gone is None:
            self._gone = history.delisted(connection, provider, known.number)
        return self._gone

    def keep(self, state: Snapshot, number: int) -> None:
        """Remember the state that was written, as it would be read; call it after the commit."""
        taken_at = state.taken_at.replace(microsecond=0)
        before = self._state.by_key.keys() if self._state else frozenset()
        if before != state.by_key.keys():
            self._gone = None  # somebody came or left
        self._of = (number, state.digest, taken_at)
        self._state = replace(state, taken_at=taken_at, number=number)

    def _turn_to(self, known: history.Baseline) -> None:
        if known.state != self._of:
            self._of, self._state, self._gone = known.state, None, None
