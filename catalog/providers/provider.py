"""Define the interface of a provider, and create one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from catalog.changes.announced import Announced
from catalog.changes.rules import Lifecycle
from catalog.changes.status import Statuses
from catalog.core.paths import Attributes, Trail
from catalog.core.payload import BadRows, ValidPayload
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, JsonText

if TYPE_CHECKING:
    from catalog.providers.described.description import Description


STRICT_ROWS = BadRows(share=0.0)
USUAL_ROWS = BadRows()
"""The limits of bad rows. Infomaniak's lists must not have any, other lists may have a few."""


class Provider(Protocol):
    """The format and meaning of one provider's list."""

    @property
    def name(self) -> str:
        """Return the name in rows, commands and configuration."""
        ...

    @property
    def contract(self) -> Mapping[str, Json]:
        """Return the JSON Schema of an answer.

        Its annotations are explained in catalog/providers/infomaniak/schema.json.
        """
        ...

    @property
    def attributes(self) -> Attributes:
        """Return the attribute of each dotted field, such as `info_status`: `status`."""
        ...

    @property
    def page(self) -> str | None:
        """Return the page about its models."""
        ...

    @property
    def lifecycle(self) -> Lifecycle | None:
        """Return the policy for removed models, None if unknown."""
        ...

    @property
    def statuses(self) -> Statuses:
        """Return the meanings of its status words."""
        ...

    @property
    def announces(self) -> bool:
        """Return whether its list may contain the ends of models."""
        ...

    def announced(self, model: Model) -> Announced | None:
        """Return the announced end of a model, None without one."""
        ...

    def facts(self, row: Json) -> JsonText:
        """Return the comparable facts of a row, valid or not."""
        ...

    @property
    def bad_rows(self) -> BadRows:
        """Return the limit of bad rows in an answer."""
        ...

    @property
    def key_places(self) -> tuple[Trail, ...]:
        """Return the places in a row that make its key."""
        ...

    def key(self, row: Json, passed: Trail) -> str:
        """Return the key of a row. Its `key_places` must be valid.

        `passed` holds the match of each `*` in the place of the rows.
        """
        ...

    def model(
        self, row: Mapping[str, Json], passed: Trail, facts: JsonText, known: Model | None
    ) -> Model:
        """Return the model of a valid row. `known` is a current one with the same facts."""
        ...

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Return the snapshot of a valid answer."""
        ...


def make(name: str, description: "Description | None", bad_rows: BadRows | None = None) -> Provider:
    """Return the provider. Without a description it is Infomaniak."""
    # Imported here, because both load the HTTP client and most modules need only the interface.
    if description is None:
        from catalog.providers.infomaniak.provider import Infomaniak

        return Infomaniak(name, bad_rows or STRICT_ROWS)
    from catalog.providers.described.provider import Described

    return Described(name, description, bad_rows or USUAL_ROWS)
