"""Give the provider's status words a meaning: ready, preview, ending or gone."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from catalog.changes.announced import day_of, states_a_day
from catalog.changes.change import Updated
from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, canonical, parse, undotted

Meaning = Literal["ready", "preview", "ending", "gone"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
DEFAULTS: Mapping[Meaning, tuple[str, ...]] = {
    "ready": (
        *("ready", "active", "available", "enabled", "live", "online", "stable", "ga", "serving"),
        *("generally_available", "general_availability", "production", "running", "released"),
    ),
    "preview": ("preview", "public_preview", "beta", "alpha", "experimental", "coming_soon"),
    "ending": (
        *("deprecated", "deprecating", "deprecation", "legacy", "sunset", "sunsetting", "ending"),
        *("retiring", "phasing_out", "end_of_sale", "scheduled_for_removal"),
    ),
    "gone": (
        *("retired", "inactive", "discontinued", "decommissioned", "removed", "deleted", "gone"),
        *("disabled", "archived", "end_of_life", "eol", "shutdown", "shut_down", "withdrawn"),
    ),
}
NOT = "not "
_BREAKS = re.compile(r"[\s_-]+|(?<=[a-z0-9])(?=[A-Z])")
_PREFIX = "is_"
_FLAGS = {"true": True, "false": False}


def spelled(word: str) -> str:
    """Return a status word in one spelling: `GenerallyAvailable` is `generally_available`."""
    return _BREAKS.sub("_", word.strip()).casefold()


@dataclass(frozen=True)
class Statuses:
    """The meanings of status words.

    If a description gives words of a meaning, they replace its defaults. `is_own` is true if a
    description gives any words.
    """

    words: Mapping[str, Meaning] = field(default_factory=dict)
    is_own: bool = False

    @classmethod
    def of(cls, given: Mapping[str, tuple[str, ...]]) -> "Statuses":
        """Build the meanings from the words of a description.

        Its words have precedence over the defaults.
        """
        defaults = {
            spelled(word): meaning
            for meaning in MEANINGS
            if meaning not in given
            for word in DEFAULTS[meaning]
        }
        own = {spelled(word): meaning for meaning in MEANINGS for word in given.get(meaning, ())}
        return cls(defaults | own, bool(given))

    def meaning(self, word: str | None) -> Meaning | None:
        """Return the meaning of a status word, None if unknown.

        A false field `active` has the word `not active`, which means gone. `not deprecated` means
        ready.
        """
        if word is None:
            return None
        known = self.words.get(spelled(word))
        if known is not None or not word.startswith(NOT):
            return known
        positive = self.words.get(spelled(word.removeprefix(NOT)))
        return None if positive is None else "gone" if positive == "ready" else "ready"

    def leaving(self, models: Iterable[Model]) -> frozenset[str]:
        """Return the models that end or are gone by status."""
        return frozenset(
            model.key for model in models if self.meaning(model.status) in {"ending", "gone"}
        )


USUAL = Statuses.of({})
"""The meanings of a provider without words of its own."""


def flag(value: Json) -> bool | None:
    """Return a boolean, or the one that a text spells, or None."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().casefold())
    return value if isinstance(value, bool) else None


def word_of(field_name: str, value: Json) -> str | None:
    """Return a status as a word.

    The word of a flag is the name of its field: `active`, or `not active` if false.
    """
    is_set = flag(value)
    if is_set is not None:
        name = spelled(undotted(field_name)[-1]).removeprefix(_PREFIX)
        return name if is_set else f"{NOT}{name}"
    return value if isinstance(value, str) or value is None else canonical(value)


def status_moves(update: Updated, statuses: Statuses) -> frozenset[str]:
    """Return the direction of a status change: `ending`, `gone` or `back`."""
    before, after = (
        statuses.meaning(None if side is None else word_of(update.field, parse(side)))
        for side in (update.before, update.after)
    )
    if after == before:
        return frozenset()
    if after == "gone":
        return frozenset({"gone"})
    if after == "ending" and before != "gone":
        return frozenset({"ending"})
    was_leaving = before in {"ending", "gone"} and after is not None
    return frozenset({"back"} if was_leaving else ())


def attribute_of(update: Updated, attribute: str | None, ending: Collection[str]) -> str | None:
    """Return the attribute of a field, corrected for fields of ends.

    A field `deprecated` may hold a day or a boolean. A boolean is a status. If the end has a
    separate finding, the fields of the end and the successor both belong to it. Otherwise a field
    is an end only if both values state the same day, unlike `deprecation.fine_tune`.
    """
    if attribute not in {"ends", "successor"}:
        return attribute
    sides = [None if side is None else parse(side) for side in (update.before, update.after)]
    if attribute == "ends" and any(flag(side) is not None for side in sides):
        return "status"
    if update.model.key in ending:
        return "ends"
    if attribute == "successor":
        return attribute
    same = all(map(states_a_day, sides)) and day_of(sides[0]) == day_of(sides[1])
    return "ends" if same else None
