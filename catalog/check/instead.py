"""What to use in the place of a model, in words and for programs."""

from collections.abc import Sequence

from catalog.changes.successors import Difference, Successor, successors
from catalog.check.listing import Known, Listing
from catalog.core.strict_json import Json


def instead(gone: Known, listing: Listing) -> tuple[str, dict[str, Json]]:
    """Say what can take a model's place, the best first, each with what would be lost or differ.

    The noted one, or the new name of the same model, goes first. What has an end itself is left
    out. Nothing is said where nothing of its type is listed.
    """
    noted = gone.noted.successor or gone.renamed_to
    listed = [known.model for known in listing.listed]
    ending = {known.model.key for known in listing.listed if known.callable_until is not None}
    found = successors(gone.model, listed, noted, ending)
    if noted is not None:
        found = found[:1]
    if not found:
        return "", {}
    return f"use {_text(found)}", {"instead": [_json(each) for each in found]}


def _text(found: Sequence[Successor]) -> str:
    """Name them; what all of them lose is said once, at the end."""
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
    """Write it as `catalog show` does."""
    differs = [
        {name: value for name, value in _sides(each).items() if value is not None}
        for each in successor.differences
    ]
    known: dict[str, Json] = {"model": successor.name, "noted": successor.is_noted}
    known["listed"] = successor.is_listed
    return known | ({"differences": differs} if differs else {})


def _sides(each: Difference) -> dict[str, Json]:
    return {"what": each.what, "before": each.before, "after": each.after}


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
