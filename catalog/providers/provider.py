"""What the rest of the program asks of a provider: its words, and nothing else."""

from collections.abc import Mapping
from typing import Protocol

from catalog.jsontext import Json
from catalog.payload import ValidPayload
from catalog.rules import Lifecycle
from catalog.snapshot import Snapshot


class Provider(Protocol):
    """One provider's catalog: what its answer looks like and what it means."""

    @property
    def name(self) -> str:
        """The name that every row, command and configuration uses."""
        ...

    @property
    def contract(self) -> Mapping[str, Json]:
        """The JSON Schema of an answer (see catalog/validate.py for its annotations)."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """The well-known attribute behind each dotted field, such as `info_status`: `status`."""
        ...

    @property
    def lifecycle(self) -> Lifecycle:
        """What the provider promises about a model that left."""
        ...

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Put a valid answer into our words."""
        ...
