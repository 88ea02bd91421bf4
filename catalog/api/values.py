"""Define the values of the Python interface that no other package has."""

from dataclasses import dataclass
from datetime import datetime

from catalog.changes.finding import Finding
from catalog.changes.forecast import Forecast
from catalog.changes.successors import Successor
from catalog.core.snapshot import Model


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """Everything that is stored about one model, as of one snapshot.

    `model` is the model as it was last listed, and `snapshot` the number of the snapshot.
    `gone_since` is None while the model is listed. `former_keys` are the ids that it had before,
    newest first. `findings` are its changes, oldest first, with the quiet ones. `end` is the last
    day of calls, and `successors` are the models that can replace it, best first. Both are known
    for the current snapshot only.
    """

    provider: str
    snapshot: int
    model: Model
    first_seen: datetime
    unchanged_since: datetime
    gone_since: datetime | None = None
    former_keys: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    end: Forecast | None = None
    successors: tuple[Successor, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Return whether the snapshot lists the model."""
        return self.gone_since is None
