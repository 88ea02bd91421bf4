"""The catalog at one moment, in our words: models and their facts."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from catalog.core.strict_json import JsonText


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the catalog lists it.

    `key` is the provider's stable identity, `name` what calls take. `facts` is every field as sent,
    as canonical JSON. The rest are the well-known attributes read out of the facts; None where the
    provider says nothing. `context_limit` is in tokens. `status` is the provider's own word.
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


def key_order(key: str) -> tuple[int, int, str]:
    """Sort keys as the provider counts: numbers by value first, then text."""
    if key.isascii() and key.isdecimal():
        return (0, int(key), key)
    return (1, 0, key)


@dataclass(frozen=True)
class Snapshot:
    """One accepted or proposed state of one provider's catalog.

    `models` stands in key order whatever order the provider sent. `number` is given by the store.
    """

    provider: str
    taken_at: datetime
    models: tuple[Model, ...]
    number: int | None = field(default=None, compare=False)

    @classmethod
    def of(cls, provider: str, taken_at: datetime, models: Iterable[Model]) -> "Snapshot":
        """Make a snapshot from models in any order."""
        return cls(provider, taken_at, tuple(sorted(models, key=lambda m: key_order(m.key))))

    @cached_property
    def by_key(self) -> Mapping[str, Model]:
        """The models by their stable key."""
        return {model.key: model for model in self.models}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over key and facts of every model: the same state has the same digest."""
        digest = hashlib.sha256()
        for model in self.models:
            digest.update(f"{model.key}\n{model.facts}\n".encode())
        return digest.hexdigest()

    def differing(self, before: "Snapshot") -> set[str]:
        """Return the keys of the models that came, went, or say something else than before."""
        old, new = before.by_key, self.by_key
        both = old.keys() & new.keys()
        return (old.keys() ^ new.keys()) | {key for key in both if old[key].facts != new[key].facts}

    def lacking(self, before: "Snapshot | None") -> str:
        """SHA-256 over the keys that were there before and are not here."""
        gone = before.by_key.keys() - self.by_key.keys() if before else ()
        return hashlib.sha256("\n".join(sorted(gone)).encode()).hexdigest()

    def find(self, name_or_key: str) -> Model | None:
        """Return the model of that name, else of that key, else None."""
        named = (model for model in self.models if model.name == name_or_key)
        return next(named, None) or self.by_key.get(name_or_key)
