"""Convert the bytes of an answer to a snapshot.

Polls, imports, `validate`, `diff` and `check` all use this module, so their results agree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.core.payload import Drift, Payload, Refused, Seen
from catalog.core.snapshot import NO_MODELS, Model, Snapshot, key_order
from catalog.core.strict_json import parse
from catalog.providers.provider import Provider
from catalog.providers.validate import validate


@dataclass(frozen=True, slots=True)
class Listed:
    """A valid answer: snapshot, drift, and one bad row per key.

    `seen` holds its rows by their texts, for the next answer.
    """

    snapshot: Snapshot
    drift: tuple[Drift, ...]
    refused: tuple[Refused, ...]
    seen: Mapping[str, Seen]


def _nothing() -> Mapping[str, int]:
    return {}


def listed(
    payload: Payload,
    provider: Provider,
    before: Snapshot | None = None,
    earlier: Callable[[], Mapping[str, int]] = _nothing,
    seen: Mapping[str, Seen] | None = None,
) -> Listed:
    """Return the content of an answer, or raise PayloadInvalid.

    The exception has every problem. A model with a bad row keeps its version from `before`. Without
    such a version, it is left out. `earlier` returns the bad rows of earlier answers by key, see
    `kept`. `seen` comes from the previous answer of this process.
    """
    known = {model.facts: model for model in before.models} if before else NO_MODELS
    valid = validate(payload, provider, known, seen)
    snapshot, refused = provider.normalize(valid), valid.refused
    if refused:
        snapshot, refused = kept(snapshot, refused, before, earlier())
    return Listed(snapshot, valid.drift, refused, valid.seen)


def kept(
    snapshot: Snapshot,
    refused: Iterable[Refused],
    before: Snapshot | None,
    earlier: Mapping[str, int],
) -> tuple[Snapshot, tuple[Refused, ...]]:
    """Add the earlier versions of models with bad rows.

    Return the snapshot and the bad rows with their names. A row without a readable key may belong
    to any missing model. So one missing model is kept for each such row. Models with the most
    values in common come first. Rows that `earlier` counts under `""` belong to no model.
    """
    past = before.by_key if before else {}
    of_key = {each.key: each for each in refused if each.key is not None}
    nameless = [each for each in refused if each.key is None]
    missing = {
        key: model
        for key, model in past.items()
        if key not in of_key and key not in snapshot.by_key
    }
    found = _matched(nameless, missing, earlier) if nameless else []
    of_key |= dict(zip(found, nameless, strict=False))
    models = [past[key] for key in of_key if key in past]
    rows = [
        replace(each, key=key, name=past[key].name if key in past else key)
        for key, each in of_key.items()
    ]
    whole = Snapshot.of(snapshot.provider, snapshot.taken_at, (*snapshot.models, *models))
    return whole, (*rows, *nameless[len(found) :])


def _matched(
    nameless: Sequence[Refused], missing: Mapping[str, Model], earlier: Mapping[str, int]
) -> list[str]:
    """Return the missing models that may belong to nameless rows."""
    still = [key for key in missing if key in earlier][: len(nameless)]
    others = [key for key in missing if key not in earlier]
    new = max(0, len(nameless) - len(still) - earlier.get("", 0))
    if new < len(others):
        shared = {key: _in_common(missing[key], nameless) for key in others}
        others.sort(key=lambda key: (-shared[key], key_order(key)))
    return [*still, *others[:new]]


def _in_common(model: Model, rows: Iterable[Refused]) -> int:
    """Return the number of values shared with the most similar row."""
    facts = parse(model.facts)
    items = (row.value.items() if isinstance(row.value, dict) else () for row in rows)
    return max(len([key for key, value in each if facts.get(key) == value]) for each in items)
