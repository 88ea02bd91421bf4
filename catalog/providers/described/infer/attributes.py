"""Choose the fields with attributes by name, values and depth."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from catalog.core.paths import Trail
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json
from catalog.providers.described.infer.columns import Column, is_number, nearly_all, outermost

_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://\S*", re.IGNORECASE | re.ASCII)
Weight: TypeAlias = tuple[int | str, ...]
"""The rank of a field: the smallest is the best. Weights for one attribute have the same form."""

_TYPE: tuple[Words, ...] = (("type",), ("model", "type"), ("task",), ("task", "name"), ("mode",))
_TYPE += (("pipeline", "tag"), ("kind",), ("category",), ("task", "type"))
_TYPES = frozenset(
    {"chat", "llm", "vlm", "language", "text", "completion", "embedding", "embed", "rerank"}
    | {"reranker", "reranking", "image", "audio", "speech", "tts", "stt", "asr", "transcription"}
    | {"moderation", "vision", "video", "code", "generation", "realtime", "multimodal", "response"}
    | {"classification", "translation", "ocr"}
)
"""Words of known types. They identify a field of types with any name."""
_WORD = 40
"""The maximum characters of a type or status."""
_NO_TYPE = {"model", "models", "base_model", "base"}
_STATUS: tuple[Words, ...] = (("lifecycle", "status"), ("model", "lifecycle", "status"))
_STATUS += (
    ("lifecycle", "state"),
    ("lifecycle",),
    ("lifecycle", "stage"),
    ("launch", "stage"),
    ("release", "stage"),
)
_STATUS += (("stage",), ("availability",), ("status",), ("state",), ("phase",))
_STATUS += (("deprecation", "status"), ("info", "status"), ("model", "status"), ("model", "state"))
_ACTIVE = {("active",), ("is", "active"), ("enabled",), ("is", "enabled"), ("available",)}
_BETA = {("beta",), ("preview",), ("experimental",)}
_ALIAS_OF: set[Words] = {("alias", "of"), ("alias", "for"), ("alias", "target"), ("aliased", "to")}
_ALIASES: set[Words] = {("alias",), ("model", "alias"), ("alternative", "name")}
_TITLES: tuple[Words, ...] = (("display", "name"), ("name",), ("title",), ("label",))
_TITLES += (("model", "name"), ("friendly", "name"), ("short", "name"))
_PROSE: tuple[Words, ...] = (("short", "description"), ("summary",), ("long", "description"))
_ABOUT = frozenset({"model", "info", "metadata", "meta", "detail", "attribute", "property", "spec"})
"""Words of objects that describe the model itself."""
LONG = 300
"""A description with more characters on average is too long for a table."""
RUNNING = frozenset(
    {"loaded", "not-loaded", "unloaded", "loading", "idle", "busy", "warm", "cold", "running"}
    | {"stopped", "sleeping"}
)
"""States of a process on the provider's machine. They are not states of the model."""
_PRICE = frozenset(
    {"price", "pricing", "cost", "fare", "fee", "cent", "usd", "eur", "chf", "dollar", "tariff"}
    | {"multiplier"}
)
_NO_PRICE = frozenset({"limit", "tier", "date", "at", "updated", "id", "version", "url", "link"})
_RATE = frozenset({"rate", "token", "input", "output", "request", "model", "hourly"})
_CONTEXT = frozenset({"context", "ctx"})
_SIZES = frozenset({"length", "window", "size", "limit", "len", "token", "max", "maximum", "model"})
_SIZES |= {"available", "n", "num", "train", "total", "of", "number", "in", "count", "supported"}
_READ = frozenset({"input", "prompt"})
_NO_LIMIT = frozenset(
    {"output", "completion", "generated", "generation", "response", "image", "audio", "video"}
    | {"loaded", "default", "min", "cached", "cache", "reasoning", "thinking", "per", "rate", "rpm"}
    | {"tpm", "threshold", "minute", "day", "second", "hour", "usage", "used", "batch", "file"}
    | {"embedding", "dimension", "byte", "character", "char", "document", "page"}
)
_SEQUENCE = frozenset({"model", "seq", "sequence", "position", "embedding"})


def kind(columns: Sequence[Column]) -> Column | None:
    """Return the field with the type of a model."""
    return best(columns, _type_weight)


def status(columns: Sequence[Column]) -> Column | None:
    """Return the field with the status, preferably with different values."""
    return best(columns, _status_weight)


def beta(columns: Sequence[Column]) -> Column | None:
    """Return the boolean field for beta models."""
    return best(columns, _beta_weight)


def limit(columns: Sequence[Column]) -> Column | None:
    """Return the field with the token limit."""
    return best(columns, _limit_weight)


def title(columns: Sequence[Column], key: Column | None) -> Column | None:
    """Return the field with the shortest text about a model."""
    others = [each for each in columns if key is None or each.values != key.values]
    return best(others, _title_weight)


def alias_of(columns: Sequence[Column]) -> Column | None:
    """Return the field with the target of an alias."""
    return best(columns, lambda each: _alias_weight(each, _ALIAS_OF, str))


def aliases(columns: Sequence[Column]) -> Column | None:
    """Return the field with other names that calls can use."""
    return best(columns, lambda each: _alias_weight(each, _ALIASES, list))


def is_priced(trail: Trail) -> bool:
    """Return whether the name of a field means a price."""
    named = frozenset(words(trail[-1]))
    if not named.isdisjoint(_NO_PRICE):
        return False
    return not named.isdisjoint(_PRICE) or ("rate" in named and named <= _RATE)


