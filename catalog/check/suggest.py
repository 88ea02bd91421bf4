"""Suggest replacements of models."""

import re
from collections.abc import Iterable, Sequence

from catalog.changes.successors import Difference, Successor, successors
from catalog.check.known import Known, Listing
from catalog.core.strict_json import Json
from catalog.core.text import ALIKE, closest

_DIGITS = re.compile(r"[0-9]+")


class Suggestions:
    """A search for replacements of names. Each name is searched once."""

    def __init__(self, listing: Listing) -> None:
        """Prepare the spellings of each name, listed models first."""
        self.listing = listing
        self._spelled = [_spelled(listing.listed), _spelled(listing.names.values())]
        self._letters = {form: _letters(form) for form in self._spelled[1]}
        self._meant: dict[str, Known | None] = {}
        self._instead: dict[str, tuple[str, dict[str, Json]]] = {}

    def meant(self, name: str) -> Known | None:
        """Return the model that an unknown name probably means, listed ones first.

        The last part of a full name and the provider's description of a model are compared too.
        """
        if name not in self._meant:
            self._meant[name] = self._find(name.casefold())
        return self._meant[name]

    def _find(self, name: str) -> Known | None:
        letters = _letters(name)
        alike = {
            form for form, own in self._letters.items() if _may_be_alike(name, letters, form, own)
        }
        for spelled in self._spelled if alike else ():
            near = closest(name, [form for form in spelled if form in alike])
            if near is not None:
                return spelled[near]
        return None

    def instead(self, gone: Known) -> tuple[str, dict[str, Json]]:
        """Return the replacements of a model, see the function `instead`."""
        if gone.name not in self._instead:
            self._instead[gone.name] = instead(gone, self.listing)
        return self._instead[gone.name]


def _letters(text: str) -> int:
    """Return the letters of a text as bits. Collisions are possible."""
    return sum({1 << ord(letter) % 60 for letter in text})


def _may_be_alike(one: str, letters: int, other: str, others: int) -> bool:
    """Return False if two texts cannot be similar enough for `closest`.

    `letters` and `others` are their letters as bits. Different bits lower the maximum similarity.
    """
    total = len(one) + len(other)
    return (total - (letters ^ others).bit_count()) / total >= ALIKE


def is_misspelling(name: str, known: Known) -> bool:
    """Return whether a name is a misspelled known one with equal numbers.

    `llama3.1` is another model, not a misspelled `llama3`.
    """
    return any(
        _DIGITS.findall(name) == _DIGITS.findall(form)
        for form in _spelled([known])
        if closest(name.casefold(), [form])
    )


def is_public(name: str, known: Known) -> bool:
    """Return whether a name is the public name of a model.

    Other providers list it too. It is the known name without its organization or in another case,
    or it is similar to the description only.
    """
    own, public = known.name.casefold(), name.casefold().rpartition("/")[2]
    if "/" in own and public == own.rpartition("/")[2]:
        return True
    return not closest(name.casefold(), [own, own.rpartition("/")[2]])


def _spelled(candidates: Iterable[Known]) -> dict[str, Known]:
    spelled: dict[str, Known] = {}
    for known in candidates:
        for form in (
            known.name,
            known.name.rpartition("/")[2],
            (None if known.is_alias else known.model.description) or known.name,
        ):
            spelled.setdefault(form.casefold(), known)
    return spelled


def instead(gone: Known, listing: Listing) -> tuple[str, dict[str, Json]]:
    """Return replacements of a model, best first, as text and facts.

    Each one lists the losses and differences. A noted successor, or the new name of the same model,
    is the only one. Models with an end date are omitted. The result is empty without a listed model
    of the same type.
    """
    noted = gone.noted.successor or gone.renamed_to
    named = gone.announced.successor if gone.announced else None
    listed = [known.model for known in listing.listed]
    ending = {known.model.key for known in listing.listed if known.is_leaving}
    found = successors(gone.model, listed, noted, ending, named)
    if found and found[0].is_named:
        found = found[:1]
    if not found:
        return "", {}
    return f"use {_text(found)}", {"instead": [_json(each) for each in found]}


def _text(found: Sequence[Successor]) -> str:
    """Return the names, with the common losses once at the end."""
    lost = [list(map(_difference, each.differences)) for each in found]
    shared = [each for each in lost[0] if all(each in other for other in lost)]
    own = [[each for each in all_lost if each not in shared] for all_lost in lost]
    names = [
        f"{each.name} ({', '.join(less)})" if less else each.name
        for each, less in zip(found, own, strict=True)
    ]
    of_all = f" ({'all: ' * (len(found) > 1)}{', '.join(shared)})" if shared else ""
    return _either(names) + of_all


def _difference(each: Difference) -> str:
    match each.what:
        case "beta":
            return "beta"
        case "route":
            return "another route"
        case "context":
            return f"context {each.before:,} to {f'{each.after:,}' if each.after else 'unknown'}"
    moved = f"{each.before} to {each.after or 'unknown'}"
    return f"type {moved}" if each.what == "type" else moved


def _json(successor: Successor) -> dict[str, Json]:
    """Return a successor as in `catalog show`."""
    differs = [
        {name: value for name, value in _sides(each).items() if value is not None}
        for each in successor.differences
    ]
    known: dict[str, Json] = {"model": successor.name, "noted": successor.is_noted}
    known |= {"announced": True} if successor.is_announced else {}
    known["listed"] = successor.is_listed
    return known | ({"differences": differs} if differs else {})


def _sides(each: Difference) -> dict[str, Json]:
    return {"what": each.what, "before": each.before, "after": each.after}


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
