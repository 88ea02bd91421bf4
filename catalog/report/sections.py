"""What the overview says in one provider's words; the words are that provider's sections.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """How the models of one type are shown.

    `limits` shows the column of token limits even where no model has one. `split` gives beta,
    stable and other models tables of their own. `note` is Markdown put under the heading in place
    of the routes that the models name.
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
    """Every word of the overview that is the provider's.

    `source` is the route that the catalog is read from, `method` how serving routes are called,
    `ready` the status of a stable model, `status` the provider's statuses in words for people,
    `delisted` the note above the delisted models. `other` shows each type that nobody has heard
    of: its heading holds `{type}`. `texts` are regions of fixed text, by name.
    """

    source: str
    method: str
    ready: str
    delisted: str
    status: Mapping[str, str]
    types: tuple[Section, ...]
    other: Section
    texts: Mapping[str, str]


def load(toml: str) -> Sections:
    """Read a sections.toml; it is shipped, so a mistake in it is a programming error."""
    data: dict[str, Any] = tomllib.loads(toml)
    types = tuple(Section(type=name, **row) for name, row in data.pop("types").items())
    other = Section(type="", region="other", **data.pop("other"))
    return Sections(types=types, other=other, **data)
