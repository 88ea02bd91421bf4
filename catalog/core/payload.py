"""Define payloads: the body as sent, and after validation."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from catalog.core.errors import Problem
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


DriftKind = Literal[
    "new field",
    "new value",
    "new null",
    "odd format",
    "clock",
    "next part",
    "larger total",
    "bare list",
    "row repeated",
    "key repeated",
    "row refused",
    "row recovered",
]
_MOVES = {
    "new value": "value",
    "odd format": "value",
    "next part": "part",
    "larger total": "part",
    "row refused": "refused",
    "row recovered": "recovered",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """A tolerated difference from the known contract.

    `field` is the dotted path within a model, or `$.…` within the envelope. `value` is set for a
    new value, and is the number of times for a repeated row or key. `models` names the affected
    models in the order of the payload. `clock` is a field that follows the time of the answer. A
    `next part` or a `larger total` in the envelope means that the answer is not the whole list.
    Refused rows have the `keys` of their models, `""` for an unreadable one, and the `problems` in
    words.
    """

    what: DriftKind
    field: str
    value: JsonText | None
    models: tuple[str, ...]
    keys: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    kind: ClassVar[str] = "drift"
    columns: ClassVar[Mapping[str, str]] = {"field": "field", "value": "after"}
    types: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[None] = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the affected models."""
        return self.models

    @property
    def followed_as(self) -> tuple[str, ...]:
        """Return the names and keys of the affected models."""
        return tuple(dict.fromkeys((*self.models, *filter(None, self.keys))))

    @property
    def is_cut(self) -> bool:
        """Return whether the answer looks like one part of a list."""
        return self.what in {"next part", "larger total"}

    @property
    def place(self) -> str:
        """Return the field, for sorting."""
        return self.field

    @property
    def move(self) -> str | None:
        """Return the condition of rules that this difference meets."""
        return _MOVES.get(self.what)

    @property
    def identity(self) -> Identity:
        """Return the fingerprint content, without models.

        Otherwise each new model would report the drift again.
        """
        return [self.what, self.field, self.value, *self.keys]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        """Return the drift as JSON, for rows with their models and problems."""
        known: dict[str, Any] = {"kind": self.kind, "what": self.what, "field": self.field}
        known |= values_json(None, self.value)
        rows = {"models": self.models, "keys": self.keys, "problems": self.problems}
        return known | ({name: list(each) for name, each in rows.items()} if self.keys else {})


BAD_ROWS_SHARE = 0.02
BAD_ROWS_ABOVE = 100


@dataclass(frozen=True, slots=True)
class BadRows:
    """The share of rows that may break the contract.

    It applies to lists of more than `above` rows.
    """

    share: float = BAD_ROWS_SHARE
    above: int = BAD_ROWS_ABOVE

    def allowed(self, rows: int) -> int:
        """Return how many of these rows may break the contract."""
        # A little is added, because the product of two decimals may be just below a whole number.
        return int(rows * self.share + 1e-9) if rows > self.above else 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that breaks the contract in an accepted answer.

    `key` is None if it cannot be read. `value` is the row as parsed. `name` is the name of the
    model, if known.
    """

    path: str
    key: str | None
    value: Json
    problem: Problem
    name: str | None = None


class Seen(NamedTuple):
    """A row of an answer. `model` is None if it is bad, or depends on the place of the row."""

    value: Json
    facts: JsonText
    model: Model | None


@dataclass(frozen=True, slots=True)
class ValidPayload:
    """A validated payload: its models, drift, and refused rows.

    `seen` holds its rows by their texts, so the next answer parses only new ones.
    """

    payload: Payload
    models: tuple[Model, ...]
    drift: tuple[Drift, ...] = ()
    refused: tuple[Refused, ...] = ()
    seen: Mapping[str, Seen] = field(default_factory=dict)
