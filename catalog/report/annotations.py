"""Name models by annotations, else by the provider's words.

An annotations file is TOML. It has one table for each model, by its id or its name, or several with
conditions:

    [20]
    title = "Apertus-70B"
    description = "Swiss-specific model"

    ["google/gemma-4-31B-it"]
    title = "Gemma 4 31B"

    [[17]]
    when = { description = "Qwen/Qwen3-VL-235B-A22B-Instruct" }
    title = "Qwen3 VL"
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from catalog.core import strict_toml
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.core.snapshot import Model
from catalog.core.strict_json import shorten


@dataclass(frozen=True, slots=True)
class Section:
    """The layout for the models of one type.

    `limits` shows the token limit column even without values. `split` makes separate tables of
    beta, stable and other models. `note` is Markdown under the heading, in place of the models'
    routes.
    """

    type: str
    region: str
    heading: str
    id_title: str
    limits: bool = False
    split: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Sections:
    """All provider words in the overview.

    `source` is the route of the catalog, `method` the HTTP method of serving routes. `ready` is the
    status of a stable model, `status` maps provider statuses to words. `delisted` is the note above
    delisted models. `other` is the section of unknown types, and its heading holds `{type}`.
    `texts` are fixed regions by name.
    """

    source: str
    method: str
    ready: str
    delisted: str
    status: Mapping[str, str]
    types: tuple[Section, ...]
    other: Section
    texts: Mapping[str, str]


def load_sections(toml: str) -> Sections:
    """Parse a shipped sections.toml. Errors in it are bugs."""
    data: dict[str, Any] = tomllib.loads(toml)
    types = tuple(Section(type=name, **row) for name, row in data.pop("types").items())
    other = Section(type="", region="other", **data.pop("other"))
    return Sections(types=types, other=other, **data)


WORDS = ("title", "description")
CONDITIONS = ("description", "name", "type")
LARGEST = 1024 * 1024
"""The maximum size of an annotations file in bytes."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """Words for one model. `when` lists required attributes.

    `source` is the number of the file, counted from 0 for the highest priority.
    """

    title: str | None = None
    description: str | None = None
    when: Mapping[str, str] = field(default_factory=dict)
    source: int = 0

    def applies(self, model: Model) -> bool:
        """Return whether the model has the required attributes."""
        return all(getattr(model, name) == value for name, value in self.when.items())


Annotations: TypeAlias = Mapping[str, tuple[Annotation, ...]]


@dataclass(frozen=True, slots=True)
class Label:
    """The title and description in the overview."""

    title: str
    description: str | None


def label(model: Model, annotations: Annotations) -> Label:
    """Return the title and description of a model.

    Each is from the first annotation that applies and has it. In one file, words for the id come
    before those for the name.
    """
    both = (*annotations.get(model.key, ()), *annotations.get(model.name, ()))
    fitting = [each for each in both if each.applies(model)]
    fitting.sort(key=lambda each: each.source)
    title = next((each.title for each in fitting if each.title is not None), None)
    description = next((each.description for each in fitting if each.description is not None), None)
    own = (model.description or "").strip()
    return Label(title or _last_segment(own or model.name), description or own or None)


def read(path: Path) -> tuple[str, str]:
    """Return the name and text of a user's file for `load`.

    Raise SettingsInvalid if it cannot be read.
    """
    try:
        return str(path), read_text(path, LARGEST)
    except OSError as error:
        raise SettingsInvalid(f"{path}: {error.strerror}") from None


def load(*sources: tuple[str, str]) -> Annotations:
    """Parse annotation files, given as name and text, highest priority first.

    The first file that has a word for a key wins. Raise SettingsInvalid with all errors and places.
    """
    problems: list[str] = []
    merged: dict[str, tuple[Annotation, ...]] = {}
    for number, (place, toml) in enumerate(sources):
        try:
            tables = strict_toml.parse(toml)
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        for key, entry in tables.items():
            problems += _mistakes(f"{place}: {key}", entry)
            merged[key] = merged.get(key, ()) + tuple(_read_entry(entry, number))
    if problems:
        raise SettingsInvalid("\n".join(problems))
    return merged


def _read_entry(entry: Any, source: int) -> Iterator[Annotation]:
    for item in entry if isinstance(entry, list) else [entry]:
        if isinstance(item, dict):
            known = {name: item[name] for name in (*WORDS, "when") if name in item}
            yield Annotation(**known, source=source)


def _mistakes(place: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, list):
        yield from _item_mistakes(place, entry)
        return
    for index, item in enumerate(entry, start=1):
        yield from _item_mistakes(f"{place}[{index}]", item)


def _item_mistakes(place: str, item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{place}: found {shorten(item)}, expected a table"
        return
    if not any(word in item for word in WORDS):
        yield f"{place}: neither a title nor a description"
    yield from _value_mistakes(place, {k: v for k, v in item.items() if k != "when"}, WORDS)
    when = item.get("when", {})
    if isinstance(when, dict):
        yield from _value_mistakes(f"{place}.when", when, CONDITIONS)
    else:
        yield f"{place}.when: found {shorten(when)}, expected a table"


def _value_mistakes(place: str, values: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    for name, value in values.items():
        if name not in known:
            yield f"{place}.{name}: unknown; known are {', '.join(known)}"
        elif not isinstance(value, str) or not value.strip():
            yield f"{place}.{name}: found {shorten(value)}, expected text"


def _last_segment(words: str) -> str:
    """Return the model part of `org/model`, else the whole text."""
    bare = words.rstrip("/")
    named = bare.count("/") == 1 and not any(map(str.isspace, bare))
    return (bare.rpartition("/")[2] if named else words) or words
