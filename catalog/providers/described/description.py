"""Define descriptions: the request and the format of a list as data.

The shipped kinds (`kinds/*.toml`) and the user's `[provider.list]` are descriptions.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from catalog.changes.status import USUAL, Statuses
from catalog.core.paths import ANY, Trail, trail, value
from catalog.core.strict_json import Json, canonical
from catalog.providers.source import ListRequest, Paging

_HOLE = re.compile(r"\{([^{}]+)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the places in a key or name template, without `{1}` etc."""
    holes = _HOLE.findall(text)
    if not holes:
        return (text,)
    return tuple(hole for hole in holes if not hole.isdecimal())


def steps(text: str) -> tuple[int, ...]:
    """Return the numbers of `*` in a template, counted from 1."""
    return tuple(int(hole) for hole in _HOLE.findall(text) if hole.isdecimal())


def filled(text: str, passed: Trail, row: Mapping[str, Json]) -> str:
    """Return the key or name of a row."""

    def one(hole: str) -> str:
        if hole.isdecimal():
            return passed[int(hole) - 1]
        found = value(row, trail(hole))
        return found if isinstance(found, str) else canonical(found)

    if not _HOLE.search(text):
        return one(text)
    return _HOLE.sub(lambda match: one(match[1]), text)


ENDS = ("ends", "successor")
"""The attributes for the end of a model."""
ALIASES = ("alias_of", "aliases")
"""The attributes for the target of an alias, and for other names that calls can use."""
ATTRIBUTES = ("type", "status", "beta", "description", "context_limit", *ENDS, *ALIASES)
"""All attributes of a model except key and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(ListRequest):
    """One provider's list of models. Places are as in catalog/core/paths.py.

    `url` is the base URL if all users of this kind share it. `rows` is the place of the list or
    object of rows: `""` if the answer is the list, and `*` matches every item. `key` is the stable
    id. `key` and `name` may be a template such as `{1}/{id}`: `{1}` is the match of the first `*`
    in `rows`, and the number after the last `*` is the row's own key in an object of rows. If an
    attribute has several places, the first one with a value counts.

    `ends` is the day of the end of a model, and `successor` is the name or key of its replacement.
    `statuses` gives the status words a meaning. `alias_of` is the model that answers in place of an
    alias, and `aliases` are other names that calls can use.

    Changes of `prices` are judged by the price rules. Changes of `quiet` fields are stored without
    alerts. `volatile` fields are only kept in the payload. Texts at `numbers` and `times` are
    compared by value.

    `chat` is the address of chat completions, relative to the address of the list.
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
    ends: tuple[str, ...] = ()
    successor: tuple[str, ...] = ()
    statuses: Statuses = USUAL
    alias_of: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ("aliases",)
    prices: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    callable_days: int | None = None
    ground: str | None = None
    page: str | None = None
    chat: str | None = None

    @property
    def place(self) -> Trail:
        """Return the place of the rows."""
        return (*trail(self.rows), ANY)

    @property
    def attributes(self) -> dict[str, str]:
        """Return the attribute of each place, most specific first."""
        table = dict.fromkeys(fields(self.name or self.key), "name")
        for what in ATTRIBUTES:
            table |= dict.fromkeys(getattr(self, what), what)
        return table | dict.fromkeys(self.prices, "price") | dict.fromkeys(self.quiet, "quiet")


def read(table: Mapping[str, Any]) -> Description:
    """Build a description from a TOML table, or raise TypeError."""
    lists = {name: tuple(value) for name, value in table.items() if isinstance(value, list)}
    lists |= {name: (table[name],) for name in ATTRIBUTES if isinstance(table.get(name), str)}
    paging = {"paging": Paging(**table["paging"])} if "paging" in table else {}
    statuses = {"statuses": Statuses.of(table["statuses"])} if "statuses" in table else {}
    return Description(**{**table, **lists, **paging, **statuses})


def mistakes(description: Description) -> Iterator[str]:
    """Yield the contradictions between the parts of a description."""
    stars = sum(step == ANY for step in description.place)
    for part, text in (("key", description.key), ("name", description.name or "")):
        if any(not 1 <= step <= stars for step in steps(text)):
            yield f"{part}: the place of the rows only has {{1}} to {{{stars}}}"
    paging = description.paging
    if paging is None:
        return
    if not paging.at and paging.by != "page":
        yield f"paging.at: {paging.by} needs the place in the answer"
    if not paging.parameter and paging.by != "next":
        yield f"paging.parameter: {paging.by} needs the name in the query"


KINDS = ("anthropic", "models.dev", "openai", "openrouter")
"""The shipped kinds."""


@cache
def shipped(kind: str) -> Mapping[str, Any]:
    """Return the table of a shipped kind."""
    text = files(__package__).joinpath("kinds", f"{kind}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
