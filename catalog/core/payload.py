"""What a provider sent: the body as sent, and the same once its shape is known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal

from catalog.core.paths import Trail
from catalog.core.strict_json import Json, JsonText, values_json

Identity = list[str | None]
"""What the fingerprint of a change is over, beside provider and kind."""
PARTS = "pages"
"""The key of the answers to a list that is asked for in parts, put into one body."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets a server say "not modified": taken from one answer, sent with the next request."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Payload:
    """One answer, as sent. `fetched_at` is UTC; `body` is never changed after the HTTP layer."""

    provider: str
    url: str
    fetched_at: datetime
    body: bytes
    status: int = 200
    validators: Validators = Validators()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the body, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class NotModified:
    """The provider says that its last believed answer still holds (HTTP 304)."""

    provider: str
    url: str
    fetched_at: datetime
    status: ClassVar[int] = 304


Answer = Payload | NotModified


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that the contract had not seen before, and that is tolerated.

    `field` is the dotted path within a model, or `$.…` within the envelope. `value` is set for a
    new value; `models` names the models that show it, in the order of the payload.
    """

    what: Literal["new field", "new value", "new null", "odd format"]
    field: str
    value: JsonText | None
    models: tuple[str, ...]
    kind: ClassVar[str] = "drift"
    columns: ClassVar[Mapping[str, str]] = {"field": "field", "value": "after"}
    types: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[None] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The models that show it."""
        return self.models

    followed_as = names

    @property
    def place(self) -> str:
        """The field, by which it is sorted."""
        return self.field

    @property
    def identity(self) -> Identity:
        """What its fingerprint is over; not the models, because each new one would report it."""
        return [self.what, self.field, self.value]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        """Write it for other programs."""
        value = values_json(None, self.value)
        return {"kind": self.kind, "what": self.what, "field": self.field, **value}


@dataclass(frozen=True, slots=True)
class ValidPayload:
    """A payload whose shape is known: its rows, and what was new about them.

    `steps` holds, for each row, the keys (or indexes) that the `*` of the rows' place stood for;
    `facts` holds, for each row, the facts of its model.
    """

    payload: Payload
    rows: tuple[Mapping[str, Json], ...]
    drift: tuple[Drift, ...]
    steps: tuple[Trail, ...] = ()
    facts: tuple[JsonText, ...] = ()