def prices(columns: Iterable[Column]) -> list[str]:
    """Return the places of prices: numbers, also as text."""
    numeric = [each for each in columns if each.is_numeric]
    return outermost(numeric, lambda _, start: is_priced(start))


def best(columns: Sequence[Column], weight: Callable[[Column], Weight | None]) -> Column | None:
    """Return the field with the smallest weight, rare fields last."""
    weighed = [
        ((each.is_rare, *found), each)
        for each in columns
        if not each.is_in_list and (found := weight(each)) is not None
    ]
    return min(weighed, key=lambda each: each[0], default=(None, None))[1]


def _type_weight(column: Column) -> Weight | None:
    if not column.are(str) or any(is_priced((step,)) for step in column.trail):
        return None
    values = {str(value).lower() for value in column.values}
    is_known = nearly_all(_is_type, sorted(values))
    named = column.words if column.depth == 1 else (*column.above[-1:], *column.words)
    at = next((at for at, each in enumerate(_TYPE) if each in {column.words, named}), None)
    if at is None:
        is_type = column.depth == 1 and len(values) > 1 and _are_types(column)
        return (2, column.depth, 0, column.place) if is_type else None
    is_plain = column.depth == 1 and column.varies and column.words[-1] in {"type", "task"}
    if values <= _NO_TYPE or not (is_known or is_plain):
        return None
    return (not is_known, column.depth, at, column.place)


def _is_type(value: Json) -> bool:
    return len(value) <= _WORD and not _TYPES.isdisjoint(words(value))


def _are_types(column: Column) -> bool:
    """Return whether every value is a known type without other words.

    Names have other words. A modality is not a type: a model that also reads images accepts the
    same calls.
    """
    plain = all(str(value).replace("-", "_").isidentifier() for value in column.values)
    known = all(frozenset(words(str(value))) <= _TYPES for value in column.values)
    return plain and known and "modality" not in column.words


def _status_weight(column: Column) -> Weight | None:
    if column.words in _ACTIVE and column.are(bool):
        return (not column.varies, 1, column.depth, 0, column.place)
    is_word = column.are(str) and all(len(str(value)) <= _WORD for value in column.values)
    if not is_word or is_running(column):
        return None
    named = (*column.above, *column.words)
    at = next((at for at, each in enumerate(_STATUS) if each in {column.words, named}), None)
    return None if at is None else (not column.varies, 0, column.depth, at, column.place)


def is_running(column: Column) -> bool:
    """Return whether a field shows running processes on the provider's machine."""
    if column.words in {("running",), ("is", "running"), ("loaded",), ("is", "loaded")}:
        return column.are(bool)
    return column.are(str) and {str(value).lower() for value in column.values} <= RUNNING


def _beta_weight(column: Column) -> Weight | None:
    named = tuple(word for word in column.words if word not in {"is", "in"})
    fits = named in _BETA and column.are(bool)
    return (column.depth, column.place) if fits else None


def _alias_weight(column: Column, known: set[Words], form: type) -> Weight | None:
    if column.words not in known or not column.are(form):
        return None
    items = [item for value in column.values for item in (value if form is list else [value])]
    are_names = all(isinstance(item, str) and " " not in item for item in items)
    return (column.depth, column.place) if are_names else None


def _title_weight(column: Column) -> Weight | None:
    if not column.are(str) or any(map(is_url, column.values)):
        return None
    if column.above and (len(column.trail) > len(("model", "name")) or not is_about(column)):
        return None
    if column.distinct == 1 < len(column.values):
        return None
    if column.words == ("description",):
        average = sum(len(str(value)) for value in column.values) / len(column.values)
        rank = 0 if average <= LONG else len(_TITLES) + len(_PROSE) + 1
    else:
        named = (*_TITLES, *_PROSE)
        if column.words not in named:
            return None
        rank = named.index(column.words) + 1
    return (column.depth, rank, column.place)


def is_about(column: Column) -> bool:
    """Return whether the object around a field describes the model itself."""
    return not _ABOUT.isdisjoint(column.above)


def is_url(value: object) -> bool:
    """Return whether a value is an address."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _limit_weight(column: Column) -> Weight | None:
    if not (column.are(int, str) and column.is_numeric):
        return None
    if any(is_priced((step,)) for step in column.trail):
        return None
    above = words(column.trail[-2]) if column.depth > 1 else ()
    if not _NO_LIMIT.isdisjoint(column.words + above) and "position" not in column.words:
        return None
    near = column.words if len(column.words) > 1 else above + column.words
    rank = _limit_rank(frozenset(column.words), frozenset(near))
    numbers = filter(is_number, column.values)
    whole = all("." not in str(value) and "-" not in str(value) for value in numbers)
    return (rank, column.depth, column.place) if whole and rank is not None else None


def _limit_rank(own: frozenset[str], near: frozenset[str]) -> int | None:
    if any(each & _CONTEXT and each <= _CONTEXT | _SIZES | _READ for each in (own, near)):
        return 0
    if near & _READ and near <= _SIZES | _READ and near & _SIZES:
        return 1
    if (own & _SEQUENCE and own & {"len", "length"}) or own == {"max", "position", "embedding"}:
        return 2
    is_total = "token" in near and near <= _SIZES
    return 3 if is_total or own == {"max", "length"} else None
