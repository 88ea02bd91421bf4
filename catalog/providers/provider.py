"""What the rest of the program asks of a provider: its words, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from catalog.jsontext import Json
from catalog.payload import Answer, Validators, ValidPayload
from catalog.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How long a model stays callable after it left the catalog, and who says so."""

    days: int
    ground: str


class Provider(Protocol):
    """One provider's catalog: how to ask for it, what its answer looks like, what it means."""

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

    def fetch(self, validators: Validators) -> Answer:
        """Ask for the catalog; raise ProviderError."""
        ...

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Put a valid answer into our words."""
        ...
