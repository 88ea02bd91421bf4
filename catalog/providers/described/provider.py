"""Read the list of a provider by its description."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catalog.changes.aliases import IDENTITIES
from catalog.changes.announced import Announced, day_of
from catalog.changes.rules import Lifecycle
from catalog.changes.status import Statuses, flag, word_of
from catalog.core.paths import Attributes, Places, Trail, trail, value
from catalog.core.payload import BadRows, ValidPayload
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, JsonText, canonical, dotted, parse, plain
from catalog.providers.described.canonical import spelled, without
from catalog.providers.described.contract import contract
from catalog.providers.described.description import ATTRIBUTES, ENDS, Description, fields, filled
from catalog.providers.provider import USUAL_ROWS


@dataclass(frozen=True)
class Described:
    """A provider with a description. `name` is chosen by the user."""

    name: str
    description: Description
    bad_rows: BadRows = USUAL_ROWS

    @cached_property
    def attributes(self) -> Attributes:
        """Return the attribute of each field."""
        return Attributes.of(self.description.attributes)

    @cached_property
    def contract(self) -> Mapping[str, Json]:
        """Return the JSON Schema of an answer."""
        return contract(self.description)

    @property
    def page(self) -> str | None:
        """Return the page about its models."""
        return self.description.page

    @property
    def lifecycle(self) -> Lifecycle | None:
        """Return the policy for removed models, None if unknown."""
        days = self.description.callable_days
        if days is None:
            return None
        return Lifecycle(days, self.description.ground or f"{self.name}'s lifecycle policy")

    @property
    def statuses(self) -> Statuses:
        """Return the meanings of its status words."""
        return self.description.statuses

    @property
    def announces(self) -> bool:
        """Return whether the description has places of ends."""
        return bool(self.description.ends or self.description.successor)

    def announced(self, model: Model) -> Announced | None:
        """Return the end of a model by its facts, or None."""
        return self._reader.announced(model)

    @cached_property
    def _reader(self) -> "_Reader":
        return _Reader(self.description)

    def facts(self, row: Json) -> JsonText:
        """Return the non-volatile fields of a row in canonical form."""
        return self._reader.facts(row)

    @cached_property
    def key_places(self) -> tuple[Trail, ...]:
        """Return the places in a row that make its key."""
        return tuple(map(trail, fields(self.description.key)))

    def key(self, row: Json, passed: Trail) -> str:
        """Return the key of a row."""
        return filled(self.description.key, passed, row)

    def model(
        self, row: Mapping[str, Json], passed: Trail, facts: JsonText, known: Model | None
    ) -> Model:
        """Return the model of a row. A known one may have another key, so it is not used."""
        del known
        return self._reader.model(row, passed, facts)

    def normalize(self, valid: ValidPayload) -> Snapshot:
        """Return the snapshot of an answer."""
        return Snapshot.of(self.name, valid.payload.fetched_at, valid.models)


class _Reader:
    def __init__(self, description: Description) -> None:
        self._volatile = Places.of(description.volatile)
        self._numbers = Places.of((*description.numbers, *description.prices))
        self._times = Places.of(description.times)
        self._key = description.key
        self._name = description.name or description.key
        self._default_type = description.default_type
        self._trails = {what: tuple(map(trail, getattr(description, what))) for what in ATTRIBUTES}
        keys = (canonical(place[-1]) for what in ENDS for place in self._trails[what] if place)
        self._states_end = re.compile(f"({'|'.join(map(re.escape, keys))}):(?!null)")

    def facts(self, row: Json) -> JsonText:
        """Return the facts of one row."""
        return canonical(spelled(without(row, self._volatile), self._numbers, self._times))

    def model(self, row: Mapping[str, Json], passed: Trail, facts: JsonText) -> Model:
        """Return the model of one row."""
        kind = self._text("type", row)
        beta, limit = self._value("beta", row), self._value("context_limit", row)
        return Model(
            key=filled(self._key, passed, row),
            name=filled(self._name, passed, row),
            type=self._default_type if kind is None else kind,
            facts=facts,
            status=self._status(row),
            beta=beta if isinstance(beta, bool) else None,
            context_limit=_tokens(limit),
            description=self._text("description", row),
        )

    def announced(self, model: Model) -> Announced | None:
        """Return the end of a model by its facts, or None."""
        # Most models have no such value, and a search in the text is faster than parsing it.
        if not self._states_end.search(model.facts):
            return None
        facts = parse(model.facts)
        found = ((place, day_of(value(facts, place))) for place in self._trails["ends"])
        place, until = next(((place, day) for place, day in found if day), ((), None))
        named = _name_in(self._value("successor", facts))
        if until is None and named is None:
            return None
        return Announced(model, until, named, f"the provider's {dotted(place)}")

    def _status(self, row: Mapping[str, Json]) -> str | None:
        """Return the status as a word.

        A flag such as `deprecated` at a place of `ends` is a status too.
        """
        trails = self._trails
        found = ((place, value(row, place)) for place in trails["status"])
        stated = next(((place, each) for place, each in found if each is not None), None)
        if stated is None:
            flags = (place for place in trails["ends"] if flag(value(row, place)))
            return next((word_of(dotted(place), value=True) for place in flags), None)
        place, status = stated
        return (
            word_of(dotted(place), status)
            if flag(status) is not None
            else self._text("status", row)
        )

    def _value(self, what: str, row: Mapping[str, Json]) -> Json:
        found = (value(row, place) for place in self._trails[what])
        return next((each for each in found if each is not None), None)

    def _text(self, what: str, row: Mapping[str, Json]) -> str | None:
        found = self._value(what, row)
        if found is None or found in ("", [], {}):
            return None
        return plain(found if isinstance(found, str) else canonical(found))


def _name_in(value: Json) -> str | None:
    """Return the name of a model, or None.

    In a list, the first one counts. In an object, its identity counts.
    """
    match value:
        case str():
            return plain(value.strip()) or None
        case [first, *_]:
            return _name_in(first)
        case dict():
            return _name_in(next((value[key] for key in IDENTITIES if key in value), None))
    return None


def _tokens(limit: Json) -> int | None:
    if isinstance(limit, str) and limit.isascii() and limit.isdecimal():
        limit = int(limit[:20])
    is_whole = isinstance(limit, int) and not isinstance(limit, bool)
    return limit if is_whole and 0 <= limit < 2**63 else None
