"""Define payloads: the body as sent, and after validation."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal

from catalog.core.paths import Trail
from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, values_json

Identity = list[str | None]
"""The content of a change's fingerprint, beside provider and kind."""
PARTS = "pages"
"""The key of the pages of a list, merged into one body."""


@dataclass(frozen=True, slots=True)
class Validators:
    """The cache headers of an answer, sent with the next request."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Payload:
    """One answer as sent. `fetched_at` is UTC."""

    provider: str
    url: str
    fetched_at: datetime
    body: bytes
    status: int = 200
    validators: Validators = Validators()

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the body in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class NotModified:
    """The provider's answer that nothing changed (HTTP 304)."""

    provider: str
    url: str
    fetched_at: datetime
    status: ClassVar[int] = 304


Answer = Payload | NotModified


@dataclass(frozen=True, slots=True)
class Drift:
    """A tolerated difference from the known contract.

    `field` is the dotted path within a model, or `$.…` within the envelope. `value` is set for a
    new value. `models` names the affected models in the order of the payload. `clock` is a field
    that follows the time of the answer. A `next part` or a `larger total` in the envelope means
    that the answer is not the whole list.
    """

    what: Literal[
        "new field", "new value", "new null", "odd format", "clock", "next part", "larger total"
    ]
    field: str
    value: JsonText | None
    models: tuple[str, ...]
    kind: ClassVar[str] = "drift"
    columns: ClassVar[Mapping[str, str]] = {"field": "field", "value": "after"}
    types: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[None] = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the affected models."""
        return self.models

    followed_as = names

    @property
    def is_cut(self) -> bool:
        """Return whether the answer looks like one part of a list."""
        return self.what in {"next part", "larger total"}

    @property
    def place(self) -> str:
        """Return the field, for sorting."""
        return self.field

    @property
    def identity(self) -> Identity:
        """Return the fingerprint content, without models.

        Otherwise each new model would report the drift again.
        """
        return [self.what, self.field, self.value]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        """Return the drift as JSON."""
        value = values_json(None, self.value)
        return {"kind": self.kind, "what": self.what, "field": self.field, **value}


@dataclass(frozen=True, slots=True)
class ValidPayload:
    """A validated payload: its rows and their drift.

    `steps` holds for each row the keys (or indexes) that the `*` of the rows' place matched.
    `facts` holds for each row the facts of its model, and `known` current models by their facts.
    `facts_of` maps a digest of each row to its facts, so the next answer computes only new ones.
    """

    payload: Payload
    rows: tuple[Mapping[str, Json], ...]
    drift: tuple[Drift, ...]
    steps: tuple[Trail, ...] = ()
    facts: tuple[JsonText, ...] = ()
    known: Mapping[JsonText, Model] = field(default_factory=dict)
    facts_of: Mapping[bytes, JsonText] = field(default_factory=dict)
