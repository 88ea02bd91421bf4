"""Propose a description for an unknown answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.core.api_error import error_message
from catalog.core.paths import ANY, values
from catalog.core.strict_json import Json, dotted
from catalog.providers.described.description import Description
from catalog.providers.described.infer import attributes
from catalog.providers.described.infer.classes import classes
from catalog.providers.described.infer.columns import Column
from catalog.providers.described.infer.ends import ends, successor
from catalog.providers.described.infer.keys import Key, choose_key
from catalog.providers.described.infer.listings import Listing, find
from catalog.providers.described.infer.paging import paging

_NO_LIMIT = "no field looks like a token limit: set context_limit if there is one"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed `settings` of [provider.list], and `notes` for the user."""

    rows: int
    settings: dict[str, Any]
    notes: tuple[str, ...] = ()


def infer(answer: Json) -> Proposal | None:
    """Propose a description, or return None for errors and other answers."""
    listing = find(answer)
    if listing is None:
        return None
    if (listing.is_map or listing.place[0] in {"error", "errors"}) and error_message(answer):
        return None
    stars = sum(step == ANY for step in listing.place)
    key = choose_key(listing.columns, stars, is_map=listing.is_map, groups=listing.groups)
    parts, part_notes = paging(answer, listing.place, len(listing.found))
    found = _attributes(listing.columns, key)
    settings = {"rows": dotted(listing.place[:-1]), "key": key.key} | found
    notes = [*_duplicates(listing), *_no_objects(listing, answer), *key.notes, *part_notes]
    if "context_limit" not in found:
        notes.append(_NO_LIMIT)
    return Proposal(len(listing.found), settings | classes(listing.columns) | parts, tuple(notes))


def _duplicates(listing: Listing) -> list[str]:
    duplicates = len(listing.found) - len(listing.rows)
    verb = "repeats" if duplicates == 1 else "repeat"
    return [f"{duplicates:,} of the rows {verb} another one"] if duplicates else []


def _no_objects(listing: Listing, answer: Json) -> list[str]:
    others = sum(1 for _ in values(answer, listing.place)) - len(listing.found)
    verb = "is not an object" if others == 1 else "are not objects"
    return [f"{others:,} of the rows {verb}: the provider must correct them"] if others else []


def _attributes(columns: Sequence[Column], key: Key) -> dict[str, str]:
    called = next((each for each in columns if each.place == key.name), key.column)
    found = {
        "type": attributes.kind(columns),
        "status": attributes.status(columns),
        "beta": attributes.beta(columns),
        "description": attributes.title(columns, called),
        "context_limit": attributes.limit(columns),
        "ends": ends(columns),
        "successor": successor(columns),
        "alias_of": attributes.alias_of(columns),
        "aliases": attributes.aliases(columns),
    }
    known = Description.__dataclass_fields__
    found = {name: each for name, each in found.items() if name in known}
    named = {} if key.name is None else {"name": key.name}
    return named | {name: each.place for name, each in found.items() if each is not None}
