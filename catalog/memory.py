"""What one process knows of one provider from its last pass, in place of reading it again."""

from dataclasses import dataclass, field, replace

from catalog.rows import Rows
from catalog.snapshot import Snapshot
from catalog.store import history
from catalog.store.database import Transaction


@dataclass(slots=True)
class Memory:
    """The rows of the last answer, and the last state in force; both none at first.

    What is stored under a number and a digest never changes. So who has read both within the
    transaction has the state too, whatever other processes do to the file.
    """

    rows: Rows = field(default_factory=Rows)
    _state: Snapshot | None = None
    _digest: str | None = None

    def state(self, connection: Transaction, known: history.Baseline) -> Snapshot | None:
        """Return the state in force; None before the first."""
        if known.number is None:
            return None
        state = self._state
        if state is None or (state.number, self._digest) != (known.number, known.digest):
            state = self._state = history.snapshot(connection, known.number)
            self._digest = known.digest
        return state

    def keep(self, state: Snapshot, number: int) -> None:
        """Remember the state that was written, as it would be read; call it after the commit."""
        taken_at = state.taken_at.replace(microsecond=0)
        self._state = replace(state, taken_at=taken_at, number=number)
        self._digest = state.digest
