"""Load a TOML file that scripts the replies to model calls.

    products = [12345]             # answer of `GET /1/ai`
    served = ["llama3"]            # the second list, by default the listed models of its types

    [[model]]
    name = "llama3"                # a name, or a shell pattern
    route = "chat-v2"              # a route, by default all
    does = [500, "answers"]        # call by call, the last one repeats

The first matching entry decides. Other models answer if they are listed, except that the deprecated
chat route accepts short names only, as the real one does.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any

from catalog.core import strict_toml
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.providers.infomaniak.routes import ROUTES

ANY_ROUTE = "*"
ANSWERS, HANGS, BREAKS = "answers", "hangs", "breaks"
BODIES = ("validation", "other", "plain", "html", "empty")
PRODUCT = 12345
LARGEST = 1024 * 1024
"""The maximum bytes of a behavior file."""
HINT = "`catalog help probing` shows such a file."

Turn = int | str
"""An error status, or ANSWERS, HANGS or BREAKS."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The replies to calls of some names on a route.

    `does` is played in order. `body` is the form of a refusal: `validation` lists accepted names,
    `other` refuses another parameter. `answered_as` is the model in the answer, `tokens` its
    reported cost. `latency` and `retry_after` are in seconds. A batch ends as `batch` after `looks`
    requests.
    """

    name: str
    route: str = ANY_ROUTE
    does: tuple[Turn, ...] = (ANSWERS,)
    body: str = "validation"
    answered_as: str | None = None
    tokens: int = 12
    latency: float = 0.0
    retry_after: int | None = None
    looks: int = 1
    batch: str = "success"
    turns: Iterator[int] = field(default_factory=count, init=False, compare=False, repr=False)

    def fits(self, name: str, route: str) -> bool:
        """Return whether it decides a call."""
        return self.route in {route, ANY_ROUTE} and fnmatchcase(name, self.name)

    def turn(self) -> Turn:
        """Return the next reply."""
        return self.does[min(next(self.turns), len(self.does) - 1)]


@dataclass(frozen=True, slots=True)
class Behavior:
    """The content of a behavior file."""

    products: tuple[int, ...] = (PRODUCT,)
    served: tuple[str, ...] | None = None
    entries: tuple[Entry, ...] = ()

    def of(self, name: str, route: str, listed: Mapping[str, str]) -> Entry:
        """Return the entry of a call. `listed` maps names to types."""
        for entry in self.entries:
            if entry.fits(name, route):
                return entry
        serves = listed.get(name) == ROUTES[route].type
        takes = serves and not (route == "chat-v1" and "/" in name)
        return Entry(name, does=(ANSWERS if takes else 422,))

    def accepted(self, route: str, listed: Mapping[str, str]) -> list[str]:
        """Return the names that a route accepts, for its refusals."""
        plain = (entry.name for entry in self.entries if "*" not in entry.name)
        names = dict.fromkeys([*listed, *plain])
        return [name for name in names if ANSWERS in self.of(name, route, listed).does]


def load(file: Path) -> Behavior:
    """Load a behavior file, or raise SettingsInvalid with every error."""
    try:
        data = strict_toml.parse(read_text(file, LARGEST, piped=True))
    except OSError as error:
        raise SettingsInvalid(f"cannot read {file}: {error.strerror}", hint=HINT) from None
    except ValueError as error:
        raise SettingsInvalid(f"{file} is not TOML: {error}", hint=HINT) from None
    mistakes = list(_mistakes(data))
    if mistakes:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise SettingsInvalid(f"{file} has mistakes:\n{lines}", hint=HINT)
    served = data.get("served")
    return Behavior(
        products=tuple(data.get("products", (PRODUCT,))),
        served=None if served is None else tuple(served),
        entries=tuple(Entry(**row | _does(row)) for row in data.get("model", ())),
    )


def _does(row: Mapping[str, Any]) -> dict[str, tuple[Turn, ...]]:
    does = row.get("does", ANSWERS)
    return {"does": tuple(does) if isinstance(does, list) else (does,)}


def _mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(data.keys() - {"products", "served", "model"}):
        yield f"{key}: there is no such key; the keys are products, served and model"
    if not _all(data.get("products", [1]), int):
        yield "products: write a list of numbers"
    if not _all(data.get("served", []), str):
        yield "served: write a list of names"
    entries = data.get("model", [])
    if not _all(entries, dict):
        yield "model: write tables: [[model]]"
        return
    for index, row in enumerate(entries):
        yield from (f"model.{index}.{mistake}" for mistake in _mistakes_of(row))


def _mistakes_of(row: Mapping[str, Any]) -> Iterator[str]:
    kinds: dict[str, Any] = {"latency": (int, float), "does": (str, int, list)}
    kinds |= dict.fromkeys(("tokens", "retry_after", "looks"), int)
    known = [each.name for each in fields(Entry) if each.init]
    for key in sorted(row.keys() - set(known)):
        yield f"{key}: there is no such key; the keys are {', '.join(known)}"
    for key in known:
        value = row.get(key)
        if value is not None and (not isinstance(value, kinds.get(key, str)) or value is True):
            yield f"{key}: {value!r} has the wrong type"
    if not row.get("name"):
        yield "name: it must be given"
    yield from _unknown("route", row.get("route", ANY_ROUTE), (ANY_ROUTE, *ROUTES))
    yield from _unknown("body", row.get("body", BODIES[0]), BODIES)
    turns = _does(row)["does"]
    for turn in turns:
        if turn not in {ANSWERS, HANGS, BREAKS} and turn not in range(300, 600):
            words = f"{ANSWERS}, {HANGS}, {BREAKS} or a status from 300 to 599"
            yield f"does: {turn!r} is not one of {words}"
    if not turns:
        yield "does: the list is empty"


def _unknown(key: str, value: Any, known: Iterable[str]) -> Iterator[str]:
    if value not in (known := tuple(known)):
        yield f"{key}: {value!r} is not one of {', '.join(known)}"


def _all(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
