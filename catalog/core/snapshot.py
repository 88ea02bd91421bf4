"""Define a snapshot: the models of a catalog at one time."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from types import MappingProxyType

from catalog.core.strict_json import JsonText


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalog.

    `key` is the provider's stable id, `name` is used in calls. `facts` is every field as sent, as
    canonical JSON. The others are known attributes from the facts, None if not sent.
    `context_limit` is in tokens. `status` is the provider's word.
    """

    key: str
    name: str
    type: str
    facts: JsonText
    status: str | None = None
    beta: bool | None = None
    context_limit: int | None = None
    description: str | None = None
    route: str | None = None


@lru_cache(8192)
def key_order(key: str) -> tuple[int, int, str]:
    """Return the sort key: numbers by value, then text.

    It is cached, because each poll sorts the same keys.
    """
    if key.isascii() and key.isdecimal():
        return (0, int(key), key)
    return (1, 0, key)


NO_MODELS: Mapping[JsonText, Model] = MappingProxyType({})


@dataclass(frozen=True)
class Snapshot:
    """One accepted or proposed state of one provider's catalog.

    `models` are in key order. The store sets `number`.
    """

    provider: str
    taken_at: datetime
    models: tuple[Model, ...]
    number: int | None = field(default=None, compare=False)

    @classmethod
    def of(cls, provider: str, taken_at: datetime, models: Iterable[Model]) -> "Snapshot":
        """Create a snapshot from models in any order."""
        return cls(provider, taken_at, tuple(sorted(models, key=lambda m: key_order(m.key))))

    @cached_property
    def by_key(self) -> Mapping[str, Model]:
        """Return the models by key."""
        return {model.key: model for model in self.models}

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 over key and facts of every model."""
        text = "".join(f"{model.key}\n{model.facts}\n" for model in self.models)
        return hashlib.sha256(text.encode()).hexdigest()

    def differing(self, before: "Snapshot") -> set[str]:
        """Return the keys of new, removed and changed models."""
        old, new = before.by_key, self.by_key
        # Most models are the same object, because a poll keeps the models of equal rows.
        others = [(key, each) for key, each in new.items() if old.get(key) is not each]
        changed = {key for key, each in others if key in old and old[key].facts != each.facts}
        return changed | (old.keys() ^ new.keys())

    def lacking(self, before: "Snapshot | None") -> str:
        """Return the SHA-256 over the keys missing since `before`."""
        gone = before.by_key.keys() - self.by_key.keys() if before else ()
        return hashlib.sha256("\n".join(sorted(gone)).encode()).hexdigest()

    def find(self, name_or_key: str) -> Model | None:
        """Return the model by name, else by key, else None."""
        named = (model for model in self.models if model.name == name_or_key)
        return next(named, None) or self.by_key.get(name_or_key)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time over which a model did not change. `until` is None while it lasts."""

    model: Model
    since: datetime
    until: datetime | None
