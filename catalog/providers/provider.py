"""What the rest of the program asks of a provider: its words, and nothing else."""

from collections.abc import Mapping
from typing import Protocol

from catalog.changes.rules import Lifecycle
from catalog.core.paths import Attributes
from catalog.core.payload import ValidPayload
from catalog.core.snapshot import Snapshot
from catalog.core.strict_json import Json, JsonText


class Provider(Protocol):
    """One provider's catalog: what its answer looks like and what it means."""

    @property
    def name(self) -> str:
        """The name that every row, command and configuration uses."""
        ...

    @property
    def contract(self) -> Mapping[str, Json]:
        """The JSON Schema of an answer (see catalog/providers/validate.py for its annotations)."""
        ...

    @property
    def attributes(self) -> Attributes:
        """What each dotted field stands for, such as `info_status` for `status`."""
        ...

    @property
    def page(self) -> str | None:
        """Where people read about its models."""
        ...

    @property
    def envelope(self) -> tuple[bytes, bytes]:
        """What stands around a bare list of rows in an answer, before and after."""
        ...

    @property
    def lifecycle(self) -> Lifecycle | None:
        """What the provider promises about a model that left; None where nothing is known."""
        ...

    def facts(self, row: Json) -> JsonText:
        """Return the facts of a row, valid or not: what the model of that row is compared by."""
        ...

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Put a valid answer into our words; raise PayloadInvalid where two rows have one key."""
        ...
