"""How a provider's list of models is asked for and read: said as data.

The kinds that are shipped are such descriptions (`kinds/*.toml`), and so is a user's own.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from catalog.core.paths import ANY, Trail, trail, value
from catalog.core.strict_json import Json, canonical
from catalog.providers.source import Asking, Paging

_HOLE = re.compile(r"\{([^{}]+)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the places that a key or name is made of; `{1}` and its like are none."""
    holes = _HOLE.findall(text)
    if not holes:
        return (text,)
    return tuple(hole for hole in holes if not hole.isdecimal())


def steps(text: str) -> tuple[int, ...]:
    """Return which `*` of the rows a key or name speaks of, counted from 1."""
    return tuple(int(hole) for hole in _HOLE.findall(text) if hole.isdecimal())


def filled(text: str, passed: Trail, row: Mapping[str, Json]) -> str:
    """Write a row's key or name."""

    def one(hole: str) -> str:
        if hole.isdecimal():
            return passed[int(hole) - 1]
        found = value(row, trail(hole))
        return found if isinstance(found, str) else canonical(found)

    if not _HOLE.search(text):
        return one(text)
    return _HOLE.sub(lambda match: one(match[1]), text)


ATTRIBUTES = ("type", "status", "beta", "description", "context_limit")
"""The well-known attributes of a model beside key and name, each with its places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Asking):
    """One provider's list of models. Fields are named by their place (see catalog/core/paths.py).

    `url` is the base URL, where all who use this kind share it.
    `rows` is the place of the list of rows, or of the object of them, in the answer: `""` where the
    answer itself is the list; `*` steps into every item. `key` is the field that tells models apart
    for good; it and `name` may be a template such as `{1}/{id}`, where `{1}` is what the first `*`
    of `rows` stood for, and the number after the last of them is the row's own key in an object of
    rows. Of several places of an attribute, the first that has a value counts.

    `prices` are judged as prices. `quiet` fields are stored as changes, and nobody is alerted.
    `volatile` ones are kept in the payload alone. Texts at `numbers` and `times` are compared by
    their value, however they are spelled.
    """

    url: str | None = None
    rows: str = "data"
    key: str = "id"
    name: str | None = None
    type: tuple[str, ...] = ()
    default_type: str = "llm"
    status: tuple[str, ...] = ()
    beta: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    context_limit: tuple[str, ...] = ()
    prices: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    callable_days: int | None = None
    ground: str | None = None
    page: str | None = None

    @property
    def place(self) -> Trail:
        """The place of the rows themselves."""
        return (*trail(self.rows), ANY)

    @property
    def attributes(self) -> dict[str, str]:
        """The well-known attribute of each place, the most special first."""
        table = dict.fromkeys(fields(self.name or self.key), "name")
        for what in ATTRIBUTES:
            table |= dict.fromkeys(getattr(self, what), what)
        return table | dict.fromkeys(self.prices, "price") | dict.fromkeys(self.quiet, "quiet")


def read(table: Mapping[str, Any]) -> Description:
    """Make a description from a table of TOML; raise TypeError for a key that there is not."""
    lists = {name: tuple(value) for name, value in table.items() if isinstance(value, list)}
    lists |= {name: (table[name],) for name in ATTRIBUTES if isinstance(table.get(name), str)}
    paging = {"paging": Paging(**table["paging"])} if "paging" in table else {}
    return Description(**{**table, **lists, **paging})


def mistakes(description: Description) -> Iterator[str]:
    """Yield what is wrong between the parts of a description, each with the part's name."""
    stars = sum(step == ANY for step in description.place)
    for part, text in (("key", description.key), ("name", description.name or "")):
        if any(not 1 <= step <= stars for step in steps(text)):
            yield f"{part}: of the rows' place, {{1}} to {{{stars}}} can be named"
    paging = description.paging
    if paging is None:
        return
    if not paging.at and paging.by != "page":
        yield f"paging.at: {paging.by} needs the place in the answer"
    if not paging.parameter and paging.by != "next":
        yield f"paging.parameter: {paging.by} needs the name in the query"


KINDS = ("anthropic", "models.dev", "openai", "openrouter")
"""The kinds that are shipped as descriptions."""


@cache
def shipped(kind: str) -> Mapping[str, Any]:
    """Return the table of a kind that is shipped."""
    text = files(__package__).joinpath("kinds", f"{kind}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
