"""Read Infomaniak's list of models.

Sources: the API reference at developer.infomaniak.com, answers recorded from 2025-08 to 2026-05,
and Infomaniak's lifecycle FAQ (number 2905).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from catalog.changes.announced import silent
from catalog.changes.rules import Lifecycle
from catalog.changes.status import USUAL, Statuses
from catalog.core.paths import Attributes, Trail
from catalog.core.payload import BadRows, ValidPayload
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, JsonText, canonical, plain
from catalog.providers.provider import STRICT_ROWS
from catalog.providers.source import ListRequest

NAME = "infomaniak"
ROUTE = "/1/ai/models"
"""The path of the list of models."""
LIST_REQUEST = ListRequest(
    route=ROUTE,
    how_to=(
        "Set INFOMANIAK_API_TOKEN, or INFOMANIAK_API_TOKEN_FILE to a file that holds it; "
        "`catalog demo` needs no token."
    ),
)
DOCUMENTED_ROUTES = "/docs/api/post/"

ATTRIBUTES = {
    "name": "name",
    "type": "type",
    "description": "description",
    "info_status": "status",
    "meta.is_beta": "beta",
    "max_token_input": "context_limit",
    "documentation_link": "route",
    "logo_url": "logo",
}


@dataclass(frozen=True)
class Infomaniak:
    """Infomaniak's list format. `name` is chosen by the user."""

    name: str = NAME
    bad_rows: BadRows = STRICT_ROWS
    attributes: ClassVar[Attributes] = Attributes.of(ATTRIBUTES)
    lifecycle: ClassVar[Lifecycle] = Lifecycle(days=30, ground="Infomaniak's lifecycle policy")
    page: ClassVar[str] = "https://www.infomaniak.com/en/hosting/ai-tools/open-source-models"
    statuses: ClassVar[Statuses] = USUAL
    announces: ClassVar[bool] = False
    announced = staticmethod(silent)
    key_places: ClassVar[tuple[Trail, ...]] = (("id",),)

    @cached_property
    def contract(self) -> Mapping[str, Json]:
        """Return the JSON Schema of an answer."""
        text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    def facts(self, row: Json) -> JsonText:
        """Return every field of a row as sent."""
        return canonical(row)

    def key(self, row: Json, passed: Trail) -> str:
        """Return the id of a row as text. The place is not used."""
        del passed
        return str(row["id"])

    def model(
        self, row: Mapping[str, Json], passed: Trail, facts: JsonText, known: Model | None
    ) -> Model:
        """Return the model of a row. The place is not used."""
        del passed
        return known or model(row, facts)

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Return the snapshot of an answer."""
        return Snapshot.of(self.name, valid.payload.fetched_at, valid.models)


def model(row: Mapping[str, Json], facts: JsonText | None = None) -> Model:
    """Return the model of one row. `facts` saves computing them again."""
    meta = row.get("meta") or {}
    return Model(
        key=str(row["id"]),
        name=row["name"],
        type=row["type"],
        facts=canonical(row) if facts is None else facts,
        status=plain(row.get("info_status")),
        beta=meta.get("is_beta"),
        context_limit=row.get("max_token_input"),
        description=plain(row.get("description")),
        route=served_by(row.get("documentation_link")),
    )


def served_by(documentation_link: str | None) -> str | None:
    """Return the serving route at the end of a documentation link."""
    try:
        path = urlsplit(documentation_link or "").path
    except ValueError:  # malformed, such as `http://[`
        return None
    route = unquote(path).partition(DOCUMENTED_ROUTES)[2]
    return plain(f"/{route}") if route else None
